"""From a draft to a ``verkooporder`` [fact sheet 7.6]. Pure.

SnelStart itself works out the VAT, from the article and the customer; we send prices such that it comes to the draft's
total, and read back what it made of them.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from msgspec import UNSET

from koppel.booking.draft import CustomerKind, Draft, DraftLine
from koppel.model import Address
from koppel.plugin import Misconfigured, Refused
from koppel_snelstart import tables
from koppel_snelstart.artikel import article_code
from koppel_snelstart.relatie import HOME
from koppel_snelstart.settings import Settings
from koppel_snelstart.verkoopboeking import moment, payment_term
from koppel_snelstart.wire import Adres, OrderLine, OrderRequest, Ref

NET_PRICE = Decimal("0.000001")
"""Six decimals: a net unit price that, multiplied and with VAT, comes back to the buyer's cents."""


def refuse(draft: Draft, settings: Settings) -> None:
    """Raise for what can never become a sales order. See BooksOrders.refuses."""
    reference = settings.reference_prefix + draft.reference
    if not 1 <= len(reference) <= tables.ORDERREFERENTIE:
        raise Refused(
            "snelstart.number-too-long",
            f"The reference {reference} has {len(reference)} characters; an orderreferentie in SnelStart has at most "
            f"{tables.ORDERREFERENTIE}.",
            "Shorten reference_prefix, or enter this order by hand.",
        )
    if not 0 <= payment_term(draft, settings) <= tables.TERM_ORDER:
        raise Misconfigured(
            "snelstart.term", "The payment term of a sales order is 0 to 100 days.", "Correct payment_term_days."
        )
    for line in draft.lines:
        article_code(line, settings, None)


def delivered_to(draft: Draft) -> Address | None:
    """The delivery address of the order.

    A collective debtor without an address counts as Dutch, and SnelStart takes the VAT from the delivery address or the
    debtor: so goods for abroad name their country there, and nothing of the buyer.
    """
    nowhere = draft.customer.kind is CustomerKind.COLLECTIVE and draft.customer.address is None
    if draft.delivery is None and nowhere and draft.delivery_country not in (None, HOME):
        return Address(country=draft.delivery_country)
    return draft.delivery


def order(
    draft: Draft,
    customer: str,
    articles: Mapping[str, str],
    settings: Settings,
    *,
    template: str | None = None,
    delivery: Adres | None = None,
) -> OrderRequest:
    """The request for a draft. ``articles`` maps the codes of :func:`~koppel_snelstart.artikel.article_code` to ids."""
    inclusive = settings.vat_entry == "inclusive"
    return OrderRequest(
        relatie=Ref(customer),
        datum=moment(draft.document_date),
        proces_status="Order",
        verkooporder_btw_ingave_model="Inclusief" if inclusive else "Exclusief",
        krediettermijn=payment_term(draft, settings),
        omschrijving=draft.description[: tables.ORDER_TEXT],
        orderreferentie=settings.reference_prefix + draft.reference,
        betalingskenmerk=draft.reference,
        regels=tuple(_line(line, articles[article_code(line, settings, None)], inclusive) for line in draft.lines),
        verkoopordersjabloon=Ref(template) if template else UNSET,
        afleveradres=delivery or UNSET,
        memo=draft.remarks or UNSET,
    )


def _line(line: DraftLine, article: str, inclusive: bool) -> OrderLine:
    return OrderLine(
        artikel=Ref(article),
        omschrijving=line.title[: tables.LINE_TEXT],
        stuksprijs=line.unit_price if inclusive else net_price(line),
        aantal=line.quantity,
    )


def net_price(line: DraftLine) -> Decimal:
    """The price of one unit excl. VAT: exact where cents suffice, else with six decimals.

    Not the rounded net of the line: 17% of all prices with 21% VAT cannot be reached from a net price in whole cents.
    """
    if line.vat == 0 or not line.rate:
        return line.unit_price
    return _short((line.unit_price * 100 / (100 + line.rate)).quantize(NET_PRICE, ROUND_HALF_UP))


def _short(price: Decimal) -> Decimal:
    cents = price.quantize(Decimal("0.01"))
    return cents if cents == price else price
