"""Taking personal data and secrets out of texts before anybody keeps them.

Personal data goes out of what vendors tell (:func:`scrub`); secrets are registered where they become known and go out
of everything that is logged (:func:`mask_secrets`).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

MASK = "***"
_SHORTEST_NEEDLE = 3
_SHORTEST_SECRET = 6

_EMAIL = re.compile(r"[\w.!#$%*+^`{|}~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b", re.IGNORECASE)
_PHONE = re.compile(
    r"""(?<![\w.,:/#+-])(?!\d\d-\d\d-\d{4})                      # not within an order number or amount; no date
    (?:
        (?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(0\)[ .-]?)?\d(?:[ .-]?\d){6,11}    # international
      | 0[1-9](?:[ -]?\d){8}                                                # Dutch: 10 digits
      | \(0[1-9]\d{0,3}\)[ -]?\d(?:[ -]?\d){5,7}                           # (020) 1234567
    )
    (?![\w/-]|[.,]\d)""",
    re.VERBOSE,
)
_secrets: set[str] = set()


def scrub(text: str, needles: Iterable[str]) -> str:
    """Cut personal data out of a text: e-mail addresses, IBANs, phone numbers, and every needle.

    Needles (:meth:`koppel.model.Order.personal_data`) are looked for in any case, longest first, runs of white space
    counting as one; those shorter than 3 characters are ignored. Order numbers and error codes stay.
    """
    if not text:
        return text
    wanted = sorted({needle.strip() for needle in needles}, key=lambda needle: (-len(needle), needle))
    wanted = [needle for needle in wanted if len(needle) >= _SHORTEST_NEEDLE]
    if wanted:
        text = _alternatives(wanted).sub(MASK, text)
    text = _EMAIL.sub(MASK, text)
    text = _IBAN.sub(_mask_iban, text)
    return _PHONE.sub(MASK, text)


def register_secret(value: str) -> None:
    """From now on this value never appears in a log. Shorter ones than 6 characters are no secrets."""
    if len(value) >= _SHORTEST_SECRET:
        _secrets.add(value)
        _secret_pattern.cache_clear()


def forget_secret(value: str) -> None:
    """The value is used no more (a token that was replaced)."""
    _secrets.discard(value)
    _secret_pattern.cache_clear()


def mask_secrets(text: str) -> str:
    """Replace every registered secret."""
    if not _secrets:
        return text
    return _secret_pattern().sub(MASK, text)


def _mask_iban(found: re.Match[str]) -> str:
    """Mask the longest beginning that is an account number by its check digits; article codes look alike."""
    from stdnum import iban  # length and check digits per country; slow to import, and seldom needed

    candidate = found.group()
    for end in range(len(candidate), 14, -1):
        if candidate[end - 1] != " " and iban.is_valid(candidate[:end], check_country=False):
            return MASK + candidate[end:]
    return candidate


@lru_cache(maxsize=1)
def _secret_pattern() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(secret) for secret in sorted(_secrets, key=len, reverse=True)))


def _alternatives(needles: list[str]) -> re.Pattern[str]:
    loose = (r"\s+".join(re.escape(word) for word in needle.split()) for needle in needles)
    return re.compile("|".join(loose), re.IGNORECASE)
