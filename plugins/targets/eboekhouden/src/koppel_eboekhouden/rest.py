"""One administration through the REST API v1."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import UNSET, Struct, UnsetType

from koppel.model import round_money
from koppel.plugin import OutcomeUnknown, Refused, RetryLater
from koppel.vendor import Bucket, Concurrent, Limit, LimitTable, TokenSignIn, Vendor
from koppel_eboekhouden import tables, wire
from koppel_eboekhouden.document import CostCentre, Document, Key, Ledger, Party, Relation, Standing, Template
from koppel_eboekhouden.parties import shorten
from koppel_eboekhouden.refusals import DIALECT, NOT_FOUND, session_refused, token_expired
from koppel_eboekhouden.scan import Scan
from koppel_eboekhouden.settings import Settings
from koppel_eboekhouden.wire import Created, day_of, number_of

T = TypeVar("T")
_WRITES = ("POST invoice", "POST mutation", "POST relation")


class RestBooks:
    """See :class:`koppel_eboekhouden.document.Books`."""

    def __init__(self, settings: Settings, vendor: Vendor) -> None:
        self._settings = settings
        base = settings.endpoint.rstrip("/") + "/v1"
        owner = f"{urlsplit(base).netloc}:{hashlib.sha256(settings.token.encode()).hexdigest()[:16]}"
        limits = _limits(settings, owner)
        self._client = vendor.client(
            vendor=tables.VENDOR,
            base_url=base,
            dialect=DIALECT,
            sign_in=TokenSignIn(
                key=f"eboekhouden:{owner}",
                token_url=f"{base}/session",
                form=lambda _: {"accessToken": str(settings.token), "source": tables.SOURCE},
                refusal=session_refused,
                expired=token_expired,
                template="{token}",
                json=True,
                names=("token", "expiresIn"),
                early=tables.SESSION_EARLY,
                limits=LimitTable(always=limits.always),
            ),
            limits=limits,
            headers={"Accept": "application/json"},
        )
        self._scan = Scan(self._mutations, vendor.clock)

    async def check_sign_in(self) -> str:
        """A normal token cannot read the administration's name; the ledgers prove that it works [7.10]."""
        await self._client.read("GET ledger", "/ledger", params=[("limit", "1")])
        return "The API token works (REST)."

    async def ledgers(self) -> list[Ledger]:
        """See Books."""
        return [
            Ledger(
                id=number_of(item.id),
                code=str(item.code or "").strip(),
                description=item.description or "",
                category=(item.category or "").strip().upper(),
            )
            for item in await self._rows("ledger", wire.LedgerItem)
        ]

    async def templates(self) -> list[Template] | None:
        """See Books."""
        return [
            Template(id=number_of(item.id), name=(item.name or "").strip(), active=item.active is not False)
            for item in await self._rows("invoicetemplate", wire.TemplateItem)
        ]

    async def cost_centres(self) -> list[CostCentre]:
        """See Books."""
        return [
            CostCentre(
                id=number_of(item.id), description=(item.description or "").strip(), active=item.active is not False
            )
            for item in await self._rows("costcenter", wire.CostCentreItem)
        ]

    async def invoice(self, number: str) -> Standing | None:
        """See Books. The list tells the totals."""
        for item in await self._rows("invoice", wire.InvoiceItem, [("invoiceNumber", number)]):
            if (item.invoice_number or "").strip() == number and item.id:
                return Standing(
                    number=number,
                    invoice_id=str(item.id),
                    total=_cents(item.total_amount),
                    vat=_cents(item.vat_amount),
                    reference=item.reference,
                    day=day_of(item.date),
                )
        return None

    async def mutation(self, number: str) -> Standing | None:
        """See Books. The list has no rows: the one that fits is read."""
        for item in await self._mutations([("type", "2"), ("invoiceNumber", number)]):
            if str(item.type) == "2" and (item.invoice_number or "").strip() == number and item.id:
                return await self._read_mutation(number, str(item.id))
        return None

    async def booked_numbers(self) -> frozenset[str] | None:
        """See Books."""
        return await self._scan.numbers()

    async def create_invoice(self, document: Document, *, book: bool) -> Standing:
        """See Books."""
        created = await self._create("invoice", _invoice(document, book=book))
        told = created.in_ex_vat
        if told is not None and told != document.in_ex:
            raise OutcomeUnknown("eboekhouden.in-ex", f"e-Boekhouden.nl read the prices as {told}.")
        return Standing(number=document.number, invoice_id=str(created.id))

    async def create_mutation(self, document: Document, payment_reference: str) -> Standing:
        """See Books."""
        created = await self._create("mutation", _mutation(document, payment_reference))
        return Standing(number=document.number, mutation_id=str(created.id))

    async def read_back(self, made: Standing, *, booked: bool) -> Standing | None:
        """See Books. A booked invoice stands among the open items, which tell total and mutation in one call."""
        if made.mutation_id:
            return await self._read_mutation(made.number, made.mutation_id)
        if not booked:
            return await self.invoice(made.number)
        params = [("credDeb", "D"), ("invoiceNumber", made.number)]
        found = await self._rows("mutation/invoice/outstanding", wire.OpenItem, params)
        fitting = [item for item in found if (item.invoice_number or made.number).strip() == made.number]
        if len(fitting) == 1 and number_of(fitting[0].mutation_id) and fitting[0].total_amount is not None:
            return Standing(
                number=made.number,
                invoice_id=made.invoice_id,
                mutation_id=str(fitting[0].mutation_id),
                total=_cents(fitting[0].total_amount),
            )
        return await self.invoice(made.number)

    async def relations(self, *, email: str = "", code: str = "", name: str = "") -> list[Relation]:
        """See Books. The list has nothing to compare: each is read."""
        params = [(key, value) for key, value in (("email", email), ("code", code), ("name", name)) if value]
        items = await self._rows("relation", wire.RelationItem, params)
        if code:
            items = [item for item in items if (item.code or "").strip().casefold() == code.casefold()]
        keys = sorted((Key(id=number_of(item.id), code=item.code or "") for item in items), key=lambda key: key.id)
        read = [await self.relation(key) for key in keys[: tables.BATCH]]
        return [one for one in read if one is not None]

    async def relation(self, key: Key) -> Relation | None:
        """See Books."""
        try:
            reply = await self._client.read("GET relation/id", f"/relation/{key.id}")
        except Refused as error:
            if error.code in (NOT_FOUND, "eboekhouden.REL_055"):
                return None
            raise
        found = reply.json(wire.ReadRelation)
        emails = (found.email_address, found.email_address_invoice, found.email_address_reminder)
        return Relation(
            key=Key(id=number_of(found.id) or key.id, code=(found.code or key.code).strip()),
            name=found.name or "",
            emails=tuple(email for email in emails if email),
            vat_number=found.vat_number or "",
            inactive=bool(found.inactive),
        )

    async def create_relation(self, party: Party) -> Key:
        """See Books."""
        body = wire.NewRelation(
            name=party.name,
            type="B" if party.business else "P",
            code=party.code,
            contact=_or_unset(party.contact),
            address=_or_unset(party.address),
            postal_code=_or_unset(party.postcode),
            city=_or_unset(party.city),
            country=_or_unset(party.country),
            phone_number=_or_unset(party.phone),
            email_address=_or_unset(party.email),
            vat_number=_or_unset(party.vat_number),
            term_of_payment=self._settings.payment_term_days or UNSET,
            free_text1=_or_unset(party.own_key),
        )
        created = await self._create("relation", body)
        return Key(id=number_of(created.id), code=created.code or party.code)

    # --- parts ---

    async def _mutations(self, params: Sequence[tuple[str, str]]) -> list[wire.MutationItem]:
        return await self._rows("mutation", wire.MutationItem, params)

    async def _read_mutation(self, number: str, mutation_id: str) -> Standing:
        found = (await self._client.read("GET mutation/id", f"/mutation/{mutation_id}")).json(wire.Mutation)
        return Standing(
            number=number,
            mutation_id=mutation_id,
            total=found.total,
            vat=found.vat_total,
            reference=found.entry_number,
            day=day_of(found.date),
        )

    async def _rows(self, resource: str, into: type[T], params: Sequence[tuple[str, str]] = ()) -> list[T]:
        """All items of a list, page after page: there is no total and no next link [5.1]."""
        found: list[T] = []
        for page in range(tables.MAX_PAGES):
            more = [*params, ("limit", str(tables.PAGE)), ("offset", str(page * tables.PAGE))]
            reply = await self._client.read(f"GET {resource}", f"/{resource}", params=more)
            items: list[T] = reply.json(wire.Page[into]).items or []  # type: ignore[valid-type]
            found += items
            if len(items) < tables.PAGE:
                return found
        raise RetryLater("eboekhouden.endless", f"e-Boekhouden.nl's list of {resource}s does not end.")

    async def _create(self, resource: str, body: Struct) -> Created:
        reply = await self._client.write(f"POST {resource}", f"/{resource}", json=body)
        try:
            created = reply.json(Created)
        except RetryLater:
            created = Created()
        if not created.id:
            raise OutcomeUnknown(
                "eboekhouden.unreadable", f"e-Boekhouden.nl's answer to a new {resource} has no id ({reply.status})."
            )
        return created


