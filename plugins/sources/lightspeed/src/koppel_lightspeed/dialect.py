"""How Lightspeed's answers are to be understood: error bodies, statuses, limit headers [fact sheet 3.3, 4, 6]."""

from collections.abc import Sequence

import msgspec

from koppel.plugin import KoppelError, Misconfigured, OutcomeUnknown, Refused, RetryLater, SignInNeeded
from koppel.vendor import Dialect, Feedback, Reply
from koppel_lightspeed.tables import LIMIT_SCOPE, WINDOWS

LIST_ORDERS = "listOrders"
GET_ORDER = "getOrder"
SAID = 160
"""So many characters of the vendor's own sentence go into a message."""


class NotThere(Refused):
    """404 on one order: gone, or one of the vendor's temporary ones; only patience tells [fact sheet 5.6]."""


class TooHeavy(KoppelError):
    """504 on a list: the page was too heavy; ask for less [fact sheet 5.6]."""


class ErrorBody(msgspec.Struct):
    """The ``error`` object. ``code`` repeats the HTTP status; ``message`` is one English sentence."""

    code: int | str = 0
    message: str = ""


class _Envelope(msgspec.Struct):
    error: ErrorBody | None = None


def error_of(operation: str, is_write: bool, reply: Reply) -> KoppelError:
    """An answer with an error status as an error."""
    try:
        body = msgspec.json.decode(reply.content, type=_Envelope).error or ErrorBody()
    except msgspec.DecodeError:
        body = ErrorBody()
    return explain(operation, reply.status, body.message, is_write=is_write)


def explain(operation: str, status: int, said: str, *, is_write: bool = False) -> KoppelError:  # noqa: PLR0911 - a table
    """An error status and the vendor's sentence as an error. Texts are not relied on, but for the language's."""
    where = f"Lightspeed answered {status} to {operation}" + (f": {said[:SAID]}" if said else ".")
    if status == 401:
        return SignInNeeded(
            "lightspeed.sign-in",
            where,
            "Check in the back office (Settings > Developers) that the API key is on, and enter key and secret again.",
        )
    if status == 403:
        return Misconfigured(
            "lightspeed.permission",
            where,
            "Give the API key the right to read orders and settings (back office: Settings > Developers).",
        )
    if status == 404 and "language" in said.casefold():
        return Misconfigured("lightspeed.language", where, "Set `language` to a language that is active in the shop.")
    if status == 404 and operation == GET_ORDER:
        return NotThere("lightspeed.not-there", where)
    if status == 504 and operation == LIST_ORDERS:
        return TooHeavy("lightspeed.too-heavy", where)
    if is_write and status >= 500:
        return OutcomeUnknown("lightspeed.unknown-outcome", where)
    if status in (404, 408, 429) or not 400 <= status < 500:
        return RetryLater("lightspeed.unavailable", where)
    if operation == GET_ORDER:
        return Refused("lightspeed.refused", where, "Look whether the order opens in the shop's back office.")
    return Misconfigured(
        "lightspeed.request", where, "Report this with the detail log: the request should not have been made so."
    )


def feedback_of(operation: str, reply: Reply) -> Sequence[Feedback]:
    """What the X-RateLimit headers of any answer tell; nothing if they are absent or not the three numbers.

    The reset is told in whole seconds: one is added, in case it is cut off rather than rounded up.
    """
    del operation
    remaining = _three(reply.headers.get("x-ratelimit-remaining", ""))
    reset = _three(reply.headers.get("x-ratelimit-reset", ""))
    return [
        Feedback(scope=LIMIT_SCOPE, window=window, remaining=max(0, left), reset_after=float(after) + 1)
        for window, left, after in zip(WINDOWS, remaining, reset, strict=False)
    ]


def _three(header: str) -> tuple[int, ...]:
    """``299/2999/11999``: 5 minutes, hour, day. An exhausted window says -1."""
    try:
        numbers = tuple(int(part) for part in header.split("/"))
    except ValueError:
        return ()
    return numbers if len(numbers) == len(WINDOWS) else ()


DIALECT = Dialect(error=error_of, feedback=feedback_of)
