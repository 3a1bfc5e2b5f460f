"""When to try again: what the vendor told, else back-off with jitter."""

import random
from email.utils import parsedate_to_datetime

from koppel.clock import Clock
from koppel.vendor.contract import Reply

TRIES = 4
"""How often a read is sent at most because of faults."""
THROTTLES = 5
"""How often a call is sent at most because of "slow down"."""
SHORT = 120.0
"""Seconds that a call waits itself before it is tried again; beyond, RetryLater says when to come back."""
LONGEST = 300.0
"""Seconds that a read may spend on tries and the time between them."""


def wait_told(reply: Reply, clock: Clock) -> float | None:
    """Seconds that ``Retry-After`` asks for (a number, or a date by the vendor's own clock); None if it does not."""
    told = reply.headers.get("retry-after", "").strip()
    if told.isdecimal():
        return float(told)
    try:
        then = parsedate_to_datetime(told).timestamp()
    except (ValueError, OverflowError):
        return None
    try:
        now = parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        now = clock.now().timestamp()
    return max(0.0, then - now)


def back_off(tries: int) -> float:
    """Seconds to wait after so many tries: one, two, four … up to a minute, with jitter."""
    return min(60.0, 2.0 ** (tries - 1)) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter
