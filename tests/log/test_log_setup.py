"""What reaches stderr, in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import logging, sys, warnings
import structlog
from koppel.log.redaction import register_secret
from koppel.log.setup import configure

configure(json={json}, level=logging.INFO)
register_secret("canary\\"secret")
log = structlog.get_logger("koppel_shop.mapper")
log.debug("too fine")
secret = 'canary"secret'
log.info("page_read", orders=3, reason="two words", key=secret, deep={{"a": [secret]}}, refresh_token="x1")
log.warning("a\\nforged line", mail="jan@example.nl")
logging.getLogger("httpx").info("GET https://api.example.nl/?key=1")
logging.getLogger("httpx").warning("slow %s", 'canary"secret')
warnings.warn("old call")
def book(iban, amount):
    raise ValueError("no room for canary\\"secret")
try:
    book("NL91ABNA0417164300", "local-value")
except ValueError:
    log.exception("failed")
"""


def run(*, as_json: bool, journal: bool = False) -> list[str]:
    read, write = os.pipe()
    environment = dict(os.environ)
    if journal:
        status = os.fstat(write)
        environment["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
    try:
        script = SCRIPT.format(json=as_json)
        done = subprocess.run([sys.executable, "-c", script], stderr=write, env=environment, timeout=60, check=False)
    finally:
        os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    assert done.returncode == 0, text
    for hidden in ("canary", "jan@example.nl", "too fine", "local-value", "NL91ABNA", "api.example.nl", "x1"):
        assert hidden not in text.replace('"NL91ABNA0417164300", "local-value"', ""), text
    return text.splitlines()


def test_people_read_one_line_an_event() -> None:
    lines = run(as_json=False)
    assert "info     page_read orders=3 reason='two words' key=*** deep=" in lines[0]
    assert "refresh_token=***" in lines[0]
    assert "warning  a\\nforged line mail=***" in lines[1]
    assert "warning  slow ***" in lines[2]
    assert "UserWarning: old call" in lines[3]
    assert "error    failed" in lines[4]
    assert lines[5] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: no room for ***"


def test_the_journal_gets_levels_and_no_second_time() -> None:
    lines = run(as_json=False, journal=True)
    assert lines[0].startswith("<6>page_read orders=3")
    assert lines[1].startswith("<4>a\\nforged line")
    assert lines[4] == "<3>failed"
    assert all(line.startswith("<3>") for line in lines[5:])


def test_machines_read_json() -> None:
    events = [json.loads(line) for line in run(as_json=True)]
    assert [event["event"].splitlines()[0] for event in events][:3] == ["page_read", "a", "slow ***"]
    first = events[0]
    assert (first["level"], first["logger"], first["orders"]) == ("info", "koppel_shop.mapper", 3)
    assert first["timestamp"].endswith("Z")
    assert (first["key"], first["refresh_token"]) == ("***", "***")
    assert events[-1]["exception"].endswith("ValueError: no room for ***")


@pytest.mark.parametrize("level", ["DEBUG", "WARNING"])
def test_the_level_is_ours_to_choose(level: str) -> None:
    script = f"""
import structlog
from koppel.log.setup import configure
configure(json=False, level="{level}")
log = structlog.get_logger("koppel.engine")
log.debug("fine"); log.info("usual"); log.warning("odd")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    shown = [line.split()[-1] for line in done.stderr.splitlines()]
    assert shown == (["fine", "usual", "odd"] if level == "DEBUG" else ["odd"])
