"""What the shop tells of itself and of the API key [fact sheet 4, 7.15]."""

from collections.abc import Mapping
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from koppel.clock import Clock
from koppel_lightspeed.sandbox import answers
from koppel_lightspeed.sandbox.windows import KeyMeters

KEY, SECRET = "sandbox0sandbox0sandbox0sandbox0", "geheim00geheim00geheim00geheim00"


class About:
    """The shop's own records."""

    def __init__(self, clock: Clock, meters: KeyMeters, switches: Mapping[str, str]) -> None:
        self._clock = clock
        self._meters = meters
        self.currency = switches.get("currency", "EUR")
        self.languages = switches.get("languages", "nl,en").split(",")
        self.rights = switches.get("rights", "orders,settings").split(",")

    def get_shop(self, request: Request) -> Response:
        """``GET shop``."""
        del request
        currency = {"shortcode": self.currency, "title": self.currency, "isDefault": True, "currencyRate": "1.000000"}
        country = {"id": 150, "code": "nl", "code3": "nld", "title": "Netherlands, The"}
        return answers.answer(
            {"shop": {"id": 356891, "status": "live", "isB2b": False, "country": country, "currency": currency}}
        )

    def get_account(self, request: Request) -> Response:
        """``GET account``."""
        del request
        return answers.answer({"account": {"id": 19609, "appId": False, "apiKey": KEY}})

    def get_permissions(self, request: Request) -> Response:
        """``GET account/permissions``."""
        del request
        scopes = ("content", "products", "customers", "orders", "settings", "tracking")
        return answers.answer(
            {"accountPermissions": {each: {"read": each in self.rights, "write": False} for each in scopes}}
        )

    def get_rate_limit(self, request: Request) -> Response:
        """``GET account/ratelimit``."""
        del request
        now = self._clock.now()
        body = {
            name: {
                "limit": meter.calls,
                "remaining": meter.remaining,
                "reset": int(meter.reset_after),
                "resetTime": (now + timedelta(seconds=meter.reset_after)).isoformat(timespec="seconds"),
            }
            for name, meter in zip(
                ("limit5Min", "limitHour", "limitDay"),
                self._meters.of(KEY),
                strict=True,
            )
        }
        return answers.answer({"accountRatelimit": body})

    def list_languages(self, request: Request) -> Response:
        """``GET languages``."""
        del request
        return answers.answer(
            {
                "languages": [
                    {"id": place, "isActive": True, "code": code} for place, code in enumerate(self.languages, start=1)
                ]
            }
        )
