"""The delivery address of an order: found under its relation, else added there, at last only written on the order
(C4).
"""

import anyio

from koppel.booking.draft import CustomerKind, Draft
from koppel.clock import AMSTERDAM, Clock
from koppel.errors import OutcomeUnknown, Refused, RetryLater
from koppel.model import Address
from koppel.vendor import VendorClient
from koppel_afas.address import basic_address, one_line, same_place
from koppel_afas.mapper import Fields, cut
from koppel_afas.parties import delivery_contact
from koppel_afas.reader import Reader
from koppel_afas.settings import Settings
from koppel_afas.wire import JSON, amount, flag, text


class Deliveries:
    """Finds and makes delivery addresses. One at a time: two orders to one new address must not make it twice."""

    def __init__(self, client: VendorClient, reader: Reader, settings: Settings, clock: Clock) -> None:
        self._client = client
        self._reader = reader
        self._settings = settings
        self._clock = clock
        self._turn = anyio.Lock()

    async def fields(self, draft: Draft, customer: str) -> Fields:
        """``DlAd`` and ``ExAd`` for the order's header; empty if the goods go to the customer's own address.

        A collective debtor gets no addresses: they would be those of thousands of strangers. Nothing of an existing
        relation is changed; an address is only added. Raises what the vendor layer raises, but never OutcomeUnknown:
        the order has not been sent then, and AFAS merges an address that is added twice [fact sheet 7.5].
        """
        address = draft.delivery
        if address is None or self._settings.delivery == "none":
            return {}
        written: Fields = {"ExAd": cut("ExAd", one_line(address))}
        if self._settings.delivery == "text" or draft.customer.kind is CustomerKind.COLLECTIVE:
            return written
        fields = basic_address(address, self._clock.now().astimezone(AMSTERDAM).date())
        if fields is None or not await self._reader.granted("delivery_addresses"):
            return written
        async with self._turn:
            found = await self._find(customer, fields)
            if found is None:
                await self._add(customer, address, fields)
                found = await self._find(customer, fields)
        if found is None:
            return written
        return {"DlAd": found, "ExAd": cut("ExAd", address.name or address.company)}

    async def _find(self, customer: str, fields: Fields) -> int | None:
        for record in await self._reader.find("delivery_addresses", {"debtor": [customer]}):
            address_id = amount(record.get("address"))
            if address_id is not None and same_place(fields, record):
                return int(address_id)
        return None

    async def _add(self, customer: str, address: Address, fields: Fields) -> None:
        relations = await self._reader.find("relations", {"number": [customer]})
        party = next((text(each.get("party")) for each in relations), "")
        if not party:
            return
        known = relations[0].get("person")
        kinds = (False, True) if known is None else (flag(known),)
        for person in [kind for kind in kinds if await self._reader.writable("KnPerson" if kind else "KnOrganisation")]:
            path, body = delivery_contact(party, address, fields, person=person)
            try:
                await self._client.write(path.split("/")[2], path, json=body, headers=JSON)
            except OutcomeUnknown as error:
                raise RetryLater(
                    "afas.delivery-address", "AFAS did not answer when the delivery address was added."
                ) from error
            except Refused:
                if person is kinds[-1]:
                    raise
            else:
                return
