#!/usr/bin/env python3
"""Money is Decimal: refuse every float in the code that touches it.

Looked for: float literals, the name ``float`` (calls and annotations), and the functions of ``math``, ``random`` and
``time`` that give floats. ``/`` is allowed: on Decimals it is exact enough to be rounded once, and two ints never meet
there (an int divided by an int is refused where both are literals).

    scripts/check_no_float.py [PATH…]     default: model, vat, booking and the plugins' mappers
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("daemon/koppel/model", "daemon/koppel/vat", "daemon/koppel/booking")
MAPPERS = "plugins/*/*/src/*/mapper*.py"
FLOATING = {"math", "random", "statistics", "cmath"}


def findings(source: str) -> Iterator[tuple[int, str]]:
    """Line and reason of every float in a Python source."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=float() | complex()):
                yield node.lineno, f"the float literal {node.value!r}"
            case ast.Name(id="float" | "complex"):
                yield node.lineno, f"the name {node.id}"
            case ast.Import(names=names) if any(name.name.partition(".")[0] in FLOATING for name in names):
                yield node.lineno, "a module of floats"
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in FLOATING:
                yield node.lineno, "a module of floats"
            case ast.BinOp(left=ast.Constant(value=int()), op=ast.Div(), right=ast.Constant(value=int())):
                yield node.lineno, "an int divided by an int"
            case _:
                pass


def files(arguments: list[str]) -> list[Path]:
    """The Python files to look at."""
    roots = [Path(argument) for argument in arguments] or [ROOT / place for place in PLACES]
    found = [path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*.py")))]
    return found if arguments else [*found, *sorted(ROOT.glob(MAPPERS))]


def main(arguments: list[str]) -> int:
    """Print what is found; the exit code is 1 if there is anything."""
    wrong = [(path, line, what) for path in files(arguments) for line, what in findings(path.read_text("utf-8"))]
    for path, line, what in wrong:
        print(f"{path}:{line}: {what}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
