"""What goes wrong at the command line: one clear sentence, exit code 1, no traceback, nothing half done."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from koppel.config.writing import toml_text

CANARY = "kanarie-geheim-4711"
SHOP: dict[str, dict[str, Any]] = {
    "connection": {"name": "shop", "source": "amazon", "target": "snelstart"},
    "source": {
        "client_id": "amzn1.application-oa2-client.x",
        "client_secret": "env:CANARY_SECRET",
        "marketplaces": ["NL"],
        "endpoint": "http://127.0.0.1:9",
        "token_url": "http://127.0.0.1:9/token",
    },
    "vat": {"NL": {"21": {"code": "VerkopenHoog", "ledger": "8000"}}},
}


class House:
    """A folder with a koppel.toml, and the real command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "koppel.toml"
        self.config.write_text(
            f'[database]\nurl = "sqlite:///{folder}/koppel.db"\n[security]\nallow_insecure_endpoints = true\n'
        )
        self.environment = {**os.environ, "CANARY_SECRET": CANARY}

    def koppel(self, *args: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "koppel", "--config", str(self.config), *args],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=self.environment,
        )

    def apply(self, text: str | None = None, name: str = "shop.toml") -> subprocess.CompletedProcess[str]:
        file = self.folder / name
        file.write_text(toml_text(SHOP) if text is None else text)
        return self.koppel("apply", str(file))

    @contextmanager
    def daemon(self) -> Generator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "koppel", "--config", str(self.config), "run"],
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )
        try:
            deadline = time.monotonic() + 30
            while not (self.folder / "koppel.db.sock").exists() and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def place(tmp_path: Path) -> House:
    return House(tmp_path)


