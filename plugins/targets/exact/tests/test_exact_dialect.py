"""What Exact's answers mean, and the brake on errors."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from koppel.plugin import (
    AlreadyExists,
    CustomerGone,
    KoppelError,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RetryLater,
    SignInNeeded,
)
from koppel.testing.clock import VirtualClock
from koppel.vendor import Feedback, Reply
from koppel_exact import dialect, tables
from koppel_exact.signin import refusal
from koppel_exact.velocity import ErrorVelocity, shared_velocity

NOW = datetime(2023, 5, 12, 8, 18, 25, tzinfo=UTC)


def told(text: str, status: int = 500) -> Reply:
    body = {"error": {"code": "", "message": {"lang": "", "value": text}}}
    return Reply(status, {}, msgspec.json.encode(body))


def meaning(text: str, status: int = 500, *, write: bool = True) -> KoppelError:
    return dialect.error("POST salesorder/SalesOrders", write, told(text, status), VirtualClock())


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("Verplicht: Betalingsconditie", Refused, dialect.VALIDATION),
        ("Mandatory: Journal", Refused, dialect.VALIDATION),
        ("Ongeldig: Btw-percentage []", Refused, dialect.VALIDATION),
        ("Invalid: Email []", Refused, dialect.VALIDATION),
        ("Invalid journal. The journal must be a cash journal.", Refused, dialect.VALIDATION),
        ("Niet toegestaan: Btw-code", Refused, dialect.VALIDATION),
        ("De boeking is niet in evenwicht op: 2022 / 4 Verschil: EUR -0,01", Refused, dialect.VALIDATION),
        ("Reeds verwerkt", Refused, dialect.VALIDATION),
        ("Ongeldige referentie: Journals", Refused, dialect.REFERENCE_REFUSED),
        ("Invalid reference: VAT code", Refused, dialect.REFERENCE_REFUSED),
        ("Niet herkende GUID-indeling.", Refused, dialect.REFERENCE_REFUSED),
        ("Ongeldig: Klant (Type)", CustomerGone, dialect.CUSTOMER_REFUSED),
        ("Invalid reference: Account", CustomerGone, dialect.CUSTOMER_REFUSED),
        ("Gegeven bestaat reeds.", AlreadyExists, "exact.exists"),
        ("Data already exists", AlreadyExists, "exact.exists"),
        ("Verkoopordernummer: Bestaat reeds", AlreadyExists, "exact.exists"),
        ("In gebruik: Boekstuknummer", AlreadyExists, "exact.exists"),
        ("Moet zijn: Uniek - Artikel, Valuta, Eenheid", AlreadyExists, "exact.exists"),
        ("Periode is afgesloten: 2025 - 12", Refused, dialect.PERIOD_CLOSED),
        ("Period is closed: 2025 - 12", Refused, dialect.PERIOD_CLOSED),
        ("Onbekend: Boekjaar (Periode-datum tabel)", Refused, dialect.YEAR_MISSING),
        ("Unknown: Fiscal year (Period - date table).", Refused, dialect.YEAR_MISSING),
    ],
)
def test_a_business_rule_is_a_refusal_in_both_languages(text: str, kind: type[Refused], code: str) -> None:
    error = meaning(text)
    assert (type(error), error.code) == (kind, code)
    assert text.rstrip(".").split("[")[0] in error.message


@pytest.mark.parametrize(
    "text",
    [
        "A problem has occurred. The cause of this issue will be investigated as soon as possible.",
        "Object reference not set to an instance of an object.",
        "De objectverwijzing is niet op een exemplaar ingesteld.",
        "",
        "Iets heel anders",
    ],
)
def test_any_other_500_proves_nothing_about_a_write(text: str) -> None:
    assert isinstance(meaning(text), OutcomeUnknown)
    assert isinstance(meaning(text, write=False), RetryLater)


@pytest.mark.parametrize("status", [408, 502, 503, 504, 599])
def test_outages(status: int) -> None:
    page = Reply(status, {}, b"<html>Server Unavailable</html>")
    assert isinstance(dialect.error("POST x/Y", True, page, VirtualClock()), OutcomeUnknown)
    assert isinstance(dialect.error("GET x/Y", False, page, VirtualClock()), RetryLater)


def test_the_scope_that_lacks_is_named() -> None:
    error = meaning("Forbidden - Application Scope Violated. Cannot read 'organization.administration' scope.", 403)
    assert isinstance(error, Misconfigured)
    assert "organization.administration" in error.message
    assert isinstance(meaning("Forbidden", 403), Misconfigured)


def test_a_wrong_request_is_refused_for_a_write_and_stops_a_read() -> None:
    text = "Error processing request stream. The property name 'X' specified for type 'Y' is not valid."
    assert isinstance(meaning(text, 400), Refused)
    assert isinstance(meaning("Bad Request - Error in query syntax.", 400, write=False), Misconfigured)
    assert isinstance(meaning("", 404, write=False), Misconfigured)


def test_texts_are_cleaned_of_personal_data() -> None:
    error = meaning("Ongeldig: E-mail [jan@example.test] jan@example.test")
    assert "example" not in error.message
    assert "2025 - 12" in dialect.scrub("Periode is afgesloten: [2025 - 12]")


def test_rate_headers_as_recorded() -> None:
    headers = {
        "x-ratelimit-minutely-limit": "60",
        "x-ratelimit-minutely-remaining": "58",
        "x-ratelimit-minutely-reset": "1683879540000",
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "4766",
        "x-ratelimit-reset": "1683936000000",
    }
    assert list(dialect.feedback(Reply(200, headers, b""), NOW)) == [
        Feedback(scope=tables.SCOPE, remaining=58, window=60.0, reset_after=35.0),
        Feedback(scope=tables.SCOPE, remaining=4766, window=86400.0, reset_after=56495.0),
    ]


def test_a_429_tells_only_the_limit_that_was_hit() -> None:
    headers = {"x-ratelimit-minutely-remaining": "49", "x-ratelimit-minutely-reset": "1683879540000"}
    assert list(dialect.feedback(Reply(429, headers, b""), NOW)) == [
        Feedback(scope=tables.SCOPE, remaining=0, window=60.0, reset_after=35.0)
    ]
    bare = list(dialect.feedback(Reply(429, {"x-ratelimit-remaining": "", "x-ratelimit-reset": "0"}, b""), NOW))
    assert bare == [Feedback(scope=tables.SCOPE, remaining=0, window=60.0, reset_after=35.0)]


def test_the_brake_stops_before_ten_errors_and_opens_again() -> None:
    clock = VirtualClock()
    brake = ErrorVelocity(clock)
    for _ in range(tables.ERROR_STOP - 1):
        brake.note("crm/Accounts", 400)
        clock.advance(60)
    brake.note("crm/Accounts", 500)
    brake.note("crm/Accounts", 200)
    brake.check("crm/Accounts")
    brake.note("crm/Accounts", 403)
    with pytest.raises(RetryLater) as stopped:
        brake.check("crm/Accounts")
    assert stopped.value.not_before == clock.now() + timedelta(minutes=55)
    brake.check("logistics/Items")
    clock.advance(55 * 60)
    brake.check("crm/Accounts")


def test_connections_of_one_app_and_division_share_the_brake() -> None:
    clock = VirtualClock()
    assert shared_velocity(clock, "app:1") is shared_velocity(clock, "app:1")
    assert shared_velocity(clock, "app:1") is not shared_velocity(clock, "app:2")
    assert shared_velocity(clock, "app:1") is not shared_velocity(VirtualClock(), "app:1")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            400,
            b'{"error":"access_denied","error_description":"Rate limit exceeded: access_token not expired"}',
            RetryLater,
        ),
        (401, b'{"error":"unauthorized_client","error_description":"Old refresh token used."}', SignInNeeded),
        (400, b'{"error":"invalid_grant"}', SignInNeeded),
        (401, b'{"error":"unauthorized_client"}', SignInNeeded),
        (403, b"", SignInNeeded),
        (400, b'{"error":"invalid_request"}', Misconfigured),
        (404, b"<html>", Misconfigured),
        (429, b"", RetryLater),
        (503, b"<html>", RetryLater),
    ],
)
def test_refused_token_requests(status: int, body: bytes, kind: type[KoppelError]) -> None:
    assert type(refusal(Reply(status, {}, body), VirtualClock())) is kind


def test_too_early_may_be_told_in_the_header_only() -> None:
    early = Reply(400, {"reason": "TooEarlyToRefreshTokens: Rate limit exceeded: access_token not expired"}, b"")
    error = refusal(early, clock := VirtualClock())
    assert isinstance(error, RetryLater)
    assert error.not_before == clock.now() + tables.TOKEN_REFUSED_WAIT
