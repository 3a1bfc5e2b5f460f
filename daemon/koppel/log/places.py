"""Where something broke, without what it broke on: messages of foreign exceptions may quote a buyer."""

import traceback
from typing import cast


def places(error: BaseException) -> str:
    """The traceback of an error, its causes and, of a group, its members: places and types, no messages."""
    parts: list[str] = []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        parts.append(places(before))
    parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
    parts += [places(member) for member in _members(error)]
    return "\n".join(parts)


def first_of(error: BaseException) -> BaseException:
    """The error itself, or the first one in a group."""
    while members := _members(error):
        error = members[0]
    return error


def _members(error: BaseException) -> tuple[BaseException, ...]:
    if isinstance(error, BaseExceptionGroup):
        return cast("BaseExceptionGroup[BaseException]", error).exceptions
    return ()
