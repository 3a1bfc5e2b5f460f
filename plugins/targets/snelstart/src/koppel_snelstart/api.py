"""The operations of the API that we use, typed: lists page by page, creates exactly once."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from koppel.plugin import OutcomeUnknown, Refused
from koppel.vendor import (
    Concurrent,
    Dialect,
    Limit,
    LimitTable,
    Token,
    TokenSignIn,
    Vendor,
    VendorClient,
    Window,
)
from koppel_snelstart import odata, refusals, tables
from koppel_snelstart.settings import Settings
from koppel_snelstart.wire import (
    Artikel,
    CompanyInfo,
    Dagboek,
    Grootboek,
    Kostenplaats,
    Land,
    Omzetgroep,
    Relatie,
    Row,
    Sjabloon,
    VatRates,
    Verkoopfactuur,
    Verkooporder,
)

T = TypeVar("T")
R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Listing(Generic[R]):
    """A list operation. ``odata``: it filters and pages; others answer everything and ignore what is asked."""

    operation: str
    path: str
    row: type[R]
    odata: bool = True
    page: int = tables.PAGE
    short_page_is_last: bool = True


LEDGERS = Listing("listLedgers", "/grootboeken", Grootboek)
RELATIONS = Listing("listRelations", "/relaties", Relatie)
INVOICES = Listing("listInvoices", "/verkoopfacturen", Verkoopfactuur)
ORDERS = Listing("listOrders", "/verkooporders", Verkooporder)
ARTICLES = Listing("listArticles", "/artikelen", Artikel, page=tables.ARTICLE_PAGE, short_page_is_last=False)
COUNTRIES = Listing("listCountries", "/landen", Land, odata=False)
ARTICLE_GROUPS = Listing("listArticleGroups", "/artikelomzetgroepen", Omzetgroep, odata=False)
TEMPLATES = Listing("listTemplates", "/verkoopordersjablonen", Sjabloon, odata=False)
JOURNALS = Listing("listJournals", "/dagboeken", Dagboek, odata=False)
COST_CENTRES = Listing("listCostCentres", "/kostenplaatsen", Kostenplaats, odata=False)


class Api:
    """One administration's API, signed in. ``scopes``: the rights of its last token; None = not told."""

    def __init__(self, settings: Settings, vendor: Vendor) -> None:
        self.scopes: frozenset[str] | None = None
        self._joins = True
        key = hashlib.sha256(settings.client_key.encode()).hexdigest()[:24]
        quota = tables.QUOTAS[settings.product]
        limit = Limit(
            refusals.LIMIT_SCOPE,
            key,
            (Window(quota.per_minute, 60), Window(quota.per_hour, 3600), Concurrent(quota.concurrent)),
        )
        client_key = str(settings.client_key)
        self._client: VendorClient = vendor.client(
            vendor="snelstart",
            base_url=settings.endpoint,
            dialect=Dialect(error=refusals.refusal, feedback=refusals.feedback, throttled=refusals.throttled),
            sign_in=TokenSignIn(
                key=f"snelstart:{key}",
                token_url=settings.token_url,
                form=lambda _stored: {"grant_type": "clientkey", "clientkey": client_key},
                refusal=refusals.token_refusal,
                expired=refusals.token_expired,
                inspect=self._read_scopes,
            ),
            limits=LimitTable(always=(limit,)),
            headers={"Ocp-Apim-Subscription-Key": str(settings.subscription_key), "Accept": "application/json"},
        )

    def _read_scopes(self, token: Token) -> None:
        self.scopes = scopes_of(token.access)

    async def company(self) -> CompanyInfo:
        """The administration behind the coupling key."""
        return (await self._client.read("getCompanyInfo", "/companyInfo")).json(CompanyInfo)

    async def vat_rates(self) -> list[VatRates]:
        """The VAT rates of all EU countries."""
        return (await self._client.read("listVatRates", "/vatrates")).json(list[VatRates])

    async def relation(self, id_: str) -> Relatie:
        """One active relation; Refused ``snelstart.404`` if there is none (any more)."""
        return (await self._client.read("getRelation", f"/relaties/{id_}")).json(Relatie)

    async def matching(
        self,
        listing: Listing[R],
        clauses: Iterable[str],
        enough: Callable[[Sequence[R]], bool] = lambda _rows: False,
        *,
        at_most: int = tables.CLAUSES,
    ) -> list[R]:
        """The rows that fit any of the conditions: many conditions in one filter, or one by one if that is refused.

        ``enough`` judges the rows of one filter. Raises Refused for a condition that is refused by itself.
        """
        wanted = list(dict.fromkeys(clauses))
        filters = list(odata.either(wanted, at_most=at_most if self._joins else 1))
        try:
            return await self._filtered(listing, filters, enough)
        except Refused:
            if filters == wanted:
                raise
        found = await self._filtered(listing, wanted, enough)
        self._joins = False
        return found

    async def _filtered(
        self, listing: Listing[R], filters: Iterable[str], enough: Callable[[Sequence[R]], bool]
    ) -> list[R]:
        found: dict[str, R] = {}
        for where in filters:
            found.update((row.id, row) for row in await self.rows(listing, where, enough))
        return list(found.values())

    async def rows(
        self, listing: Listing[R], where: str = "", enough: Callable[[Sequence[R]], bool] = lambda _rows: False
    ) -> list[R]:
        """The rows of a list, each once, until ``enough`` are there.

        The caller checks the filter again: some lists ignore it. A page shorter than asked is the last one, save where
        the vendor may cap pages silently: in the list that is known for it, or after a multiple of that cap.
        """
        found: dict[str, R] = {}
        skip = 0
        while True:
            page = await self._page(listing, where, skip)
            new = [row for row in page if row.id not in found]
            found.update((row.id, row) for row in new)
            skip += len(page)
            rows = list(found.values())
            if not new or not listing.odata or enough(rows):
                return rows
            if listing.short_page_is_last and len(page) < listing.page and len(page) % tables.ARTICLE_PAGE:
                return rows

    async def _page(self, listing: Listing[R], where: str, skip: int) -> list[R]:
        params = [("$filter", where)] if where else []
        if listing.odata:
            params.append(("$top", str(listing.page)))
        if skip:
            params.append(("$skip", str(skip)))
        reply = await self._client.read(listing.operation, listing.path, params=params)
        return reply.json(list[listing.row])  # type: ignore[name-defined]

    async def create(self, operation: str, path: str, body: msgspec.Struct, into: type[T]) -> T:
        """Make one record: sent once. An answer without JSON leaves the outcome unknown, like no answer at all."""
        reply = await self._client.write(operation, path, json=body)
        try:
            return msgspec.json.decode(reply.content, type=into)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise OutcomeUnknown(
                "snelstart.unknown-outcome",
                f"SnelStart's answer (status {reply.status}) cannot be read.",
                "koppel looks up whether it was done.",
            ) from error


class _Claims(msgspec.Struct):
    scopes: str | list[str] | None = None


def scopes_of(token: str) -> frozenset[str] | None:
    """The rights in a JWT's claim ``scopes``, unverified: only to warn early [fact sheet 3.2]. None = not told."""
    import base64
    import binascii

    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        scopes = msgspec.json.decode(payload, type=_Claims).scopes
    except (ValueError, binascii.Error, msgspec.DecodeError):
        return None
    if scopes is None:
        return None
    return frozenset(scopes.split() if isinstance(scopes, str) else scopes)
