"""Reading from GetConnectors: under the customer's names for them, in bulk, all pages, with every row checked again."""

from collections.abc import Iterable, Mapping, Sequence

import anyio
import msgspec
from msgspec import Struct

from koppel.errors import Misconfigured, RetryLater
from koppel.vendor import Reply, VendorClient
from koppel_afas.connectors import USES, View, view
from koppel_afas.settings import Settings
from koppel_afas.tables import DEFAULT_PAGE, PAGE, REPLACED
from koppel_afas.wire import Pair, S, any_of, page_of, text, told

Record = Mapping[str, object]
"""A row under our own field names; absent fields are left out."""


class Listed(Struct):
    """One connector in ``/metainfo``."""

    id: str
    description: str = ""


class Info(Struct, rename="camel", frozen=True):
    """What ``/metainfo`` tells about the app connector itself. ``token_expiry`` is ``"0"`` where AFAS does not say."""

    envid: str = ""
    app_name: str = ""
    token_expiry: str | int = "0"  # noqa: S105 - a date


class Metainfo(Struct, rename="camel"):
    """Which connectors this app connector grants [fact sheet 7.1]."""

    update_connectors: list[Listed] = []
    get_connectors: list[Listed] = []
    info: Info = Info()


class FieldInfo(Struct, rename="camel"):
    """One field of a connector; GetConnectors name it ``id``, UpdateConnectors ``fieldId``."""

    id: str = ""
    field_id: str = ""
    label: str = ""


class ConnectorInfo(Struct):
    """The fields of one connector."""

    fields: list[FieldInfo] = []


class Version(Struct):
    """The version of Profit."""

    version: str = ""


class Reader:
    """The read side of one AFAS environment."""

    def __init__(self, client: VendorClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._metainfo: Metainfo | None = None
        self._turn = anyio.Lock()

    async def metainfo(self) -> Metainfo:
        """What is granted; asked once."""
        async with self._turn:
            if self._metainfo is None:
                reply = await self._client.read("metainfo", "/metainfo")
                self._metainfo = _read(reply, Metainfo)
            return self._metainfo

    async def granted(self, use: str) -> bool:
        """Whether the connector for this use is in the app connector."""
        found = await self.view(use)
        return any(each.id.casefold() == found.id.casefold() for each in (await self.metainfo()).get_connectors)

    async def writable(self, connector: str) -> bool:
        """Whether an UpdateConnector is in the app connector."""
        return any(each.id.casefold() == connector.casefold() for each in (await self.metainfo()).update_connectors)

    async def fields_of(self, kind: str, connector: str) -> Sequence[FieldInfo]:
        """The fields of a connector, ``kind`` being ``get`` or ``update``."""
        reply = await self._client.read(connector, f"/metainfo/{kind}/{connector}")
        return _read(reply, ConnectorInfo).fields

    async def version(self) -> str:
        """The version of Profit, as AFAS writes it."""
        reply = await self._client.read("ProfitVersion", "/ProfitVersion")
        return _read(reply, Version).version

    async def view(self, use: str) -> View:
        """The connector and field ids for a use, as they are here."""
        granted = frozenset(each.id.casefold() for each in (await self.metainfo()).get_connectors)
        return view(USES[use], self._settings, granted)

    async def find(self, use: str, wanted: Mapping[str, Iterable[str]]) -> list[Record]:
        """All rows in which one of these fields has one of these values, compared again here without case.

        ``wanted`` maps our field names to values; a field that the connector does not have here is left out.
        """
        found = await self.view(use)
        sets = {name: {value.strip() for value in values if value.strip()} for name, values in wanted.items()}
        pairs = [
            (found.fields[name], value) for name, values in sets.items() if name in found.fields for value in values
        ]
        records: dict[tuple[str, ...], Record] = {}
        for params in any_of(sorted(pairs), found.order):
            for record in await self._pages(found, params):
                records[tuple(text(record.get(name)) for name in found.use.key)] = record
        folded = {name: {value.casefold() for value in values} for name, values in sets.items()}
        return [
            record
            for record in records.values()
            if any(text(record.get(name)).casefold() in values for name, values in folded.items())
        ]

    async def all(self, use: str, *, limit: int | None = None) -> list[Record]:
        """All rows, or the first ``limit``."""
        found = await self.view(use)
        return await self._pages(found, [("orderbyfieldids", found.order)], limit)

    async def _pages(self, found: View, params: Sequence[Pair], limit: int | None = None) -> list[Record]:
        """All pages. A page of AFAS' default size or of the size that it echoes may be its own maximum."""
        records: list[Record] = []
        while True:
            reply = await self._client.read(
                found.id,
                f"/connectors/{found.id}",
                params=[("skip", str(len(records))), ("take", str(PAGE)), *params],
            )
            page = page_of(reply)
            here = [_record(found, row) for row in page.rows or ()]
            records += here
            if len(here) < min(DEFAULT_PAGE, page.take or DEFAULT_PAGE) or (
                limit is not None and len(records) >= limit
            ):
                return records


def _read(reply: Reply, into: type[S]) -> S:
    """What is no row, typed. Raises RetryLater ``vendor.garbage`` for what cannot be read."""
    try:
        return told(reply.content, into)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RetryLater("vendor.garbage", f"AFAS' answer (status {reply.status}) cannot be read: {error}.") from error


def _record(found: View, row: Mapping[str, object]) -> Record:
    """The row under our names. AFAS' own pages differ in the case of field ids, so that it does not count."""
    by_name = {name.casefold(): value for name, value in row.items()}
    record: dict[str, object] = {}
    for ours, theirs in found.fields.items():
        key = theirs.casefold()
        if key in by_name and by_name[key] != REPLACED:
            record[ours] = by_name[key]
        elif ours in found.use.required:
            raise Misconfigured(
                "afas.field-missing",
                f"The GetConnector {found.id} has no field {theirs} (used as {found.use.name}.{ours}).",
                f"Add it in AFAS, or name another in [target.fields.{found.use.name}]; `koppel check` lists all.",
            )
    return record
