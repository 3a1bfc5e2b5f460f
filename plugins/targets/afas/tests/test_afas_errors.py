"""What AFAS' refusals mean: a 500 is not a 500."""

from datetime import timedelta

import msgspec
import pytest

from koppel.errors import (
    AlreadyExists,
    CustomerGone,
    KoppelError,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RetryLater,
    SignInNeeded,
)
from koppel.testing.clock import START, VirtualClock
from koppel.vendor import Reply
from koppel_afas.errors import dialect, refusal

ERROR = dialect(VirtualClock()).error


def answer(message: str, number: int = -2147220469, status: int = 500) -> Reply:
    body = {"externalMessage": message, "errorNumber": number, "profitLogReference": "B8213AF1C3C54E579686406A8DE71C6C"}
    return Reply(status, {}, msgspec.json.encode(body))


@pytest.mark.parametrize(
    ("message", "kind", "code"),
    [
        ("De ingevulde waarde bij 'Verkooprelatie' bestaat niet.", CustomerGone, "afas.customer-gone"),
        ("The entered value for 'Sales contact' does not exist.", CustomerGone, "afas.customer-gone"),
        ("De ingevulde waarde bij 'Magazijn' bestaat niet.", Misconfigured, "afas.setting"),
        ("Vul een waarde in bij 'Verzamelrekening'.", Misconfigured, "afas.setting"),
        ("The entered value for 'Summary account' does not exist.", Misconfigured, "afas.setting"),
        ("De ingevulde waarde bij 'Btw-tariefgroep' bestaat niet.", Refused, "afas.vat-group"),
        ("De ingevulde waarde bij 'Valuta' bestaat niet.", Refused, "afas.currency"),
        ("De ingevulde waarde bij 'Itemcode' bestaat niet.", Refused, "afas.value-unknown"),
        ("Vul een waarde in bij 'Nummer'.", Misconfigured, "afas.no-autonumber"),
        ("Vul een waarde in bij 'Kleur'.", Refused, "afas.value-missing"),
        ("Datum '01-02-2024' valt in een geblokkeerde periode", Refused, "afas.year-closed"),
        ("Voor deze administratie is periode 8 van jaar 2023 geblokkeerd.", Refused, "afas.year-closed"),
        ("Boekjaar 2027 bestaat niet.", Refused, "afas.year-closed"),
        ("De boekingslayout is geblokkeerd door een andere gebruiker", RetryLater, "afas.locked"),
        ("The booking layout is blocked by another user", RetryLater, "afas.locked"),
        ("Transaction was chosen as deadlock victim", RetryLater, "afas.locked"),
        ("Deze GetConnector (definitie) is geblokkeerd", Misconfigured, "afas.connector-blocked"),
        ("Connector-veld 'Uw_ref' niet gevonden", Misconfigured, "afas.field-missing"),
        ("Connector field 'Uw_ref' not found", Misconfigured, "afas.field-missing"),
        (
            "Deze connector wordt niet ondersteund of de gebruiker is niet geautoriseerd",
            Misconfigured,
            "afas.not-granted",
        ),
        ("De waarde bij 'Itemcode' bestaat al.", AlreadyExists, "afas.exists"),
        ("De verkooporder is al gefactureerd.", Refused, "afas.refused"),
    ],
)
def test_functional_errors(message: str, kind: type[KoppelError], code: str) -> None:
    for is_write in (True, False):
        error = ERROR("FbSales", is_write, answer(message))
        assert type(error) is kind
        assert error.code == code
        assert "B8213AF1C3C54E579686406A8DE71C6C" in error.message


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"errorNumber": None, "profitLogReference": None},
        {"errorNumber": "-2147220469"},
        {"errorNumber": "0x80040213"},
    ],
)
def test_a_refusal_counts_whatever_stands_beside_its_text(more: dict[str, object]) -> None:
    body = {"externalMessage": "De ingevulde waarde bij 'Itemcode' bestaat niet.", **more}
    assert ERROR("FbSales", True, Reply(500, {}, msgspec.json.encode(body))).code == "afas.value-unknown"


@pytest.mark.parametrize(
    "reply",
    [
        answer("Er is een onverwachte fout opgetreden.", -2147180999),
        answer("De maximale tijdsduur voor het uitvoeren van de opdracht is verstreken."),
        answer("Command timeout expired."),
        Reply(500, {}, b"<html>oops"),
        Reply(502, {}, b""),
        Reply(504, {}, b"{}"),
    ],
)
def test_what_proves_nothing_is_unknown_for_a_write(reply: Reply) -> None:
    assert type(ERROR("FbSales", True, reply)) is OutcomeUnknown
    assert type(ERROR("FbSales", False, reply)) is RetryLater


def test_maintenance_tells_its_end() -> None:
    told = b'{"error":{"code":{"example":"503"},"message":{"example":"x"}},"retry_after":7200}'
    error = ERROR("FbSales", True, Reply(503, {}, told))
    assert isinstance(error, RetryLater)
    assert error.not_before == START + timedelta(hours=2)
    error = ERROR("FbSales", True, Reply(503, {}, told.replace(b"7200", b'"60"')))
    assert isinstance(error, RetryLater)
    assert error.not_before == START + timedelta(seconds=60)
    error = ERROR("FbSales", True, Reply(503, {"retry-after": "60"}, b""))
    assert isinstance(error, RetryLater)
    assert error.not_before == START + timedelta(seconds=60)
    error = ERROR("FbSales", True, Reply(503, {"retry-after": "Sat, 21 Nov 2026 08:01:00 GMT"}, b""))
    assert isinstance(error, RetryLater)
    assert error.not_before == START + timedelta(seconds=60)
    assert isinstance(ERROR("FbSales", True, Reply(503, {}, b"<html>")), OutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Refused), (401, Misconfigured), (403, Misconfigured), (404, Misconfigured), (413, Refused)],
)
def test_statuses(status: int, kind: type[KoppelError]) -> None:
    error = ERROR("FbSales", True, Reply(status, {}, b""))
    assert type(error) is kind
    assert error.suggestion


def test_401_of_metainfo_or_of_the_token_is_the_sign_in() -> None:
    assert type(ERROR("metainfo", False, Reply(401, {}, b""))) is SignInNeeded
    refused = Reply(401, {"www-authenticate": 'Bearer error="invalid_token"'}, b"")
    assert type(ERROR("FbSales", True, refused)) is SignInNeeded


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(400, {}, b'{"error":"invalid_client"}'), SignInNeeded),
        (Reply(401, {"www-authenticate": "Basic"}, b""), SignInNeeded),
        (Reply(400, {}, b'{"error":"invalid_request"}'), Misconfigured),
        (Reply(503, {}, b""), RetryLater),
    ],
)
def test_token_refusals(reply: Reply, kind: type[KoppelError]) -> None:
    assert type(refusal(reply)) is kind
