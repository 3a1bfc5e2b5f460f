"""When a flow runs next: intervals with jitter, a daily hour, back-off after faults. Pure, but for the dice."""

import random
from datetime import datetime, time, timedelta

from koppel.clock import AMSTERDAM
from koppel.errors import KoppelError, Misconfigured, RetryLater, SignInNeeded

NIGHT = time(3, 0)
"""The nightly comparison starts at this hour in Europe/Amsterdam, spread over the hour that follows."""
FIRST_BACK_OFF = timedelta(seconds=30)
LONGEST_BACK_OFF = timedelta(hours=1)
HOPELESS = timedelta(hours=6)
"""Between tries while only a person can help; what he does (apply, secret set, sync) makes the flow due at once."""


def next_poll(now: datetime, interval: timedelta, wake_at: datetime | None, dice: random.Random) -> datetime:
    """One interval from now, up to 5 % earlier so that connections spread; earlier if something wants to be woken.

    Runs that were missed (a stopped daemon, a clock jump) are caught up by one run, since the next counts from now.
    """
    regular = now + interval * (1 - dice.random() * 0.05)
    return regular if wake_at is None else min(regular, max(wake_at, now))


def next_night(now: datetime, dice: random.Random) -> datetime:
    """The next night hour, a random minute of it."""
    local = now.astimezone(AMSTERDAM)
    at = datetime.combine(local.date(), NIGHT, AMSTERDAM) + timedelta(minutes=dice.randrange(60))
    if at <= local + timedelta(hours=1):
        at = datetime.combine(local.date() + timedelta(days=1), NIGHT, AMSTERDAM) + timedelta(
            minutes=dice.randrange(60)
        )
    return at.astimezone(now.tzinfo)


def after_failure(now: datetime, failures: int, error: KoppelError, dice: random.Random) -> datetime:
    """When to try again after the ``failures``-th failure in a row: as the vendor asks, else doubling with jitter."""
    if isinstance(error, SignInNeeded | Misconfigured):
        return now + HOPELESS
    if isinstance(error, RetryLater) and error.not_before is not None:
        return max(error.not_before, now + timedelta(seconds=1))
    back_off = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * (1 << min(max(failures - 1, 0), 10)))
    return now + back_off * (0.5 + dice.random())
