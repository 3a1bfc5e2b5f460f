"""VIES: whatever goes wrong there says nothing about a number."""

from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from koppel.sandbox import Fault, FaultKind
from koppel.vat import ViesState
from koppel.vendor.vies import MemoryViesCache, Vies
from vat.registers import Registers

pytestmark = pytest.mark.anyio
NUMBER = "DE136695976"
YES: dict[str, Any] = {"valid": True, "userError": "VALID", "requestIdentifier": "WAPIAAAAX"}


def vies(registers: Registers, requester: str = "NL004495445B01") -> Vies:
    return Vies(registers.vendor, MemoryViesCache(), requester=requester, base_url=registers.url)


async def test_a_valid_number_with_its_proof(registers: Registers) -> None:
    registers.server.answer = lambda: JSONResponse(YES)
    answer = await vies(registers).check("de 136.695.976")
    assert (answer.number, answer.state, answer.consultation) == (NUMBER, ViesState.VALID, "WAPIAAAAX")
    assert answer.asked_at == registers.clock.now()
    assert registers.server.asked == [
        {
            "countryCode": "DE",
            "vatNumber": "136695976",
            "requesterMemberStateCode": "NL",
            "requesterNumber": "004495445B01",
        }
    ]


@pytest.mark.parametrize("own", ["", "NL123", "GB980780684"])
async def test_without_a_usable_own_number_no_proof_is_asked(registers: Registers, own: str) -> None:
    registers.server.answer = lambda: JSONResponse({"valid": True, "requestIdentifier": None})
    answer = await vies(registers, own).check("EL094259216")
    assert (answer.state, answer.consultation) == (ViesState.VALID, "")
    assert registers.server.asked == [{"countryCode": "EL", "vatNumber": "094259216"}]


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"valid": False, "userError": "INVALID"}, ViesState.INVALID),
        ({"valid": False, "userError": "INVALID_INPUT"}, ViesState.INVALID),
        ({"valid": False}, ViesState.INVALID),
        ({"isValid": False, "userError": "INVALID"}, ViesState.INVALID),
        ({"isValid": True, "userError": "VALID"}, ViesState.VALID),
        ({"valid": False, "userError": "MS_UNAVAILABLE"}, ViesState.UNKNOWN),
        ({"isValid": False, "userError": "MS_MAX_CONCURRENT_REQ"}, ViesState.UNKNOWN),
        ({"valid": False, "userError": "SOMETHING_NEW"}, ViesState.UNKNOWN),
        ({"valid": False, "userError": "VALID"}, ViesState.UNKNOWN),
        ({"valid": True, "userError": "INVALID"}, ViesState.UNKNOWN),
        ({"actionSucceed": False, "errorWrappers": [{"error": "TIMEOUT"}]}, ViesState.UNKNOWN),
        ({"valid": False, "errorWrappers": [{"error": "GLOBAL_MAX_CONCURRENT_REQ"}]}, ViesState.UNKNOWN),
        ({}, ViesState.UNKNOWN),
    ],
)
async def test_what_an_answer_means(registers: Registers, body: dict[str, Any], state: ViesState) -> None:
    registers.server.answer = lambda: JSONResponse(body)
    assert (await vies(registers).check(NUMBER)).state is state


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
async def test_an_error_says_nothing(registers: Registers, status: int) -> None:
    registers.server.answer = lambda: Response("<html>busy</html>", status)
    assert (await vies(registers).check(NUMBER)).state is ViesState.UNKNOWN


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.GARBAGE, FaultKind.LOST_REPLY, FaultKind.TRUNCATED])
async def test_a_fault_says_nothing(registers: Registers, kind: FaultKind) -> None:
    registers.server.answer = lambda: JSONResponse(YES)
    registers.server.faults.set([Fault(kind=kind)])
    assert (await vies(registers).check(NUMBER)).state is ViesState.UNKNOWN


async def test_an_answer_is_kept_for_a_day_and_silence_is_not(registers: Registers) -> None:
    register = vies(registers)
    registers.server.answer = lambda: JSONResponse({"userError": "MS_UNAVAILABLE"})
    assert (await register.check(NUMBER)).state is ViesState.UNKNOWN
    registers.server.answer = lambda: JSONResponse(YES)
    first = await register.check(NUMBER)
    assert first.state is ViesState.VALID
    registers.clock.advance(23 * 3600)
    assert await register.check(NUMBER) == first
    assert len(registers.server.asked) == 2
    registers.clock.advance(2 * 3600)
    assert (await register.check(NUMBER)).asked_at != first.asked_at
    assert len(registers.server.asked) == 3


async def test_what_can_be_no_number_is_not_asked(registers: Registers) -> None:
    for number in ("DE1", "GB980780684", ""):
        assert (await vies(registers).check(number)).state is ViesState.INVALID
    assert registers.server.asked == []


async def test_check_digits_do_not_keep_a_number_from_being_asked(registers: Registers) -> None:
    registers.server.answer = lambda: JSONResponse(YES)
    assert (await vies(registers).check("DE123456789")).state is ViesState.VALID
