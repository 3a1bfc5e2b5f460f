"""What SnelStart's refusals mean. Bodies come in at least five shapes, or in none [fact sheet 6.2]."""

import re
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from koppel.errors import (
    AlreadyExists,
    CustomerGone,
    KoppelError,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RetryLater,
    SignInNeeded,
)
from koppel.vendor import Feedback, Reply
from koppel_snelstart import tables

LIMIT_SCOPE = "administration"
_CODE = re.compile(r"\b[A-Z]{3}-\d{4}\b")
_SECRETIVE = re.compile(r"\S+@\S+|(?=\S*\d)[A-Za-z0-9+/_=.-]{24,}|<[^>]*>")
"""What may be a person, a key or markup: nothing of it goes into a message."""
_TEXT_KEYS = ("message", "error_description", "error", "description", "details")
_WAIT_CLOCK = re.compile(r"(\d+):(\d{2}):(\d{2})")
_WAIT_SECONDS = re.compile(r"(\d+)\s+seconds")
_MAX_TEXT = 300


class Problem(msgspec.Struct, frozen=True):
    """One thing that was wrong: the vendor's code (may be empty) and its text, free of keys and persons."""

    code: str
    text: str


class CodedRefusal(Refused):
    """A refusal with all codes that SnelStart gave: it proves that nothing was done."""

    def __init__(self, problems: Sequence[Problem], status: int) -> None:
        first = next((problem for problem in problems if problem.code), None)
        said = "; ".join(dict.fromkeys(problem.text for problem in problems if problem.text))
        self.codes = frozenset(problem.code for problem in problems if problem.code)
        advice = tables.ADVICE.get(first.code) if first else None
        code = first.code if first else f"snelstart.{status}"
        quoted = f' ("{said}")' if said else ""
        if advice is not None:
            super().__init__(code, f"SnelStart refuses this with {code}: {advice.meaning}{quoted}.", advice.suggestion)
        else:
            super().__init__(
                code,
                f"SnelStart refuses this with {code}{quoted}.",
                "Look in the detail log for what was sent; correct the order or SnelStart and process it again.",
            )


