"""Which ledger, VAT kind and cost centre a draft line gets in this administration. Pure: no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from msgspec import Struct

from koppel.booking.draft import DraftLine
from koppel.plugin import Misconfigured
from koppel.vat.treatment import Treatment
from koppel_snelstart import tables
from koppel_snelstart.odata import naive_moment
from koppel_snelstart.settings import Settings
from koppel_snelstart.vat import Kind, VatCode, default_function, parse_code
from koppel_snelstart.wire import CompanyInfo, DateRange, Grootboek, Kostenplaats, Land, VatRates


class Posting(Struct, frozen=True, kw_only=True):
    """Where one line goes. ``vat_ledger`` is set where its VAT is booked as a ledger line of its own."""

    ledger: Grootboek
    kind: Kind
    reverse: bool = False
    cost_centre: str | None = None
    vat_ledger: Grootboek | None = None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The part of an administration that decides how a line is booked."""

    company: CompanyInfo
    ledgers: Sequence[Grootboek]
    countries: Sequence[Land] = ()
    rates: Sequence[VatRates] = ()
    cost_centres: Sequence[Kostenplaats] = ()
    settings: Settings

    def posting(self, line: DraftLine, on: date, like: Grootboek | None = None) -> Posting:
        """Where this line goes on this day. Raises Misconfigured that names the row of the VAT table and the ledger.

        ``like``: the ledger of the goods, which small amounts outside VAT (a rounding difference) follow in a sale with
        VAT of another country: SnelStart takes no other ledger there.
        """
        code = parse_code(line.vat_code)
        if line.ledger:
            ledger = self.numbered(line.ledger, row_name(line))
        elif like is not None and line.rate is None and line.treatment is Treatment.OSS:
            ledger = like
        else:
            ledger = self._default(line, code, on)
        kind = code.kind if code else _only_kind(ledger, line)
        _check(ledger, kind, line)
        foreign = kind is Kind.GEEN and line.vat != 0
        if foreign:
            self._check_rate(ledger, line, on)
        return Posting(
            ledger=ledger,
            kind=kind,
            reverse=bool(code and code.reverse),
            cost_centre=self._cost_centre(ledger),
            vat_ledger=self._foreign_vat(line, code, on) if foreign else None,
        )

    def numbered(self, number: str, where: str) -> Grootboek:
        """The ledger with this number."""
        found = self._by_number.get(number.strip().lstrip("0"))
        if found is None:
            raise Misconfigured(
                "snelstart.ledger-unknown",
                f"{where} names ledger {number}, which SnelStart does not have.",
                "Choose a ledger that exists, or make it in SnelStart.",
            )
        return found

    @cached_property
    def _by_number(self) -> Mapping[str, Grootboek]:
        return {str(ledger.nummer): ledger for ledger in reversed(self.ledgers)}

    def with_function(self, function: str) -> list[Grootboek]:
        """The active ledgers with a function."""
        return [each for each in self.ledgers if each.grootboekfunctie == function and not each.nonactief]

    def oss_on(self, on: date) -> bool:
        """Whether SnelStart books VAT of other EU countries as ledger lines on this day."""
        if self.settings.oss != "auto":
            return self.settings.oss == "on"
        if on < tables.OSS_START:
            return False
        ranges = self.company.factureer_buitenlands_btw_ranges or []
        return bool(self.company.factureer_buitenlands_btw) or any(_inside(on, each) for each in ranges)

    @property
    def foreign_vat_ledger(self) -> Grootboek | None:
        """The ledger for VAT of other countries that SnelStart itself names."""
        reference = self.company.buitenlandse_btw_grootboek
        wanted = (reference.id or "").lower() if reference else ""
        return next((each for each in self.ledgers if wanted and each.id.lower() == wanted), None)

    def rate_codes(self, country: str, rate: Decimal, on: date) -> list[str]:
        """The rate codes (``SR``, ``RRL`` …) that this percentage has in a country (two letters) on a day."""
        return [code for code, percentage in self._rates_of(country, on).items() if percentage == rate]

    def _rates_of(self, country: str, on: date) -> Mapping[str, Decimal]:
        names = _names_of(country, self.countries)
        valid: dict[str, tuple[date, Decimal]] = {}
        for entry in self.rates:
            if (entry.country_code or "").upper() not in names:
                continue
            for each in entry.vat_rates or []:
                start = naive_moment(each.valid_from)
                since = start.date() if start else date.min
                if each.rate_code is None or each.rate is None or since > on:
                    continue
                if each.rate_code not in valid or valid[each.rate_code][0] <= since:
                    valid[each.rate_code] = (since, each.rate)
        return {code: rate for code, (_, rate) in valid.items()}

    def _default(self, line: DraftLine, code: VatCode | None, on: date) -> Grootboek:
        function = default_function(code.kind, line.treatment) if code else None
        candidates = self.with_function(function) if function else []
        if function == tables.AFSTANDSVERKOPEN and self.rates and line.country and line.rate is not None:
            codes = self.rate_codes(line.country, line.rate, on)
            candidates = [each for each in candidates if each.vat_rate_code in codes]
        if len(candidates) == 1:
            return candidates[0]
        if not candidates:
            reason = f"SnelStart has no active ledger with function {_function_name(function)} that fits"
        else:
            names = ", ".join(str(each.nummer) for each in candidates)
            reason = f"several ledgers with function {_function_name(function)} fit: {names}"
        raise Misconfigured(
            "snelstart.ledger-open",
            f"{row_name(line)} names no ledger, and {reason}.",
            "Fill in the ledger number in that row of the VAT table.",
        )

    def _foreign_vat(self, line: DraftLine, code: VatCode | None, on: date) -> Grootboek:
        if code and code.ledger:
            return self.numbered(code.ledger, row_name(line))
        if line.treatment is not Treatment.OSS:
            raise Misconfigured(
                "snelstart.foreign-vat",
                f"{row_name(line)} has VAT, but its code 'Geen' books none.",
                "Use VerkopenHoog, VerkopenLaag or VerkopenOverig for Dutch VAT, or Grootboek:<number> to book VAT of "
                "another country on a ledger of its own.",
            )
        if not self.oss_on(on):
            raise Misconfigured(
                "snelstart.oss-off",
                f"{row_name(line)} has VAT of {line.country}, but SnelStart does not invoice foreign VAT.",
                "Switch on 'Factureer buitenlandse btw' in SnelStart, or use the code Grootboek:<number> in that row, "
                "or book with Dutch VAT while below the OSS threshold.",
            )
        found = self.foreign_vat_ledger
        if found is None:
            raise Misconfigured(
                "snelstart.oss-ledger",
                "SnelStart names no ledger for foreign VAT (buitenlandse btw).",
                "Choose that ledger in SnelStart, or use the code Grootboek:<number> in the OSS rows of the VAT table.",
            )
        return found

    def _check_rate(self, ledger: Grootboek, line: DraftLine, on: date) -> None:
        if ledger.grootboekfunctie != tables.AFSTANDSVERKOPEN or not line.country or line.rate is None:
            return
        known = self._rates_of(line.country, on).get(ledger.vat_rate_code or "")
        if known is not None and known != line.rate:
            raise Misconfigured(
                "snelstart.oss-rate",
                f"{row_name(line)} books {line.rate}% on ledger {ledger.name}, whose rate {ledger.vat_rate_code} is "
                f"{known}% in {line.country}.",
                "Choose the ledger with the rate code of that percentage, or leave the ledger empty.",
            )

    def _cost_centre(self, ledger: Grootboek) -> str | None:
        if not ledger.kostenplaats_verplicht:
            return None
        wanted = self.settings.cost_centre
        found = next((each for each in self.cost_centres if each.nummer == wanted and not each.nonactief), None)
        if wanted is None or found is None:
            missing = "none is set" if wanted is None else f"{wanted} is not an active one"
            raise Misconfigured(
                "snelstart.cost-centre",
                f"Ledger {ledger.name} demands a cost centre (kostenplaats), and {missing}.",
                "Set cost_centre to the number of an active kostenplaats, or choose another ledger.",
            )
        return found.id