def assert_told(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("koppel: ")
    assert len(done.stderr.splitlines()) <= 2
    for word in words:
        assert word in done.stderr
    assert CANARY not in done.stderr + done.stdout


def test_bad_files(place: House) -> None:
    assert_told(place.apply("[connection\n"), "shop.toml", "line 1")
    assert_told(place.apply(toml_text(SHOP).replace("marketplaces", "marketplases")), "marketplases")
    assert_told(place.apply(toml_text(SHOP).replace('"amazon"', '"amazone"')), "amazone")
    assert_told(place.apply(toml_text({**SHOP, "orders": {"interval": "9999999999999d"}})), "interval")
    assert_told(place.apply(toml_text(SHOP).replace("env:CANARY_SECRET", CANARY)), "client_secret")
    assert_told(place.koppel("apply", str(place.folder)), "cannot be read")
    assert_told(place.koppel("status", "nobody"), "nobody")
    for text in (
        "[database\n",
        "[databas]\n",
        '[detail_log]\nkeep = "999999999999d"\n',
        '[database]\nurl = "oracle:x"\n',
    ):
        place.config.write_text(text)
        assert_told(place.koppel("status"))


def test_of_several_files_one_wrong_one_changes_nothing(place: House) -> None:
    assert place.apply().returncode == 0
    other = place.folder / "other.toml"
    other.write_text(toml_text({**SHOP, "connection": {**SHOP["connection"], "name": "new"}}))
    wrong = place.folder / "wrong.toml"
    wrong.write_text(toml_text({**SHOP, "connection": {**SHOP["connection"], "source": "lightspeed"}}))
    wrong.write_text(wrong.read_text().split("[source]")[0] + "[vat.NL]\n21 = { code = 'x' }\n")
    assert_told(place.koppel("apply", str(other), str(wrong)), "already")
    assert_told(place.koppel("export", "new"), "new")
    assert_told(place.koppel("apply", str(other), str(other)), "twice")


def test_wrong_or_missing_key(place: House) -> None:
    assert place.apply().returncode == 0
    key = place.folder / "koppel.key"
    kept = key.read_bytes()
    key.write_bytes(b"no key at all\n")
    assert_told(place.koppel("status"), "koppel.key")
    key.unlink()
    assert_told(place.koppel("status"), "koppel.key")
    key.write_bytes(kept)
    key.chmod(0o600)
    assert place.koppel("status").returncode == 0


def test_a_database_that_is_none(place: House) -> None:
    (place.folder / "koppel.db").write_bytes(b"this is a letter to my mother" * 100)
    assert_told(place.koppel("status"), "koppel.db")


def test_sync_without_a_daemon_and_without_a_secret(place: House) -> None:
    assert place.apply().returncode == 0
    del place.environment["CANARY_SECRET"]
    done = place.koppel("sync", "shop", "--wait")
    assert done.returncode == 1
    assert "CANARY_SECRET" in done.stdout
    assert "Traceback" not in done.stderr


def test_an_unexpected_error_is_a_sentence_too(place: House) -> None:
    (place.folder / "sitecustomize.py").write_text(
        "import koppel.operating.inspecting as i\n"
        "async def status(*_, **__):\n    raise ExceptionGroup('x', [ZeroDivisionError('Canary Vogelaar')])\n"
        "i.status = status\n"
    )
    place.environment["PYTHONPATH"] = str(place.folder)
    done = place.koppel("status")
    assert_told(done, "ZeroDivisionError", "--debug")
    assert "Vogelaar" not in done.stderr
    shown = place.koppel("--debug", "status")
    assert shown.returncode == 1
    assert "Traceback" in shown.stderr


def test_one_daemon_its_stop_and_the_detail_log(place: House) -> None:
    assert place.apply().returncode == 0
    with place.daemon() as process:
        assert_told(place.koppel("run"), "runs already")
        assert f"process {process.pid}" in place.koppel("status").stdout
        done = place.koppel("sync", "shop", "--wait")
        assert "Traceback" not in done.stderr
        assert place.koppel("log", "detail", "shop", "on", "--for", "1h").returncode == 0
        assert place.koppel("log", "detail", "shop", "off").returncode == 0
        assert place.koppel("pause", "shop").returncode == 0
        command = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert CANARY.encode() not in command
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=10)
        assert process.returncode == 0
        assert "stopped" in told
        assert "Traceback" not in told
        assert CANARY not in told
    assert not (place.folder / "koppel.db.sock").exists()
    for file in place.folder.glob("koppel.db*"):
        assert CANARY.encode() not in file.read_bytes()


def test_a_killed_daemon_leaves_nothing_in_the_way(place: House) -> None:
    assert place.apply().returncode == 0
    for _ in range(2):
        with place.daemon() as process:
            process.kill()
    assert "does not run" in place.koppel("status").stdout


def test_ctrl_c(place: House) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "koppel", "--config", str(place.config), "sandbox", "amazon"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=place.environment,
    )
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "Traceback" not in told


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    if os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(file: Path) -> None:
    """Write until there is no room for a page."""
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(b"x" * 4096) == 4096:
            pass


def test_a_full_disk(small_disk: Path) -> None:
    place = House(small_disk)
    assert place.apply().returncode == 0
    with place.daemon() as process:
        fill(small_disk / "filler")
        big = toml_text({**SHOP, "connection": {**SHOP["connection"], "name": "more"}}) + "#" * 500_000
        file = Path(small_disk).parent / "more.toml"
        file.write_text(big)
        assert_told(place.koppel("apply", str(file)), "full")
        time.sleep(1)
        assert process.poll() is None, "the daemon waits for room"
        (small_disk / "filler").unlink()
        assert place.koppel("apply", str(file)).returncode == 0
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=15)
        assert process.returncode == 0
        assert "Traceback" not in told


def test_a_folder_that_cannot_be_written(place: House) -> None:
    place.config.write_text('[database]\nurl = "sqlite:////proc/koppel/koppel.db"\n')
    assert_told(place.koppel("status"), "/proc/koppel")
    assert_told(place.koppel("run"), "/proc/koppel")
