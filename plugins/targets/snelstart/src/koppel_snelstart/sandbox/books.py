"""One administration in the sandbox: its records and how they are stamped."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from koppel.clock import Clock
from koppel_snelstart.sandbox import seed

Record = dict[str, Any]
"""A record as it is answered. Keys with an underscore are the sandbox's own."""

_SPACE = uuid.UUID("6f1d9c1e-5a6b-4d0e-9a57-0f0e3c2b1a00")
PATHS = {
    "relations": "relaties",
    "ledgers": "grootboeken",
    "countries": "landen",
    "articles": "artikelen",
    "groups": "artikelomzetgroepen",
    "templates": "verkoopordersjablonen",
    "journals": "dagboeken",
    "centres": "kostenplaatsen",
    "bookings": "verkoopboekingen",
    "invoices": "verkoopfacturen",
    "orders": "verkooporders",
}


class Books:
    """All records of one administration. GUIDs are its own: another administration has others for the same thing."""

    def __init__(self, name: str, clock: Clock, switches: Mapping[str, str]) -> None:
        self.name = name
        self.client_key = seed.CLIENT_KEYS[name]
        self._clock = clock
        self._zone = ZoneInfo("UTC" if switches.get("zone", "").upper() == "UTC" else "Europe/Amsterdam")
        self._made = 0
        self.next_order = 20260001
        self.next_relation = 1000
        self.records: dict[str, list[Record]] = {table: [] for table in PATHS}
        self.strict_country = switches.get("oss_country") == "strict"
        self.blocked_until = switches.get("blocked_until", "")
        self.company = seed.company(self, switches)
        self._seeding = True
        seed.fill(self)
        self._seeding = False

    def guid(self, table: str, key: object) -> str:
        """The GUID of a record of this administration, the same at every start."""
        return str(uuid.uuid5(_SPACE, f"{self.name}/{table}/{key}"))

    def add(self, table: str, key: object, record: Record) -> Record:
        """Keep a record under a GUID of its own, stamped."""
        self._made += 1
        id_ = self.guid(table, key)
        kept = {
            **record,
            "modifiedOn": self.stamp(),
            "id": id_,
            "uri": f"/{PATHS[table]}/{id_}",
            "_at": float("-inf") if self._seeding else self._clock.monotonic(),
        }
        self.records[table].append(kept)
        return kept

    def touch(self, record: Record) -> None:
        """Note a change."""
        record["modifiedOn"] = self.stamp()

    def stamp(self) -> str:
        """Now, as the vendor writes it: no zone, two to seven digits of a second."""
        now = self._clock.now().astimezone(self._zone)
        digits = f"{now.microsecond:06d}{self._made % 10}"[: 2 + self._made % 6]
        return f"{now:%Y-%m-%dT%H:%M:%S}.{digits}"

    @property
    def now(self) -> datetime:
        """The wall clock."""
        return self._clock.now()

    def by_id(self, table: str, id_: object) -> Record | None:
        """A record by its GUID, in any case."""
        wanted = str(id_ or "").lower()
        return next((record for record in self.records[table] if record["id"] == wanted), None)

    def ref(self, table: str, id_: str) -> Record:
        """A reference as it is answered."""
        return {"id": id_.lower(), "uri": f"/{PATHS[table]}/{id_.lower()}"}

    def ledger(self, number: int) -> Record:
        """A ledger by its number."""
        return next(record for record in self.records["ledgers"] if record["nummer"] == number)

    def country_of(self, address: Any) -> str:
        """The two letters of an address's country; none given means the Netherlands."""
        land = (address or {}).get("land") if isinstance(address, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        record = self.by_id("countries", land["id"]) if land else None  # pyright: ignore[reportUnknownArgumentType]
        return str(record["landcode"]) if record else "NL"

    def oss_on(self, day: str) -> bool:
        """Whether foreign VAT is invoiced on a day."""
        return bool(self.company["factureerBuitenlandsBtw"]) and day >= "2021-07-01"
