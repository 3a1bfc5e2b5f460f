"""The lists that a user chooses from (V4)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from koppel.clock import AMSTERDAM
from koppel.plugin import Choice
from koppel_snelstart import api, tables
from koppel_snelstart.administration import Administration
from koppel_snelstart.api import Api
from koppel_snelstart.vat import VERLEGD, Kind, btw_kind

KINDS = ("ledgers", "vat_codes", "templates", "omzetgroepen", "journals", "cost_centres")


async def offer(kind: str, api_: Api, administration: Administration, now: datetime) -> Sequence[Choice] | None:
    """The choices of a kind; None for a kind that SnelStart does not have. Raises what reading raises."""
    match kind:
        case "ledgers":
            return await _ledgers(administration)
        case "vat_codes":
            return await _vat_codes(administration, now)
        case "templates":
            return await _templates(api_)
        case "omzetgroepen":
            groups = await administration.article_groups()
            return [
                Choice(
                    code=str(each.nummer),
                    title=f"{each.nummer} {each.omschrijving}",
                    hint=each.verkoop_nederland_btw_soort or "",
                )
                for each in groups
            ]
        case "journals":
            rows = await api_.rows(api.JOURNALS)
            return [
                Choice(code=str(each.nummer), title=f"{each.nummer} {each.omschrijving}", hint=each.soort or "")
                for each in rows
                if not each.nonactief
            ]
        case "cost_centres":
            centres = await api_.rows(api.COST_CENTRES)
            return [
                Choice(code=str(each.nummer), title=f"{each.nummer} {each.omschrijving}")
                for each in centres
                if not each.nonactief
            ]
        case _:
            return None


async def _ledgers(administration: Administration) -> list[Choice]:
    chart = await administration.chart()
    active = sorted((each for each in chart.ledgers if not each.nonactief), key=lambda each: each.nummer or 0)
    choices: list[Choice] = []
    for each in active:
        function = each.grootboekfunctie or ""
        number = tables.FUNCTION_NUMBERS.get(function)
        parts = (
            f"{function} ({number})" if number else function,
            f"btw: {', '.join(each.btw_soort)}" if each.btw_soort else "",
            each.vat_rate_code or "",
        )
        choices.append(Choice(code=str(each.nummer), title=each.name, hint="; ".join(filter(None, parts))))
    return choices


async def _vat_codes(administration: Administration, now: datetime) -> list[Choice]:
    chart = await administration.chart()
    choices = [
        Choice(code=btw_kind(Kind.HOOG), title="Btw hoog", hint="NL 21%: revenue ledger with function 12"),
        Choice(code=btw_kind(Kind.LAAG), title="Btw laag", hint="NL 9%: revenue ledger with function 11"),
        Choice(code=btw_kind(Kind.OVERIG), title="Btw overig", hint="other Dutch rates: function 13"),
        Choice(
            code=Kind.GEEN.value,
            title="Geen btw",
            hint="0%, exempt, ICP (80), export (81); OSS (84), whose VAT goes to the ledger for foreign VAT",
        ),
        Choice(code=VERLEGD, title="Btw verlegd", hint="reverse charge within the Netherlands: function 10"),
    ]
    ledger = chart.foreign_vat_ledger
    if ledger is not None and chart.oss_on(now.astimezone(AMSTERDAM).date()):
        hint = "VAT of another country as a line on this ledger, whatever SnelStart's own setting for OSS"
        choices.append(Choice(code=f"Grootboek:{ledger.nummer}", title=f"Btw op {ledger.name}", hint=hint))
    return choices


async def _templates(api_: Api) -> list[Choice]:
    active = [each for each in await api_.rows(api.TEMPLATES) if not each.nonactief]
    names = Counter((each.omschrijving or "").strip() for each in active)
    return [
        Choice(
            code=name if (name := (each.omschrijving or "").strip()) and names[name] == 1 else each.id,
            title=each.omschrijving or each.id,
            hint="prices excl. VAT" if each.prijs_ingave_exclusief_btw else "prices incl. VAT",
        )
        for each in active
    ]
