"""What an order costs, as ratios to a floor that runs in the same minute on the same machine: ``make bench``.

The floor reads the same pages over the same sockets with the same HTTP library and decodes them, and does nothing else.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec

from koppel.booking import BookingSettings, Evidence, make_draft
from koppel.config.daemon import DaemonConfig, Database, Security
from koppel.config.secrets import secret_fields
from koppel.config.writing import toml_text
from koppel.engine.daemon import make_runner, open_workshop
from koppel.log.setup import configure
from koppel.operating.applying import apply_connection
from koppel.testing.bench import with_scripted
from koppel.testing.samples import many
from koppel.testing.scripted import ScriptedTarget

ORDERS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
DRAFTS = 5_000
INCLUDED = "BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,TAX,PAYMENT"


@contextmanager
def amazon(size: int) -> Generator[dict[str, Any]]:
    """Amazon's sandbox in a process of its own, so that its CPU time is not counted as ours."""
    command = [sys.executable, "-m", "koppel", "sandbox", "amazon", "--size", str(size), "--no-limits", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        text = ""
        while not text.endswith("\n}\n") and process.stdout:
            text += process.stdout.readline()
        try:
            yield json.loads(text)["settings"]
        finally:
            process.kill()


async def floor(settings: dict[str, Any]) -> tuple[int, float]:
    """Read all orders and decode them; (orders, CPU seconds)."""
    started = time.process_time()
    orders = 0
    async with httpx.AsyncClient() as client:
        form = {
            "grant_type": "refresh_token",
            **{key: settings[key] for key in ("client_id", "client_secret", "refresh_token")},
        }
        token = (await client.post(settings["token_url"], data=form)).json()["access_token"]
        params = {"lastUpdatedAfter": "2024-12-01T00:00:00Z", "includedData": INCLUDED, "maxResultsPerPage": "100"}
        while True:
            reply = await client.get(
                f"{settings['endpoint']}/orders/2026-01-01/orders",
                params=params,
                headers={"x-amz-access-token": token},
                timeout=60,
            )
            page = msgspec.json.decode(reply.raise_for_status().content)
            orders += len(page["orders"])
            following = page.get("pagination", {}).get("nextToken")
            if not following:
                return orders, time.process_time() - started
            params["paginationToken"] = following


async def drain(settings: dict[str, Any], folder: Path) -> tuple[int, float]:
    """Everything koppel does, up to a target that only remembers: typed, VAT decided, durable. (booked, CPU s)"""
    target = ScriptedTarget()
    plugins = with_scripted("amazon", target=target)
    config = DaemonConfig(
        database=Database(url=f"sqlite:///{folder / 'bench.db'}"), security=Security(allow_insecure_endpoints=True)
    )
    secrets = secret_fields(plugins.sources["amazon"].settings)
    rates = {"21": {"code": "high"}, "9": {"code": "low"}, "0": {"code": "zero"}}
    countries = ("NL", "DE", "BE", "FR", "PL", "SE", "AT", "ES", "IT", "marketplace", "export", "ICP")
    data: dict[str, dict[str, Any]] = {
        "connection": {"name": "bench", "source": "amazon", "target": "scripted-target", "limits": "off"},
        "source": {key: value for key, value in settings.items() if key not in secrets} | {"window_days": 31},
        "orders": {"customers": "collective"},
        "seller": {"oss": True},
        "vat": {
            name: rates
            | {rate: {"code": "x"} for rate in ("19", "20", "7", "6", "5.5", "23", "25", "10", "4", "22", "5", "8")}
            for name in countries
        },
        "categories": {"books_printed": ["BOOK-*"]},
    }
    started = time.process_time()
    async with open_workshop(config, plugins=plugins) as workshop:
        for key in secrets:
            await workshop.store.secrets.put("bench", f"source.{key}", settings[key])
        await apply_connection(workshop, toml_text(data), "bench.toml")
        record = await workshop.store.connections.get("bench")
        if record is None:
            raise RuntimeError("the connection was not kept")
        await make_runner(workshop).cycle(record, frozenset({"orders"}))
    return len(target.booked), time.process_time() - started


def drafts() -> float:
    """Drafts a second, one core, pure code."""
    cells = {"21": {"code": "high", "ledger": "8000"}}
    settings = msgspec.convert({"vat": {"NL": cells}}, BookingSettings)
    orders = many(DRAFTS)
    started = time.process_time()
    total = sum((make_draft(order, settings, Evidence()).total for order in orders), Decimal(0))
    if total != sum((order.total or Decimal(0) for order in orders), Decimal(0)):
        raise RuntimeError("drafts do not add up")
    return DRAFTS / (time.process_time() - started)


def main() -> None:
    """Run all and print the table."""
    configure(json=False, level="ERROR")
    with amazon(ORDERS) as settings, tempfile.TemporaryDirectory() as folder:
        read, bare = anyio.run(floor, settings)
        booked, ours = anyio.run(drain, settings, Path(folder))
    print(f"| what | figure |\n|---|---|\n| orders read by the floor | {read} in {bare:.2f} CPU s |")
    print(f"| orders booked by koppel | {booked} in {ours:.2f} CPU s, {booked / ours:.0f} orders a CPU second |")
    print(f"| koppel / floor, CPU an order | {ours / booked / (bare / read):.1f} |")
    print(f"| drafts, pure code | {drafts():.0f} a CPU second |")


if __name__ == "__main__":
    main()
