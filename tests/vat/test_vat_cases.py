"""A bookkeeper's file of cases: every row decided as somebody worked it out by hand."""

import csv
import io
from functools import cache
from pathlib import Path

import pytest

from koppel.vat.cases import COLUMNS, Outcome, Unreadable, decide_cases, write_cases

OWN = Path(__file__).parent / "own_cases.csv"
with OWN.open(encoding="utf-8", newline="") as opened:
    OWN_IDS = [row["id"] for row in csv.DictReader(opened)]
HEADER = ",".join(COLUMNS)
PLAIN = {
    "id": "1",
    "seller_country": "NL",
    "sender_country": "NL",
    "buyer_country": "NL",
    "buyer_postcode": "1012 AB",
    "buyer_vat_id": "",
    "channel": "amazon",
    "deemed_supplier": "no",
    "product_category": "standard",
    "gross": "121.00",
    "currency": "EUR",
    "date": "2026-03-01",
    "seller_oss_registered": "yes",
    "txn_type": "sale",
    "vies_status": "",
    "threshold_exceeded": "yes",
    "kor": "no",
    "channel_vat": "",
}


def row(**changes: str) -> str:
    cells = {**PLAIN, **changes}
    return ",".join(cells[name] for name in COLUMNS)


def one(text: str, language: str = "en") -> Outcome:
    (outcome,) = decide_cases(text, language)
    return outcome


@cache
def own_outcomes() -> dict[str, Outcome]:
    return {outcome.id: outcome for outcome in decide_cases(OWN.read_text("utf-8"), "nl")}


@pytest.mark.parametrize("case", OWN_IDS)
def test_own_case(case: str) -> None:
    outcome = own_outcomes()[case]
    extra = outcome.extra
    expected = tuple(extra[f"expect_{name}"] for name in ("treatment", "rate", "net", "vat"))
    assert (outcome.treatment, outcome.rate, outcome.net, outcome.vat) == expected, extra["note"]
    assert outcome.reason.endswith(".") or outcome.reason.endswith("?"), "every case has its reason"


def test_there_are_more_than_two_hundred_cases() -> None:
    assert len(own_outcomes()) == len(OWN_IDS) > 200


def test_result_columns_then_extra_columns() -> None:
    text = f"{HEADER},note,mine\n{row()},first,7\n"
    written = write_cases(list(decide_cases(text, "en")))
    header, cells = csv.reader(io.StringIO(written))
    assert header == ["id", "treatment", "rate", "net", "vat", "reason", "note", "mine"]
    assert cells[:5] == ["1", "DOMESTIC", "21", "100.00", "21.00"]
    assert cells[5] == (
        "Leaves from and arrives in NL: domestic sale, to consumers and businesses alike. "
        "NL, standard on 2026-03-01: 21 %. Of 121.00 EUR, 21.00 is VAT."
    )
    assert cells[6:] == ["first", "7"]


def test_reason_in_dutch_with_the_suggestion() -> None:
    outcome = one(f"{HEADER}\n{row(buyer_country='DE', buyer_vat_id='DE136695976', vies_status='unknown')}\n", "nl")
    assert "VIES gaf geen antwoord" in outcome.reason
    assert outcome.reason.endswith("er wordt opnieuw gevraagd.")


def test_warning_is_in_the_reason() -> None:
    facts = {"buyer_country": "DE", "buyer_vat_id": "DE12345", "channel_vat": "charged", "gross": "119.00"}
    outcome = one(f"{HEADER}\n{row(**facts)}\n")
    assert outcome.treatment == "OSS"
    assert "booked as a consumer sale" in outcome.reason


def test_columns_in_any_order_semicolons_and_byte_order_mark() -> None:
    names = list(reversed(COLUMNS))
    text = "\ufeff" + ";".join(names).upper() + "\r\n" + ";".join(PLAIN[name] for name in names) + "\r\n\r\n"
    assert one(text).treatment == "DOMESTIC"


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "id"])
def test_missing_column(name: str) -> None:
    kept = [each for each in COLUMNS if each != name]
    outcome = one(",".join(kept) + "\n" + ",".join(PLAIN[each] for each in kept) + "\n")
    if name in ("buyer_postcode", "buyer_vat_id", "vies_status", "channel_vat"):
        assert outcome.treatment == "DOMESTIC"
    else:
        assert (outcome.treatment, outcome.reason) == ("REVIEW", f"The column {name} is missing.")
        assert (outcome.id, outcome.rate, outcome.net, outcome.vat) == ("1", "", "", "")


@pytest.mark.parametrize("cells", [row() + ",surplus", row().rpartition(",")[0]])
def test_row_of_the_wrong_width(cells: str) -> None:
    outcome = one(f"{HEADER}\n{cells}\n")
    assert outcome.treatment == "REVIEW"
    assert "fields, the header 18" in outcome.reason
    assert "velden, de kop 18" in one(f"{HEADER}\n{cells}\n", "nl").reason


def test_a_row_too_short_for_its_id_has_none() -> None:
    outcome = one("gross,id\n5\n")
    assert (outcome.id, outcome.treatment) == ("", "REVIEW")


def test_bad_row_does_not_hide_the_good_ones() -> None:
    outcomes = list(decide_cases(f"{HEADER}\n{row(gross='x')}\n{row(id='2')}\n", "nl"))
    assert [each.treatment for each in outcomes] == ["REVIEW", "DOMESTIC"]


@pytest.mark.parametrize(
    ("text", "line"), [("", 1), ("a,b\n1,2\n", 1), (f'{HEADER}\n{row()}\n"open', 3), (f'{HEADER}\n"a"b{row()}\n', 2)]
)
def test_unreadable_file_tells_the_line(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as caught:
        list(decide_cases(text, "en"))
    assert caught.value.line == line


def test_no_rows_gives_a_header_only() -> None:
    assert write_cases(list(decide_cases(f"{HEADER}\n", "en"))) == "id,treatment,rate,net,vat,reason\n"


@pytest.mark.parametrize(
    ("category", "treatment"),
    [
        ("shipping:standard", "DOMESTIC"), (" Gift_Wrap : Books_Printed ", "DOMESTIC"), ("parcel:standard", "REVIEW"),
        ("shipping", "REVIEW"), ("shipping:", "REVIEW"), (":standard", "REVIEW"), ("promotion:zero", "DOMESTIC"),
    ],
)  # fmt: skip
def test_what_an_amount_is_for(category: str, treatment: str) -> None:
    assert one(f"{HEADER}\n{row(product_category=category)}\n").treatment == treatment


def test_quoted_cells_with_line_breaks_stay_together() -> None:
    text = f'{HEADER},note\n{row()},"two\nlines"\n'
    assert one(text).extra == {"note": "two\nlines"}
