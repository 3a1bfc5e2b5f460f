# The two that matter: make demo, make test. Everything sets itself up in .venv.
.PHONY: demo test lint bench format
SOURCES := $(wildcard pyproject.toml plugins/*/*/pyproject.toml)

demo: .venv/.installed-run
	.venv/bin/koppel demo

test: lint
	.venv/bin/pytest -n 2 --dist worksteal

lint: .venv/.installed-dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/lint-imports
	.venv/bin/python scripts/check_no_float.py
	.venv/bin/mypy
	.venv/bin/pyright

format: .venv/.installed-dev
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

.venv/.installed-run: requirements/run.txt scripts/bootstrap $(SOURCES)
	scripts/bootstrap run

.venv/.installed-dev: requirements/dev.txt scripts/bootstrap $(SOURCES)
	scripts/bootstrap dev

bench: .venv/.installed-dev
	.venv/bin/python scripts/bench.py
	KOPPEL_DRAFTS=100000 .venv/bin/pytest -q tests/booking/test_booking_properties.py
