"""Whether settings can be shown to a person."""

from typing import get_args

import msgspec


def assert_described(settings: type[msgspec.Struct]) -> None:
    """Fail with the names of the fields that lack a title or a description, or a Dutch title."""
    poor = [field.name for field in msgspec.structs.fields(settings) if not _described(field.type)]
    assert not poor, f"settings without title, description or title_nl: {', '.join(poor)}"


def _described(annotation: object) -> bool:
    metas = [each for each in get_args(annotation) if isinstance(each, msgspec.Meta)]
    return any(meta.title and meta.description and (meta.extra or {}).get("title_nl") for meta in metas)
