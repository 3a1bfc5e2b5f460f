"""koppel vat, as a bookkeeper types it."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from koppel.cli.vat import vat
from koppel.vat.cases import COLUMNS

OWN = Path(__file__).parent / "own_cases.csv"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(vat, arguments)


def test_explain_in_dutch() -> None:
    result = run("explain", "--from", "NL", "--to", "ES-38001", "--gross", "121", "--date", "2026-03-01")
    assert result.exit_code == 0
    assert result.output.startswith("EXPORT  (rij 3)\nNL 0 %  excl. btw 121.00  btw 0.00 EUR\n")
    assert "de Canarische Eilanden" in result.output


def test_explain_in_english_with_a_warning() -> None:
    arguments = ("--from", "NL", "--to", "DE", "--gross", "119", "--date", "2026-03-01", "--language", "en")
    result = run("explain", *arguments, "--no-oss", "--above-threshold")
    assert "DE 19 %  excl. VAT 100.00  VAT 19.00 EUR" in result.output
    assert "Mind: This needs a VAT registration in DE, or OSS." in result.output
    refused = run("explain", *arguments)
    assert refused.exit_code == 0
    assert refused.output.startswith("REVIEW")
    assert "Advice: Set [seller] oss" in refused.output


@pytest.mark.parametrize("to", ["GB-BT1 1AA", "GB BT1 1AA", "gb-bt11aa"])
def test_explain_as_json(to: str) -> None:
    result = run("explain", "--from", "NL", "--to", to, "--gross", "120.00", "--date", "2026-03-01", "--oss", "--json")
    decision = json.loads(result.output)
    assert (decision["treatment"], decision["rate"], decision["country"]) == ("OSS", "20", "XI")
    assert (decision["net"], decision["vat"]) == ("100.00", "20.00")
    assert {"nl", "en"} == set(decision["trail"][0])


def test_every_option_of_explain_reaches_the_decision() -> None:
    base = ("explain", "--from", "NL", "--gross", "100", "--date", "2026-03-01", "--json")

    def treatment(*more: str) -> str:
        return str(json.loads(run(*base, *more).output)["treatment"])

    assert treatment("--to", "NL") == "DOMESTIC"
    assert treatment("--to", "NL", "--kor") == "KOR_EXEMPT"
    assert treatment("--to", "NL", "--type", "transfer") == "NO_BOOKING"
    assert treatment("--to", "NL", "--category", "medicine") == "REVIEW"
    assert treatment("--to", "NL", "--channel-vat", "zero") == "REVIEW"
    assert treatment("--to", "NL", "--seller", "CN", "--kor") == "REVIEW"
    assert treatment("--to", "GB", "--deemed-supplier") == "MARKETPLACE_DEEMED"
    assert treatment("--to", "GB", "--deemed-supplier", "--own-shop") == "REVIEW"
    assert treatment("--to", "DE", "--oss", "--business") == "REVIEW"
    assert treatment("--to", "DE", "--no-oss", "--below-threshold") == "ORIGIN_BELOW_THRESHOLD"
    assert treatment("--to", "DE", "--vat-id", "DE136695976", "--vies", "valid") == "ICS"
    assert json.loads(run(*base, "--to", "NL", "--currency", "jpy").output)["net"] == "83"


@pytest.mark.parametrize("gross", ["much", "NaN", "Infinity", ""])
def test_explain_refuses_what_is_no_amount(gross: str) -> None:
    result = run("explain", "--from", "NL", "--to", "NL", "--gross", gross, "--date", "2026-03-01")
    assert result.exit_code == 2
    assert "no amount" in result.output


def test_cases_to_the_screen_and_to_a_file(tmp_path: Path) -> None:
    shown = run("cases", str(OWN))
    assert shown.exit_code == 0
    rows = list(csv.DictReader(shown.output.splitlines()))
    assert rows[0]["treatment"] == rows[0]["expect_treatment"] == "REVIEW"
    target = tmp_path / "out.csv"
    written = run("cases", str(OWN), "--output", str(target), "--language", "en")
    assert written.exit_code == 0
    assert f"{len(rows)} rows" in written.output
    with target.open(encoding="utf-8", newline="") as file:
        assert [row["vat"] for row in csv.DictReader(file)] == [row["vat"] for row in rows]


def test_cases_as_json() -> None:
    rows = json.loads(run("cases", str(OWN), "--json").output)
    assert {"id", "treatment", "rate", "net", "vat", "reason", "extra"} == set(rows[0])


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"", 1), (b"nothing\n", 1), (b"id,gross\n1,\xff\n", 2), (b'id\n1\n"2', 3)],
)
def test_an_unreadable_file_names_file_and_line(tmp_path: Path, content: bytes, line: int) -> None:
    file = tmp_path / "cases.csv"
    file.write_bytes(content)
    result = run("cases", str(file))
    assert result.exit_code == 1
    assert f"cases.csv:{line}: " in result.output


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = run("cases", str(tmp_path / "none.csv"))
    assert result.exit_code == 1
    assert "none.csv:1: " in result.output
    (tmp_path / "one.csv").write_text(",".join(COLUMNS) + "\n", "utf-8")
    unwritable = run("cases", str(tmp_path / "one.csv"), "--output", str(tmp_path / "no" / "out.csv"))
    assert unwritable.exit_code == 1
    assert "cannot be written" in unwritable.output
