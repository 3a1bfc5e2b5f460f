"""Signing in, and what is told before it ends."""

import base64
from datetime import date

import pytest

from koppel.plugin import Misconfigured, Secret
from koppel.vendor import HeaderSignIn, TokenSignIn
from koppel_afas.sandbox import APP_TOKEN
from koppel_afas.settings import Settings
from koppel_afas.signin import base_url, encoded_token, expiry_findings, sign_in

OAUTH = Settings(environment="12345", client_id="id", client_secret=Secret("s3cret"))
CLASSIC = Settings(environment="12345", app_token=Secret(APP_TOKEN))
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        (Settings(environment="12345"), "https://12345.rest.afas.online/ProfitRestServices"),
        (Settings(environment="12345", system="test"), "https://12345.resttest.afas.online/ProfitRestServices"),
        (Settings(environment="12345", base_url="http://127.0.0.1:1/x/"), "http://127.0.0.1:1/x"),
    ],
)
def test_address(settings: Settings, address: str) -> None:
    assert base_url(settings) == address


def test_address_needs_an_environment() -> None:
    with pytest.raises(Misconfigured, match="environment"):
        base_url(Settings(environment="1234"))


def test_oauth_comes_first() -> None:
    both = Settings(environment="12345", client_id="id", client_secret=Secret("s3cret"), app_token=Secret(APP_TOKEN))
    way = sign_in(both)
    assert isinstance(way, TokenSignIn)
    assert way.token_url == "https://12345.rest.afas.online/ProfitRestServices/oauth/token"
    assert way.form(None) == {"grant_type": "client_credentials", "client_id": "id", "client_secret": "s3cret"}
    assert "s3cret" not in f"{way!r} {way.key}"


def test_token_address_can_be_set() -> None:
    way = sign_in(Settings(base_url="https://a", token_url="https://b/t", client_id="i", client_secret=Secret("s")))
    assert isinstance(way, TokenSignIn)
    assert way.token_url == "https://b/t"


def test_classic_token_is_base64_of_the_whole_xml() -> None:
    way = sign_in(CLASSIC)
    assert isinstance(way, HeaderSignIn)
    assert way.headers == {"Authorization": "AfasToken " + base64.b64encode(APP_TOKEN.encode()).decode()}
    assert APP_TOKEN not in repr(way)


def test_token_in_any_shape() -> None:
    wanted = encoded_token(APP_TOKEN)
    spaced = APP_TOKEN.replace("><", ">\r\n  <")
    assert encoded_token(f"\n{spaced}\n") == wanted
    assert encoded_token(wanted) == wanted
    assert encoded_token(base64.b64encode(spaced.encode()).decode()) == wanted


@pytest.mark.parametrize("token", ["", "abc", "<token><data>1</data></token>", base64.b64encode(b"x").decode()])
def test_what_is_no_token_is_told(token: str) -> None:
    with pytest.raises(Misconfigured):
        encoded_token(token)


def test_no_credentials_are_told() -> None:
    with pytest.raises(Misconfigured, match="sign in"):
        sign_in(Settings(environment="12345", client_id="id"))


def test_classic_token_is_warned_of() -> None:
    (finding,) = expiry_findings(CLASSIC, TODAY, "0")
    assert finding.level == "warning"
    assert "2027-05-01" in finding.message
    (sooner,) = expiry_findings(CLASSIC, TODAY, "2027-01-31T00:00:00Z")
    assert "2027-01-31" in sooner.message
    (ended,) = expiry_findings(CLASSIC, date(2027, 9, 1))
    assert ended.level == "error"


@pytest.mark.parametrize(("today", "level"), [(TODAY, ""), (date(2027, 1, 20), "warning"), (date(2027, 2, 2), "error")])
def test_client_secret_is_warned_of(today: date, level: str) -> None:
    settings = Settings(
        environment="12345", client_id="id", client_secret=Secret("s"), client_secret_expires=date(2027, 2, 1)
    )
    assert [finding.level for finding in expiry_findings(settings, today)] == ([level] if level else [])
    assert expiry_findings(OAUTH, today) == []
