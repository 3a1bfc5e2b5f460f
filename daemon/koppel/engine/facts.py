"""Facts from outside that booking needs: what VIES says of a VAT number, what the ECB says of a currency."""

from datetime import date
from decimal import Decimal

from koppel.booking import ViesAnswer
from koppel.config.connection import ConnectionSettings
from koppel.config.daemon import Services
from koppel.store import Store
from koppel.vendor import VendorHub
from koppel.vendor.ecb import Ecb
from koppel.vendor.vies import Vies


class Facts:
    """The sources of facts that all connections of a daemon share; answers are kept in the store."""

    def __init__(self, store: Store, hub: VendorHub, services: Services) -> None:
        self._store = store
        self._hub = hub
        self._services = services
        self.ecb = Ecb(hub.session("ecb"), store.ecb_rates, base_url=services.ecb)

    def of(self, settings: ConnectionSettings) -> "ConnectionFacts":
        """As one connection asks them: VIES wants to know who asks, and gives the proof to him."""
        session = self._hub.session(settings.name)
        requester = settings.booking.seller.vat_id
        vies = Vies(session, self._store.vies_answers, requester=requester, base_url=self._services.vies)
        return ConnectionFacts(vies, self.ecb)


class ConnectionFacts:
    """Implements :class:`koppel.flow.cycle.FactFinder`."""

    def __init__(self, vies: Vies, ecb: Ecb) -> None:
        self._vies = vies
        self._ecb = ecb

    async def vies(self, vat_id: str) -> ViesAnswer:
        """What VIES says of a VAT number."""
        return await self._vies.check(vat_id)

    async def to_eur(self, currency: str, day: date) -> Decimal:
        """The ECB reference rate."""
        return await self._ecb.to_eur(currency, day)
