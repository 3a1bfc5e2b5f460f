"""Finding sales relations: by e-mail address or VAT number, by number, by name; never the blocked ones."""

from collections.abc import Iterable, Sequence

from koppel.booking.draft import CustomerKind, DraftCustomer
from koppel_afas.reader import Reader, Record
from koppel_afas.wire import flag, text


async def find(reader: Reader, customers: Sequence[DraftCustomer]) -> dict[str, str]:
    """``identity`` -> debtor number of those that exist. Of several the lowest number is taken [fact sheet 7.2]."""
    wanted: dict[str, set[str]] = {}
    for field, value in (key for customer in customers for key in _keys(customer)):
        wanted.setdefault(field, set()).add(value)
    records = await reader.find("relations", wanted)
    usable = sorted((record for record in records if not flag(record.get("blocked"))), key=_rank)
    found: dict[str, str] = {}
    for customer in customers:
        match = next((record for record in usable if _is(customer, record)), None)
        if match is not None:
            found[customer.identity] = text(match["number"])
    return found


def _keys(customer: DraftCustomer) -> Iterable[tuple[str, str]]:
    """By which fields a customer is recognised, one being enough: a business without e-mail by its VAT number."""
    if customer.kind is CustomerKind.COLLECTIVE:
        return (("number", customer.code),) if customer.code else (("name", customer.name),)
    if customer.email:
        return ("email", customer.email), ("email_private", customer.email)
    return (("vat_id", customer.vat_id),) if customer.vat_id else ()


def _is(customer: DraftCustomer, record: Record) -> bool:
    return any(text(record.get(field)).casefold() == value.strip().casefold() for field, value in _keys(customer))


def _rank(record: Record) -> tuple[int, str]:
    number = text(record["number"])
    return (len(number), number) if number.isdigit() else (99, number)
