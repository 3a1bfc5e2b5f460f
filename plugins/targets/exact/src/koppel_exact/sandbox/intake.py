"""A POST's body, looked at as the vendor does: an object, known properties, right types, lengths, mandatory fields."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

import msgspec

from koppel_exact.sandbox.books import Row
from koppel_exact.sandbox.schema import Field, Resource
from koppel_exact.sandbox.wording import Rejected, business

_STREAM = "Error processing request stream. "
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def parse(content: bytes, resource: Resource, *, partial: bool = False) -> Row:
    """The body as a row. ``partial`` for PUT: nothing is mandatory, nested lines are refused."""
    try:
        body: object = msgspec.json.Decoder(float_hook=Decimal).decode(content)
    except msgspec.DecodeError:
        body = None
    if not isinstance(body, dict):
        raise Rejected(400, f"{_STREAM}The request should be a valid top-level resource object.")
    return _entity(cast("Mapping[str, object]", body), resource, partial=partial)


def _entity(body: Mapping[str, object], resource: Resource, *, partial: bool = False) -> Row:
    row: Row = {}
    for name, value in body.items():
        field = resource.fields.get(name)
        if field is None:
            model = f"Exact.Web.Api.Models.{resource.model}"
            raise Rejected(400, f"{_STREAM}The property name '{name}' specified for type '{model}' is not valid.")
        if field.kind == "lines":
            if partial:
                raise Rejected(400, f"{_STREAM}Binding to new entities is not supported.")
            row[name] = _lines(value, resource.children[name])
        elif not field.read_only:
            row[name] = _value(value, field, resource)
    if not partial:
        for field in resource.fields.values():
            if "m" in field.flags and row.get(field.name) in (None, "", []):
                raise business("mandatory", _dutch(field.name))
    return row


def _lines(value: object, child: Resource) -> list[Row]:
    if not isinstance(value, list):
        raise Rejected(400, f"{_STREAM}The request should be a valid top-level resource object.")
    lines = cast("Sequence[object]", value)
    if not all(isinstance(line, dict) for line in lines):
        raise Rejected(400, f"{_STREAM}The request should be a valid top-level resource object.")
    return [_entity(cast("Mapping[str, object]", line), child) for line in lines]


def _value(value: object, field: Field, resource: Resource) -> object:
    if value is None:
        return None
    wrong = Rejected(400, f"{_STREAM}Error converting value for property '{field.name}' of type '{resource.model}'.")
    if field.kind == "guid":
        if not isinstance(value, str) or not _GUID.fullmatch(value):
            raise Rejected(400, f"{_STREAM}Niet herkende GUID-indeling.")
        return value.lower()
    if field.kind == "date":
        try:
            return datetime.fromisoformat(str(value)).replace(tzinfo=None)
        except ValueError:
            raise wrong from None
    if field.kind in ("int", "byte", "bool"):
        fits = (
            isinstance(value, bool) if field.kind == "bool" else isinstance(value, int) and not isinstance(value, bool)
        )
        if not fits:
            raise wrong
        return value
    if field.kind == "double":
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise wrong
        return Decimal(value)
    if not isinstance(value, str):
        raise wrong
    if len(value) > (field.length or len(value)) or (field.pad and len(value.strip()) > field.pad):
        raise business("invalid", _dutch(field.name))
    return value


def _dutch(name: str) -> str:
    return {
        "Journal": "Dagboek",
        "Name": "Naam",
        "Description": "Omschrijving",
        "OrderedBy": "Klant",
        "Customer": "Klant",
        "Item": "Artikel",
        "GLAccount": "Grootboekrekening",
        "PaymentCondition": "Betalingsconditie",
        "VATCode": "Btw-code",
    }.get(name, name)
