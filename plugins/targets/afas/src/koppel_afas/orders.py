"""Sales orders: found by reference, made, changed line by line, read back (O5, O10, O11)."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from urllib.parse import quote

from msgspec.structs import replace

from koppel.booking.draft import Draft
from koppel.clock import Clock
from koppel.plugin import Booked, KoppelError, OutcomeUnknown, Refused, RetryLater
from koppel.vendor import VendorClient
from koppel_afas import mapper
from koppel_afas.articles import Articles
from koppel_afas.delivery import Deliveries
from koppel_afas.reader import Reader, Record
from koppel_afas.settings import Settings
from koppel_afas.tables import READ_BACK_EVERY, SERVER_TIMEOUT, VAT_TOLERANCE
from koppel_afas.update import changes
from koppel_afas.wire import JSON, amount, day, element, envelope, key_written, text
from koppel_afas.years import BookYears

UNSEEN = (
    "AFAS does not show the order that was just made: the rights of the app connector's user, or the filter of the "
    "GetConnector, hide orders, so that koppel cannot see what is booked already."
)


class Orders:
    """The sales orders of one administration."""

    def __init__(
        self, client: VendorClient, reader: Reader, articles: Articles, settings: Settings, clock: Clock
    ) -> None:
        self._client = client
        self._reader = reader
        self._articles = articles
        self._settings = settings
        self._clock = clock
        self._years = BookYears(reader, settings, clock)
        self._deliveries = Deliveries(client, reader, settings, clock)
        self._proven: dict[tuple[str, ...], int] = {}

    async def find(self, references: Sequence[str]) -> Mapping[str, Booked]:
        """See :class:`koppel.plugin.BooksOrders`. Nothing at AFAS keeps a reference unique: of several the first
        counts, with a note.
        """
        records = await self._reader.find("orders", {"reference": references})
        ours = self._settings.administration
        found: dict[str, Booked] = {}
        for record in sorted(records, key=lambda each: text(each["number"])):
            unit = amount(record.get("administration"))
            if ours is not None and unit is not None and unit != ours:
                continue
            for reference in references:
                if reference.strip().casefold() == text(record["reference"]).casefold():
                    found[reference] = _with(found.get(reference), reference, record)
        return found

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        """See :class:`koppel.plugin.BooksOrders`."""
        await self._years.require(draft.document_date, draft.reference)
        lines = await self._lines(draft, articles)
        head = mapper.order_head(draft, customer, self._settings, await self._deliveries.fields(draft, customer))
        body = envelope("FbSales", _order(head, lines))
        reply = await self._client.write("FbSales", "/connectors/FbSales", json=body, headers=JSON)
        number = key_written(reply, "OrNu")
        if not number:
            raise OutcomeUnknown("afas.no-number", f"Order {draft.reference}: AFAS told no order number.")
        booked = Booked(reference=draft.reference, id=number, number=number, date=draft.document_date)
        return await self._prove(draft, booked, lines)

    async def update(self, draft: Draft, booked: Booked, customer: str, articles: Mapping[str, str]) -> Booked:
        """See :class:`koppel.plugin.UpdatesBookings`. Adds, changes, then removes lines, so that the order never is
        empty.

        A step without answer raises RetryLater for after AFAS' own time-out: comparing again then does what is left.
        """
        try:
            await self._converge(draft, booked.id, customer, articles)
        except OutcomeUnknown as error:
            raise RetryLater(
                "afas.update-unanswered",
                f"Order {draft.reference}: AFAS did not answer while the order was changed.",
                not_before=self._clock.now() + SERVER_TIMEOUT,
            ) from error
        now = (await self.find([draft.reference])).get(draft.reference)
        if now is None:
            raise Refused(
                "afas.order-vanished",
                f"Order {draft.reference}: sales order {booked.id} is not found any more after its change.",
                "Look in AFAS whether it was removed or its reference changed.",
            )
        return now

    async def _lines(self, draft: Draft, articles: Mapping[str, str]) -> list[mapper.Fields]:
        items = [articles[mapper.article_code(line)] for line in draft.lines]
        units = await self._articles.units(items)
        return [mapper.order_line(line, item, units[item]) for line, item in zip(draft.lines, items, strict=True)]

    async def _converge(self, draft: Draft, number: str, customer: str, articles: Mapping[str, str]) -> None:
        lines = await self._lines(draft, articles)
        standing = await self._reader.find("order_lines", {"order": [number]})
        todo = changes(lines, standing)
        if todo.delivered:
            raise Refused(
                "afas.order-delivered",
                f"Order {draft.reference} changed after lines of sales order {number} had been delivered.",
                "Change the order in AFAS by hand, or book a credit.",
            )
        heads = await self._reader.find("orders", {"number": [number]})
        head = await self._head_changes(draft, customer, heads[0] if heads else {})
        key: mapper.Fields = {"OrNu": number}
        if todo.add:
            body = envelope("FbSales", _order(key, todo.add))
            await self._client.write("FbSalesLines", "/connectors/FbSales/FbSalesLines", json=body, headers=JSON)
        if head or todo.change:
            changed = [{"GuLi": guid, **fields} for guid, fields in todo.change]
            body = envelope("FbSales", _order({**key, **head}, changed))
            await self._client.write("FbSales", "/connectors/FbSales", method="PUT", json=body, headers=JSON)
        at = "@" if self._settings.delete_with_at else ""
        for guid in todo.remove:
            keys = f"{at}OrNu/{quote(number, safe='')}/FbSalesLines/{at}GuLi/{quote(guid, safe='')}"
            await self._client.write("FbSalesLines", f"/connectors/FbSales/FbSales/{keys}", method="DELETE")

    async def _head_changes(self, draft: Draft, customer: str, standing: Record) -> mapper.Fields:
        """Header fields that come from the order and differ. What AFAS does not show is written again."""
        delivery = await self._deliveries.fields(draft, customer)
        wanted = mapper.order_head(draft, customer, self._settings, delivery)
        shown = {
            "DbId": text(standing.get("debtor")) or customer,
            "CuId": text(standing.get("currency")) or draft.currency,
            "OrDa": str(day(standing.get("date")) or draft.document_date),
        }
        hidden = {name: wanted[name] for name in ("VaDu", *delivery) if wanted[name] is not None}
        return hidden | {name: wanted[name] for name, value in shown.items() if wanted[name] != value}

    async def _prove(self, draft: Draft, booked: Booked, lines: Iterable[mapper.Fields]) -> Booked:
        """Read the order back, if it is the first of its combination of VAT groups or one in twenty, and compare.

        The total is exact by construction; the VAT inside is AFAS' own calculation. A fault here is no fault of the
        booking.
        """
        combination = (
            str(mapper.vat_duty(draft, self._settings)),
            draft.currency,
            *sorted({str(line["VaRc"]) for line in lines}),
        )
        count = self._proven.get(combination, 0)
        self._proven[combination] = count + 1
        if count % READ_BACK_EVERY:
            return booked
        try:
            records = await self._reader.find("orders", {"number": [booked.id]})
        except KoppelError:
            return booked
        return _compared(draft, records[0]) if records else replace(booked, note=UNSEEN)


def _order(head: mapper.Fields, lines: Iterable[mapper.Fields]) -> dict[str, object]:
    body = [element(line) for line in lines]
    if not body:
        return element(head)
    return {**element(head), "Objects": [{"FbSalesLines": {"Element": body}}]}


def _with(first: Booked | None, reference: str, record: Record) -> Booked:
    number = text(record["number"])
    if first is not None:
        return replace(first, note=f"AFAS has more than one sales order with this reference: {first.id} and {number}.")
    return Booked(
        reference=reference, id=number, number=number, total=amount(record.get("total")), date=day(record.get("date"))
    )


def _compared(draft: Draft, record: Record) -> Booked:
    booked = _with(None, draft.reference, record)
    vat, expected = amount(record.get("vat")), mapper.vat_of(draft)
    if vat is None or abs(vat - expected) <= Decimal(VAT_TOLERANCE) * len(draft.lines):
        return booked
    note = f"AFAS calculated {vat} {draft.currency} VAT instead of {expected}: check VAT groups and btw-plicht."
    return replace(booked, note=note)
