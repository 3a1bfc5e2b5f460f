"""What AFAS' refusals mean. Validation errors come as HTTP 500, like real failures: here they are told apart."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec
from msgspec import Struct

from koppel.clock import Clock
from koppel.plugin import (
    AlreadyExists,
    CustomerGone,
    KoppelError,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RetryLater,
    SignInNeeded,
)
from koppel.vendor import Dialect, Reply
from koppel_afas.wire import told as read_told

_LOCKED = re.compile(r"geblokkeerd door|vergrendeld|blocked by|locked by|deadlock", re.IGNORECASE)
_TIMEOUT = re.compile(r"maximale tijdsduur|timeout expired|time-?out", re.IGNORECASE)
_NOT_GRANTED = re.compile(r"niet ondersteund|not supported|niet geautoriseerd|not authori[sz]ed", re.IGNORECASE)
_FAIR_USE = re.compile(r"getconnector[^.]*(is|was) (geblokkeerd|blocked)", re.IGNORECASE)
_NO_FIELD = re.compile(r"(?:Connector-?\s?veld|Connector field) '([^']*)'", re.IGNORECASE)
_CLOSED = re.compile(r"periode?n?\b|boekja(ar|ren)|financial year|fiscal year", re.IGNORECASE)
_EXISTS = re.compile(r"bestaat (al|reeds)|al in gebruik|already exists|already in use", re.IGNORECASE)
_UNKNOWN_VALUE = re.compile(r"'([^']*)' (?:bestaat niet|does not exist)", re.IGNORECASE)
_MISSING_VALUE = re.compile(r"(?:Vul een waarde in bij|Enter a value (?:for|at|in)) '([^']*)'", re.IGNORECASE)
_UNEXPECTED = "-2147180999"
"""``errorNumber`` of "an unexpected error": it proves nothing [fact sheet 6]."""

_DEBTOR = {"verkooprelatie", "sales contact", "nummer debiteur", "debtor number"}
_NUMBER = {"nummer", "number", "nummer debiteur", "debtor number"}
_SETTINGS = {
    "administratie": "administration",
    "administration": "administration",
    "dagboek factuur": "journal",
    "journal invoice": "journal",
    "magazijn": "warehouse",
    "warehouse": "warehouse",
    "project": "project",
    "verkoopkanaal": "sales_channel",
    "sales channel": "sales_channel",
    "betalingsvoorwaarde": "payment_condition",
    "betaalvoorwaarde": "payment_condition",
    "payment condition": "payment_condition",
    "betaalwijze": "payment_method",
    "payment method": "payment_method",
    "verzamelrekening": "summary_account",
    "summary account": "summary_account",
    "btw-plicht": "vat_duty",
    "vat duty": "vat_duty",
    "artikelgroep": "article_group",
    "article group": "article_group",
    "basiseenheid": "unit",
    "basic unit": "unit",
}
"""Label of a field, in Dutch or English, whose value comes from a setting -> that setting."""


class _Failure(Struct, rename="camel"):
    external_message: str = ""
    error_number: int | str = 0
    profit_log_reference: str = ""


class _Unavailable(Struct):
    retry_after: int | None = None
    error: object = None


def dialect(clock: Clock) -> Dialect:
    """How AFAS' answers are to be understood [fact sheet 3.3, 6]."""

    def error(operation: str, is_write: bool, reply: Reply) -> KoppelError:
        if reply.status == 503:
            return _unavailable(operation, is_write, reply, clock.now())
        if reply.status == 401:
            return _no_access(operation, reply)
        if reply.status in _BY_STATUS:
            kind, code, message, suggestion = _BY_STATUS[reply.status]
            return kind(code, f"{operation}: {message}", suggestion)
        failure = _read(reply)
        if failure is None or str(failure.error_number) == _UNEXPECTED or _TIMEOUT.search(failure.external_message):
            return _no_proof(operation, is_write, reply, failure)
        return _functional(operation, failure)

    return Dialect(error=error)


_BY_STATUS: Mapping[int, tuple[type[KoppelError], str, str, str]] = {
    400: (Refused, "afas.bad-request", "AFAS says that the request is not complete (400).", "Report this as a fault."),
    403: (
        Misconfigured,
        "afas.ip-restricted",
        "AFAS does not accept calls from this server's address (403).",
        "Add the address to the IP restriction of the app connector in AFAS.",
    ),
    404: (
        Misconfigured,
        "afas.not-found",
        "AFAS knows no such address (404).",
        "Check environment number, kind of environment and the names of the connectors.",
    ),
    413: (Refused, "afas.too-large", "the document is too large for AFAS (413).", "Split the order."),
}


def _no_access(operation: str, reply: Reply) -> KoppelError:
    """A 401: the sign-in is no good, or it is and has no right to this connector [fact sheet 3.3].

    ``metainfo`` needs no right, and is the first that is asked.
    """
    if operation == "metainfo" or "invalid_token" in reply.headers.get("www-authenticate", ""):
        return SignInNeeded(
            "afas.sign-in",
            "AFAS refuses the sign-in (401).",
            "Check in AFAS that the app connector is active and its secret or token valid, and set it here again.",
        )
    return Misconfigured(
        "afas.no-access",
        f"{operation}: AFAS gives no access (401).",
        f"Add {operation} to the app connector and authorise its user, or check that the sign-in is still valid.",
    )


