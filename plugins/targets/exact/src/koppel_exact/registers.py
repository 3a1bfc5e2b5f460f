"""What the administration offers to choose from: VAT codes, ledgers, journals, groups. Read seldom, kept for a day."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

from msgspec.structs import replace

from koppel.clock import Clock
from koppel.plugin import Choice, Misconfigured, Refused
from koppel_exact import odata, tables, vat
from koppel_exact.api import ExactApi
from koppel_exact.received import Coded, Journal, Ledger, VatCode

T = TypeVar("T")

KINDS = ("ledgers", "vat_codes", "journals", "payment_conditions", "warehouses", "item_groups")

_VAT_TYPES = {"I": "including", "E": "excluding", "N": "no VAT", "B": "base only"}


class Registers:
    """The reference data of one division. All codes come without Exact's padding."""

    def __init__(self, api: ExactApi, clock: Clock) -> None:
        self._api = api
        self._vat = _Kept(clock, self.list_vat_codes)
        self._groups = _Kept(clock, lambda: self.coded("logistics/ItemGroups"))
        self._warehouses = _Kept(clock, lambda: self.coded("inventory/Warehouses"))
        self._ledgers: dict[str, str] = {}

    async def vat_codes(self, codes: Iterable[str]) -> Mapping[str, VatCode]:
        """These VAT codes. Refused for one that the division does not have."""
        found: dict[str, VatCode] = {}
        for code in dict.fromkeys(codes):
            known = await self._vat.find(partial(_has_code, code))
            if known is None:
                raise Refused(
                    "exact.vat-code",
                    f"The administration in Exact Online has no VAT code {code}.",
                    "Choose one of its VAT codes in the connection's VAT table.",
                )
            found[code] = known
        return found

    async def ledgers(self, codes: Iterable[str]) -> Mapping[str, str]:
        """code -> id of these ledgers. Refused for one that the division does not have, or that is blocked."""
        wanted = [code for code in dict.fromkeys(codes) if code]
        missing = [code for code in wanted if code not in self._ledgers]
        terms = [odata.equals("Code", code) for code in missing]
        for ledger in await self._api.matching("financial/GLAccounts", Ledger, "ID,Code,IsBlocked", terms):
            if not ledger.blocked:
                self._ledgers[ledger.code.strip()] = ledger.id
        for code in wanted:
            if code not in self._ledgers:
                raise Refused(
                    "exact.ledger",
                    f"The administration in Exact Online has no ledger {code}, or it is blocked.",
                    "Choose one of its ledgers in the connection's VAT table.",
                )
        return {code: self._ledgers[code] for code in wanted}

    async def item_group(self, code: str) -> str | None:
        """The id of the configured item group; None where none is configured."""
        return await self._id(self._groups, code, "item group")

    async def warehouse(self, code: str) -> str | None:
        """The id of the configured warehouse; None where none is configured."""
        return await self._id(self._warehouses, code, "warehouse")

    async def _id(self, kept: "_Kept[Coded]", code: str, what: str) -> str | None:
        if not code:
            return None
        known = await kept.find(partial(_has_code, code))
        if known is None:
            raise Misconfigured(
                "exact.setting",
                f"The administration in Exact Online has no {what} {code}.",
                f"Choose one of its own as {what} in the connection's settings.",
            )
        return known.id

    async def list_vat_codes(self) -> Sequence[VatCode]:
        """All VAT codes."""
        select = "Code,Description,Percentage,Type,VATTransactionType,IsBlocked,OssCountry"
        found = await self._api.rows("vat/VATCodes", VatCode, select)
        return [replace(code, code=code.code.strip(), type=(code.type or "").strip() or None) for code in found]

    async def list_journals(self) -> Sequence[Journal]:
        """All journals."""
        found = await self._api.rows("financial/Journals", Journal, "Code,Description,Type,IsBlocked")
        return [replace(journal, code=journal.code.strip()) for journal in found]

    async def coded(self, resource: str) -> Sequence[Coded]:
        """All rows of a resource that has a code and a description."""
        found = await self._api.rows(resource, Coded, "ID,Code,Description")
        return [replace(row, code=row.code.strip()) for row in found]

    async def choices(self, kind: str) -> Sequence[Choice]:
        """What the user can choose; see :data:`KINDS`. Raises KeyError for another kind."""
        if kind == "vat_codes":
            return [_vat_choice(code) for code in await self.list_vat_codes() if not code.blocked]
        if kind == "journals":
            return [
                Choice(code=journal.code, title=journal.description or journal.code)
                for journal in await self.list_journals()
                if journal.type == tables.SALES_JOURNAL and not journal.blocked
            ]
        if kind == "ledgers":
            ledgers = await self._api.rows("financial/GLAccounts", Ledger, "ID,Code,Description,BalanceType,IsBlocked")
            return [
                Choice(
                    code=ledger.code.strip(),
                    title=ledger.description or ledger.code.strip(),
                    hint="profit and loss" if ledger.balance_type == tables.PROFIT_AND_LOSS else "balance sheet",
                )
                for ledger in ledgers
                if not ledger.blocked
            ]
        resources = {
            "payment_conditions": "cashflow/PaymentConditions",
            "warehouses": "inventory/Warehouses",
            "item_groups": "logistics/ItemGroups",
        }
        found = await self.coded(resources[kind])
        return [Choice(code=row.code, title=row.description or row.code) for row in found]


def _has_code(code: str, row: VatCode | Coded) -> bool:
    return row.code == code


def _vat_choice(code: VatCode) -> Choice:
    rate = vat.percentage(code)
    shown = f"{rate.normalize():f} %, " if rate is not None else ""
    country = f", OSS {code.oss_country.strip()}" if code.oss_country else ""
    return Choice(
        code=code.code,
        title=code.description or code.code,
        hint=f"{shown}{_VAT_TYPES.get(code.type or '', code.type or '')}{country}",
    )


class _Kept(Generic[T]):
    """A list that is read on first need, after a day, and when something is missing in it and a minute passed."""

    def __init__(self, clock: Clock, read: Callable[[], Awaitable[Sequence[T]]]) -> None:
        self._clock = clock
        self._read = read
        self._rows: Sequence[T] = ()
        self._at: float | None = None

    async def find(self, matches: Callable[[T], bool]) -> T | None:
        """The first row that matches."""
        age = None if self._at is None else self._clock.monotonic() - self._at
        fresh = age is not None and age <= tables.CACHE_FOR.total_seconds()
        found = next(filter(matches, self._rows), None) if fresh else None
        if found is None and (age is None or age > tables.MINUTE):
            self._rows = await self._read()
            self._at = self._clock.monotonic()
            found = next(filter(matches, self._rows), None)
        return found
