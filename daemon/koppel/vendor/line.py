"""One exchange from permit to trace: what calls and token requests have in common."""

import logging
from collections.abc import Callable, Sequence

from koppel import __version__
from koppel.clock import Clock
from koppel.errors import KoppelError
from koppel.vendor.contract import Reply
from koppel.vendor.limiter import Permit
from koppel.vendor.limits import Feedback
from koppel.vendor.trace import Recorder
from koppel.vendor.transport import Request, Transport, Unanswered, Unsent

USER_AGENT = f"koppel/{__version__}"
_LATE = 30.0
"""Seconds after which a request that was given up has arrived, or never will."""
_log = logging.getLogger(__name__)


def _nothing(reply: Reply) -> Sequence[Feedback]:
    del reply
    return ()


class Line:
    """Sends requests of one client, settles their permits, records what happened."""

    def __init__(self, clock: Clock, transport: Transport, recorder: Recorder) -> None:
        self._clock = clock
        self._transport = transport
        self._recorder = recorder

    async def send(
        self,
        operation: str,
        request: Request,
        permit: Permit,
        *,
        within: float,
        max_body: int,
        feedback: Callable[[Reply], Sequence[Feedback]] = _nothing,
        token: bool = False,
    ) -> Reply:
        """Send one request. Raises Unsent or Unanswered; the permit is settled whatever happens."""
        at, start = self._clock.now(), self._clock.monotonic()
        answer: Reply | Unsent | Unanswered
        try:
            answer = await self._transport.send(request, within=within, max_body=max_body)
        except Unsent as error:
            permit.unsent()
            answer = error
        except Unanswered as error:
            permit.ended(late=_LATE if error.late else 0.0)
            answer = error
        except KoppelError:
            permit.unsent()
            raise
        except BaseException:
            permit.ended(late=_LATE)
            raise
        else:
            permit.ended(self._told(feedback, answer))
        seconds = self._clock.monotonic() - start
        await self._recorder.record(operation, request, answer, at=at, seconds=seconds, token=token)
        if isinstance(answer, Reply):
            return answer
        raise answer

    def _told(self, feedback: Callable[[Reply], Sequence[Feedback]], reply: Reply) -> Sequence[Feedback]:
        try:
            return feedback(reply)
        except Exception as error:  # noqa: BLE001 - limit headers that cannot be read must not cost the answer
            _log.warning("limit headers not understood: %s", type(error).__name__)
            return ()
