"""What a token endpoint answered."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

import msgspec

from koppel.clock import Clock
from koppel.errors import KoppelError, RetryLater
from koppel.vendor.contract import Reply, TokenSignIn
from koppel.vendor.retry import wait_told

_UNTOLD_LIFE = 300.0
"""Seconds that a token is used whose answer tells no life: OAuth allows that; "expired" then shows the truth."""
_OUT_OF_ORDER = 30.0


@dataclass(frozen=True)
class Issued:
    """The token in an answer; ``access`` is None if it gives none."""

    access: str | None = field(default=None, repr=False)
    refresh: str | None = field(default=None, repr=False)
    seconds: float = _UNTOLD_LIFE

    @classmethod
    def read(cls, reply: Reply, sign_in: TokenSignIn) -> Self:
        """Read any answer, a refusal too."""
        try:
            told = msgspec.json.decode(reply.content, type=dict[str, object])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return cls()
        access, life = (told.get(name) for name in sign_in.names)
        refresh = told.get("refresh_token")
        return cls(
            access=access if isinstance(access, str) and access and reply.status // 100 == 2 else None,
            refresh=refresh if isinstance(refresh, str) and refresh else None,
            seconds=_seconds(life),
        )


def refusal(reply: Reply, sign_in: TokenSignIn, clock: Clock) -> KoppelError:
    """What an answer without a token means: a fault of the moment if it is none of a sign-in's answers."""
    if reply.status // 100 in (2, 3):
        error: KoppelError = RetryLater("vendor.garbage", "The sign-in address gave an answer that is no token.")
    else:
        error = sign_in.refusal(reply)
    if (reply.status == 429 or reply.status >= 500) and not isinstance(error, RetryLater):
        error = RetryLater("vendor.token-unavailable", f"The sign-in address is out of order ({reply.status}).")
    if isinstance(error, RetryLater) and error.not_before is None:
        wait = wait_told(reply, clock) or _OUT_OF_ORDER
        error.not_before = clock.now() + timedelta(seconds=wait)
    return error


def _seconds(told: object) -> float:
    if isinstance(told, str) and told.strip().isdecimal():
        return float(told)
    if isinstance(told, int | float) and not isinstance(told, bool):
        return max(0.0, float(told))
    return _UNTOLD_LIFE
