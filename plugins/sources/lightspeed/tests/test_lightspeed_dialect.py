"""What each answer of the vendor means, and what its limit headers tell."""

import pytest

from koppel.plugin import KoppelError, Misconfigured, OutcomeUnknown, Refused, RetryLater, SignInNeeded
from koppel.vendor import Feedback, Reply
from koppel_lightspeed.dialect import DIALECT, GET_ORDER, LIST_ORDERS, NotThere, TooHeavy


def reply(status: int, message: str = "<text unknown>", headers: dict[str, str] | None = None) -> Reply:
    body = f'{{"error": {{"code": {status}, "method": "GET", "request": "/nl/x.json", "message": "{message}"}}}}'
    return Reply(status, headers or {}, body.encode())


@pytest.mark.parametrize(
    ("operation", "status", "message", "kind"),
    [
        (LIST_ORDERS, 401, "Could not authenticate you.", SignInNeeded),
        (LIST_ORDERS, 401, "Access denied.", SignInNeeded),
        (LIST_ORDERS, 403, "", Misconfigured),
        (LIST_ORDERS, 404, "Unknown or inactive language.", Misconfigured),
        (LIST_ORDERS, 404, "Not found", RetryLater),
        (GET_ORDER, 404, "Unknown or inactive language.", Misconfigured),
        (GET_ORDER, 404, "", NotThere),
        (LIST_ORDERS, 405, "", Misconfigured),
        (LIST_ORDERS, 422, "", Misconfigured),
        (GET_ORDER, 400, "", Refused),
        (GET_ORDER, 0, "", RetryLater),
        (GET_ORDER, 500, "", RetryLater),
        (GET_ORDER, 503, "", RetryLater),
        (GET_ORDER, 504, "", RetryLater),
        (LIST_ORDERS, 502, "", RetryLater),
        (LIST_ORDERS, 504, "", TooHeavy),
    ],
)
def test_what_to_do_next(operation: str, status: int, message: str, kind: type[KoppelError]) -> None:
    error = DIALECT.error(operation, False, reply(status, message))
    assert type(error) is kind
    assert str(status) in error.message


def test_a_proxys_html_is_understood_by_its_status() -> None:
    page = Reply(503, {}, b"<html>\xe9 oops</html>")
    assert isinstance(DIALECT.error(GET_ORDER, False, page), RetryLater)


def test_a_write_that_ended_in_a_server_error_may_have_been_done() -> None:
    assert isinstance(DIALECT.error("putOrder", True, reply(502)), OutcomeUnknown)


def test_three_windows_from_the_headers() -> None:
    told = {"x-ratelimit-remaining": "-1/2650/11650", "x-ratelimit-reset": "108/1908/23508"}
    assert DIALECT.feedback(GET_ORDER, reply(429, headers=told)) == [
        Feedback(scope="key", window=300.0, remaining=0, reset_after=109.0),
        Feedback(scope="key", window=3600.0, remaining=2650, reset_after=1909.0),
        Feedback(scope="key", window=86400.0, remaining=11650, reset_after=23509.0),
    ]


@pytest.mark.parametrize("header", ["", "299", "a/b/c", "1/2", "1/2/3/4"])
def test_headers_that_are_none_tell_nothing(header: str) -> None:
    told = {"x-ratelimit-remaining": header, "x-ratelimit-reset": "108/1908/23508"}
    assert not DIALECT.feedback(GET_ORDER, reply(200, headers=told))
