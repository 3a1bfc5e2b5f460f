"""Logging to stderr, for journald and for people. Nothing secret passes."""

import logging
import os
import sys
import traceback
from collections.abc import Iterable, Mapping
from typing import cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from koppel.log.redaction import MASK, mask_secrets, scrub

_SECRET_NAMES = ("secret", "password", "token", "authorization", "api_key", "apikey", "credential")
_PRIORITY = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}


def configure(*, json: bool, level: int | str = logging.INFO) -> None:
    """Set up structlog and the standard library's logging on stderr.

    Whatever logs through structlog (koppel and its plugins) is shown from ``level`` up, libraries from WARNING up.
    ``json``: one object a line; else one line for people, or for the journal (with its level marks) when stderr leads
    there. Tracebacks name places, never the values of variables.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        explain,
        mask,
    ]
    render: Processor = structlog.processors.JSONRenderer(default=str) if json else _Line(journal=_is_journal())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("koppel").setLevel(level)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=_Loggers(level),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def explain(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Turn ``exc_info`` into text: places and messages, no variables."""
    given = event.pop("exc_info", None)
    error = _error(given)
    if error is not None:
        event["exception"] = "".join(traceback.format_exception(error)).rstrip()
    return event


def mask(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Hide registered secrets and personal data in every text, and what stands under a name that tells it is secret."""
    return {
        key: MASK
        if isinstance(value, str | bytes) and any(name in key.lower() for name in _SECRET_NAMES)
        else clean(value)
        for key, value in event.items()
    }


def clean(value: object) -> object:
    """The value with its texts masked, however deep. Before quoting, which may change how a secret is written."""
    if isinstance(value, str):
        return mask_secrets(scrub(value, ()))
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value)
        return {str(clean(str(key))): clean(entry) for key, entry in entries.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(entry) for entry in cast("Iterable[object]", value)]
    return value if value is None or isinstance(value, bool | int | float) else clean(str(value))


class _Loggers(structlog.stdlib.LoggerFactory):
    """Whoever uses structlog is koppel or a plugin of it, whatever its package is called."""

    def __init__(self, level: int | str) -> None:
        super().__init__()
        self._level = level

    def __call__(self, *args: object) -> logging.Logger:
        logger = super().__call__(*args)
        logger.setLevel(self._level)
        return logger


class _Line:
    """One event as one line: time, level, what happened, the rest as key=value. Tracebacks follow on lines of their
    own. The journal has its own time, and takes the level of each line from a mark before it.
    """

    def __init__(self, *, journal: bool) -> None:
        self._journal = journal

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> str:
        at = event.pop("timestamp", "")
        level = str(event.pop("level", "info"))
        event.pop("logger", None)
        exception = str(event.pop("exception", ""))
        words = [_printable(str(event.pop("event", "")))]
        words += [f"{key}={_quoted(value)}" for key, value in event.items()]
        line = " ".join(words)
        lines = [line if self._journal else f"{at} {level:<8} {line}", *exception.splitlines()]
        if self._journal:
            return "\n".join(f"<{_PRIORITY.get(level, 6)}>{line}" for line in lines)
        return "\n".join(lines)


def _quoted(value: object) -> str:
    text = str(value)
    return repr(text) if not text or any(letter.isspace() or letter in "\"'=" for letter in text) else _printable(text)


def _printable(text: str) -> str:
    """No line breaks or control characters: one event stays one line, whatever a vendor wrote."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _error(given: object) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        parts = cast("Iterable[object]", given)
        return next((part for part in parts if isinstance(part, BaseException)), None)
    return sys.exc_info()[1] if given else None


def _is_journal() -> bool:
    """systemd tells in JOURNAL_STREAM which file is the journal; stderr may have been sent elsewhere."""
    try:
        stderr = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{stderr.st_dev}:{stderr.st_ino}"
