"""Whatever is sold, the sandbox takes it and adds it up to the same cent."""

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koppel.booking.draft import DraftLine
from koppel.model import Address
from koppel_afas.address import basic_address
from koppel_afas.parties import relation
from koppel_afas.settings import Settings
from koppel_afas.tables import LENGTHS

from .conftest import Opener
from .drafts import DAY, customer, draft, line, random_lines

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=400)


@pytest.mark.anyio
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    orders=st.lists(random_lines(), min_size=1, max_size=6),
    reference=st.from_regex(r"[A-Z0-9,;-]{1,90}", fullmatch=True),
)
async def test_random_orders_come_to_the_cent(world: Opener, orders: list[list[DraftLine]], reference: str) -> None:
    async with world() as w:
        debtor = await w.target.create_customer(customer())
        articles = {f"SKU-{n}": await w.target.create_article(line(code=f"SKU-{n}")) for n in range(1, 6)}
        drafts = [draft(*lines, reference=f"{reference}-{index}") for index, lines in enumerate(orders)]
        async with anyio.create_task_group() as tasks:
            for each in drafts:
                tasks.start_soon(w.target.book, each, debtor, articles)
        found = await w.target.find_bookings([each.reference for each in drafts])
        assert {ref: booked.total for ref, booked in found.items()} == {each.reference: each.total for each in drafts}
        assert not any(booked.note for booked in found.values())
        assert w.sandbox.journal.total("booking") == sum(each.total for each in drafts)
        assert not w.sandbox.journal.over_limit()


@given(st.lists(TEXT, max_size=3), TEXT, TEXT, st.sampled_from(["NL", "DE", "FR", "US"]))
def test_no_address_is_too_long_for_its_fields(lines: list[str], postcode: str, city: str, country: str) -> None:
    fields = basic_address(Address(lines=tuple(lines), postcode=postcode, city=city, country=country), DAY)
    assert fields is not None
    for name in ("Ad", "HmAd", "AdAd", "ZpCd", "Rs"):
        assert len(str(fields.get(name) or "")) <= LENGTHS[name]
    assert isinstance(fields.get("HmNr", 1), int)
    assert fields["PbAd"] in (True, False)


@pytest.mark.anyio
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(TEXT.map(str.strip).filter(bool), min_size=1, max_size=4), phone=TEXT)
async def test_any_name_makes_a_relation(world: Opener, names: list[str], phone: str) -> None:
    async with world() as w:
        for index, name in enumerate(names):
            buyer = customer(identity=f"email:{index}", name=name, last_name=None, email=f"{index}@x.nl", phone=phone)
            number = await w.target.create_customer(buyer)
            assert await w.target.find_customers([buyer]) == {buyer.identity: number}


def test_relation_is_the_same_every_time() -> None:
    configured = Settings(summary_account="1300", payment_condition="14")
    assert relation(customer(), configured, DAY) == relation(customer(), configured, DAY)
