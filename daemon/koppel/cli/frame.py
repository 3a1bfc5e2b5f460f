"""What every command has: the configuration file, --json, errors as one clear sentence and an exit code."""

import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import anyio
import click
import msgspec

from koppel.config.daemon import DaemonConfig, load_daemon_config
from koppel.engine.daemon import Workshop, open_workshop
from koppel.errors import KoppelError
from koppel.log.places import first_of
from koppel.log.redaction import mask_secrets
from koppel.log.setup import configure

P = ParamSpec("P")

FAILED = 1
"""Exit code for anything that went wrong; click itself uses 2 for a wrong command line."""


@dataclass
class App:
    """The command's context: chosen configuration file, output form, tracebacks or not."""

    config_file: Path | None = None
    json: bool = False
    debug: bool = False

    def config(self) -> DaemonConfig:
        """The daemon's configuration. Raises Misconfigured."""
        return load_daemon_config(self.config_file)

    def emit(self, data: Any, text: str | None = None) -> None:
        """Print the result: JSON where asked, else the text for people."""
        if self.json:
            click.echo(msgspec.json.format(msgspec.json.encode(data, enc_hook=str), indent=2).decode())
        elif text is not None:
            click.echo(text)


def fail(app: App, error: KoppelError) -> None:
    """Report an error and leave with a code that is not zero."""
    if app.json:
        body = {"error": {"code": error.code, "message": mask_secrets(error.message), "suggestion": error.suggestion}}
        click.echo(msgspec.json.encode(body).decode())
    else:
        click.echo(f"koppel: {mask_secrets(error.message)}", err=True)
        if error.suggestion:
            click.echo(f"        {error.suggestion}", err=True)
    sys.exit(FAILED)


def with_app(function: Callable[Concatenate[App, P], Awaitable[None]]) -> Callable[..., None]:
    """Make an async function a command: it gets the App, --json, and its KoppelErrors are reported."""

    @click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
    @click.pass_context
    @wraps(function)
    def run(context: click.Context, /, *args: P.args, **kwargs: P.kwargs) -> None:
        app = context.find_object(App) or App()
        app.json = bool(kwargs.pop("as_json", False)) or app.json
        try:
            anyio.run(_call, function, app, args, kwargs)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - a person gets a sentence, never a traceback
            _report(app, error)

    return run


def with_workshop(function: Callable[Concatenate[App, Workshop, P], Awaitable[None]]) -> Callable[..., None]:
    """As :func:`with_app`, and the store, plugins and vendors are open."""

    @wraps(function)
    async def run(app: App, /, *args: P.args, **kwargs: P.kwargs) -> None:
        config = app.config()
        configure(json=config.log.json, level="WARNING")
        async with open_workshop(config) as workshop:
            await function(app, workshop, *args, **kwargs)

    return with_app(run)


async def _call(function: Any, app: App, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    await function(app, *args, **kwargs)


def _report(app: App, raised: BaseException) -> None:
    """Whatever happened, in one sentence; the traceback only for those who ask for it."""
    error = first_of(raised)
    if isinstance(error, KeyboardInterrupt | SystemExit | click.ClickException):
        raise error
    if isinstance(error, KoppelError):
        fail(app, error)
    if app.debug:
        click.echo(mask_secrets("".join(traceback.format_exception(raised))), err=True)
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        fail(app, KoppelError("system", f"The system refused something: {error.strerror or error}{where}."))
    fail(
        app,
        KoppelError(
            "internal",
            f"Something went wrong that should not: {type(error).__name__}.",
            "`koppel --debug` before the same command tells where; please report that.",
        ),
    )


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns for people."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)