def _limits(settings: Settings, owner: str) -> LimitTable:
    """The advice [4]: a steady pace, and one write at a time."""
    pace = Limit("administration", owner, (Bucket(float(settings.calls_per_second), settings.calls_per_second),))
    one = Limit("administration:writes", owner, (Concurrent(1),))
    return LimitTable(always=(pace,), operations=dict.fromkeys(_WRITES, (one,)))


def _invoice(document: Document, *, book: bool) -> wire.NewInvoice:
    if document.template is None:
        raise Refused("eboekhouden.template", "No invoice template is chosen.", "Choose one in the settings.")
    centre = document.cost_centre.id if document.cost_centre else UNSET
    return wire.NewInvoice(
        relation_id=document.customer.id,
        date=document.day.isoformat(),
        term_of_payment=document.term,
        in_ex_vat=document.in_ex,
        template_id=document.template.id,
        invoice_number=document.number,
        reference=document.reference,
        text=document.text or UNSET,
        mutation=wire.NewInvoiceMutation(
            ledger_id=document.debtors.id, description=document.description, payment_reference=document.number
        )
        if book
        else UNSET,
        items=[
            wire.NewItem(
                quantity=item.quantity,
                price_per_unit=item.price,
                description=item.row.description,
                code=_or_unset(item.code),
                vat_code=item.row.vat_code,
                vat_amount=item.row.vat if item.row.vat_code == tables.DIVERGENT else UNSET,
                ledger_id=item.row.ledger.id,
                cost_center_id=centre,
            )
            for item in document.items
        ],
    )


def _mutation(document: Document, payment_reference: str) -> wire.NewMutation:
    centre = document.cost_centre.id if document.cost_centre else UNSET
    return wire.NewMutation(
        date=document.day.isoformat(),
        ledger_id=document.debtors.id,
        relation_id=document.customer.id,
        invoice_number=document.number,
        entry_number=document.reference,
        term_of_payment=document.term,
        payment_reference=payment_reference,
        in_ex_vat=document.in_ex,
        description=shorten(document.description, tables.MUTATION_DESCRIPTION),
        rows=[
            wire.NewRow(
                ledger_id=row.ledger.id,
                vat_code=row.vat_code,
                amount=row.gross if document.in_ex == tables.INCLUDING else row.net,
                vat_amount=row.vat if row.vat_code == tables.DIVERGENT else UNSET,
                cost_center_id=centre,
                description=row.description or UNSET,
            )
            for row in document.rows
        ],
    )


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else round_money(amount, "EUR")


def _or_unset(text: str | None) -> str | UnsetType:
    return text or UNSET
