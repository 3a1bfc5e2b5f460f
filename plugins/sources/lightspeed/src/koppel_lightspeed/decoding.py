"""From Lightspeed's JSON to typed records.

"Not set" comes as ``false``, ``null``, ``""`` or ``[]``, for the same field at different times [fact sheet 7]: all four
are taken out before anything is typed, so that a field is there with a value or not at all. Numbers are read exactly.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from koppel_lightspeed.wire import OrderWire, Reference, Row, RowIdent, RowWire

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

_JSON = msgspec.json.Decoder[Any](float_hook=Decimal)


def embedded(reference: Reference[tuple[T, ...]] | None) -> tuple[T, ...]:
    """The embedded records; none where nothing is embedded."""
    if reference is None or reference.resource is None:
        return ()
    return reference.resource.embedded or ()


def typed(raw: msgspec.Raw | bytes, into: type[S]) -> S:
    """One record, typed. Raises msgspec.ValidationError that names the place, never the data."""
    return msgspec.convert(_told(_JSON.decode(raw)), into, strict=False)


def typed_order(raw: msgspec.Raw | bytes) -> OrderWire:
    """An order, its two addresses gathered. Raises msgspec.ValidationError."""
    told = _told(_JSON.decode(raw))
    if isinstance(told, dict):
        fields = cast("dict[str, object]", told)
        told = {**fields, "billing": _below(fields, "addressBilling"), "shipping": _below(fields, "addressShipping")}
    return msgspec.convert(told, OrderWire, strict=False)


def typed_row(raw: msgspec.Raw | bytes) -> Row:
    """A list row. Raises msgspec.ValidationError only if it has no id: one odd row must not hold up the others."""
    try:
        row = typed(raw, RowWire)
    except msgspec.ValidationError:
        row = RowWire(typed(raw, RowIdent).id)
    created, updated = aware(row.created_at), aware(row.updated_at)
    return Row(row.id, str(row.number or row.id), created, updated or created)


def aware(moment: datetime | None) -> datetime | None:
    """The moment in UTC, if it tells its zone: which day it is in the books must not be guessed."""
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None


def _below(fields: dict[str, object], prefix: str) -> dict[str, object]:
    return {name.removeprefix(prefix): value for name, value in fields.items() if name.startswith(prefix)}


def _told(value: object) -> object:
    """The value without all that means "not set". A number 0 is a value; ``false`` is not."""
    if isinstance(value, dict):
        told = {name: _told(each) for name, each in cast("dict[str, object]", value).items()}
        return {name: each for name, each in told.items() if not _unset(each)}
    if isinstance(value, list):
        return [_told(each) for each in cast("list[object]", value)]
    return value.strip() if isinstance(value, str) else value


def _unset(value: object) -> bool:
    return value is None or value is False or value in ("", [], {})
