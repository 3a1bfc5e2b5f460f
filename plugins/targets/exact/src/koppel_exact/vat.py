"""VAT as Exact Online computes it: the type of the VAT code decides whether a price includes VAT [7.9]."""

from decimal import ROUND_HALF_UP, Decimal

from koppel.booking.draft import DraftLine
from koppel.model import round_money
from koppel.plugin import Refused
from koppel.vat.treatment import Treatment
from koppel_exact import tables
from koppel_exact.received import VatCode
from koppel_exact.settings import Document

_TABLE = "Choose another VAT code for this rate in the connection's VAT table."


def percentage(code: VatCode) -> Decimal | None:
    """The code's rate in percent; None where Exact does not tell. Exact tells fractions (0.21), as floating point."""
    if code.type in tables.VAT_WITHOUT:
        return Decimal(0)
    if code.percentage is None:
        return None
    percent = code.percentage * 100 if abs(code.percentage) < 1 else code.percentage
    return round(percent, 3)


def check(line: DraftLine, code: VatCode, document: Document) -> None:
    """Refuse a code that would book another VAT than the draft has: blocked, for purchases, of another rate, another
    country, or of a type that the document cannot use.
    """
    name = f"VAT code {code.code.strip()} of Exact Online"
    if code.blocked or (code.transaction_type or "S").strip() not in tables.VAT_SALES:
        raise Refused("exact.vat-code", f"{name} is blocked, or not for sales.", _TABLE)
    rate = line.rate or Decimal(0)
    told = percentage(code)
    if told is not None and told != rate:
        raise Refused(
            "exact.vat-rate", f"{name} is for {told.normalize():f} %, the line has {rate.normalize():f} %.", _TABLE
        )
    oss = (code.oss_country or "").strip()
    if oss and line.treatment is Treatment.OSS and oss != line.country:
        raise Refused("exact.vat-country", f"{name} is for sales to {oss}, the line is for {line.country}.", _TABLE)
    if document == "sales_entry" and code.type == tables.VAT_INCLUDING:
        raise Refused(
            "exact.vat-type",
            f"{name} is of the type including; the lines of a sales entry are excluding VAT.",
            "Choose the VAT code of the type excluding for this rate in the connection's VAT table.",
        )


def net_price(line: DraftLine, code: VatCode, currency: str) -> Decimal:
    """The unit price of an order or invoice line, so that Exact arrives at the draft's amounts to the cent.

    Including (and without VAT): the price that the buyer paid. Excluding: the net amount per piece, refused where
    Exact's own VAT on it would be a cent off, which happens at one amount in six.
    """
    if code.type != tables.VAT_EXCLUDING:
        return line.unit_price
    price = (line.net / line.quantity).quantize(Decimal(1).scaleb(-tables.PRICE_DECIMALS), ROUND_HALF_UP)
    net = round_money(line.quantity * price, currency)
    vat = round_money(net * (line.rate or Decimal(0)) / 100, currency)
    if net + vat != line.gross:
        raise Refused(
            "exact.vat-cent",
            f"VAT code {code.code.strip()} is of the type excluding: Exact Online would make {net + vat} of a line of "
            f"{line.gross} {currency}.",
            "Choose the VAT code of the type including for this rate in the connection's VAT table.",
        )
    return price
