"""No float near money: the check itself, and what it says of our code."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check_no_float.py"


def check(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_our_code_has_none() -> None:
    assert check() == (0, "")


@pytest.mark.parametrize(
    "line",
    ["x = 0.1", "x = float('1')", "def f(x: float) -> None: ...", "import math",
     "from random import uniform", "x = 1 / 3",
     "x = 1j", "x = 1e3"],
)  # fmt: skip
def test_every_kind_is_found(tmp_path: Path, line: str) -> None:
    file = tmp_path / "money.py"
    file.write_text(f"y = 2\n{line}\n", "utf-8")
    code, output = check(str(file))
    assert code == 1
    assert f"{file}:2: " in output


def test_decimals_and_text_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text('x = Decimal("0.1") / 3 * 2\ny = "1.5"  # 1.5\nz = 7 // 2\n', "utf-8")
    assert check(str(tmp_path)) == (0, "")
