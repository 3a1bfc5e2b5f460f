"""Filters: how ours are written, and how the sandbox evaluates them."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koppel_snelstart import odata
from koppel_snelstart.sandbox import models
from koppel_snelstart.sandbox.odata import Dialect, compile_filter
from koppel_snelstart.sandbox.refusal import Refusal

NAME, MODEL = models.TYPES["listRelations"]
ROW = {
    "id": "75b4fe7b-062b-4ae1-bad1-5c5e3866a2ae",
    "naam": "O'Brien Test",
    "email": "Jan@Example.invalid",
    "relatiecode": 12,
    "nonactief": False,
    "incassoSoort": None,
    "modifiedOn": "2026-11-20T14:03:11.21",
    "relatiesoort": ["Klant"],
    "vestigingsAdres": {"straat": "Weg 1", "land": {"id": "00000000-0000-4000-8000-000000000500"}},
}


def holds(where: str, *, case_sensitive: bool = False) -> bool:
    return compile_filter(where, Dialect(NAME, MODEL, case_sensitive=case_sensitive))(ROW)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Email eq 'jan@example.invalid'", True),
        ("Naam eq 'O''Brien Test'", True),
        ("Id eq guid'75B4FE7B-062b-4ae1-bad1-5c5e3866a2ae'", True),
        ("ModifiedOn gt datetime'2026-11-20T14:03:11.2'", True),
        ("ModifiedOn gt datetime'2026-11-20T14:03:11.21'", False),
        ("ModifiedOn le datetime'2026-11-21'", True),
        ("VestigingsAdres/Land/Id ne guid'00000000-0000-4000-8000-000000000500'", False),
        ("CorrespondentieAdres/Land/Id eq null", True),
        ("Relatiesoort/any(r:r eq 'Klant')", True),
        ("Relatiesoort/any(r: r eq 'Leverancier')", False),
        ("IncassoSoort ne null", False),
        ("substringof('test', Naam) eq true", True),
        ("substringof('x', IncassoSoort) eq true", False),
        ("startswith(Naam,'O''B') and not (Relatiecode lt 12)", True),
        ("Relatiecode gt 0 and Relatiesoort/any(x: x eq 'Klant')", True),
        ("Relatiecode eq 1 or Relatiecode eq 2 and Nonactief eq false or Relatiecode ge 12", True),
        ("(Relatiecode eq 12 or Relatiecode eq 2) and Nonactief eq true", False),
        ("IncassoSoort gt 'a'", False),
    ],
)
def test_filters_are_evaluated(where: str, expected: bool) -> None:
    assert holds(where) is expected


def test_case_can_matter() -> None:
    assert not holds("Email eq 'jan@example.invalid'", case_sensitive=True)
    assert holds("Email eq 'Jan@Example.invalid'", case_sensitive=True)


@pytest.mark.parametrize(
    ("where", "body"),
    [
        ("naam eq 'x'", f"Could not find a property named 'naam' on type '{NAME}'."),
        ("Uri eq 'x'", f"Could not find a property named 'Uri' on type '{NAME}'."),
        ("tolower(Naam) eq 'x'", "An unknown function with name 'tolower' was found."),
    ],
)
def test_unknown_names_are_refused_in_the_vendors_words(where: str, body: str) -> None:
    with pytest.raises(Refusal) as caught:
        holds(where)
    assert (caught.value.status, caught.value.body) == (400, {"Message": body})


@pytest.mark.parametrize(
    "where", ["Naam eq", "Naam eq 'x", "Naam 'x'", "(Naam eq 'x'", "Naam eq 'x' or", "%", "Naam/any"]
)
def test_bad_syntax_is_refused(where: str) -> None:
    with pytest.raises(Refusal) as caught:
        holds(where)
    assert caught.value.status == 400


@given(st.text(max_size=30))
def test_any_text_survives_quoting(value: str) -> None:
    row = {"naam": value}
    matches = compile_filter(odata.equals("Naam", value), Dialect(NAME, MODEL, case_sensitive=True))
    assert matches(row) or odata.naive_moment(value)
    assert not matches({"naam": value + "x"})


@given(st.lists(st.emails(), min_size=1, max_size=60))
def test_filters_stay_within_what_servers_take(emails: list[str]) -> None:
    from urllib.parse import quote

    wheres = list(odata.either(odata.equals("Email", email) for email in emails))
    for where in wheres:
        compile_filter(where, Dialect(NAME, MODEL))
        assert len(quote(where)) <= 1900 or " or " not in where
    assert sum(where.count(" eq ") for where in wheres) == len(dict.fromkeys(emails))


def test_a_full_batch_is_one_filter_below_the_ceiling_of_nodes() -> None:
    clauses = [odata.equals("Email", f"buyer{number}@marketplace.amazon.nl") for number in range(20)]
    (where,) = odata.either(clauses)
    compile_filter(where, Dialect(NAME, MODEL))
    with pytest.raises(Refusal):
        compile_filter(where + " or Relatiecode eq 1", Dialect(NAME, MODEL))
    for where in odata.either((odata.contains("Email", f"{number}") for number in range(40)), at_most=12):
        compile_filter(where, Dialect(NAME, MODEL))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T14:03:11.21", datetime(2026, 11, 20, 14, 3, 11, 210_000)),  # noqa: DTZ001 - naive at the vendor
        ("2026-11-20T14:03:11.2170001", datetime(2026, 11, 20, 14, 3, 11, 217_000)),  # noqa: DTZ001
        ("2026-11-20T00:00:00Z", datetime(2026, 11, 20)),  # noqa: DTZ001
        ("2026-11-20", datetime(2026, 11, 20)),  # noqa: DTZ001
        ("yesterday", None),
        (None, None),
    ],
)
def test_moments_of_any_precision(text: str | None, moment: Any) -> None:
    assert odata.naive_moment(text) == moment
