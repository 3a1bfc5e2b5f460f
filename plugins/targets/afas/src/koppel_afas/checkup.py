"""`koppel check`: tells precisely what the AFAS administrator still has to grant, add or choose."""

from collections.abc import Iterable, Sequence

from koppel.clock import AMSTERDAM, Clock
from koppel.plugin import Finding, KoppelError
from koppel_afas.choices import choices
from koppel_afas.connectors import USES, Use
from koppel_afas.reader import Metainfo, Reader
from koppel_afas.settings import Settings
from koppel_afas.signin import expiry_findings
from koppel_afas.tables import NEW_YEAR_WARNING
from koppel_afas.years import BookYears

UPDATE_CONNECTORS = {
    "FbSales": "sales orders",
    "FbItemArticle": "new articles",
    "KnSalesRelationPer": "new relations (persons)",
    "KnSalesRelationOrg": "new relations (organisations)",
}
"""UpdateConnectors without which orders cannot be booked -> what for."""
DELIVERY_CONNECTORS = {"KnOrganisation": "delivery addresses", "KnPerson": "delivery addresses"}
FIELDS_SENT = {
    "FbSales": ("OrDa", "DbId", "RfCs", "CuId", "InVa", "VaDu", "PaCd", "War", "Unit", "JoCo", "PrId", "DlAd", "ExAd"),
    "FbItemArticle": ("ItCd", "Ds", "Grp", "BiUn", "VaRc"),
}
"""Fields of UpdateConnectors whose absence would show at the first order only."""
WHERE = "In AFAS: Algemeen > Beheer > App connector > Eigenschappen."


async def check(reader: Reader, years: BookYears, settings: Settings, clock: Clock) -> Sequence[Finding]:
    """All findings, worst included; a failing sign-in raises."""
    metainfo = await reader.metainfo()
    today = clock.now().astimezone(AMSTERDAM).date()
    findings = [_signed_in(metainfo), *expiry_findings(settings, today, str(metainfo.info.token_expiry))]
    findings += await _update_connectors(reader, metainfo, settings)
    for use in USES.values():
        findings += await _use(reader, use)
    findings += _settings(settings)
    for setting, kind in _CHOSEN:
        findings += await _chosen(reader, settings, setting, kind)
    findings += await _years(years)
    return findings


_CHOSEN = (
    ("administration", "administrations"),
    ("journal", "journals"),
    ("warehouse", "warehouses"),
    ("article_group", "article_groups"),
    ("summary_account", "ledgers"),
)
"""Setting -> the list in which its value must stand."""


def _signed_in(metainfo: Metainfo) -> Finding:
    info = metainfo.info
    return Finding(
        level="ok",
        subject="sign-in",
        message=f"Signed in to environment {info.envid} as app connector {info.app_name}.",
    )


async def _update_connectors(reader: Reader, metainfo: Metainfo, settings: Settings) -> list[Finding]:
    granted = {each.id.casefold() for each in metainfo.update_connectors}
    findings: list[Finding] = []
    for connector, purpose in UPDATE_CONNECTORS.items():
        if connector.casefold() not in granted:
            findings.append(_not_granted("UpdateConnector", connector, purpose, "error"))
    if settings.delivery == "address":
        for connector, purpose in DELIVERY_CONNECTORS.items():
            if connector.casefold() not in granted:
                findings.append(_not_granted("UpdateConnector", connector, purpose, "warning"))
    for connector, fields in FIELDS_SENT.items():
        if connector.casefold() in granted:
            findings += await _fields_missing(reader, connector, fields)
    return findings


async def _fields_missing(reader: Reader, connector: str, fields: Iterable[str]) -> list[Finding]:
    try:
        known = {each.field_id.casefold() for each in await reader.fields_of("update", connector)}
    except KoppelError as error:
        return [Finding(level="error", subject=connector, message=error.message, suggestion=error.suggestion)]
    return [
        Finding(
            level="error",
            subject=connector,
            message=f"The UpdateConnector {connector} has no field {field} in this environment.",
            suggestion="Activate the part of AFAS Profit that it belongs to, or leave its setting empty.",
        )
        for field in fields
        if known and field.casefold() not in known
    ]


async def _use(reader: Reader, use: Use) -> list[Finding]:
    view = await reader.view(use.name)
    if not await reader.granted(use.name):
        return [_not_granted("GetConnector", view.id, use.name, "error" if use.essential else "warning")]
    try:
        fields = await reader.fields_of("get", view.id)
    except KoppelError as error:
        return [Finding(level="error", subject=view.id, message=error.message, suggestion=error.suggestion)]
    there = {each.id.casefold() for each in fields}
    return [
        Finding(
            level="error" if ours in use.required and use.essential else "warning",
            subject=view.id,
            message=f"The GetConnector {view.id} has no field {theirs} (used as {use.name}.{ours}).",
            suggestion=f'Add it in AFAS, or name another: [target.fields.{use.name}] {ours} = "...".',
        )
        for ours, theirs in view.fields.items()
        if theirs.casefold() not in there
    ] or [Finding(level="ok", subject=view.id, message=f"The GetConnector {view.id} has all fields for {use.name}.")]


def _not_granted(kind: str, connector: str, purpose: str, level: str) -> Finding:
    return Finding(
        level=level,
        subject=connector,
        message=f"The {kind} {connector} (for {purpose}) is not in the app connector.",
        suggestion=f"Add it. {WHERE}",
    )


def _settings(settings: Settings) -> list[Finding]:
    wanted = {
        "summary_account": "The verzamelrekening of new relations",
        "payment_condition": "The betaalvoorwaarde of new relations",
        "article_group": "The artikelgroep of new articles",
    }
    findings = [
        Finding(level="error", subject=name, message=f"{what} is not set.", suggestion=f"Set {name} in [target].")
        for name, what in wanted.items()
        if not getattr(settings, name)
    ]
    if settings.administration is None:
        message = "No administration is set: AFAS takes the one that the connector's user worked in last."
        findings.append(
            Finding(level="warning", subject="administration", message=message, suggestion="Set administration.")
        )
    return findings


async def _chosen(reader: Reader, settings: Settings, setting: str, kind: str) -> list[Finding]:
    value = getattr(settings, setting)
    if value in (None, "") or not await reader.granted(kind):
        return []
    offered = await choices(reader, settings, kind)
    if str(value).casefold() in {each.code.casefold() for each in offered}:
        return [Finding(level="ok", subject=setting, message=f"{setting} {value} exists in AFAS.")]
    some = ", ".join(each.code for each in offered[:20]) or "none"
    return [
        Finding(
            level="error",
            subject=setting,
            message=f"AFAS has no {setting} {value}, or it is blocked.",
            suggestion=f"Choose one of: {some}.",
        )
    ]


async def _years(years: BookYears) -> list[Finding]:
    missing = await years.next_missing(NEW_YEAR_WARNING)
    if missing is None:
        return []
    return [
        Finding(
            level="warning",
            subject="book year",
            message=f"Book year {missing} does not exist yet in AFAS; orders of that year will be refused.",
            suggestion=f"Make book year {missing} and its periods in AFAS in good time.",
        )
    ]
