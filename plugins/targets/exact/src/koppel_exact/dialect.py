"""How Exact Online's answers are to be understood: by status, and by Dutch or English text, for nothing else tells."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from koppel.clock import Clock
from koppel.plugin import AlreadyExists, CustomerGone, KoppelError, Misconfigured, OutcomeUnknown, Refused, RetryLater
from koppel.vendor import Dialect, Feedback, Reply
from koppel_exact import tables
from koppel_exact.velocity import ErrorVelocity
from koppel_exact.wire import error_text

PERIOD_CLOSED = "exact.period-closed"
YEAR_MISSING = "exact.year-missing"
CUSTOMER_REFUSED = "exact.customer"
REFERENCE_REFUSED = "exact.reference"
VALIDATION = "exact.validation"
NOT_FOUND = "exact.not-found"
FORBIDDEN = "exact.forbidden"

_BRACKETS = re.compile(r"\[(?![\d\s/-]{1,9}\])[^\]]*\]")
_MAIL = re.compile(r"\S+@\S+")


def dialect(clock: Clock, velocity: ErrorVelocity) -> Dialect:
    """The dialect of one app and division. Every answer passes :func:`feedback`; that is where errors are counted."""

    def read_feedback(operation: str, reply: Reply) -> Sequence[Feedback]:
        velocity.note(endpoint(operation), reply.status)
        return tuple(feedback(reply, clock.now()))

    def read_error(operation: str, write: bool, reply: Reply) -> KoppelError:
        return error(operation, write, reply, clock)

    return Dialect(error=read_error, feedback=read_feedback)


def endpoint(operation: str) -> str:
    """What Exact counts errors by: operations are called `GET crm/Accounts`, the endpoint is the second word."""
    return operation.rpartition(" ")[2]


def feedback(reply: Reply, now: datetime) -> Iterator[Feedback]:
    """The six rate headers, each of which may be missing: a 429 only tells the limit that was hit [4].

    Resets are true UTC milliseconds. A 429 without any header (seen by nobody, perhaps the block after too many
    errors) holds the division until the next full minute.
    """
    told = False
    for middle, window in (("minutely-", tables.MINUTE), ("", tables.DAY)):
        remaining = _number(reply, f"x-ratelimit-{middle}remaining")
        reset = _number(reply, f"x-ratelimit-{middle}reset")
        if remaining is None or not reset:
            continue
        told = True
        after = (datetime.fromtimestamp(reset / 1000, UTC) - now).total_seconds()
        left = max(0, remaining) if reply.status != 429 else 0
        yield Feedback(scope=tables.SCOPE, remaining=left, window=window, reset_after=min(max(after, 0.0), window))
    if reply.status == 429 and not told:
        rest = tables.MINUTE - now.timestamp() % tables.MINUTE
        yield Feedback(scope=tables.SCOPE, remaining=0, window=tables.MINUTE, reset_after=rest)


def _number(reply: Reply, header: str) -> int | None:
    text = reply.headers.get(header, "").strip()
    return int(text) if text.isdecimal() else None


def error(operation: str, write: bool, reply: Reply, clock: Clock) -> KoppelError:
    """What an answer of 400 or more means [6]."""
    text = error_text(reply)
    said = scrub(text)
    if reply.status == 401:
        return RetryLater(
            "exact.token-refused",
            "Exact Online does not accept the token, and gives no new one yet.",
            not_before=clock.now() + timedelta(seconds=tables.TOKEN_HOLD),
        )
    if reply.status == 403:
        return _forbidden(operation, text)
    if reply.status == 500 and (known := _business(write, text, said)):
        return known
    if reply.status >= 500 or reply.status == 408:
        code, what = (
            "exact.fault",
            f"Exact Online failed ({reply.status}) at {operation}" + (f": {said}" if said else "."),
        )
        return OutcomeUnknown(code, what) if write else RetryLater(code, what)
    if reply.status == 404:
        what = f"Exact Online does not know {operation} in this division" + (f": {said}" if said else ".")
        return (Refused if write else Misconfigured)(NOT_FOUND, what, "Check the number of the division.")
    what = f"Exact Online refuses {operation} ({reply.status})" + (f": {said}" if said else ".")
    known = _business(write, text, said) if write else None
    return known or (Refused if write else Misconfigured)(
        "exact.request", what, "Report it: koppel asked or wrote something that Exact Online does not know."
    )


def _business(write: bool, text: str, said: str) -> KoppelError | None:
    """The error of a business rule's text, which proves that nothing was done; None for any other text."""
    if not text or tables.GENERIC_FAULT.search(text):
        return None
    what = f"Exact Online refuses: {said}"
    if not write:
        return Misconfigured(VALIDATION, what) if tables.VALIDATION.search(text) else None
    for pattern, make, code, suggestion in _BUSINESS:
        if pattern.search(text):
            return make(code, what, suggestion)
    return None


_BUSINESS: Sequence[tuple[re.Pattern[str], type[Refused], str, str]] = (
    (
        tables.PERIOD_CLOSED,
        Refused,
        PERIOD_CLOSED,
        "Open the period in Exact Online, then process the order again.",
    ),
    (
        tables.YEAR_MISSING,
        Refused,
        YEAR_MISSING,
        "Make the book year in Exact Online, then process the order again.",
    ),
    (
        tables.CUSTOMER_REFUSED,
        CustomerGone,
        CUSTOMER_REFUSED,
        "Check in Exact Online that the relation exists, is a customer and is not blocked.",
    ),
    (tables.EXISTS, AlreadyExists, "exact.exists", "Look it up in Exact Online."),
    (
        tables.REFERENCE_REFUSED,
        Refused,
        REFERENCE_REFUSED,
        "One of journal, payment condition, VAT codes, ledgers, currency and articles is not in this division.",
    ),
    (
        tables.VALIDATION,
        Refused,
        VALIDATION,
        "Mend the named field in the settings, the VAT table or in Exact Online.",
    ),
)
"""In this order: an unknown customer is an invalid reference too, and an invalid reference a validation text."""


def _forbidden(operation: str, text: str) -> KoppelError:
    if found := tables.SCOPE_VIOLATED.search(text):
        scope = f" '{found['scope']}'" if found["scope"] else ""
        return Misconfigured(
            "exact.scope",
            f"The app in the Exact App Store lacks the scope{scope} for {operation}.",
            "Add the scope in the app's registration; after Exact approved it, give consent again.",
        )
    return Misconfigured(
        FORBIDDEN,
        f"Exact Online does not allow {operation}.",
        "The user that gave consent lacks the right, the licence lacks the module, or the division was not granted. "
        "Sales orders need Trade or Manufacturing; otherwise choose sales invoices or sales entries.",
    )


def scrub(text: str) -> str:
    """A vendor's sentence without what may be personal: e-mail addresses, and quoted values other than periods."""
    return _MAIL.sub("…", _BRACKETS.sub("[…]", " ".join(text.split())))[:300]
