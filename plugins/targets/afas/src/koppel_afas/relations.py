"""Finding sales relations: by e-mail address, by number, by name; never the blocked ones."""

from collections.abc import Iterable, Sequence

from koppel.booking.draft import CustomerKind, DraftCustomer
from koppel_afas.reader import Reader, Record
from koppel_afas.wire import flag, text


async def find(reader: Reader, customers: Sequence[DraftCustomer]) -> dict[str, str]:
    """``identity`` -> debtor number of those that exist. Of several the lowest number is taken [fact sheet 7.2]."""
    individual = [each for each in customers if each.kind is CustomerKind.INDIVIDUAL and each.email]
    collective = [each for each in customers if each.kind is CustomerKind.COLLECTIVE]
    emails = {each.email.strip() for each in individual if each.email}
    records = await reader.find("relations", {"email": emails, "email_private": emails}) if emails else []
    if collective:
        records += await reader.find(
            "relations",
            {
                "number": {each.code for each in collective if each.code},
                "name": {each.name for each in collective if not each.code},
            },
        )
    usable = sorted((record for record in records if not flag(record.get("blocked"))), key=_rank)
    found: dict[str, str] = {}
    for customer in (*individual, *collective):
        match = next((record for record in usable if _is(customer, record)), None)
        if match is not None:
            found[customer.identity] = text(match["number"])
    return found


def _is(customer: DraftCustomer, record: Record) -> bool:
    if customer.kind is CustomerKind.INDIVIDUAL:
        return _one_of(customer.email, (record.get("email"), record.get("email_private")))
    if customer.code:
        return _one_of(customer.code, (record.get("number"),))
    return _one_of(customer.name, (record.get("name"),))


def _one_of(wanted: str | None, values: Iterable[object]) -> bool:
    folded = (wanted or "").strip().casefold()
    return bool(folded) and folded in {text(value).casefold() for value in values}


def _rank(record: Record) -> tuple[int, str]:
    number = text(record["number"])
    return (len(number), number) if number.isdigit() else (99, number)
