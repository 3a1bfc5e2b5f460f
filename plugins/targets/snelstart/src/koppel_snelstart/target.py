"""SnelStart as a target: what the core asks, handed to the parts that know."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from koppel.booking.draft import Draft, DraftCustomer, DraftLine
from koppel.plugin import Booked, Choice, Finding, Misconfigured, Refused, TargetTraits
from koppel.vendor import Vendor
from koppel_snelstart import tables
from koppel_snelstart.administration import Administration
from koppel_snelstart.api import Api
from koppel_snelstart.articles import Articles
from koppel_snelstart.documents import Bookings, Documents, Orders
from koppel_snelstart.findings import Check
from koppel_snelstart.offers import offer
from koppel_snelstart.relations import Relations
from koppel_snelstart.settings import Settings


class SnelStart:
    """One administration. Implements BooksOrders, HasCustomers, HasArticles, OffersChoices."""

    def __init__(self, settings: Settings, vendor: Vendor) -> None:
        self._settings = settings
        self._clock = vendor.clock
        self._api = Api(settings, vendor)
        self._administration = Administration(settings, self._api, vendor.clock)
        self._relations = Relations(settings, self._api, self._administration, vendor.clock)
        self._articles = Articles(settings, self._api, self._administration)
        mode = Orders if settings.mode == "order" else Bookings
        self._documents: Documents = mode(settings, self._api, self._administration, self._relations)

    @property
    def traits(self) -> TargetTraits:
        """Bookings are refused when doubled (BOE-0021), sales orders are not [fact sheet 8]."""
        orders = self._settings.mode == "order"
        return TargetTraits(
            parallel=tables.PARALLEL,
            recheck_after=tables.RECHECK_ORDERS if orders else timedelta(0),
            needs_articles=orders,
            currencies=frozenset({"EUR"}),
            batch=tables.CLAUSES,
            vat_country_from_debtor=not orders,
        )

    async def administration(self) -> str:
        """SnelStart's own id of it, whichever coupling key leads there."""
        return ((await self._administration.company()).administratie_identifier or "").lower()

    async def check(self) -> Sequence[Finding]:
        """See Target.check."""
        return await Check(self._settings, self._api, self._administration, self._clock).run()

    async def find_bookings(self, references: Sequence[str]) -> Mapping[str, Booked]:
        """See BooksOrders."""
        return await self._documents.find(references)

    async def book(self, draft: Draft, customer: str, articles: Mapping[str, str]) -> Booked:
        """See BooksOrders."""
        return await self._documents.book(draft, customer, articles)

    def refuses(self, draft: Draft) -> None:
        """See BooksOrders."""
        if draft.currency != "EUR":
            raise Refused(
                "snelstart.currency", f"SnelStart books euros only, not {draft.currency}.", "Convert at the ECB rate."
            )
        self._documents.refuses(draft)

    async def find_customers(self, customers: Sequence[DraftCustomer]) -> Mapping[str, str]:
        """See HasCustomers."""
        return await self._relations.find(customers)

    async def create_customer(self, customer: DraftCustomer) -> str:
        """See HasCustomers."""
        return await self._relations.create(customer)

    async def find_articles(self, codes: Sequence[str]) -> Mapping[str, str]:
        """See HasArticles."""
        return await self._articles.find(codes)

    async def create_article(self, line: DraftLine) -> str:
        """See HasArticles."""
        return await self._articles.create(line)

    def article_code(self, line: DraftLine) -> str:
        """See HasArticles."""
        return self._articles.code(line)

    async def choices(self, kind: str) -> Sequence[Choice]:
        """See OffersChoices."""
        found = await offer(kind, self._api, self._administration, self._clock.now())
        if found is None:
            raise Misconfigured("snelstart.choices", f"SnelStart has no list '{kind}'.", "Use one of the listed kinds.")
        return found
