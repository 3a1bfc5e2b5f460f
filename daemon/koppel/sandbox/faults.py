"""Faults on demand: what networks and vendors do to a client on a bad day."""

import random
from collections.abc import Sequence
from enum import StrEnum
from fnmatch import fnmatchcase

from msgspec import Struct


class FaultKind(StrEnum):
    """What is done to a request."""

    LOST_REPLY = "lost_reply"
    """The work is done and the connection dropped before a byte of the answer."""
    RESET = "reset"
    """The connection is dropped before anything is done."""
    THROTTLE = "429"
    """Refused as over the limit, although it is not."""
    ERROR_BEFORE = "500"
    """A server error before anything is done."""
    ERROR_AFTER = "502"
    """The work is done and a gateway error is answered."""
    GARBAGE = "garbage"
    """A 200 whose body is HTML; nothing is done."""
    TRUNCATED = "truncated"
    """The work is done and the answer is cut off in the middle."""
    SLOW = "slow"
    """The work is done and answered ``seconds`` later."""


class Fault(Struct, kw_only=True, forbid_unknown_fields=True):
    """One rule. ``operation`` is a glob over operation names, ``spare`` one of those left alone. ``times`` ends it
    after so many hits (None: never), ``skip`` lets so many pass first.
    """

    kind: FaultKind
    operation: str = "*"
    spare: str = ""
    chance: float = 1.0
    times: int | None = None
    skip: int = 0
    seconds: float = 30.0


class Faults:
    """The rules in force, drawn with a seed. The first that hits a request is applied."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a repeatable draw of faults, no secret
        self.rules: list[Fault] = []

    def set(self, rules: Sequence[Fault]) -> None:
        """Replace all rules."""
        self.rules = list(rules)

    def add(self, kind: str, operation: str = "*", **options: object) -> None:
        """Add one rule: ``faults.add("lost_reply", "createOrder", times=1)``."""
        import msgspec

        self.rules.append(msgspec.convert({"kind": kind, "operation": operation, **options}, Fault))

    def draw(self, operation: str) -> Fault | None:
        """The fault for this request, if any."""
        for rule in self.rules:
            if (
                rule.times == 0
                or not fnmatchcase(operation, rule.operation)
                or (rule.spare and fnmatchcase(operation, rule.spare))
            ):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if self._random.random() < rule.chance:
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None
