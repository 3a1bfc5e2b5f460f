"""What SnelStart's answers mean, in every shape they come in."""

import csv
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from koppel.vendor import Reply
from koppel_snelstart import refusals, tables
from koppel_snelstart.api import scopes_of

SHARED = Path(__file__).parents[5] / "shared" / "apis" / "snelstart"
NEEDS_SHARED = pytest.mark.skipif(not SHARED.is_dir(), reason="the vendors' specifications are not in ../shared")


def reply(status: int, body: object = b"", **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Reply(status, headers, content)


def of_write(status: int, body: object = b"") -> KoppelError:
    return refusals.refusal("createBooking", True, reply(status, body))


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ([{"errorCode": "BOE-0039", "message": "Uit balans", "details": None}], {"BOE-0039"}),
        ([{"errorCode": "BOE-0039"}, {"errorCode": "BOE-0028", "details": "regel 2"}], {"BOE-0039", "BOE-0028"}),
        ({"code": "BOE-0039", "Message": "x"}, {"BOE-0039"}),
        ({"errors": [{"errorCode": "BOE-0039"}]}, {"BOE-0039"}),
        ({"message": "Fout BOE-0039: uit balans"}, {"BOE-0039"}),
        (b"Fout: BOE-0039", {"BOE-0039"}),
        (b"<html><body>BOE-0039</body></html>", {"BOE-0039"}),
        (b'"BOE-0039"', {"BOE-0039"}),
        ([{"errorCode": "ZZZ-9999", "message": "Nieuw"}], {"ZZZ-9999"}),
        ({"message": "The request is invalid.", "modelState": {"relatie.Naam": ["required"]}}, set[str]()),
        ({"Message": "Could not find a property named 'naam'."}, set[str]()),
        (b"", set[str]()),
        (b"null", set[str]()),
        (b"\xff\xfe", set[str]()),
        (b"[[[]]]", set[str]()),
        ({"errorCode": {"x": 1}, "message": ["y"], "modelState": 3}, set[str]()),
    ],
)
def test_every_shape_is_read(body: object, codes: set[str]) -> None:
    error = of_write(400, body)
    assert isinstance(error, Refused)
    assert isinstance(error, refusals.CodedRefusal)
    assert error.codes == codes
    assert error.code in codes or error.code == "snelstart.400"
    assert error.suggestion


@given(st.binary(max_size=300), st.integers(400, 599), st.booleans())
def test_no_body_breaks_the_reader(body: bytes, status: int, is_write: bool) -> None:
    error = refusals.refusal("createBooking", is_write, reply(status, body))
    assert error.code
    assert status < 500 or isinstance(error, OutcomeUnknown if is_write else RetryLater)


def test_the_field_of_a_binding_error_is_named() -> None:
    error = of_write(400, {"message": "The request is invalid.", "modelState": {"relatie.Naam": ["is required"]}})
    assert "relatie.Naam: is required" in error.message


def test_what_could_be_a_person_or_a_key_is_left_out() -> None:
    error = of_write(400, {"message": "Adres jan@example.invalid en S2xldXRlbC1B0123456789abcdef== fout <b>x</b>"})
    assert "jan" not in error.message
    assert "S2xl" not in error.message
    assert "<b>" not in error.message


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("BOE-0021", AlreadyExists),
        ("ART-0005", AlreadyExists),
        ("BOE-0054", CustomerGone),
        ("BOE-0060", CustomerGone),
        ("VOR-0002", CustomerGone),
        ("ALG-0102", OutcomeUnknown),
        ("BOE-0042", Refused),
    ],
)
def test_codes_decide_what_happens_next(code: str, kind: type[KoppelError]) -> None:
    assert type(of_write(400, [{"errorCode": code, "message": "x"}])) in (kind, refusals.CodedRefusal)
    assert isinstance(of_write(400, [{"errorCode": code, "message": "x"}]), kind)
    assert isinstance(of_write(400, [{"errorCode": "BOE-0071"}, {"errorCode": code}]), kind)


