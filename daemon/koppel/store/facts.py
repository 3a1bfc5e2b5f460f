"""Facts from outside that documents rest on: VIES answers, sealed, and the ECB's rates."""

from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import select

from koppel.store.database import Database
from koppel.store.schema import ecb_rates, vies_answers
from koppel.store.secrets import keep_statement
from koppel.store.vault import Vault
from koppel.vat.vies import ViesAnswer
from koppel.vendor.ecb_files import DayRate


class ViesAnswers:
    """Implements :class:`koppel.vendor.vies.ViesCache`. The answer is the proof for 0 %: it is kept, sealed."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def find(self, number: str) -> ViesAnswer | None:
        """The last answer about a VAT number (compact, with prefix)."""
        key = self._vault.fingerprint(number)
        rows = await self._database.rows(select(vies_answers.c.value).where(vies_answers.c.key == key))
        return msgspec.json.decode(self._vault.open(rows[0]["value"]), type=ViesAnswer) if rows else None

    async def keep(self, answer: ViesAnswer) -> None:
        """Keep an answer in the place of the one before."""
        sealed = self._vault.seal(msgspec.json.encode(answer))
        row = {"key": self._vault.fingerprint(answer.number), "value": sealed}
        await self._database.write(keep_statement(self._database.dialect, vies_answers), row)


class EcbRates:
    """Implements :class:`koppel.vendor.ecb.RateCache`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rates(self, currency: str) -> Iterable[DayRate]:
        """All known rates of a currency."""
        rows = await self._database.rows(select(ecb_rates).where(ecb_rates.c.currency == currency))
        return [DayRate(date.fromisoformat(row["day"]), row["currency"], row["value"]) for row in rows]

    async def keep(self, rates: Iterable[DayRate]) -> None:
        """Add rates; the same day and currency again replaces."""
        rows = [{"currency": each.currency, "day": each.day.isoformat(), "value": each.rate} for each in rates]
        if rows:
            await self._database.write(keep_statement(self._database.dialect, ecb_rates), rows)
