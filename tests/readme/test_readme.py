"""Every command of the README runs, against sandboxes, in a folder of its own. A command no test knows fails here."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BIN = Path(sys.executable).parent
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line.strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
INSTALL = [
    "python3 -m venv /opt/koppel",
    "/opt/koppel/bin/pip install -r requirements/all.txt",
    "install -D -m 644 systemd/koppel.service /etc/systemd/system/koppel.service",
]
MAKE = ["make demo", "make test"]
SECRETS = {
    "source.client_secret": "client-secret",
    "source.refresh_token": "refresh-token",
    "target.subscription_key": "subscription-key",
    "target.client_key": "koppelsleutel",
}


def toml_block(first_line: str) -> str:
    blocks: list[str] = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    return next(block for block in blocks if block.startswith(first_line))


@contextmanager
def sandbox(name: str, folder: Path) -> Generator[dict[str, dict[str, str] | str]]:
    command = [str(BIN / "koppel"), "sandbox", name, "--size", "30", "--no-limits", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder, text=True) as process:
        try:
            assert process.stdout
            text = ""
            while not text.endswith("\n}\n"):
                text += process.stdout.readline()
            yield json.loads(text)
        finally:
            process.kill()


def prepare(folder: Path, stack: ExitStack) -> dict[str, str]:
    """The README's own files, pointed at sandboxes; gives the environment in which the commands run."""
    text = toml_block("# winkel-nl.toml")
    for section, name in (("source", "amazon"), ("target", "snelstart")):
        settings = stack.enter_context(sandbox(name, folder))["settings"]
        assert isinstance(settings, dict)
        for key in (key for key in SECRETS if key.startswith(section)):
            (folder / SECRETS[key]).write_text(settings[key.partition(".")[2]] + "\n")
        lines = "".join(f"{key} = {json.dumps(settings[key])}\n" for key in ("endpoint", "token_url"))
        if name == "amazon":
            text = re.sub(r"client_id = .*\n", f"client_id = {json.dumps(settings['client_id'])}\n", text)
        text = text.replace(f"[{section}]\n", f"[{section}]\n{lines}")
    (folder / "winkel-nl.toml").write_text(text)
    config = toml_block("[database]").replace("/var/lib/koppel", str(folder))
    (folder / "koppel.toml").write_text(config + "[security]\nallow_insecure_endpoints = true\n")
    return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "KOPPEL_CONFIG": str(folder / "koppel.toml")}


def run(command: str, folder: Path, environment: dict[str, str], *, ok: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode in ok, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_commands_of_a_real_installation(tmp_path: Path) -> None:
    remaining = [command for command in COMMANDS if command not in {*INSTALL, *MAKE}]
    assert all(command.startswith("koppel ") for command in remaining), remaining
    with ExitStack() as stack:
        environment = prepare(tmp_path, stack)
        at_run = remaining.index("koppel run")
        for command in remaining[:at_run]:
            run(command, tmp_path, environment)
        daemon = stack.enter_context(
            subprocess.Popen([str(BIN / "koppel"), "run"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
        )
        assert daemon.stderr
        while b"ready" not in daemon.stderr.readline():
            pass
        run("koppel sync winkel-nl --wait", tmp_path, environment, ok=(0, 1))
        booked = json.loads(run("koppel documents winkel-nl --state booked --json", tmp_path, environment))
        assert booked
        for command in remaining[at_run + 1 :]:
            run(command.replace("171-1234567-1234567", booked[0]["reference"]), tmp_path, environment, ok=(0,))
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(15) == 0


def test_make_knows_both_commands_and_ci_calls_one() -> None:
    assert [command for command in COMMANDS if command in MAKE] == MAKE
    plan = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(word in plan for word in ("pytest", "mypy", "pyright", "ruff", "lint-imports"))
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_make_demo() -> None:
    done = subprocess.run(["make", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing lost, nothing doubled, right to the cent." in done.stdout


def test_an_installation_elsewhere_runs_the_demo(tmp_path: Path) -> None:
    """Wheels built from the tree, in a fresh environment, far from the source: migrations and rates are inside."""
    assert [command for command in COMMANDS if command in INSTALL] == INSTALL
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".venv", ".git", ".*_cache", "__pycache__"))
    venv.create(tmp_path / "env", with_pip=True)
    pip = [str(tmp_path / "env" / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    locked = [*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "run.txt")]
    for command in (locked, [*pip, "--no-build-isolation", "--no-deps", "-r", "requirements/all.txt"]):
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
    shutil.rmtree(source)
    koppel = [str(tmp_path / "env" / "bin" / "koppel"), "demo", "--once", "--orders", "40", "--json"]
    done = subprocess.run(koppel, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["orders"], summary["errors"], summary["duplicates"]) == (40, 0, 0)
    assert summary["total_source"] == summary["total_booked"]


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#]+)\)", README))
def test_links_lead_somewhere(path: str) -> None:
    assert (ROOT / path).exists()
