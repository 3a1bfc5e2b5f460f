"""Mode "order": sales orders on articles."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from koppel.booking.draft import DraftKind
from koppel.model import Address, LineKind
from koppel.plugin import AlreadyExists, CustomerGone, Misconfigured, OutcomeUnknown, Refused
from koppel.vat.treatment import Treatment

pytestmark = pytest.mark.anyio

SHIPPING = {"kind": LineKind.SHIPPING, "title": "Verzendkosten", "code": "Shipment"}


@pytest.mark.parametrize("entry", ["exclusive", "inclusive"])
async def test_an_order_comes_to_the_buyers_total(world: Any, drafts: Any, entry: str) -> None:
    lines = (
        drafts.line("9.99"),
        drafts.line("29.97", quantity="3", code="SKU-2"),
        drafts.line("-5.00", quantity="-1", kind=LineKind.DISCOUNT, code="Discount"),
        drafts.line("4.95", **SHIPPING),
        drafts.line("19.95", "9", code="BOOK-1"),
        drafts.line("2.50", "9", **SHIPPING),
    )
    delivery = Address(name="Piet", lines=("Kade 1",), postcode="3011 AA", city="Rotterdam", country="NL")
    draft = drafts.sale(*lines, delivery=delivery, remarks="PO-1")
    async with world(mode="order", vat_entry=entry, template="webwinkel") as w:
        booked = await w.book(draft)
        assert booked.total == draft.total
        assert booked.note == ""
        made = w.sandbox.books.records["orders"][0]
        assert booked.number == str(made["nummer"])
        assert made["orderreferentie"] == made["betalingskenmerk"] == draft.reference
        assert made["verkooporderBtwIngaveModel"] == {"exclusive": "Exclusief", "inclusive": "Inclusief"}[entry]
        assert made["afleveradres"]["straat"] == "Kade 1"
        assert made["verkoopordersjabloon"] is not None
        assert all(row["stuksprijs"] >= 0 for row in made["regels"])
        assert [row["aantal"] for row in made["regels"]][2] == -1
        codes = {record["artikelcode"] for record in w.sandbox.books.records["articles"]}
        assert codes == {"SKU-1", "SKU-2", "Discount", "Shipment", "BOOK-1", "Shipment-Laag"}
        found = await w.target.find_bookings([draft.reference])
        assert found[draft.reference].id == booked.id
        assert found[draft.reference].total == draft.total


async def test_articles_are_made_once_with_price_and_group(world: Any, drafts: Any) -> None:
    async with world(mode="order", article_groups={"Hoog": "Hoog btw (diensten)"}) as w:
        await w.book(drafts.sale(reference="1"))
        await w.book(drafts.sale(reference="2"))
        assert w.calls("createArticle") == 1
        article = w.sandbox.books.records["articles"][0]
        assert article["verkoopprijs"] == Decimal("100.00")
        assert article["artikelOmzetgroep"]["id"] == w.sandbox.books.guid("groups", 5)


async def test_prices_of_articles_follow_the_administration(world: Any, drafts: Any) -> None:
    async with world(mode="order", switches={"prices": "incl"}) as w:
        await w.target.find_bookings(["x"])
        await w.target.create_article(drafts.line())
        assert w.sandbox.books.records["articles"][0]["verkoopprijs"] == Decimal("121.00")


@pytest.mark.parametrize("cap", ["25", "500", "3"])
async def test_articles_are_found_behind_a_silent_cap(world: Any, drafts: Any, cap: str) -> None:
    async with world(mode="order", switches={"article_cap": cap}) as w:
        codes = [f"SKU-{number}" for number in range(20)]
        made = {code: await w.target.create_article(drafts.line(code=code)) for code in codes}
        assert await w.target.find_articles(codes) == made
        assert await w.target.find_articles([*codes[:5], "other"]) == {code: made[code] for code in codes[:5]}
        assert await w.target.find_articles(["sku-1"]) == {"sku-1": made["SKU-1"]}


async def test_an_article_that_exists_is_said_to(world: Any, drafts: Any) -> None:
    async with world(mode="order") as w:
        await w.target.create_article(drafts.line())
        with pytest.raises(AlreadyExists):
            await w.target.create_article(drafts.line())


async def test_an_inactive_article_is_explained(world: Any, drafts: Any) -> None:
    async with world(mode="order") as w:
        await w.target.create_article(drafts.line())
        w.sandbox.books.records["articles"][0]["isNonActief"] = True
        assert await w.target.find_articles(["SKU-1"]) == {}
        with pytest.raises(Refused) as caught:
            await w.target.create_article(drafts.line())
        assert caught.value.code == "snelstart.article-inactive"


@pytest.mark.parametrize(
    ("switches", "code", "fits"),
    [
        ({"codes": "numeric"}, "1234567890", True),
        ({"codes": "numeric"}, "2147483648", False),
        ({"codes": "numeric"}, "SKU-1", False),
        ({"codes": "numeric"}, "12345678901", False),
        ({}, "x" * 25, True),
        ({}, "x" * 26, False),
        ({"code_length": "10"}, "SKU-1234567", False),
    ],
)
async def test_codes_that_do_not_fit_name_the_setting(
    world: Any, drafts: Any, switches: dict[str, str], code: str, fits: bool
) -> None:
    async with world(mode="order", switches=switches) as w:
        await w.target.find_bookings(["x"])
        line = drafts.line(code=code)
        if fits:
            assert w.target.article_code(line) == code
            await w.target.create_article(line)
            assert await w.target.find_articles([code])
        else:
            with pytest.raises(Refused) as caught:
                w.target.article_code(line)
            assert "Soort artikelcode" in caught.value.suggestion
            assert f"length to {max(25, len(code))} " in caught.value.suggestion
            with pytest.raises(Refused):
                await w.target.create_article(line)
            assert not w.calls("createArticle")


async def test_numeric_codes_are_the_same_with_zeros(world: Any, drafts: Any) -> None:
    async with world(mode="order", switches={"codes": "numeric"}) as w:
        id_ = await w.target.create_article(drafts.line(code="123"))
        assert await w.target.find_articles(["00123"]) == {"00123": id_}


async def test_codes_of_extras_are_configured_by_vat_kind(world: Any, drafts: Any) -> None:
    codes = {"shipping": "9001", "shipping.Laag": "9002"}
    async with world(mode="order", switches={"codes": "numeric"}, article_codes=codes) as w:
        assert w.target.article_code(drafts.line(**SHIPPING)) == "9001"
        assert w.target.article_code(drafts.line("1.09", "9", **SHIPPING)) == "9002"
        with pytest.raises(Refused):
            w.target.refuses(drafts.sale(drafts.line(code=None)))


async def test_an_article_sold_abroad_first_is_not_guessed(world: Any, drafts: Any) -> None:
    line = drafts.line("50.00", "0", treatment=Treatment.EXPORT, country="US")
    async with world(mode="order", foreign_article_vat=None) as w:
        with pytest.raises(Refused) as caught:
            await w.book(drafts.sale(line))
        assert caught.value.code == "snelstart.article-vat"


async def test_oss_follows_the_delivery_country(world: Any, drafts: Any) -> None:
    german = Address(lines=("Weg 1",), postcode="10115", city="Berlin", country="DE")
    async with world(mode="order") as w:
        booked = await w.book(drafts.sale(drafts.oss("119.00"), customer=drafts.customer(address=german)))
        assert booked.total == Decimal("119.00")
        delivered = drafts.sale(drafts.oss("119.00"), reference="2", delivery=german)
        assert (await w.book(delivered)).total == Decimal("119.00")


async def test_goods_for_abroad_name_their_country_on_the_order_of_a_collective_debtor(world: Any, drafts: Any) -> None:
    async with world(mode="order") as w:
        draft = drafts.sale(drafts.oss("119.00"), customer=drafts.collective(), delivery_country="DE")
        booked = await w.book(draft)
        assert booked.total == Decimal("119.00")
        assert booked.note == ""
        assert w.sandbox.books.records["orders"][0]["afleveradres"]["straat"] == "-"
        at_home = drafts.sale(reference="2", customer=drafts.collective(), delivery_country="NL")
        await w.book(at_home)
        assert not w.sandbox.books.records["orders"][1]["afleveradres"]


async def test_totals_are_told_in_cents(world: Any, drafts: Any) -> None:
    """SnelStart writes up to four decimals; a person reads two."""
    async with world(mode="order") as w:
        await w.book(drafts.sale())
        w.sandbox.books.records["orders"][0]["totaalInclusiefBtw"] = Decimal("121.0000")
        found = await w.target.find_bookings([drafts.sale().reference])
        assert str(found[drafts.sale().reference].total) == "121.00"


async def test_a_difference_of_rounding_is_told(world: Any, drafts: Any) -> None:
    async with world(mode="order", switches={"round_lines": "1"}) as w:
        notes: list[str] = []
        for cents in range(900, 930):
            draft = drafts.sale(drafts.line(f"{Decimal(cents) / 100}"), reference=f"{cents}")
            booked = await w.book(draft)
            assert (booked.total == draft.total) == (not booked.note)
            notes.append(booked.note)
        assert any("0.01" in note for note in notes)


@pytest.mark.parametrize("how", ["", "refuse", "ignore"])
async def test_orders_are_found_whatever_becomes_of_the_filter(world: Any, drafts: Any, how: str) -> None:
    async with world(mode="order", switches={"order_filter": how}) as w:
        made = [await w.book(drafts.sale(reference=f"A-{number}")) for number in range(3)]
        found = await w.target.find_bookings([f"A-{number}" for number in range(2, 5)])
        assert {reference: each.id for reference, each in found.items()} == {"A-2": made[2].id}
        last = await w.book(drafts.sale(reference="A-4"))
        assert (await w.target.find_bookings(["A-4"]))["A-4"].id == last.id
        again = w.reopened(mode="order")
        assert len(await again.find_bookings(["A-0", "A-1", "A-2", "A-3", "A-4"])) == 4


async def test_doubles_of_a_reference_are_told(world: Any, drafts: Any) -> None:
    async with world(mode="order") as w:
        await w.book(drafts.sale())
        await w.book(drafts.sale())
        (found,) = (await w.target.find_bookings([drafts.sale().reference])).values()
        assert "2 sales orders" in found.note


async def test_an_order_shows_late_and_is_waited_for(world: Any, drafts: Any) -> None:
    async with world(mode="order", switches={"visible_after": "30"}) as w:
        customer = await w.target.create_customer(drafts.customer())
        article = await w.target.create_article(drafts.line())
        w.sandbox.faults.add("lost_reply", "createOrder", times=1)
        with pytest.raises(OutcomeUnknown):
            await w.target.book(drafts.sale(), customer, {"SKU-1": article})
        assert await w.target.find_bookings([drafts.sale().reference]) == {}
        assert w.target.traits.recheck_after > timedelta(seconds=30)
        await w.clock.sleep(w.target.traits.recheck_after.total_seconds())
        assert len(await w.target.find_bookings([drafts.sale().reference])) == 1


async def test_a_credit_is_an_order_of_less_than_nothing(world: Any, drafts: Any) -> None:
    line = drafts.line("-121.00", quantity="-1")
    async with world(mode="order") as w:
        booked = await w.book(drafts.sale(line, reference="R-1", kind=DraftKind.CREDIT))
        assert booked.total == Decimal("-121.00")


async def test_what_a_person_invoiced_is_still_found(world: Any, drafts: Any) -> None:
    from koppel_snelstart.sandbox import orders

    async with world(mode="order") as w:
        await w.book(drafts.sale())
        made = w.sandbox.books.records["orders"][0]
        assert orders.invoice(w.sandbox.books, made)["factuurBedrag"] == Decimal("121.00")
        assert len(await w.target.find_bookings([drafts.sale().reference])) == 1


async def test_a_relation_that_is_no_customer_any_more(world: Any, drafts: Any) -> None:
    async with world(mode="order") as w:
        customer = await w.target.create_customer(drafts.customer())
        article = await w.target.create_article(drafts.line())
        w.sandbox.books.by_id("relations", customer)["nonactief"] = True
        with pytest.raises(CustomerGone):
            await w.target.book(drafts.sale(), customer, {"SKU-1": article})


async def test_settings_that_cannot_be_sent(world: Any, drafts: Any) -> None:
    async with world(mode="order", template="Oud sjabloon", payment_term_days=101) as w:
        with pytest.raises(Misconfigured):
            w.target.refuses(drafts.sale())
        with pytest.raises(Misconfigured) as caught:
            await w.target.book(drafts.sale(), "x", {"SKU-1": "y"})
        assert caught.value.code == "snelstart.template"
        with pytest.raises(Refused):
            w.target.refuses(drafts.sale(reference="9" * 51, payment_term_days=0))