def refusal(reply: Reply) -> KoppelError:
    """What a token endpoint's answer without token means."""
    if reply.status >= 500 or reply.status == 429:
        return RetryLater("afas.token-unavailable", f"AFAS gives no token now (status {reply.status}).")
    if b"invalid_client" in reply.content or reply.status == 401:
        return SignInNeeded(
            "afas.client-refused",
            "AFAS refuses client id or client secret.",
            "The secret may have expired or been revoked: make a new one in the app connector in AFAS and set it here.",
        )
    return Misconfigured(
        "afas.token-request",
        f"AFAS does not understand the token request (status {reply.status}).",
        "Check the token address, and that the app connector uses OAuth with client credentials.",
    )


def _read(reply: Reply) -> _Failure | None:
    try:
        failure = read_told(reply.content, _Failure)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return failure if failure.external_message else None


def _unavailable(operation: str, is_write: bool, reply: Reply, now: datetime) -> KoppelError:
    """AFAS is down for maintenance: its own 503 says until when. A 503 of anything in between proves nothing."""
    message = f"{operation}: AFAS is not available (503)."
    try:
        body = read_told(reply.content, _Unavailable)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = _Unavailable()
    wait = _seconds(reply.headers.get("retry-after", ""), now) or body.retry_after
    if is_write and wait is None and body.error is None:
        return OutcomeUnknown("afas.unavailable", message)
    return RetryLater("afas.unavailable", message, not_before=now + timedelta(seconds=wait) if wait else None)


def _seconds(header: str, now: datetime) -> int | None:
    if header.isdigit():
        return int(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, int((moment - now).total_seconds()))


def _no_proof(operation: str, is_write: bool, reply: Reply, failure: _Failure | None) -> KoppelError:
    told = f": {_told(failure)}" if failure else "."
    message = f"{operation}: AFAS failed (status {reply.status}){told}"
    if is_write:
        return OutcomeUnknown("afas.failed", message)
    return RetryLater("afas.failed", message)


def _functional(operation: str, failure: _Failure) -> KoppelError:
    """A refusal by Profit itself: nothing was written. Texts are matched in Dutch and English; codes say nothing."""
    message, told = failure.external_message, f"{operation}: {_told(failure)}"
    if _FAIR_USE.search(message):
        return Misconfigured(
            "afas.connector-blocked",
            told,
            "AFAS blocked this GetConnector for fair use: unblock it in AFAS, and make its definition lighter.",
        )
    if _LOCKED.search(message):
        return RetryLater("afas.locked", told)
    if _NOT_GRANTED.search(message):
        return Misconfigured(
            "afas.not-granted", told, f"Add {operation} to the app connector in AFAS and authorise its user."
        )
    if match := _NO_FIELD.search(message):
        return Misconfigured(
            "afas.field-missing",
            told,
            f"Add the field {match.group(1)} to the GetConnector {operation}, or map another in [target.fields].",
        )
    if match := _UNKNOWN_VALUE.search(message) or _MISSING_VALUE.search(message):
        return _by_label(match.group(1), told, missing=match.re is _MISSING_VALUE)
    if _EXISTS.search(message):
        return AlreadyExists("afas.exists", told, "Look it up in AFAS; rename or remove what is in the way.")
    if _CLOSED.search(message):
        return closed_year(told)
    return Refused("afas.refused", told, "Solve this in AFAS or in the settings, then process the order again.")


def closed_year(message: str, year: int | None = None) -> Refused:
    """The order's date falls in a year or period that AFAS does not book in (O12)."""
    found = re.search(r"\b(20\d\d)\b", message)
    which = year or (int(found.group(1)) if found else None)
    return Refused(
        "afas.year-closed",
        message,
        f"Open book year {which or 'and period of the order date'} in AFAS, then process the order again.",
    )


def _by_label(label: str, told: str, *, missing: bool) -> KoppelError:
    key = label.casefold()
    if missing and key in _NUMBER:
        return Misconfigured("afas.no-autonumber", told, "Switch on automatic numbering for this in AFAS Profit.")
    if key in _DEBTOR:
        return CustomerGone("afas.customer-gone", told, "The sales relation was removed or blocked in AFAS.")
    if key in _SETTINGS:
        return Misconfigured("afas.setting", told, f"Choose another {_SETTINGS[key]} in [target].")
    if key in ("btw-tariefgroep", "tariefgroep", "vat rate group"):
        return Refused("afas.vat-group", told, "Make this VAT group in AFAS, or choose another in the VAT table.")
    if key in ("valuta", "currency"):
        return Refused("afas.currency", told, "Add the currency in AFAS, or switch foreign_currency off in [target].")
    if missing:
        return Refused(
            "afas.value-missing", told, f"AFAS wants '{label}': make it optional there, or give it a default."
        )
    return Refused("afas.value-unknown", told, f"Look up '{label}' in AFAS and mend it there or in the settings.")


def _told(failure: _Failure) -> str:
    reference = f" (AFAS log {failure.profit_log_reference})" if failure.profit_log_reference else ""
    return f"{failure.external_message.strip()}{reference}"
