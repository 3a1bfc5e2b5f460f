"""AFAS' JSON, filters and times, without I/O."""

from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koppel.errors import RetryLater
from koppel.vendor import Reply
from koppel_afas.reader import Metainfo
from koppel_afas.tables import QUERY_LENGTH
from koppel_afas.wire import (
    amount,
    amsterdam,
    any_of,
    as_amsterdam,
    day,
    element,
    flag,
    key_written,
    number,
    page_of,
    text,
    told,
)


def reply(content: bytes, status: int = 200) -> Reply:
    return Reply(status, {}, content)


def test_rows_are_exact() -> None:
    row = (page_of(reply(b'{"skip":0,"take":1,"rows":[{"a":1.10,"b":null,"c":"007","d":true,"e":3}]}')).rows or [])[0]
    assert row == {"a": Decimal("1.10"), "b": None, "c": "007", "d": True, "e": 3}
    assert not any(isinstance(value, float) for value in row.values())


def test_json_of_before_profit_7_is_mended_outside_of_text() -> None:
    row = (page_of(reply(b'{"rows":[{"a":-.5,"b":.25,"c":"x .5 \\" -.5","d":1.5}]}')).rows or [])[0]
    assert row == {"a": Decimal("-0.5"), "b": Decimal("0.25"), "c": 'x .5 " -.5', "d": Decimal("1.5")}


def test_keys_without_value_count_as_absent() -> None:
    body = b"""{"updateConnectors":[{"id":"FbSales","description":null}],"getConnectors":null,
        "info":{"envid":"O12345AA","appName":null,"group":null,"tokenExpiry":0}}"""
    found = told(body, Metainfo)
    assert [each.id for each in found.update_connectors] == ["FbSales"]
    assert (found.get_connectors, found.info.app_name, found.info.token_expiry) == ([], "", 0)


@pytest.mark.parametrize("content", [b"<html>", b'{"rows":', b'{"rows":[1]}', b"", b"\xff"])
def test_what_is_no_page_is_a_temporary_fault(content: bytes) -> None:
    with pytest.raises(RetryLater):
        page_of(reply(content))


def test_z_is_amsterdam() -> None:
    assert amsterdam("2026-07-01T09:00:00Z") == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert amsterdam("2026-12-31T23:30:00Z") == datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    assert day("2026-11-21T00:00:00Z") == date(2026, 11, 21)
    assert amsterdam(None) is None
    assert day("onbekend") is None


@given(st.integers(946_684_800, 2_524_608_000))
def test_times_go_both_ways(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    back = amsterdam(as_amsterdam(moment))
    assert back is not None
    assert abs((back - moment).total_seconds()) in (0, 3600)
    assert as_amsterdam(back) == as_amsterdam(moment)


def test_values_in_any_spelling() -> None:
    assert [flag(value) for value in (True, "true", 1, "1", False, None, "0")] == [True] * 4 + [False] * 3
    assert (amount("12.50"), amount(3), amount(None), amount("-"), amount(True)) == (
        Decimal("12.50"), Decimal(3), None, None, None,
    )  # fmt: skip
    assert (text(None), text(25001), text(" x ")) == ("", "25001", "x")
    assert str(number(Decimal("1E+2"))) == "100"


def test_or_is_a_semicolon_in_all_three_lists() -> None:
    (params,) = any_of([("Ref", "A-1"), ("Ref", "B")], "OrderNumber")
    assert params == [
        ("filterfieldids", "Ref;Ref"),
        ("filtervalues", "A-1;B"),
        ("operatortypes", "1;1"),
        ("orderbyfieldids", "OrderNumber"),
    ]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=100), max_size=60))
def test_no_query_is_too_long_and_none_is_forgotten(values: list[str]) -> None:
    queries = list(any_of([("CustomerReference", value) for value in values], "OrderNumber"))
    for params in queries:
        alone = len(params) == 2 or ";" not in dict(params)["filtervalues"]
        assert alone or len(urlencode(params)) + 24 <= QUERY_LENGTH
    plain = [value for params in queries for value in dict(params).get("filtervalues", "").split(";") if value]
    assert plain == [value for value in values if "," not in value and ";" not in value]


def test_element_leaves_out_what_is_not_there() -> None:
    assert element({"A": None, "B": False}, {"Sub": element({"C": 1})}, DbId="5") == {
        "@DbId": "5",
        "Fields": {"B": False},
        "Objects": [{"Sub": {"Element": {"Fields": {"C": 1}}}}],
    }


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b'{"results":{"FbSales":{"OrNu":"60001234"}}}', "60001234"),
        (b'{"results":{"FbSales":{"OrNu":60001234}}}', "60001234"),
        (b'{"results":{}}', ""),
        (b"", ""),
        (b"<html>", ""),
    ],
)
def test_key_written(content: bytes, key: str) -> None:
    assert key_written(reply(content, 201), "OrNu") == key
