"""What a vendor allows, as a plugin describes it. The numbers of one vendor stand in one table in its plugin."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bucket:
    """A token bucket: it fills at ``rate`` tokens per second up to ``burst``, and starts full."""

    rate: float
    burst: int


@dataclass(frozen=True)
class Window:
    """At most ``calls`` in any stretch of ``seconds`` (sliding)."""

    calls: int
    seconds: float


@dataclass(frozen=True)
class Concurrent:
    """At most so many calls at the same moment."""

    calls: int


Rule = Bucket | Window | Concurrent


@dataclass(frozen=True)
class Limit:
    """Rules that hold together for one counter at the vendor.

    ``scope`` says what the vendor counts (``administration``, ``account:searchOrders``) and ``id`` whose (an
    administration, an app key, a seller; no secret): connections with the same vendor, scope and id share the counter.
    """

    scope: str
    id: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class LimitTable:
    """Which limits a call of each operation counts against: those of its name, and ``always``. Unknown operations:
    ``always``.
    """

    always: tuple[Limit, ...] = ()
    operations: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict[str, tuple[Limit, ...]])


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """What an answer's headers told about one counter (by ``scope``). None = not told.

    ``rate``: the current refill per second of its Bucket. ``remaining``: calls left in its Window of ``window``
    seconds, which
    ends ``reset_after`` seconds from now.
    """

    scope: str
    rate: float | None = None
    remaining: int | None = None
    window: float | None = None
    reset_after: float | None = None
