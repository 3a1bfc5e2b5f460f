"""Reference rates: the last earlier one counts, once it is certain that there is none of the day."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from starlette.responses import Response

from koppel.errors import Misconfigured, RetryLater
from koppel.vendor.ecb import Ecb, MemoryRateCache
from koppel.vendor.ecb_files import DayRate, read_rates
from vat.registers import Registers

D = Decimal
# The virtual clock starts on Saturday 21 November 2026.
XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary">
  <gesmes:subject>Reference rates</gesmes:subject>
  <Cube>
    <Cube time="2026-11-20"><Cube currency="SEK" rate="11.2345"/><Cube currency="GBP" rate="0.85"/></Cube>
    <Cube time="2026-11-18"><Cube currency="SEK" rate="11.1000"/><Cube currency="RUB" rate="N/A"/></Cube>
  </Cube>
</gesmes:Envelope>"""
CSV = b"Date,USD,SEK,BGN,\n2026-11-20,1.05,11.2345,N/A,\n2026-11-18,1.04,11.1,1.9558,\n"
DAILY = b"Date, USD, SEK, \n20 November 2026, 1.05, 11.2345, \n"


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("eurofxref-hist.csv", content)
    return file.getvalue()


def test_reading_xml() -> None:
    assert list(read_rates(XML)) == [
        DayRate(date(2026, 11, 20), "SEK", D("11.2345")),
        DayRate(date(2026, 11, 20), "GBP", D("0.85")),
        DayRate(date(2026, 11, 18), "SEK", D("11.1000")),
    ]


@pytest.mark.parametrize("content", [CSV, b"\xef\xbb\xbf" + CSV, zipped(CSV)])
def test_reading_csv(content: bytes) -> None:
    found = list(read_rates(content))
    assert DayRate(date(2026, 11, 20), "SEK", D("11.2345")) in found
    assert DayRate(date(2026, 11, 18), "BGN", D("1.9558")) in found
    assert len(found) == 5


def test_reading_the_daily_csv() -> None:
    assert DayRate(date(2026, 11, 20), "SEK", D("11.2345")) in list(read_rates(DAILY))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"hello", b"<html>", b"Date,USD\nsoon,1.0\n", b"Date,USD\n2026-11-20,minus\n",
        b"Date,USD\n2026-11-20,-1\n",
        b"Date,USD\n2026-11-20,NaN\n", b"PK\x03\x04rubbish", zipped(b"x"), b"Date,USD\n\xff,1\n",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', b'<Cube time="2026-11-20"><Cube currency="SEK" rate="x"/></Cube>',
    ],
)  # fmt: skip
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(read_rates(content))


@pytest.mark.anyio
async def test_the_rate_of_the_day_and_the_last_earlier_one(registers: Registers) -> None:
    registers.server.answer = lambda: Response(XML)
    ecb = Ecb(registers.vendor, MemoryRateCache(), base_url=registers.url)
    assert await ecb.to_eur("SEK", date(2026, 11, 20)) == D("11.2345")
    assert await ecb.to_eur("SEK", date(2026, 11, 21)) == D("11.2345")
    assert await ecb.to_eur("SEK", date(2026, 11, 22)) == D("11.2345")
    assert await ecb.to_eur("SEK", date(2026, 11, 19)) == D("11.1000")
    assert await ecb.to_eur("SEK", date(2026, 11, 18)) == D("11.1000")
    assert registers.server.paths == ["/eurofxref-hist-90d.xml"]


@pytest.mark.anyio
async def test_a_rate_that_is_not_out_yet_is_waited_for(registers: Registers) -> None:
    registers.server.answer = lambda: Response(XML)
    ecb = Ecb(registers.vendor, MemoryRateCache(), base_url=registers.url)
    with pytest.raises(RetryLater) as caught:
        await ecb.to_eur("SEK", date(2026, 11, 23))
    assert caught.value.code == "ecb.no-rate"
    assert caught.value.not_before == datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
    registers.clock.advance(3 * 24 * 3600)  # Tuesday: the ECB has been asked after the hour of Monday's publication
    assert await ecb.to_eur("SEK", date(2026, 11, 23)) == D("11.2345")


@pytest.mark.anyio
async def test_the_ecb_is_not_asked_again_and_again(registers: Registers) -> None:
    registers.server.answer = lambda: Response(XML)
    ecb = Ecb(registers.vendor, MemoryRateCache(), base_url=registers.url)
    for _ in range(5):
        with pytest.raises(RetryLater):
            await ecb.to_eur("XXX", date(2026, 11, 20))
    assert len(registers.server.paths) == 1
    registers.clock.advance(1801)
    with pytest.raises(RetryLater):
        await ecb.to_eur("XXX", date(2026, 11, 20))
    assert len(registers.server.paths) == 2


@pytest.mark.anyio
async def test_old_days_come_from_the_whole_history(registers: Registers) -> None:
    registers.server.answer = lambda: Response(zipped(b"Date,SEK\n2024-01-03,11.1,\n2024-01-02,11.2,\n"))
    ecb = Ecb(registers.vendor, MemoryRateCache(), base_url=registers.url)
    assert await ecb.to_eur("SEK", date(2024, 1, 2)) == D("11.2")
    assert registers.server.paths == ["/eurofxref-hist.zip"]
    with pytest.raises(RetryLater):
        await ecb.to_eur("SEK", date(2024, 1, 12))  # a week without rates is no holiday but a hole
    with pytest.raises(RetryLater):
        await ecb.to_eur("SEK", date(2023, 12, 29))


@pytest.mark.anyio
@pytest.mark.parametrize("content", [b"<html>busy</html", b"oops", b""])
async def test_rubbish_and_silence_leave_what_is_known(registers: Registers, content: bytes) -> None:
    ecb = Ecb(registers.vendor, MemoryRateCache(), base_url=registers.url)
    assert await ecb.import_file(CSV) == 5
    registers.server.answer = lambda: Response(content)
    assert await ecb.to_eur("SEK", date(2026, 11, 20)) == D("11.2345")
    with pytest.raises(RetryLater):
        await ecb.to_eur("SEK", date(2026, 11, 23))
    registers.server.answer = lambda: Response("", 500)
    registers.clock.advance(3600)
    with pytest.raises(RetryLater):
        await ecb.to_eur("SEK", date(2026, 11, 23))


@pytest.mark.anyio
async def test_an_imported_file_needs_no_network(registers: Registers) -> None:
    ecb = Ecb(registers.vendor, MemoryRateCache(), base_url="http://127.0.0.1:9")
    await ecb.import_file(XML)
    assert await ecb.to_eur("SEK", date(2026, 11, 19)) == D("11.1000")
    assert registers.server.paths == []
    for content in (b"nothing", b"<x/>", b"Date,SEK\n"):
        with pytest.raises(Misconfigured):
            await ecb.import_file(content)
