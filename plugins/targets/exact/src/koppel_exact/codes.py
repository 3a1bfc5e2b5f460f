"""From the shop's article code to Exact's: at most 30 letters and digits, never two articles under one code (A2)."""

import unicodedata

from koppel.plugin import Refused
from koppel_exact import tables
from koppel_exact.settings import ArticleCodes


def item_code(code: str, mode: ArticleCodes) -> str:
    """Exact's code for a shop's code; a code of Exact's own stays what it is. Refused if none fits.

    ``alphanumeric`` drops accents and everything but letters and digits: which other characters Exact takes is not
    documented [7.5].
    """
    fitting = code.strip()
    if mode == "alphanumeric":
        plain = unicodedata.normalize("NFKD", fitting)
        fitting = "".join(character for character in plain if character.isascii() and character.isalnum())
    if not fitting:
        raise Refused(
            "exact.article-code",
            f"The article code {code!r} holds no letters or digits, which is all that Exact Online gets.",
            "Give the article a code in the shop, or set article_codes to as_given.",
        )
    if len(fitting) > tables.ITEM_CODE:
        raise Refused(
            "exact.article-code",
            f"The article code {code!r} is longer than the {tables.ITEM_CODE} characters that Exact Online allows.",
            "Shorten the article's code in the shop.",
        )
    return fitting


class CodeBook:
    """Which shop code stands behind which code of Exact: two shop codes may look alike without their punctuation.

    Filled while codes are asked for, and by what the items themselves tell: koppel keeps a shop code that had to be
    changed as the item's search code.
    """

    def __init__(self, mode: ArticleCodes) -> None:
        self._mode: ArticleCodes = mode
        self._shop: dict[str, str] = {}
        self._clashes: dict[str, str] = {}

    def code(self, shop: str) -> str:
        """Exact's code for this shop code. Refused if it does not fit, or stands for another article already."""
        code = item_code(shop, self._mode)
        key = code.casefold()
        _compare(self._shop.setdefault(key, shop.strip()), shop, code)
        return code

    def own_code(self, shop: str) -> str:
        """The same, but also Refused if an item in Exact stands for another shop code."""
        code = self.code(shop)
        _compare(self._clashes.get(code.casefold(), shop.strip()), shop, code)
        return code

    def matches(self, code: str, search_code: str | None) -> bool:
        """Whether an item of Exact with this code may be the article that was asked for, judged by its search code."""
        kept = (search_code or "").strip()
        shop = self._shop.get(code.casefold(), code)
        try:
            alike = item_code(kept, self._mode).casefold() == code.casefold()
        except Refused:
            return True
        if not alike or kept.casefold() in (shop.casefold(), code.casefold()):
            return True
        self._clashes[code.casefold()] = kept
        return False

    def search_code(self, shop: str) -> str | None:
        """What a new item keeps of the shop code: the code itself where it had to be changed, else nothing."""
        return shop.strip() if shop.strip() != item_code(shop, self._mode) else None


def _compare(owner: str, shop: str, code: str) -> None:
    if owner.casefold() != shop.strip().casefold():
        raise Refused(
            "exact.article-clash",
            f"The articles {owner!r} and {shop!r} would both get the code {code} in Exact Online.",
            "Give one of them another code in the shop, or set article_codes to as_given.",
        )
