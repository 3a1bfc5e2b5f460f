"""Articles: found by item code, made when an order needs one, never changed (A2, A4, A5)."""

from collections.abc import Iterable, Mapping, Sequence

from koppel.booking.draft import DraftLine
from koppel.vendor import VendorClient
from koppel_afas import mapper
from koppel_afas.reader import Reader
from koppel_afas.settings import Settings
from koppel_afas.wire import JSON, key_written, text


class Articles:
    """The articles of one environment, with the unit of those that were seen: an order line must name it."""

    def __init__(self, client: VendorClient, reader: Reader, settings: Settings) -> None:
        self._client = client
        self._reader = reader
        self._settings = settings
        self._units: dict[str, str] = {}

    async def find(self, codes: Sequence[str]) -> Mapping[str, str]:
        """code -> item code as AFAS spells it, of those that exist."""
        records = await self._reader.find("articles", {"code": codes})
        stored = {text(record["code"]).casefold(): record for record in records}
        found = {code: stored[code.strip().casefold()] for code in codes if code.strip().casefold() in stored}
        for record in found.values():
            self._units[text(record["code"])] = text(record["unit"])
        return {code: text(record["code"]) for code, record in found.items()}

    async def create(self, line: DraftLine) -> str:
        """Make the article of a line."""
        body = mapper.article(line, self._settings)
        reply = await self._client.write("FbItemArticle", "/connectors/FbItemArticle", json=body, headers=JSON)
        item = key_written(reply, "ItCd") or mapper.article_code(line)
        self._units[item] = self._settings.unit
        return item

    async def units(self, items: Iterable[str]) -> Mapping[str, str]:
        """The basic unit of each article; one look-up for all that were not seen yet, the setting for unknown ones."""
        wanted = set(items)
        if unseen := sorted(wanted - self._units.keys()):
            await self.find(unseen)
        return {item: self._units.get(item) or self._settings.unit for item in wanted}