def row_name(line: DraftLine) -> str:
    """The row of the VAT table that a line came from, for messages."""
    rate = "" if line.rate is None else f" {line.rate.normalize():f}%"
    return f"The VAT row {line.treatment}{f' {line.country}' if line.country else ''}{rate}"


def country(code: str | None, countries: Sequence[Land]) -> Land | None:
    """The country with this two- or three-letter code, whichever column it stands in [fact sheet 7.3]."""
    wanted = (code or "").strip().upper()
    if not wanted:
        return None
    return next((each for each in countries if wanted in _codes(each)), None)


def _codes(each: Land) -> set[str]:
    return {value.strip().upper() for value in (each.landcode, each.landcode_iso) if value}


def _names_of(code: str, countries: Sequence[Land]) -> set[str]:
    found = country(code, countries)
    codes = _codes(found) if found else set[str]()
    return codes | {code.upper()}


def _only_kind(ledger: Grootboek, line: DraftLine) -> Kind:
    kinds = ledger.btw_soort or []
    if len(kinds) == 1 and kinds[0] in set(Kind):
        return Kind(kinds[0])
    raise Misconfigured(
        "snelstart.vat-open",
        f"{row_name(line)} has no VAT code, and ledger {ledger.name} does not decide it.",
        "Fill in the VAT code in that row of the VAT table.",
    )


def _check(ledger: Grootboek, kind: Kind, line: DraftLine) -> None:
    if ledger.nonactief:
        raise Misconfigured(
            "snelstart.ledger-inactive",
            f"{row_name(line)} names ledger {ledger.name}, which is inactive.",
            "Make the ledger active in SnelStart, or choose another.",
        )
    if ledger.btw_soort and kind not in ledger.btw_soort:
        raise Misconfigured(
            "snelstart.ledger-kind",
            f"{row_name(line)} books VAT kind {kind} on ledger {ledger.name}, which takes "
            f"{', '.join(ledger.btw_soort)}.",
            tables.ADVICE["BOE-0082"].suggestion,
        )


def _function_name(function: str | None) -> str:
    if function is None:
        return "for this treatment"
    number = tables.FUNCTION_NUMBERS.get(function)
    return f"{function} ({number})" if number else function


def _inside(day: date, stretch: DateRange) -> bool:
    start, end = _day(stretch.from_), _day(stretch.to)
    return start is not None and start <= day and (end is None or day <= end)


def _day(value: int | None) -> date | None:
    """A day from a number of unknown unit: .NET ticks, milliseconds or seconds since 1970, or yyyymmdd."""
    if not value or value < 0:
        return None
    try:
        if value > 10**16:
            return (datetime(1, 1, 1, tzinfo=UTC) + timedelta(microseconds=value // 10)).date()
        if value > 10**11:
            return datetime.fromtimestamp(value / 1000, UTC).date()
        if value > 10**8:
            return datetime.fromtimestamp(value, UTC).date()
        return datetime.strptime(str(value), "%Y%m%d").replace(tzinfo=UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
