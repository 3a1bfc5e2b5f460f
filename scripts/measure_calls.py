"""Vendor calls an order for each pair, counted by the vendors' sandboxes.

Run it with ``.venv/bin/python scripts/measure_calls.py [ORDERS]``; it prints a table in Markdown. A shop's orders are
booked in two halves, by two back-fills: the first makes relations and articles, the second finds nearly all of them
known. Buyers are collective debtors by country, as recommended for Amazon. Every call counts, signing in and the
vendors' tables too.
"""

import sys
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import anyio

from koppel.clock import AMSTERDAM
from koppel.config.daemon import DEFAULT_PLUGINS
from koppel.operating.backfilling import follow_backfill, start_backfill
from koppel.operating.demo import NAME
from koppel.plugin.loading import load_plugins
from koppel.testing.bench import Bench, open_bench

ORDERS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
SECTIONS = {"orders": {"customers": "collective-per-country"}}
HEAD = (
    "pair",
    "orders read",
    "orders booked",
    "calls at the target an order booked",
    "calls at the source an order read",
)
LONG_AGO = timedelta(days=20)
DAY = timedelta(days=1)


async def measure(source: str, target: str) -> Sequence[str]:
    """One row of the table: first half / second half."""
    async with open_bench(source, target, size=2 * ORDERS, sections=SECTIONS) as bench:
        await bench.pass_time(LONG_AGO)  # so that the polls leave them to the back-fills
        await bench.poll()
        today = bench.clock.now().astimezone(AMSTERDAM).date()
        days = await days_of_orders(bench, today)
        half = days[len(days) // 2]
        first = await back_fill(bench, days[0], half)
        second = await back_fill(bench, half + DAY, today)
        columns = [" / ".join(pair) for pair in zip(first, second, strict=True)]
        return (f"{source} → {target}", *columns)


async def days_of_orders(bench: Bench, today: date) -> list[date]:
    """When the shop's orders were placed, a day for each."""
    record = await bench.scene.workshop.store.connections.get(NAME)
    if record is None:
        raise RuntimeError("there is no connection")
    source = (await bench.scene.workshop.opener.open(record)).source
    pages = source.orders_placed(today - 10 * LONG_AGO, today)
    return sorted(
        [
            order.placed_at.astimezone(AMSTERDAM).date()
            async for page in pages
            for order in page.orders
            if order.placed_at
        ]
    )


async def back_fill(bench: Bench, since: date, until: date) -> Sequence[str]:
    """Orders read and booked, and calls for each, of one half."""
    ends: Any = (bench.scene.target, bench.scene.source)
    before = [end.journal.count() for end in ends]
    await start_backfill(bench.scene.workshop, NAME, since, until)
    done = await follow_backfill(bench.scene.workshop, NAME, lambda _progress: None, wait=True)
    booked = done.new.get("booked", 0)
    if done.end != "done" or not booked:
        raise RuntimeError(f"the back-fill did not end well: {done}")
    at_target, at_source = (end.journal.count() - count for end, count in zip(ends, before, strict=True))
    return str(done.seen), str(booked), f"{at_target / booked:.2f}", f"{at_source / done.seen:.2f}"


async def main() -> None:
    """All pairs."""
    plugins = load_plugins(DEFAULT_PLUGINS)
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for source in sorted(plugins.sources):
        for target in sorted(plugins.targets):
            print(f"| {' | '.join(await measure(source, target))} |", flush=True)


if __name__ == "__main__":
    anyio.run(main)
