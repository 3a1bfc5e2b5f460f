"""Consent: the address, the pasted answer, the exchange; and which refresh token is used."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from koppel.plugin import Misconfigured, Secret, SignInNeeded
from koppel.testing.clock import VirtualClock
from koppel.vendor import Token
from koppel_exact import authorise
from koppel_exact.settings import ExactSettings
from koppel_exact.signin import refresh_form, sign_in, token_key


def settings(**changes: Any) -> ExactSettings:
    own = {
        "client_id": "app",
        "client_secret": Secret("s&cret"),
        "division": 102,
        "refresh_token": Secret("first"),
        "redirect_uri": "https://shop.example/exact?x=1",
    }
    return msgspec.convert({**own, **changes}, ExactSettings)


def test_the_consent_address() -> None:
    address = authorise.consent_address(settings(), "st&te")
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://start.exactonline.nl/api/oauth2/auth"
    assert parse_qs(parts.query) == {
        "client_id": ["app"],
        "redirect_uri": ["https://shop.example/exact?x=1"],
        "response_type": ["code"],
        "state": ["st&te"],
        "force_login": ["1"],
    }


@pytest.mark.parametrize("redirect", ["", "http://localhost:8480/exact"])
def test_no_consent_without_a_public_https_address(redirect: str) -> None:
    with pytest.raises(Misconfigured):
        authorise.consent_address(settings(redirect_uri=redirect), "x")


@pytest.mark.parametrize(
    "pasted",
    [
        "https://shop.example/exact?code=stampNL001.a%21b%2Bc&state=s",
        " <https://shop.example/exact?state=s&code=stampNL001.a!b%2Bc> ",
        "?code=stampNL001.a%21b+c&state=s",
        "stampNL001.a%21b%2Bc",
        "stampNL001.a!b+c",
    ],
)
def test_the_code_is_found_and_decoded(pasted: str) -> None:
    assert authorise.code_from(pasted) == "stampNL001.a!b+c"


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("https://shop.example/exact?error=access_denied&state=s", "exact.consent-refused"),
        ("https://shop.example/exact?state=s", "exact.no-code"),
        ("", "exact.no-code"),
        ("I do not know", "exact.no-code"),
        ("https://shop.example/exact?code=abc&state=other", "exact.foreign-answer"),
        ("https://shop.example/exact?code=abc", "exact.foreign-answer"),
    ],
)
def test_answers_without_a_code_of_ours(pasted: str, code: str) -> None:
    with pytest.raises(SignInNeeded) as error:
        authorise.code_from(pasted, "s")
    assert error.value.code == code


def test_the_exchange_is_a_form_of_its_own() -> None:
    clock = VirtualClock()
    form = authorise.exchange(settings(), clock, "c!de").form(Token(access="old", expires_at=1.0, refresh="old"))
    assert form == {
        "grant_type": "authorization_code",
        "code": "c!de",
        "redirect_uri": "https://shop.example/exact?x=1",
        "client_id": "app",
        "client_secret": "s&cret",
    }


def test_the_stored_refresh_token_always_wins() -> None:
    assert refresh_form(settings(), None)["refresh_token"] == "first"
    stored = Token(access="a", expires_at=1.0, refresh="rotated")
    assert refresh_form(settings(), stored)["refresh_token"] == "rotated"
    with pytest.raises(SignInNeeded):
        refresh_form(settings(refresh_token=Secret("")), None)


def test_all_connections_of_an_app_share_one_refresher() -> None:
    assert token_key(settings()) == token_key(settings(division=7, document="sales_entry", journal="70"))
    assert token_key(settings()) != token_key(settings(client_id="other"))
    assert token_key(settings()) != token_key(settings(token_url="http://127.0.0.1:8501/api/oauth2/token"))


def test_nothing_secret_shows() -> None:
    shown = repr(settings()) + repr(sign_in(settings(), VirtualClock()))
    assert "s&cret" not in shown
    assert "first" not in shown
