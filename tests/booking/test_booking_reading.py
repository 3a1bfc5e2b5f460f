"""What a bookkeeper reads of a draft."""

from booking.orders import EUROS, D, address, extra, goods, order, settings
from koppel.booking import Evidence, make_draft
from koppel.booking.reading import render
from koppel.model import LineKind

DUTCH = """\
Verkoop 171-0000001-0000001  datum 2026-10-02  EUR
171-0000001-0000001 NL
Debiteur: J. Jansen (eigen debiteur)

regel           aantal  prijs  incl. btw  btw                 btw-code  grootboek  artikel
Artikel SKU-1        2   3.33       6.66  NL 21 % (DOMESTIC)  HOOG      8000       SKU-1
Artikel SKU-1        1   3.34       3.34  NL 21 % (DOMESTIC)  HOOG      8000       SKU-1
Artikel BOOK-1       1  20.00      20.00  NL 9 % (DOMESTIC)   LAAG      8010       BOOK-1

btw                 excl. btw   btw  btw-code
NL 21 % (DOMESTIC)       8.26  1.74  HOOG
NL 9 % (DOMESTIC)       18.35  1.65  LAAG

Totaal                 30.00  EUR
Betaald door de koper  30.00  EUR

Waarom (Artikel BOOK-1): Vertrek en aankomst in NL: binnenlandse verkoop, aan consument en ondernemer gelijk. \
NL, books_printed op 2026-10-02: 9 %.
Waarom (Artikel SKU-1): Vertrek en aankomst in NL: binnenlandse verkoop, aan consument en ondernemer gelijk. \
NL, standard op 2026-10-02: 21 %."""


def test_a_draft_in_dutch() -> None:
    what = order(goods("10.00", quantity="3"), goods("20.00", name="b", sku="BOOK-1"))
    assert render(make_draft(what, settings(), EUROS), "nl") == DUTCH


def test_a_draft_in_english_with_all_that_is_special() -> None:
    what = order(
        goods("120.00", marketplace_vat=True, vat_withheld=D("20.00")),
        extra(LineKind.VOUCHER, "-10.00"),
        currency="GBP",
        total=D("110.01"),
        delivery=address("GB", postcode="SW1A 1AA"),
    )
    draft = make_draft(
        what,
        settings(orders={"customers": "collective"}),
        Evidence(to_eur=D("0.85"), currencies=frozenset({"EUR"})),
    )
    text = render(draft, "en")
    for expected in (
        "Sale 171-0000001-0000001",
        "Customer: Amazon klanten (collective)",
        "0 % (MARKETPLACE_DEEMED)",
        "outside VAT",
        "VAT kept by the marketplace",
        "paid by gift card",
        "110.01  GBP",
        "ECB rate",
        "Why (Artikel SKU-1): The marketplace collects the VAT",
        "Mind: Lines",
    ):
        assert expected in text
    assert "Verkoop" not in text
