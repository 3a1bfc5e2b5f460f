"""From a draft to AFAS' fields. Pure: what is not in the draft comes from the settings, nothing is invented."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from koppel.booking.draft import Draft, DraftLine
from koppel.model import LineKind
from koppel.plugin import Misconfigured, Refused
from koppel_afas.settings import Settings
from koppel_afas.tables import (
    ARTICLE,
    ARTICLE_NAMES,
    BARCODES,
    DUTY_SETTINGS,
    ITEM_CODE_LENGTH,
    LENGTHS,
    LINE_TITLE_LENGTH,
    REFERENCE_LENGTH,
    VAT_GROUP_LENGTH,
)
from koppel_afas.wire import element, envelope, number

Fields = dict[str, object]


def cut(field: str, value: str | None) -> str | None:
    """The text as far as it fits into the field; None where there is none."""
    return (value or "").strip()[: LENGTHS[field]].rstrip() or None


def refuse_unbookable(draft: Draft, settings: Settings) -> None:
    """Raise Refused or Misconfigured for a draft that AFAS can never book. No I/O."""
    if len(draft.reference) > REFERENCE_LENGTH:
        raise Refused(
            "afas.reference-too-long",
            f"Order {draft.reference}: AFAS takes references of at most {REFERENCE_LENGTH} characters.",
            "Shorten the order number in the shop.",
        )
    for line in draft.lines:
        if len(line.vat_code) > VAT_GROUP_LENGTH:
            raise Misconfigured(
                "afas.vat-group",
                f"The VAT group {line.vat_code!r} is longer than the {VAT_GROUP_LENGTH} characters that AFAS has.",
                "Put the code of a btw-tariefgroep into the VAT table.",
            )
        article_code(line)
    vat_duty(draft, settings)


def article_code(line: DraftLine) -> str:
    """The item code of a line's article. Refused if there is none or it does not fit."""
    code = (line.code or "").strip()
    if not code:
        raise Refused(
            "afas.no-article-code",
            f"The line {line.title[:40]!r} has no article code.",
            "Give the product a SKU in the shop, or set the article for this kind of line.",
        )
    if len(code) > ITEM_CODE_LENGTH:
        raise Refused(
            "afas.article-code-too-long",
            f"The article code {code} is longer than the {ITEM_CODE_LENGTH} characters of AFAS' itemcode.",
            "Shorten the SKU in the shop.",
        )
    return code


def vat_duty(draft: Draft, settings: Settings) -> str | None:
    """The btw-plicht of the order (``VaDu``), None = as the relation has it.

    It stands on the header, so that all lines of an order must agree. Without VAT an order needs a btw-plicht or, on
    each line, a VAT group that says so: AFAS would charge Dutch VAT otherwise.
    """
    values: Mapping[str, Any] = msgspec.structs.asdict(settings)
    duties: set[str] = set()
    for line in draft.lines:
        name = DUTY_SETTINGS.get(line.treatment)
        if name is None:
            raise Refused(
                "afas.treatment", f"Order {draft.reference}: {line.treatment} cannot be booked as a sales order."
            )
        duty: str = values[name]
        if not duty and name in ("vat_duty_ics", "vat_duty_export", "vat_duty_none") and not line.vat_code:
            raise Misconfigured(
                "afas.vat-duty-missing",
                f"Order {draft.reference} is {line.treatment}, and no btw-plicht is set for that.",
                f"Set {name} in [target], or a btw-tariefgroep for it in the VAT table.",
            )
        duties.add(duty or (settings.vat_duty if name == "vat_duty_abroad" else ""))
    if len(duties) > 1:
        raise Refused(
            "afas.mixed-vat-duty",
            f"Order {draft.reference} has lines of different btw-plicht; AFAS keeps one for the whole order.",
            "Split the order, or use VAT groups with the same btw-plicht.",
        )
    return next(iter(duties), "") or None


def order_head(draft: Draft, customer: str, settings: Settings, delivery: Fields) -> Fields:
    """Header of ``FbSales``. The order number is AFAS' own (autonumbering); ours is the reference [fact sheet 7.8].

    ``InVa``: prices include VAT, so that the order's total is what the buyer paid, whatever VAT AFAS finds in it.
    """
    return {
        "OrDa": draft.document_date.isoformat(),
        "DbId": customer,
        "RfCs": draft.reference,
        "CuId": draft.currency,
        "InVa": True,
        "VaDu": vat_duty(draft, settings),
        "PaCd": settings.payment_condition or None,
        "PaTp": settings.payment_method or None,
        "War": settings.warehouse or None,
        "Unit": settings.administration,
        "JoCo": settings.journal or None,
        "PrId": settings.project or None,
        "SaCh": settings.sales_channel or None,
        "Re": _remark(draft) if settings.remarks else None,
        **delivery,
    }


def _remark(draft: Draft) -> str | None:
    parts = [part for part in (draft.description, draft.remarks) if part and part != draft.reference]
    return "\n".join(parts) or None


def order_line(line: DraftLine, item: str, unit: str) -> Fields:
    """One line of ``FbSales``: quantity times unit price is the line's gross amount, exactly."""
    return {
        "VaIt": ARTICLE,
        "ItCd": item,
        "Ds": line.title.strip()[:LINE_TITLE_LENGTH].rstrip() or None,
        "BiUn": unit,
        "QuUn": number(line.quantity),
        "Upri": number(line.unit_price),
        "VaRc": line.vat_code or None,
    }


def article(line: DraftLine, settings: Settings) -> dict[str, object]:
    """The body that makes the article of a line. It gets no price: what one buyer paid, perhaps in another currency,
    is not the price of the product.

    Raises Misconfigured if no article group is set.
    """
    if not settings.article_group:
        raise Misconfigured(
            "afas.no-article-group", "A new article needs an artikelgroep.", "Set article_group in [target]."
        )
    goods = line.kind is LineKind.GOODS
    title = ARTICLE_NAMES.get(line.kind, line.title.strip())
    fields: Fields = {
        "ItCd": article_code(line),
        "Ds": cut("Ds", title) or article_code(line),
        "DsEx": cut("DsEx", title[LENGTHS["Ds"] :]),
        "Grp": settings.article_group,
        "BiUn": settings.unit,
        "VaRc": settings.article_vat_group or line.vat_code or None,
        "BiSt": goods and settings.track_stock,
        **(_barcode(line.ean) if goods else {}),
    }
    return envelope("FbItemArticle", element(fields))


def _barcode(ean: str | None) -> Fields:
    """The barcode, if its check digit is right: AFAS would refuse the whole article otherwise."""
    digits = (ean or "").strip()
    if len(digits) not in BARCODES or not re.fullmatch(r"[0-9]+", digits):
        return {}
    weighted = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(reversed(digits)))
    return {"VaBc": BARCODES[len(digits)], "BaCo": digits} if weighted % 10 == 0 else {}


def vat_of(draft: Draft) -> Decimal:
    """The VAT that the draft expects, in its currency."""
    return sum((line.vat for line in draft.lines), Decimal(0))
