"""The shapes of Amazon's answers."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

DENIED = "Access to requested resource is denied."


class Invalid(Exception):
    """A request that Amazon answers with 400 InvalidInput."""


def answer(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Any JSON answer."""
    return Response(msgspec.json.encode(body), status, dict(headers or {}), media_type="application/json")


def error(status: int, code: str, message: str | None, details: str | None = "") -> Response:
    """An SP-API error. [fact sheet 6]"""
    one: dict[str, Any] = {"code": code, "message": message}
    if details is not None:
        one["details"] = details
    return answer(status, {"errors": [one]})


def denied(details: str = "") -> Response:
    """403 in Amazon's words: expired, revoked, or (empty) no right to it. [fact sheet 3.5]"""
    return error(403, "Unauthorized", DENIED, details)


def quota_exceeded() -> Response:
    """429 as recorded: without a rate header. [fact sheet 4]"""
    response = error(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
    response.headers["x-amzn-ErrorType"] = "TooManyRequestsException"
    return response
