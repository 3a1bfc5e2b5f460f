"""Finding and making articles in SnelStart. An existing article is never changed (A4)."""

from collections.abc import Sequence

from koppel.booking.draft import DraftLine
from koppel.plugin import Misconfigured, OutcomeUnknown, Refused
from koppel_snelstart import api, artikel, odata
from koppel_snelstart.administration import Administration
from koppel_snelstart.api import Api
from koppel_snelstart.refusals import CodedRefusal
from koppel_snelstart.settings import Settings
from koppel_snelstart.tables import STALE_REFERENCE
from koppel_snelstart.wire import Artikel, Made


class Articles:
    """The articles of one administration."""

    def __init__(self, settings: Settings, api_: Api, administration: Administration) -> None:
        self._settings = settings
        self._api = api_
        self._administration = administration
        self._inactive: set[str] = set()

    def code(self, line: DraftLine) -> str:
        """The code of a line's article here. See HasArticles.article_code."""
        return artikel.article_code(line, self._settings, self._administration.known_company)

    async def find(self, codes: Sequence[str]) -> dict[str, str]:
        """code -> id. See HasArticles.find_articles."""
        company = await self._administration.company()
        wanted = {artikel.same_code(code, company): code for code in codes}
        spellings = [spelling for plain, code in wanted.items() for spelling in (code, plain)]
        if not artikel.is_numeric(company):
            spellings = list(codes)
        found: dict[str, Artikel] = {}

        def complete(rows: Sequence[Artikel]) -> bool:
            return wanted.keys() <= {artikel.same_code(row.artikelcode or "", company) for row in rows}

        clauses = (odata.equals("Artikelcode", spelling) for spelling in spellings)
        for row in await self._api.matching(api.ARTICLES, clauses, complete):
            plain = artikel.same_code(row.artikelcode or "", company)
            if plain in wanted and (plain not in found or not row.is_non_actief):
                found[plain] = row
        self._inactive = {plain for plain, row in found.items() if row.is_non_actief}
        return {
            code: found[plain].id
            for code in codes
            if (plain := artikel.same_code(code, company)) in found and plain not in self._inactive
        }

    async def create(self, line: DraftLine) -> str:
        """Make the article of a line. See HasArticles.create_article."""
        company = await self._administration.company()
        groups = await self._administration.article_groups()
        try:
            request = artikel.article(line, company, groups, self._settings)
        except Misconfigured as error:  # one group that is missing stops its articles, not the connection
            raise Refused(error.code, error.message, error.suggestion) from error
        if artikel.same_code(request.artikelcode, company) in self._inactive:
            raise Refused(
                "snelstart.article-inactive",
                f"Article {request.artikelcode} is inactive in SnelStart.",
                "Make it active again in SnelStart, then process the order again.",
            )
        try:
            made = await self._api.create("createArticle", "/artikelen", request, Made)
        except CodedRefusal as error:
            if error.codes & STALE_REFERENCE:
                self._administration.forget()
            raise
        if not made.id:
            raise OutcomeUnknown("snelstart.unknown-outcome", "SnelStart's answer holds no id of the new article.")
        return made.id