def test_a_read_never_has_an_unknown_outcome() -> None:
    unknown = reply(400, [{"errorCode": "ALG-0102"}])
    assert isinstance(refusals.refusal("listRelations", False, unknown), RetryLater)
    assert isinstance(refusals.refusal("listRelations", False, reply(503)), RetryLater)


def test_401_tells_which_key() -> None:
    key = reply(401, {"statusCode": 401, "message": "Access denied due to invalid subscription key. Make sure …"})
    token = reply(401, {"message": "Authorization has been denied for this request."})
    assert not refusals.token_expired(key)
    assert refusals.token_expired(token)
    assert refusals.token_expired(reply(401))
    for answer, code in ((key, "snelstart.subscription-key"), (token, "snelstart.token")):
        error = refusals.refusal("createBooking", True, answer)
        assert isinstance(error, SignInNeeded)
        assert error.code == code


def test_403_is_quota_or_right() -> None:
    quota = reply(403, {"message": "Out of call volume quota. Quota will be replenished in 00:41:07."})
    assert refusals.throttled(quota)
    (told,) = refusals.feedback("listRelations", quota)
    assert (told.remaining, told.reset_after) == (0, 41 * 60 + 7)
    scope = refusals.refusal("createBooking", True, reply(403))
    assert isinstance(scope, Misconfigured)
    assert "boekhouden:write" in scope.message
    assert not refusals.throttled(reply(403))


def test_a_429_without_header_is_read_from_its_text() -> None:
    text = {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 17 seconds."}
    (told,) = refusals.feedback("listRelations", reply(429, text))
    assert told.reset_after == 17
    assert refusals.feedback("listRelations", reply(429, text, **{"retry-after": "17"})) == ()
    assert refusals.feedback("listRelations", reply(200)) == ()


def test_the_token_server_says_no_or_not_now() -> None:
    assert isinstance(refusals.token_refusal(reply(400, {"error": "x"})), SignInNeeded)
    assert isinstance(refusals.token_refusal(reply(401)), SignInNeeded)
    assert isinstance(refusals.token_refusal(reply(404)), Misconfigured)
    for status in (200, 429, 500, 503):
        assert isinstance(refusals.token_refusal(reply(status, b"<html>")), RetryLater)


def test_rights_are_read_from_a_token_if_it_tells() -> None:
    import base64

    def token(claims: bytes) -> str:
        return f"h.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.s"

    assert scopes_of(token(b'{"scopes": "a:read b:write"}')) == frozenset({"a:read", "b:write"})
    assert scopes_of(token(b'{"scopes": ["a:read"]}')) == frozenset({"a:read"})
    for nothing in ("opaque", "a.b.c", token(b"{}"), token(b"[1]"), token(b"\xff")):
        assert scopes_of(nothing) is None


@NEEDS_SHARED
def test_all_documented_codes_are_read() -> None:
    with (SHARED / "spec" / "error_codes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 272
    for row in rows:
        body = [{"errorCode": row["code"], "message": row["message_nl"], "details": None}]
        error = of_write(int(row["http_status"]), body)
        assert row["code"] in (error.code, "ALG-0102")
        assert error.message
        assert error.suggestion
    assert tables.ADVICE.keys() <= {row["code"] for row in rows}


@NEEDS_SHARED
@pytest.mark.parametrize(
    ("sample", "status", "kind"),
    [
        ("error_400_BOE-0021.json", 400, AlreadyExists),
        ("error_400_odata_unknown_property.json", 400, Refused),
        ("error_401_invalid_subscription_key.json", 401, SignInNeeded),
        ("inferred_error_401_expired_token.json", 401, SignInNeeded),
    ],
)
def test_recorded_errors_are_understood(sample: str, status: int, kind: type[KoppelError]) -> None:
    assert isinstance(of_write(status, (SHARED / "samples" / sample).read_bytes()), kind)
