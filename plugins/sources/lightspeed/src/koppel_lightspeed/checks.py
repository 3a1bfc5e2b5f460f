"""``koppel check``: sign-in, rights, language, currency and country, limits, in four cheap calls."""

from collections.abc import Iterator

from koppel.plugin import Finding, KoppelError
from koppel_lightspeed.api import LightspeedApi
from koppel_lightspeed.mapper import country_code
from koppel_lightspeed.settings import LightspeedSettings
from koppel_lightspeed.tables import KEY_LENGTH


async def examine(api: LightspeedApi, settings: LightspeedSettings) -> list[Finding]:
    """What is wrong, or worth knowing [fact sheet 3.4]. Stops at the first thing without which nothing else works."""
    found = list(_key(settings))
    try:
        found += await _rights(api)
        found += await _shop(api, settings)
        found += await _language(api, settings)
        found += await _limits(api, settings)
    except KoppelError as error:
        found.append(Finding(level="error", subject=error.code, message=error.message, suggestion=error.suggestion))
    return found


def _key(settings: LightspeedSettings) -> Iterator[Finding]:
    for name, value in (("api_key", settings.api_key), ("api_secret", settings.api_secret)):
        if len(value) != KEY_LENGTH:
            yield Finding(
                level="warning",
                subject="sign-in",
                message=f"{name} has {len(value)} characters; Lightspeed's have {KEY_LENGTH}.",
                suggestion="Copy it again from the back office: Settings > Developers.",
            )


async def _rights(api: LightspeedApi) -> list[Finding]:
    permissions = await api.permissions()
    found = [Finding(level="ok", subject="sign-in", message="Lightspeed accepts the API key.")]
    for name, scope in (("orders", permissions.orders), ("settings", permissions.settings)):
        if not scope.read:
            found.append(
                Finding(
                    level="error",
                    subject="rights",
                    message=f"The API key may not read {name}.",
                    suggestion=f"Tick read for {name} at the key in the back office: Settings > Developers.",
                )
            )
    return found


async def _shop(api: LightspeedApi, settings: LightspeedSettings) -> list[Finding]:
    shop = await api.shop()
    found = [Finding(level="ok", subject="shop", message=f"Amounts are in {shop.currency.shortcode}.")]
    if shop.status == "test":
        found.append(Finding(level="warning", subject="shop", message="This is a test shop."))
    country = country_code(shop.country)
    if country and settings.ships_from and country != settings.ships_from:
        found.append(
            Finding(
                level="warning",
                subject="VAT",
                message=f"The shop is in {country}, but goods leave from {settings.ships_from} by the settings.",
                suggestion="Look whether ships_from is the country of the stock: it decides the VAT.",
            )
        )
    return found


async def _language(api: LightspeedApi, settings: LightspeedSettings) -> list[Finding]:
    languages = {language.code for language in await api.languages()}
    if settings.language in languages:
        return [Finding(level="ok", subject="language", message=f"The shop has the language {settings.language}.")]
    return [
        Finding(
            level="error",
            subject="language",
            message=f"The shop does not have the language {settings.language}.",
            suggestion=f"Set language to one of: {', '.join(sorted(filter(None, languages)))}.",
        )
    ]


async def _limits(api: LightspeedApi, settings: LightspeedSettings) -> list[Finding]:
    limit = await api.rate_limit()
    allowed = f"{limit.limit5_min.limit}/{limit.limit_hour.limit}/{limit.limit_day.limit}"
    if allowed == settings.calls:
        return []
    return [
        Finding(
            level="warning",
            subject="limits",
            message=f"Lightspeed allows this key {allowed} calls in 5 minutes/an hour/a day; set are {settings.calls}.",
            suggestion=f'Set calls = "{allowed}".',
        )
    ]
