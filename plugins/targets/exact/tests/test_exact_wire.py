"""The quirks of Exact's JSON."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koppel.clock import AMSTERDAM
from koppel.plugin import RetryLater
from koppel.vendor import Reply
from koppel_exact import wire
from koppel_exact.received import Account, Header, Journal


def reply(body: bytes, status: int = 200) -> Reply:
    return Reply(status, {}, body)


def test_milliseconds_count_the_dutch_wall_clock() -> None:
    assert wire.read_moment("/Date(1382667906263)/") == datetime(2013, 10, 25, 2, 25, 6, 263000, tzinfo=AMSTERDAM)
    assert wire.read_day("\\/Date(1351209600000)\\/") == date(2012, 10, 26)
    assert wire.read_day("/Date(1351209600000)/") == date(2012, 10, 26)


def test_days_that_cannot_be_read_are_none() -> None:
    assert wire.read_day(None) is None
    assert wire.read_day("soon") is None
    assert wire.read_day("2026-11-20T00:00:00") == date(2026, 11, 20)


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 1, 1)))
def test_days_survive_both_ways(day: date) -> None:
    assert wire.read_day(wire.show_day(day)) == day
    assert wire.read_day(wire.write_day(day)) == day


def test_moments_on_both_sides_of_the_clock_change() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    after = datetime(2026, 10, 25, 12, tzinfo=UTC)
    hours = [moment.hour for moment in map(wire.read_moment, map(wire.show_moment, (before, after))) if moment]
    assert hours == [14, 13]


def test_the_three_shapes_of_a_collection() -> None:
    page = reply(b'{"d":{"results":[{"ID":"a"}],"__next":"https://x/api/v1/1/y?$skiptoken=1"}}')
    assert wire.rows(page, Account) == ([Account(id="a")], "https://x/api/v1/1/y?$skiptoken=1")
    assert wire.rows(reply(b'{"d":[{"ID":"a"}]}'), Account) == ([Account(id="a")], None)
    assert wire.rows(reply(b'{"d":{"ID":"a","Unknown":{"x":[1]}}}'), Account) == ([Account(id="a")], None)
    assert wire.rows(reply(b'{"d":{"results":[]}}'), Account) == ([], None)


def test_amounts_stay_exact() -> None:
    header = wire.entity(reply(b'{"d":{"OrderID":"a","AmountFC":54.85,"OrderNumber":71}}'), Header)
    assert str(header.amount) == "54.85"


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"d":', b'{"d":{"results":"x"}}', b"[]", b'{"d":{"results":[]}}'])
def test_garbage_is_no_entity(body: bytes) -> None:
    with pytest.raises(RetryLater):
        wire.entity(reply(body), Account)


def test_error_texts_of_json_xml_and_header() -> None:
    json = b'{"error":{"code":"","message":{"lang":"","value":"Verplicht: Dagboek"}}}'
    assert wire.error_text(reply(json, 500)) == "Verplicht: Dagboek"
    assert (
        wire.error_text(reply(b"<error><code/><message xml:lang=''>Mandatory: X</message></error>", 500))
        == "Mandatory: X"
    )
    assert wire.error_text(Reply(400, {"reason": "TooEarly"}, b"")) == "TooEarly"
    assert wire.error_text(reply(b"<html>oops", 502)) == ""


def test_numbers_in_strings_are_read_and_stay_exact() -> None:
    header = wire.entity(reply(b'{"d":{"OrderID":"a","AmountFC":"54.85","OrderNumber":"71"}}'), Header)
    assert (str(header.amount), header.order_number) == ("54.85", 71)
    page = reply(b'{"d":{"results":[{"Code":"70","Type":"20","IsBlocked":"false"}]}}')
    assert wire.rows(page, Journal)[0] == [Journal(code="70", type=20, blocked=False)]


def test_an_entity_without_envelope_is_read() -> None:
    assert wire.entity(reply(b'{"ID":"a","Accountant":null}'), Account) == Account(id="a")


def test_a_day_with_an_offset_is_the_dutch_day() -> None:
    assert wire.read_day("2026-11-19T23:00:00Z") == date(2026, 11, 20)
    assert wire.read_day("2026-11-20T00:00:00+01:00") == date(2026, 11, 20)


def test_guids_are_the_same_in_either_case() -> None:
    assert wire.same_id("{AB12-EF}", "ab12-ef")
    assert not wire.same_id(None, "ab12-ef")
