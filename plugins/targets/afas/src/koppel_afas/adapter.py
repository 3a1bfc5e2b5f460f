"""AFAS Profit as a target: sales orders (FbSales), sales relations, articles, lists to choose from."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from koppel.booking.draft import CustomerKind, Draft, DraftCustomer, DraftLine
from koppel.clock import AMSTERDAM
from koppel.plugin import (
    Booked,
    Choice,
    Finding,
    OutcomeUnknown,
    Refused,
    TargetTraits,
)
from koppel.vendor import Concurrent, Limit, LimitTable, Vendor
from koppel_afas import mapper, parties, relations
from koppel_afas.articles import Articles
from koppel_afas.choices import choices
from koppel_afas.connectors import refuse_unknown_names
from koppel_afas.errors import dialect
from koppel_afas.orders import Orders
from koppel_afas.reader import Reader
from koppel_afas.settings import Settings
from koppel_afas.signin import base_url, sign_in
from koppel_afas.tables import (
    BATCH,
    CLIENT_TIMEOUT,
    PARALLEL_CALLS,
    PARALLEL_WRITES,
    SERVER_TIMEOUT,
)
from koppel_afas.wire import JSON, key_written
from koppel_afas.years import BookYears


class AfasTarget:
    """One administration in one AFAS environment, opened. Implements all capabilities that the spec declares."""

    def __init__(self, settings: Settings, vendor: Vendor) -> None:
        refuse_unknown_names(settings)
        address = base_url(settings)
        own = {"IntegrationId": settings.integration_id} if settings.integration_id else {}
        self._settings = settings
        self._clock = vendor.clock
        self._client = vendor.client(
            vendor="afas",
            base_url=address,
            dialect=dialect(vendor.clock),
            sign_in=sign_in(settings),
            limits=LimitTable(always=(Limit("environment", address, (Concurrent(PARALLEL_CALLS),)),)),
            headers={
                "Accept": "application/json",
                "Accept-Language": "nl-nl",
                **own,
            },
            timeout=CLIENT_TIMEOUT,
        )
        self._reader = Reader(self._client, settings)
        self._articles = Articles(self._client, self._reader, settings)
        self._orders = Orders(self._client, self._reader, self._articles, settings, vendor.clock)

    @property
    def traits(self) -> TargetTraits:
        """See :class:`koppel.plugin.Target`. A call that nobody waits for runs on at AFAS for up to 15 minutes."""
        return TargetTraits(
            parallel=PARALLEL_WRITES,
            recheck_after=SERVER_TIMEOUT,
            needs_articles=True,
            currencies=None if self._settings.foreign_currency else frozenset({self._settings.currency}),
            batch=BATCH,
        )

    async def administration(self) -> str:
        """Host and number; without a number it is the environment's default administration."""
        number = self._settings.administration
        return f"{urlsplit(base_url(self._settings)).netloc}/{'default' if number is None else number}"

    async def check(self) -> Sequence[Finding]:
        """See :class:`koppel.plugin.Target`."""
        from koppel_afas.checkup import check

        return await check(
            self._reader, BookYears(self._reader, self._settings, self._clock), self._settings, self._clock
        )

    async def choices(self, kind: str) -> Sequence[Choice]:
        """See :class:`koppel.plugin.OffersChoices`."""
        return await choices(self._reader, self._settings, kind)

    async def find_bookings(self, references: Sequence[str]) -> Mapping[str, Booked]:
        """See :class:`koppel.plugin.BooksOrders`."""
        return await self._orders.find(references)

    def refuses(self, draft: Draft) -> None:
        """See :class:`koppel.plugin.BooksOrders`."""
        mapper.refuse_unbookable(draft, self._settings)

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        """See :class:`koppel.plugin.BooksOrders`."""
        return await self._orders.book(draft, customer, articles)

    async def update(self, draft: Draft, booked: Booked, customer: str, articles: Mapping[str, str]) -> Booked:
        """See :class:`koppel.plugin.UpdatesBookings`."""
        return await self._orders.update(draft, booked, customer, articles)

    async def find_customers(self, customers: Sequence[DraftCustomer]) -> Mapping[str, str]:
        """See :class:`koppel.plugin.HasCustomers`."""
        return await relations.find(self._reader, customers)

    async def create_customer(self, customer: DraftCustomer) -> str:
        """See :class:`koppel.plugin.HasCustomers`."""
        if customer.kind is CustomerKind.COLLECTIVE and customer.code:
            raise Refused(
                "afas.collective-missing",
                f"The collective debtor {customer.code} does not exist in AFAS, or is blocked.",
                "Make it in AFAS, or set another number for the collective debtor.",
            )
        today = self._clock.now().astimezone(AMSTERDAM).date()
        connector, body = parties.relation(customer, self._settings, today)
        reply = await self._client.write(connector, f"/connectors/{connector}", json=body, headers=JSON)
        number = key_written(reply, "DbId") or (await self.find_customers([customer])).get(customer.identity, "")
        if not number:
            raise OutcomeUnknown("afas.no-number", "AFAS told no number of the new sales relation.")
        return number

    async def find_articles(self, codes: Sequence[str]) -> Mapping[str, str]:
        """See :class:`koppel.plugin.HasArticles`."""
        return await self._articles.find(codes)

    async def create_article(self, line: DraftLine) -> str:
        """See :class:`koppel.plugin.HasArticles`."""
        return await self._articles.create(line)

    def article_code(self, line: DraftLine) -> str:
        """See :class:`koppel.plugin.HasArticles`."""
        return mapper.article_code(line)
