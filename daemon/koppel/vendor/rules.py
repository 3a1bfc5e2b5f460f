"""From a rule to its counter, and how its state is kept over restarts (see :mod:`koppel.vendor.gate`)."""

from collections.abc import Sequence

from koppel.vendor.bucket import BucketCounter, ConcurrentCounter
from koppel.vendor.counter import Counter, Saved
from koppel.vendor.limits import Bucket, Concurrent, Rule, Window
from koppel.vendor.window import WindowCounter

_FAST = 10.0


def counter(rule: Rule) -> BucketCounter | WindowCounter | ConcurrentCounter:
    """A counter that has counted nothing yet."""
    match rule:
        case Bucket():
            return BucketCounter(rule)
        case Window():
            return WindowCounter(rule)
        case Concurrent():
            return ConcurrentCounter(rule)


def fast(rule: Rule) -> bool:
    """Is the rule as good as new after some seconds? Then a restart waits for that instead of writing down calls."""
    match rule:
        case Bucket(rate=rate, burst=burst):
            return burst / rate <= _FAST
        case Window(seconds=seconds):
            return seconds <= _FAST
        case Concurrent():
            return False


def block(rule: Rule) -> int | None:
    """How many calls are written down ahead of being made: at most 2.5 % of the rule. None: nothing is written down."""
    match rule:
        case Bucket(burst=calls) | Window(calls=calls):
            return None if fast(rule) else max(1, calls // 40)
        case Concurrent():
            return None


def matching(rules: Sequence[Rule], states: Sequence[Saved]) -> list[Saved | None]:
    """Which saved state belongs to which rule: windows by their length, buckets by their order."""
    windows = {state.seconds: state for state in states if state.seconds is not None}
    buckets = iter([state for state in states if state.seconds is None])
    found: list[Saved | None] = []
    for rule in rules:
        match rule:
            case Window(seconds=seconds):
                found.append(windows.get(seconds))
            case Bucket():
                found.append(next(buckets, None))
            case Concurrent():
                found.append(None)
    return found


def carry_over(now: float, rules: Sequence[Rule], counters: Sequence[Counter]) -> list[Counter]:
    """Counters for rules that replace others while running: they go on from what those have counted.

    A rule without a predecessor starts as used up, unless there were none at all.
    """
    states = [saved for one in counters if (saved := one.save(now, 0)) is not None]
    flights = [one for one in counters if isinstance(one, ConcurrentCounter)]
    made: list[Counter] = []
    for rule, saved in zip(rules, matching(rules, states), strict=True):
        one = counter(rule)
        if isinstance(rule, Concurrent) and flights:
            one = flights.pop(0)
            one.rule = rule
        elif saved is not None:
            one.restore(now, saved, 0.0)
        elif counters:
            one.fill(now, 0.0)
        made.append(one)
    return made
