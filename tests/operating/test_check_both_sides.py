"""``koppel check`` looks at both sides, whatever becomes of one of them."""

from collections.abc import Sequence

import pytest

from koppel.errors import SignInNeeded
from koppel.operating.demo import NAME
from koppel.operating.inspecting import check
from koppel.plugin import Finding
from koppel.testing.bench import open_bench, with_scripted
from koppel.testing.scripted import ScriptedSource

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Unauthorised(ScriptedSource):
    """A shop whose password was changed."""

    async def check(self) -> Sequence[Finding]:
        raise SignInNeeded("shop.password", "The shop refuses the password.", "Enter it again.")


async def test_a_side_that_cannot_be_reached_is_a_finding_and_the_other_one_is_told() -> None:
    plugins = with_scripted("snelstart", source=Unauthorised())
    async with open_bench("scripted-source", "snelstart", plugins=plugins) as bench:
        findings = await check(bench.scene.workshop, NAME)
    (wrong,) = [each for each in findings if each.level == "error"]
    assert wrong.subject == "source: sign-in"
    assert (wrong.message, wrong.suggestion) == ("The shop refuses the password.", "Enter it again.")
    assert any(each.subject == "target: rights" and each.level == "ok" for each in findings)
