"""Articles: their codes, and the ones that koppel makes [fact sheet 7.4]. Pure."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from msgspec import UNSET, UnsetType

from koppel.booking.draft import DraftLine
from koppel.model import LineKind
from koppel.plugin import Misconfigured, Refused
from koppel.vat.treatment import Treatment
from koppel_snelstart import tables
from koppel_snelstart.settings import Settings
from koppel_snelstart.vat import Kind, parse_code
from koppel_snelstart.wire import ArticleRequest, CompanyInfo, Omzetgroep, Ref

_DUTCH_VAT = frozenset({Treatment.DOMESTIC, Treatment.ORIGIN_BELOW_THRESHOLD, Treatment.KOR_EXEMPT})
_USUAL_LENGTH = 25


def _setting(code: str) -> str:
    """What a person can do about a code that does not fit."""
    return (
        f"Set 'Soort artikelcode' to Alfanumeriek and its length to {max(_USUAL_LENGTH, len(code))} in the SnelStart "
        "desktop program (Administratie > Instellingen > Artikelen), give the product another code in the shop, or "
        "book in mode 'booking'."
    )


def dutch_kind(line: DraftLine, settings: Settings) -> Kind | None:
    """The Dutch VAT kind of an article, which decides its revenue group; None where a line from abroad cannot tell."""
    if line.rate is None:  # outside VAT, wherever the goods go
        return Kind.GEEN
    if line.treatment in _DUTCH_VAT and (code := parse_code(line.vat_code)) is not None:
        return code.kind
    return Kind(settings.foreign_article_vat) if settings.foreign_article_vat else None


def article_code(line: DraftLine, settings: Settings, company: CompanyInfo | None) -> str:
    """The article code of a line; for other kinds than goods an own one for each VAT kind.

    ``company`` None = the administration's rules are not known yet. Refused, naming SnelStart's setting, if the code
    does not fit them.
    """
    code = (line.code or "").strip() if line.kind is LineKind.GOODS else _extra_code(line, settings)
    if not code:
        raise Refused(
            "snelstart.no-article-code",
            f"A line of kind {line.kind} has no article code, and a sales order in SnelStart needs one.",
            "Give the product a SKU or article code in the shop, or set article_codes.",
        )
    if company is not None:
        _check_code(code, company)
    return code


def _extra_code(line: DraftLine, settings: Settings) -> str:
    kind = dutch_kind(line, settings)
    for key in ((f"{line.kind}.{kind}",) if kind else ()) + (str(line.kind),):
        if key in settings.article_codes:
            return settings.article_codes[key].strip()
    code = (line.code or "").strip()
    own = line.rate is not None and re.search(rf"(?<!\d){re.escape(f'{line.rate.normalize():f}')}%?$", code)
    return code if not code or own or kind in (None, Kind.HOOG) else f"{code}-{kind}"


def is_numeric(company: CompanyInfo) -> bool:
    """Whether article codes of this administration are numbers."""
    return (company.artikelcode_soort or "").casefold() == "numeriek"


def same_code(code: str, company: CompanyInfo) -> str:
    """A form in which two spellings of the same article code are equal."""
    plain = code.strip()
    return str(int(plain)) if is_numeric(company) and plain.isdigit() else plain.casefold()


def _check_code(code: str, company: CompanyInfo) -> None:
    if is_numeric(company):
        if not (code.isascii() and code.isdigit()):
            raise Refused(
                "snelstart.article-code",
                f"Article code {code} is no number, and this administration takes only numbers as article code.",
                _setting(code),
            )
        if len(code) > tables.NUMERIC_CODE_DIGITS or int(code) > tables.NUMERIC_CODE_MAX:
            raise Refused(
                "snelstart.article-code",
                f"Article code {code} is too large: this administration takes numbers up to {tables.NUMERIC_CODE_MAX}.",
                _setting(code),
            )
    longest = company.artikelcode_max_lengte
    if longest and len(code) > longest:
        raise Refused(
            "snelstart.article-code",
            f"Article code {code} has {len(code)} characters; this administration takes at most {longest}.",
            _setting(code),
        )


def revenue_group(kind: Kind, groups: Sequence[Omzetgroep], settings: Settings) -> Omzetgroep:
    """The group for new articles of a VAT kind: the configured one, else that kind's group with the lowest number."""
    wanted = settings.article_groups.get(kind.value, "").strip()
    if wanted:
        found = next((each for each in groups if wanted.casefold() in _names(each)), None)
        if found is None:
            raise Misconfigured(
                "snelstart.article-group",
                f"article_groups names {wanted} for {kind}, which SnelStart does not have.",
                "Use the number or the name of an artikelomzetgroep.",
            )
        if found.verkoop_nederland_btw_soort not in (None, kind.value):
            raise Misconfigured(
                "snelstart.article-group",
                f"article_groups names {wanted} for {kind}, but its kind is {found.verkoop_nederland_btw_soort}.",
                "Use an artikelomzetgroep of the same VAT kind.",
            )
        return found
    fitting = [each for each in groups if each.verkoop_nederland_btw_soort == kind.value]
    if not fitting:
        raise Misconfigured(
            "snelstart.article-group",
            f"SnelStart has no revenue group (artikelomzetgroep) of VAT kind {kind}.",
            "Make one in the SnelStart desktop program.",
        )
    return min(fitting, key=lambda each: (each.nummer is None, each.nummer or 0))


def _names(group: Omzetgroep) -> set[str]:
    return {str(group.nummer), (group.omschrijving or "").strip().casefold(), group.id.casefold()}


def article(line: DraftLine, company: CompanyInfo, groups: Sequence[Omzetgroep], settings: Settings) -> ArticleRequest:
    """The article that a line needs."""
    code = article_code(line, settings, company)
    kind = dutch_kind(line, settings)
    if kind is None:
        raise Refused(
            "snelstart.article-vat",
            f"Article {code} is new and is sold abroad first, so its Dutch VAT kind is not known.",
            "Make the article in SnelStart, or set foreign_article_vat if all you sell has the same kind.",
        )
    return ArticleRequest(
        artikelcode=code,
        omschrijving=(line.title.strip() or code)[: tables.ARTICLE_TEXT],
        artikel_omzetgroep=Ref(revenue_group(kind, groups, settings).id),
        verkoopprijs=_price(line, company),
    )


def _price(line: DraftLine, company: CompanyInfo) -> Decimal | UnsetType:
    """The sales price of goods as the administration keeps it: incl. or excl. VAT, with its number of decimals."""
    if line.kind is not LineKind.GOODS:
        return UNSET
    excluding = company.verkoopprijs_artikelbestand_exclusief_btw is not False
    price = line.net / line.quantity if excluding else line.unit_price
    decimals = company.aantal_decimalen_artikelprijzen
    return price.quantize(Decimal(1).scaleb(-(2 if decimals is None else decimals)), ROUND_HALF_UP)
