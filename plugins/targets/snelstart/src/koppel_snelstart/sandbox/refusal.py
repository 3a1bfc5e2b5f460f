"""How the sandbox refuses, in the shapes of the vendor [fact sheet 6.2]."""

from typing import Any

from koppel_snelstart.sandbox import codes


class Refusal(Exception):
    """An answer that is no success. ``body`` None = empty."""

    def __init__(self, status: int, body: Any = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def business(*found: str, details: str | None = None) -> Refusal:
    """Broken business rules: a list with a code for each."""
    return Refusal(
        400,
        [{"errorCode": code, "message": codes.MESSAGES.get(code, "Onbekend"), "details": details} for code in found],
    )


def odata(message: str) -> Refusal:
    """A bad query: an object with a capital M."""
    return Refusal(400, {"Message": message})


def model(path: str, message: str) -> Refusal:
    """A body that does not bind."""
    return Refusal(400, {"message": "The request is invalid.", "modelState": {path: [message]}})


def gateway(status: int, message: str) -> Refusal:
    """What the gateway before the API says."""
    return Refusal(status, {"statusCode": status, "message": message})
