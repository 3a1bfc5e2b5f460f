"""VAT numbers judged without asking anybody."""

import pytest

from koppel.vat.numbers import Shape, VatNumber, judge_number


@pytest.mark.parametrize(
    ("given", "text", "country"),
    [
        ("NL004495445B01", "NL004495445B01", "NL"),
        ("NL000099998B57", "NL000099998B57", "NL"),  # a sole trader's since 2020: mod 97 only
        ("nl 0044.95.445.B.01", "NL004495445B01", "NL"),
        ("BE0428759497", "BE0428759497", "BE"),
        ("BE 0428.759.497", "BE0428759497", "BE"),
        ("DE 136 695 976", "DE136695976", "DE"),
        ("EL094259216", "EL094259216", "GR"),
        ("GR 094259216", "EL094259216", "GR"),
        ("XI110305878", "XI110305878", "XI"),
        ("SE556188840401", "SE556188840401", "SE"),
        ("ATU13585627", "ATU13585627", "AT"),
        ("FR83404833048", "FR83404833048", "FR"),
        ("ESB58378431", "ESB58378431", "ES"),
        ("IE6433435F", "IE6433435F", "IE"),
    ],
)
def test_good(given: str, text: str, country: str) -> None:
    assert judge_number(given) == VatNumber(text=text, shape=Shape.GOOD, country=country)


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ("DE123456789", Shape.WRONG_CHECK),
        ("NL123456789B01", Shape.WRONG_CHECK),
        ("BE0123456789", Shape.WRONG_CHECK),
        ("IT12345678901", Shape.WRONG_CHECK),
        ("DE12345678", Shape.MALFORMED),
        ("NL004495445", Shape.MALFORMED),
        ("SE556188840402", Shape.MALFORMED),
        ("ESX", Shape.MALFORMED),
        ("EL1", Shape.MALFORMED),
        ("GB980780684", Shape.NOT_EU),
        ("CHE100155212", Shape.NOT_EU),
        ("EU372000041", Shape.NOT_EU),
        ("IM3720000224", Shape.NOT_EU),
        ("136695976", Shape.NOT_EU),
        ("", Shape.NOT_EU),
        ("btw", Shape.NOT_EU),
    ],
)
def test_not_good(given: str, shape: Shape) -> None:
    assert judge_number(given).shape is shape


def test_text_of_a_bad_number_is_what_was_given_without_decoration() -> None:
    assert judge_number(" de-123.456 78").text == "DE12345678"
    assert judge_number("gr 1").text == "EL1"