def problems(reply: Reply) -> list[Problem]:
    """Every problem in an error body, whatever its shape."""
    try:
        body: object = msgspec.json.decode(reply.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = None
    found = list(_walk(body))
    if not any(problem.code for problem in found):
        codes = dict.fromkeys(_CODE.findall(reply.text))
        found = [*(Problem(code, "") for code in codes), *found]
    return found or [Problem("", _clean(reply.text))]


def _walk(body: object) -> Iterator[Problem]:
    if isinstance(body, list):
        for item in cast("list[object]", body):
            yield from _walk(item)
    elif isinstance(body, dict):
        fields = {key.lower(): value for key, value in cast("dict[str, object]", body).items()}
        code = str(fields.get("errorcode") or fields.get("code") or "").strip()
        texts = [fields[key] for key in _TEXT_KEYS if isinstance(fields.get(key), str)]
        if state := fields.get("modelstate"):
            texts.extend(_flat(state))
        known = _CODE.fullmatch(code)
        text = _clean(" ".join(dict.fromkeys(str(text).strip() for text in texts)))
        if known or text:
            yield Problem(code if known else "", text)
        for nested in ("errors", "error"):
            if isinstance(fields.get(nested), list | dict):
                yield from _walk(fields[nested])
    elif isinstance(body, str) and body.strip():
        yield Problem("", _clean(body))


def _flat(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield from (f"{key}: {text}" for text in _flat(inner))
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _flat(inner)
    elif isinstance(value, str):
        yield value


def _clean(text: str) -> str:
    """A vendor's text that may be kept: no markup, addresses or what looks like a key; at most 300 characters."""
    return " ".join(_SECRETIVE.sub("…", text).split())[:_MAX_TEXT].rstrip(".")


def refusal(operation: str, is_write: bool, reply: Reply) -> KoppelError:
    """What an answer with status 400 or more means. See :class:`koppel.vendor.Dialect`."""
    if reply.status >= 500 or reply.status == 408:
        return _no_answer(is_write, f"SnelStart answers with status {reply.status}.")
    if reply.status == 401:
        return _unauthorised(reply)
    if reply.status == 403:
        return _forbidden(operation, reply)
    found = problems(reply)
    codes = {problem.code for problem in found}
    if codes & tables.UNKNOWN_OUTCOME:
        return _no_answer(is_write, "SnelStart answers with ALG-0102: unknown error.")
    rejected = CodedRefusal(found, reply.status)
    if is_write and (known := codes & tables.EXISTS):
        return _as(AlreadyExists, rejected, min(known))
    if is_write and (known := codes & tables.RELATION_GONE):
        return _as(CustomerGone, rejected, min(known))
    return rejected


def _as(kind: type[Refused], rejected: CodedRefusal, code: str) -> Refused:
    advice = tables.ADVICE[code]
    message = rejected.message if rejected.code == code else f"SnelStart refuses this with {code}: {advice.meaning}."
    return kind(code, message, advice.suggestion)


def _no_answer(is_write: bool, message: str) -> KoppelError:
    if is_write:
        return OutcomeUnknown("snelstart.unknown-outcome", message, "koppel looks up whether it was done.")
    return RetryLater("snelstart.unavailable", message)


def about_subscription_key(reply: Reply) -> bool:
    """Whether a 401 is about the subscription key; a new token would not help then [fact sheet 3.3]."""
    return "subscription key" in reply.text.lower()


def token_expired(reply: Reply) -> bool:
    """Whether an answer means that the bearer token is no good (any more)."""
    return reply.status == 401 and not about_subscription_key(reply)


def _unauthorised(reply: Reply) -> KoppelError:
    if about_subscription_key(reply):
        return SignInNeeded(
            "snelstart.subscription-key",
            "SnelStart refuses the subscription key.",
            "A key of Ontwikkeling & Test dies after 90 days. Make a new one on the developer portal and set "
            "subscription_key. The coupling key is not the problem.",
        )
    return SignInNeeded(
        "snelstart.token",
        "SnelStart refuses a fresh token of the coupling key (koppelsleutel).",
        "See in SnelStart Web, Instellingen > Koppelingen, whether the coupling is still active (after a restored "
        "backup it must be activated again), and set client_key. The subscription key is not the problem.",
    )


def _forbidden(operation: str, reply: Reply) -> KoppelError:
    if throttled(reply):
        return RetryLater("snelstart.quota", "The quota of calls of this administration is used up.")
    scope = tables.SCOPES.get(operation)
    right = f"the right {scope}" if scope else "a right"
    return Misconfigured(
        "snelstart.scope",
        f"The coupling key (koppelsleutel) lacks {right}, which {operation} needs.",
        "Give the coupling this right in SnelStart Web, Instellingen > Koppelingen, and set the new client_key. The "
        "SnelStart package or the coupling tile may not include it (Maatwerk needs inZicht or inControle).",
    )


def throttled(reply: Reply) -> bool:
    """Whether a 403 means a used-up quota rather than a missing right [fact sheet 4]."""
    return reply.status == 403 and "quota" in reply.text.lower()


def feedback(operation: str, reply: Reply) -> Sequence[Feedback]:
    """How long to wait, where only the text of a refusal tells: "Try again in 17 seconds", "… in 00:41:07"."""
    del operation
    if reply.status == 429 and "retry-after" not in reply.headers and (match := _WAIT_SECONDS.search(reply.text)):
        return (Feedback(scope=LIMIT_SCOPE, remaining=0, window=60, reset_after=float(match[1])),)
    if throttled(reply) and (match := _WAIT_CLOCK.search(reply.text)):
        seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
        return (Feedback(scope=LIMIT_SCOPE, remaining=0, window=3600, reset_after=float(seconds)),)
    return ()


def token_refusal(reply: Reply) -> KoppelError:
    """What the token server's answer means when it is no token."""
    if reply.status in (400, 401, 403):
        return SignInNeeded(
            "snelstart.client-key",
            f"SnelStart refuses the coupling key (koppelsleutel), status {reply.status}.",
            "Copy the key again from SnelStart Web, Instellingen > Koppelingen, and set client_key. After a restored "
            "backup the coupling must be activated again. The subscription key is not the problem.",
        )
    if reply.status in (404, 405):
        return Misconfigured(
            "snelstart.token-url", f"There is no token server (status {reply.status}).", "Correct token_url."
        )
    return RetryLater("snelstart.token-server", f"SnelStart's token server gives no token (status {reply.status}).")
