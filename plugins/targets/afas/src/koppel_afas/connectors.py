"""Which GetConnectors the plugin reads, with which fields; the customer's own names are laid over it."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from koppel.errors import Misconfigured
from koppel_afas.settings import Settings


@dataclass(frozen=True)
class Known:
    """A GetConnector whose field ids are known: our name -> theirs."""

    id: str
    fields: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Use:
    """One thing that is read. ``required`` fields must be there; ``key`` are the fields that are unique together:
    pages are ordered by them.

    ``known`` in order of preference: the set that the README describes, then AFAS' standard connectors (which AFAS
    discourages, because they cannot be adjusted) [fact sheet 10.16, 13]. ``essential``: nothing can be booked without
    it.
    """

    name: str
    key: tuple[str, ...]
    required: tuple[str, ...]
    known: tuple[Known, ...]
    essential: bool = False


@dataclass(frozen=True)
class View:
    """A use as it is in this environment."""

    use: Use
    id: str
    fields: Mapping[str, str]

    @property
    def order(self) -> str:
        """What pages are ordered by: without a unique order AFAS loses and doubles rows [fact sheet 5]."""
        return ",".join(self.fields[name] for name in self.use.key if name in self.fields)


def _same(*names: str) -> dict[str, str]:
    return {name: their for name, _, their in (each.partition("=") for each in names)}


_USES = (
    Use(
        name="orders",
        key=("number",),
        required=("number", "reference", "total"),
        essential=True,
        known=(
            Known(
                "Koppeling_Orders",
                _same(
                    "number=OrderNumber",
                    "reference=CustomerReference",
                    "debtor=DebtorId",
                    "date=OrderDate",
                    "currency=CurrencyId",
                    "total=AmountInclVat",
                    "vat=Vat",
                    "administration=AdminId",
                ),
            ),
            Known(
                "Profit_Salesorders",
                _same(
                    "number=OrderNumber",
                    "reference=CustomerReference",
                    "debtor=DebtorId",
                    "date=OrderDate",
                    "currency=CurrencyId",
                    "total=InvoiceTotal",
                    "vat=VAT",
                ),
            ),
        ),
    ),
    Use(
        name="order_lines",
        key=("guid",),
        required=("order", "guid", "item", "quantity", "price"),
        known=(
            Known(
                "Koppeling_Orderregels",
                _same(
                    "order=OrderNumber",
                    "guid=LineGuid",
                    "kind=ItemType",
                    "item=ItemCode",
                    "title=Description",
                    "unit=UnitId",
                    "quantity=Quantity",
                    "price=Price",
                    "vat_group=VatGroup",
                    "delivered=QuantityDelivered",
                ),
            ),
            Known(
                "Profit_SalesorderLines",
                _same(
                    "order=OrderNumber",
                    "guid=LineGuid",
                    "kind=ItemTypeCode",
                    "item=ItemCodeId",
                    "title=Description",
                    "unit=UnitId",
                    "quantity=PiecePerUnit",
                    "price=PricePerUnit",
                ),
            ),
        ),
    ),
    Use(
        name="relations",
        key=("number",),
        required=("number", "email"),
        essential=True,
        known=(
            Known(
                "Koppeling_Verkooprelaties",
                _same(
                    "number=DebtorId",
                    "party=BcCo",
                    "name=Name",
                    "person=IsPerson",
                    "email=Email",
                    "email_private=EmailPrivate",
                    "vat_id=VatNr",
                    "blocked=Blocked",
                ),
            ),
            Known(
                "Profit_Debtor",
                _same(
                    "number=DebtorId", "party=BcCo", "name=DebtorName", "email=Email", "vat_id=VatNr", "blocked=Blocked"
                ),
            ),
        ),
    ),
    Use(
        name="articles",
        key=("code",),
        required=("code", "unit"),
        essential=True,
        known=(
            Known("Koppeling_Artikelen", _same("code=ItemCode", "unit=UnitId", "vat_group=VatGroup")),
            Known("Profit_Article", _same("code=ItemCode", "unit=UnitId", "vat_group=VATGroup")),
        ),
    ),
    Use(
        name="delivery_addresses",
        key=("address",),
        required=("debtor", "address", "street", "number", "postcode"),
        known=(
            Known(
                "Koppeling_Afleveradressen",
                _same(
                    "debtor=DebtorId",
                    "address=AddressId",
                    "street=Street",
                    "number=HouseNumber",
                    "addition=HouseNumberAdd",
                    "postcode=ZipCode",
                    "city=City",
                ),
            ),
            Known(
                "Profit_Deliveryaddress",
                _same(
                    "debtor=DebiteurID",
                    "address=Adres_ID",
                    "street=A_Straat",
                    "number=A_Huisnummer",
                    "addition=A_Toev_Huisnr.",
                    "postcode=A_Postcode",
                    "city=A_Woonplaats",
                ),
            ),
        ),
    ),
    Use(
        name="periods",
        key=("administration", "year", "period"),
        required=("year", "blocked"),
        known=(
            Known(
                "Profit_periods_per_administration",
                _same("year=Year", "administration=Unit", "period=Period", "blocked=Blocked"),
            ),
        ),
    ),
    Use(
        name="administrations",
        key=("code",),
        required=("code", "title"),
        known=(Known("Profit_Administrations", _same("code=AdminId", "title=AdminNm")),),
    ),
    Use(
        name="journals",
        key=("administration", "code"),
        required=("code", "title"),
        known=(
            Known(
                "Profit_Journals",
                _same(
                    "code=JournalId",
                    "title=Description",
                    "administration=UnitId",
                    "blocked=Blocked",
                ),
            ),
        ),
    ),
    Use(
        name="warehouses",
        key=("code",),
        required=("code", "title"),
        known=(Known("Profit_Warehouses", _same("code=Warehouse", "title=Description", "blocked=Blocked")),),
    ),
    Use(
        name="article_groups",
        key=("code",),
        required=("code", "title"),
        known=(Known("Profit_ArticleGroups", _same("code=Artikelgroep", "title=Omschrijving")),),
    ),
    Use(
        name="ledgers",
        key=("code",),
        required=("code", "title"),
        known=(Known("Profit_Accounts", _same("code=Account", "title=Description", "blocked=Blocked")),),
    ),
    Use(
        name="currencies",
        key=("code",),
        required=("code", "title"),
        known=(Known("Profit_Currency", _same("code=CurrencyId", "title=Currency")),),
    ),
)
USES: dict[str, Use] = {use.name: use for use in _USES}
"""All that is read, by name; the names are those of the settings ``connectors`` and ``fields``."""


def refuse_unknown_names(settings: Settings) -> None:
    """Raise Misconfigured if ``fields`` names a use or a field that does not exist."""
    for name, fields in settings.fields.items():
        use = USES.get(name)
        if use is None:
            raise Misconfigured(
                "afas.unknown-use", f"[target.fields]: {name!r} is none of the lists.", f"Known: {', '.join(USES)}."
            )
        known = {ours for each in use.known for ours in each.fields}
        for wrong in sorted(set(fields) - known):
            raise Misconfigured(
                "afas.unknown-field",
                f"[target.fields.{name}]: {wrong!r} is none of the fields.",
                f"Known: {', '.join(sorted(known))}.",
            )


def view(use: Use, settings: Settings, granted: frozenset[str] | None) -> View:
    """The connector to read for a use: the configured one, else the first known one that the app connector grants.

    ``granted`` are the ids of the granted GetConnectors, case folded; None = not known. Of a connector of the
    customer's own only the required fields are taken for granted; others count as there when they are mapped. An
    empty field id takes a field away.
    """
    names: dict[str, str] = msgspec.structs.asdict(settings.connectors)
    chosen = names[use.name]
    if chosen:
        known = next((each for each in use.known if each.id.casefold() == chosen.casefold()), None)
    else:
        known = next((each for each in use.known if each.id.casefold() in (granted or ())), use.known[-1])
        chosen = known.id
    base = known.fields if known else {name: use.known[0].fields[name] for name in use.required}
    mapped = {**base, **settings.fields.get(use.name, {})}
    return View(use, chosen, {ours: theirs for ours, theirs in mapped.items() if theirs})
