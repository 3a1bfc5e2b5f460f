"""Hiding secrets before anything leaves the vendor layer: by the names that hold them, and by their values."""

import base64
import binascii
import html
import re
from collections.abc import Iterable, Mapping
from typing import Self
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import msgspec

MASK = "***"
_SHORTEST = 4
_REMEMBERED = 64
_NAME = re.compile(
    r"key|token|secret|passw|authori[sz]ation|cookie|signature|subscription|credential|session|sleutel"
    r"|(?:^|[-_])(?:code|pwd|auth|sig)$",
    re.IGNORECASE,
)
_BODY_NAME = re.compile(
    r"(?:access|refresh|id|session|security|bearer|auth)_?token|client_?secret|passw|client_?key|api_?key|app_?key"
    r"|security_?code|session_?id|authorization|subscription-?key|koppelsleutel|^(?:token|secret|code_verifier)$",
    re.IGNORECASE,
)
_HARMLESS = frozenset(
    {
        "grant_type", "token_type", "scope", "client_id", "redirect_uri", "expires_in", "expiresin", "source",
        "error", "error_description", "error_uri", "error_index", "message", "status", "statuscode",
    }
)  # fmt: skip
_JSON_FIELD = re.compile(r'("([^"\\]{1,64})"\s*:\s*)("(?:[^"\\]|\\.)*"?|-?[0-9][0-9.eE+-]*)')
_XML_FIELD = re.compile(r"(<(?:\w{1,32}:)?(\w{1,64})(?:\s[^<>]*)?>)([^<]+)")
_FORM_FIELD = re.compile(r"((?:^|[?&;])([^=&?;\s]{1,64})=)([^&#;\s]*)")
_PIECE = re.compile(r"[:<>\s]+")


def looks_secret(name: str) -> bool:
    """Does a header or a query parameter of this name hold a secret?"""
    return bool(_NAME.search(name))


def _secret_in_body(name: str) -> bool:
    return bool(_BODY_NAME.search(name))


def _secret_in_token_body(name: str) -> bool:
    return name.lower() not in _HARMLESS


class Secrets:
    """The secrets of one client, and how to hide them."""

    def __init__(self) -> None:
        self._lasting: set[str] = set()
        self._passing: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def add(self, *values: str | None) -> None:
        """Hide these from now on, in whatever coding they turn up."""
        self._lasting.update(value for value in values if value and len(value) >= _SHORTEST)
        self._pattern = None

    def add_token(self, *values: str | None) -> None:
        """Hide these for a long while: tokens rotate, the oldest are forgotten."""
        for value in values:
            if value and len(value) >= _SHORTEST:
                self._passing[value] = None
        while len(self._passing) > _REMEMBERED:
            del self._passing[next(iter(self._passing))]
        self._pattern = None

    def add_header(self, value: str) -> None:
        """Hide a sign-in header: whole, without its scheme, and what is inside if that is base64."""
        credentials = value.partition(" ")[2] or value
        self.add(value, credentials)
        try:
            inside = base64.b64decode(credentials, validate=True).decode()
        except (binascii.Error, ValueError):
            return
        self.add(inside, *(piece for piece in _PIECE.split(inside) if len(piece) >= 2 * _SHORTEST))
        if credentials != value and ":" in inside:
            self.add(inside.partition(":")[2])

    def add_form(self, form: Mapping[str, str]) -> None:
        """Hide what a token request sends."""
        for name, value in form.items():
            if name == "refresh_token":
                self.add_token(value)
            elif _secret_in_token_body(name):
                self.add(value)

    def of_call(self, url: str, headers: Mapping[str, str]) -> Self:
        """These, and what one call sends under names that look secret: an answer may echo it."""
        more = type(self)()
        more.add(*self._lasting, *self._passing)
        spoken = [*headers.items(), *parse_qsl(urlsplit(url).query)]
        more.add(*(value for name, value in spoken if looks_secret(name)))
        return more

    def hide(self, text: str) -> str:
        """The text without the values of known secrets."""
        values = {*self._lasting, *self._passing}
        if self._pattern is None and values:
            forms = {form for value in values for form in _forms(value)}
            self._pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))
        return self._pattern.sub(MASK, text) if self._pattern else text

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers fit to be kept."""
        return {name: MASK if looks_secret(name) else self.hide(value) for name, value in headers.items()}

    def url(self, url: str) -> str:
        """An address fit to be kept."""
        return self.hide(_FORM_FIELD.sub(lambda found: _masked(found, secret=looks_secret(found[2])), url))

    def body(self, text: str, *, token: bool = False, form: bool = False) -> str:
        """A body fit to be kept. ``token``: from or to a token endpoint, where everything may be a secret."""
        secret = _secret_in_token_body if token else _secret_in_body
        text = _JSON_FIELD.sub(lambda found: _masked(found, secret=secret(found[2]), mark=f'"{MASK}"'), text)
        text = _XML_FIELD.sub(lambda found: _masked(found, secret=secret(found[2])), text)
        if form:
            text = _FORM_FIELD.sub(lambda found: _masked(found, secret=secret(found[2])), text)
        return self.hide(text)


def _masked(found: re.Match[str], *, secret: bool, mark: str = MASK) -> str:
    return found[1] + mark if secret else found[0]


def _forms(value: str) -> Iterable[str]:
    yield value
    quoted = quote(value, safe="")
    yield quoted
    yield re.sub("%..", lambda code: code[0].lower(), quoted)
    yield quote(value)
    yield quote_plus(value)
    yield msgspec.json.encode(value).decode()[1:-1]
    yield html.escape(value)
    yield base64.b64encode(value.encode()).decode()
