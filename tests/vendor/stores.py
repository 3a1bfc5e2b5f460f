"""Stores in memory that can fail, and a tracer that keeps what it is told."""

from anyio.lowlevel import checkpoint

from koppel.vendor import Exchange, Token


class MemoryTokens:
    """Implements TokenStore. ``broken``: saving fails, as on a full disk."""

    def __init__(self) -> None:
        self.kept: dict[str, Token] = {}
        self.history: list[Token] = []
        self.broken = False

    async def load(self, key: str) -> Token | None:
        return self.kept.get(key)

    async def save(self, key: str, token: Token) -> None:
        if self.broken:
            raise OSError("no space left on device")
        await checkpoint()
        self.kept[key] = token
        self.history.append(token)


class MemoryLimits:
    """Implements LimitStore."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.saves = 0
        self.broken = False

    async def load(self, key: str) -> bytes | None:
        return self.kept.get(key)

    async def save(self, key: str, state: bytes) -> None:
        if self.broken:
            raise OSError("no space left on device")
        await checkpoint()
        self.kept[key] = state
        self.saves += 1


class Traces:
    """Implements Tracer."""

    def __init__(self) -> None:
        self.on = True
        self.broken = False
        self.kept: list[Exchange] = []

    def wanted(self) -> bool:
        return self.on

    async def record(self, exchange: Exchange) -> None:
        if self.broken:
            raise OSError("no space left on device")
        self.kept.append(exchange)
