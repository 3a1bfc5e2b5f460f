"""How the vendor's answers look: exact numbers, envelopes, errors, and four ways to say "not set" [fact sheet 6, 7]."""

from collections.abc import Mapping
from random import Random
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from koppel_lightspeed.sandbox.orders import Json, ShopOrder, reference

_ENCODER = msgspec.json.Encoder(decimal_format="number")
UNSET: tuple[Any, ...] = (False, None, "", [])
HANGING = ("invoices", "shipments", "products", "metafields", "events")


def answer(body: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(_ENCODER.encode(body), status, media_type="application/json")


def error(request: Request, status: int, message: str, *, inside: bool = False) -> Response:
    """The error envelope; ``inside``: in an answer that says 200."""
    body = {"code": status, "method": request.method, "request": request.url.path, "message": message}
    return answer({"error": body}, 200 if inside else status)


def row(order: ShopOrder, fields: str | None) -> Json:
    """An order in a list: what hangs below it is referred to, not embedded; ``fields`` chooses top-level names."""
    body = {**order.fields, "customer": _customer(order, embed=False), **_hanging(order, {})}
    if not fields:
        return body
    wanted = {name.strip() for name in fields.split(",")}
    return {name: value for name, value in body.items() if name in wanted}


def single(order: ShopOrder, *, embed: bool) -> Json:
    """An order on its own, with all that hangs below it."""
    below: Mapping[str, list[Json]] = {
        "invoices": order.invoices,
        "shipments": [],
        "products": order.lines,
        "metafields": [],
        "events": order.events,
    }
    hanging = _hanging(order, below if embed else {})
    return {**order.fields, "customer": _customer(order, embed=embed), **hanging}


def unsettle(body: Json, random: Random) -> Json:
    """The same with each "not set" said in one of the four ways, at random."""
    return {name: random.choice(UNSET) if _unset(value) else value for name, value in body.items()}


def _unset(value: object) -> bool:
    return value is None or value in ("", []) or value is False


def _hanging(order: ShopOrder, below: Mapping[str, list[Json]]) -> Json:
    urls = {
        "invoices": f"invoices?order={order.id}",
        "shipments": f"shipments?order={order.id}",
        "products": f"orders/{order.id}/products",
        "metafields": f"orders/{order.id}/metafields",
        "events": f"orders/events?order={order.id}",
    }
    body: Json = {}
    for name in HANGING:
        resource: Json = {"id": False, "url": urls[name], "link": f"https://api.webshopapp.com/nl/{urls[name]}"}
        if name in below:
            resource["embedded"] = below[name]
        body[name] = {"resource": resource}
    return body


def _customer(order: ShopOrder, *, embed: bool) -> Json | bool:
    customer = order.fields.get("customer")
    if not isinstance(customer, int) or customer is False:
        return False
    body = reference("customers", customer)
    if embed:
        body["resource"]["embedded"] = {"id": customer, "email": order.fields["email"], "type": "registered"}
    return body
