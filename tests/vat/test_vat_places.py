"""The country code alone is not enough."""

import pytest

from koppel.vat.countries import country_code
from koppel.vat.places import OUTSIDE, Place, locate


def found(country: str | None, postcode: str | None = None, city: str | None = None) -> Place:
    place = locate(country, postcode, city)
    assert place is not None
    return place


@pytest.mark.parametrize(
    ("country", "postcode"),
    [
        ("ES", "35001"), ("ES", "38999"), ("ES", "ES-38001"), ("es", " e 38 001 "), ("ES", "51001"), ("ES", "52080"),
        ("DE", "27498"), ("DE", "D-78266"), ("FI", "22100"), ("FI", "AX-22100"), ("FR", "97110"), ("FR", "F-97490"),
        ("FR", "98800"), ("FR", "98713"), ("FR", "98599"), ("GR", "63086"), ("EL", "630 86"), ("GR", "63087"),
        ("IT", "23041"), ("IT", "I-23030"), ("IT", "22061"), ("IT", "47899"), ("IT", "00120"), ("DK", "3900"),
        ("CY", "99300"),
    ],
)  # fmt: skip
def test_outside_although_in_a_member_state(country: str, postcode: str) -> None:
    place = found(country, postcode)
    assert not place.inside
    assert place.country == country_code(country)
    assert place.note is not None
    assert "EU VAT rules do not apply" in place.note.en


@pytest.mark.parametrize(
    ("country", "postcode"),
    [
        ("ES", "28001"), ("ES", "3800"), ("ES", "380011"), ("ES", "50001"), ("ES", "53001"), ("ES", "34001"),
        ("ES", "36001"), ("ES", "07001"), ("DE", "27499"), ("DE", "78267"), ("FI", "00100"), ("FI", "21100"),
        ("FR", "75001"), ("FR", "96000"), ("GR", "63080"), ("IT", "23031"), ("IT", "22060"), ("IT", "47900"),
        ("IT", "00118"), ("DK", "3800"), ("CY", "1010"), ("NL", "3500 AA"), ("BE", "2200"), ("AT", "2200"),
        ("MT", "VLT 1117"), ("IE", "D02 AF30"),
    ],
)  # fmt: skip
def test_inside(country: str, postcode: str) -> None:
    place = found(country, postcode)
    assert place == Place(country=country, inside=True)


@pytest.mark.parametrize(("country", "postcode"), [("MC", None), ("MC", "98000"), ("FR", "98000"), ("FR", "MC-98025")])
def test_monaco_is_france(country: str, postcode: str | None) -> None:
    place = found(country, postcode)
    assert (place.country, place.inside) == ("FR", True)
    assert place.note is not None
    assert "Monaco" in place.note.nl


@pytest.mark.parametrize("postcode", ["BT1 1AA", "bt29 4ab", "GB-BT1 1AA"[3:]])
def test_northern_ireland(postcode: str) -> None:
    for country in ("GB", "UK"):
        place = found(country, postcode)
        assert (place.country, place.inside) == ("XI", True)
        assert place.note is not None


def test_great_britain() -> None:
    assert found("GB", "SW1A 1AA", "Belfast Road, London") == Place(country="GB", inside=False)
    assert found("XI", None) == Place(country="XI", inside=True)
    assert found("GB", None, "London").doubt is not None
    assert found("GB", None, "Belfast").question is not None


FAR = ["US", "CH", "NO", "AX", "RE", "GP", "SM", "VA", "AD", "GI", "JE", "GG", "IM", "FO", "GL"]


@pytest.mark.parametrize("country", FAR)
def test_outside_by_its_own_code(country: str) -> None:
    assert found(country, "12345") == Place(country=country, inside=False)


@pytest.mark.parametrize("country", ["IC", "EA"])
def test_reserved_codes_of_spain(country: str) -> None:
    place = found(country)
    assert (place.country, place.inside) == ("ES", False)
    assert place.note is not None


@pytest.mark.parametrize(
    ("country", "postcode", "region"),
    [
        ("PT", "9500-150", "azores"), ("PT", "9980", "azores"), ("PT", "9000-001", "madeira"),
        ("PT", "9400", "madeira"),
        ("GR", "83100", "islands"), ("GR", "85300", "islands"), ("AT", "6691", "jungholz_mittelberg"),
        ("AT", "6993", "jungholz_mittelberg"), ("PT", "1000-001", None), ("PT", "8999", None), ("GR", "85100", None),
        ("GR", "84100", None), ("AT", "6690", None), ("AT", "6994", None), ("DE", "9500", None),
    ],
)  # fmt: skip
def test_regions_with_rates_of_their_own(country: str, postcode: str, region: str | None) -> None:
    place = found(country, postcode)
    assert place.inside
    assert place.region == region


def test_a_shared_postcode_is_outside_unless_another_town_is_told() -> None:
    assert not found("IT", "23030").inside
    assert not found("IT", "23030", "LIVIGNO SO").inside
    assert found("IT", "23030", "Valdisotto").inside
    assert not found("IT", "23041", "Valdisotto").inside


def test_without_a_postcode() -> None:
    for country in sorted({part.country for part in OUTSIDE}):
        assert found(country).doubt is not None
        assert found(country, "1").doubt is None
    assert found("NL").doubt is None
    assert found("ES", "", "Madrid").question is None
    assert found("ES", "", "Las Palmas de Gran Canaria").question is not None
    assert found("ES", "28001", "Las Palmas").question is None


@pytest.mark.parametrize("country", [None, "", "ZZ", "N", "NLD", "Nederland", "12"])
def test_no_country(country: str | None) -> None:
    assert locate(country, "1012AB") is None


def test_other_spellings() -> None:
    assert [country_code(text) for text in ("EL", "uk", " nl ", "GR", "XK")] == ["GR", "GB", "NL", "GR", "XK"]
