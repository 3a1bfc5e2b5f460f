"""From a request and its answer to the exchange that the detail log keeps."""

import logging
from datetime import datetime

from koppel.vendor.contract import Reply
from koppel.vendor.ports import Exchange, Tracer
from koppel.vendor.secrets import Secrets
from koppel.vendor.transport import Request

KEPT = 64 * 1024
"""Characters of a body that are kept."""
_MARGIN = 8 * 1024
_log = logging.getLogger(__name__)


class Recorder:
    """Records the exchanges of one client while somebody wants them."""

    def __init__(self, tracer: Tracer | None, secrets: Secrets) -> None:
        self._tracer = tracer
        self._secrets = secrets

    async def record(
        self,
        operation: str,
        request: Request,
        answer: Reply | Exception,
        *,
        at: datetime,
        seconds: float,
        token: bool = False,
    ) -> None:
        """Record one exchange, masked. Never raises: a call must not fail because its trace does."""
        if self._tracer is None or not self._tracer.wanted():
            return
        reply = answer if isinstance(answer, Reply) else None
        secrets = self._secrets.of_call(request.url, request.headers)
        try:
            await self._tracer.record(
                Exchange(
                    at=at,
                    operation=operation,
                    method=request.method,
                    url=secrets.url(request.url),
                    request_headers=secrets.headers(request.headers),
                    request_body=_body(secrets, request.content or b"", token=token, form=_is_form(request)),
                    status=reply.status if reply else None,
                    response_headers=secrets.headers(reply.headers) if reply else {},
                    response_body=_body(secrets, reply.content, token=token, form=False) if reply else "",
                    seconds=seconds,
                    error="" if reply else secrets.hide(f"{type(answer).__name__}: {answer}"),
                )
            )
        except Exception as error:  # noqa: BLE001 - see above
            _log.warning("exchange not recorded: %s", type(error).__name__)


def _body(secrets: Secrets, content: bytes, *, token: bool, form: bool) -> str:
    """Masked before it is cut, so that no secret is cut in two."""
    text = content[: 4 * (KEPT + _MARGIN)].decode("utf-8", "replace")[: KEPT + _MARGIN]
    masked = secrets.body(text, token=token, form=form)
    return masked if len(text) <= KEPT else f"{masked[:KEPT]}… ({len(content)} bytes)"


def _is_form(request: Request) -> bool:
    kind = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    return kind.startswith("application/x-www-form-urlencoded")
