"""Personal data goes, numbers that people need stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koppel.log.redaction import MASK, forget_secret, mask_secrets, register_secret, scrub


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("relation jan.de-vries+shop@example.co.nl exists", "relation *** exists"),
        ("?email=jan%40example.nl&x=1", "?email=***&x=1"),
        ("IBAN NL91ABNA0417164300 unknown", "IBAN *** unknown"),
        ("IBAN NL91 ABNA 0417 1643 00 and more", "IBAN *** and more"),
        ("iban nl91abna0417164300.", "iban ***."),
        ("BE68 5390 0754 7034", "***"),
        ("call 06-12345678 or 0612345678", "call *** or ***"),
        ("call +31 6 12 34 56 78 now", "call *** now"),
        ("call 0031612345678, please", "call ***, please"),
        ("call 020-123 45 67", "call ***"),
        ("call (020) 1234567", "call ***"),
        ("call +49 (0)30 1234567", "call ***"),
        ("phone: '+32470123456'", "phone: '***'"),
    ],
)
def test_patterns_go(text: str, left: str) -> None:
    assert scrub(text, ()) == left


@pytest.mark.parametrize(
    "text",
    [
        "Order 305-1234567-1234567 is refused with BOE-0042.",
        "Order ORD00123 of 2026-11-21 08:00:00.123456, total 1234567.89 EUR",
        "Ledger 8000, VAT code 21, debtor 10001, article 0000000001",
        "SKU AB12CD34EF56GH78 is no account number, EAN 8712345678906 is none either",
        "HTTP 500 after 30.5 s; id 3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "btw 123,45 op 1.234,56 van 01-02-2026",
        "",
    ],
)
def test_numbers_that_people_need_stay(text: str) -> None:
    assert scrub(text, ("", "a", "NL")) == text


def test_needles_go_in_any_case_longest_first() -> None:
    needles = ["Jan", "Jan de Vries", "Dorps straat 1", "de", "jan@shop"]
    text = "JAN DE VRIES (jan), dorps  straat 1 te Delft; naam [x]"
    assert scrub(text, needles) == "*** (***), *** te Delft; naam [x]"


def test_a_needle_is_no_pattern() -> None:
    assert scrub("a.c abc (x+y)", ["a.c", "(x+y)"]) == f"{MASK} abc {MASK}"


@given(needle=st.text(min_size=3, max_size=20), before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_needle_survives(needle: str, before: str, after: str) -> None:
    needle = needle.strip()
    if len(needle) >= 3 and needle not in MASK:
        assert needle not in scrub(f"{before} {needle} {after}", [needle])


def test_registered_secrets_are_masked_until_forgotten() -> None:
    register_secret("s3cret-value")
    register_secret("s3cret-value-longer")
    register_secret("short")
    try:
        assert mask_secrets("x s3cret-value-longer s3cret-value short") == "x *** *** short"
    finally:
        forget_secret("s3cret-value")
        forget_secret("s3cret-value-longer")
    assert mask_secrets("s3cret-value") == "s3cret-value"
