"""koppel check, whatever a plugin does in it."""

from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from flow.desk import NAME, DeskMaker, anyio_backend, desk
from koppel.errors import SignInNeeded
from koppel.operating.inspecting import check
from koppel.plugin import Finding
from koppel.testing.scripted import ScriptedSource

__all__ = ["anyio_backend", "desk"]
pytestmark = pytest.mark.anyio


class Checks(ScriptedSource):
    answer: Any = None

    async def check(self) -> Sequence[Finding]:
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer == "hangs":
            await anyio.sleep_forever()
        return self.answer  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "answer", [ValueError("Jan Jansen"), SignInNeeded("login", "The key was withdrawn."), None, [1], "hangs"]
)
async def test_what_one_side_does_the_other_is_asked(
    desk: DeskMaker, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koppel.operating.inspecting.LONGEST_CHECK", 0.2)
    source = Checks()
    source.answer = answer
    async with desk(source=source) as at:
        findings = await check(at.workshop, NAME)
        assert [each.level for each in findings if each.subject.startswith("source")] == ["error"]
        assert [each.level for each in findings if each.subject.startswith("target")] == ["ok"]
        assert "Jansen" not in str(findings)
