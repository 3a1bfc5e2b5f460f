"""e-Boekhouden.nl's simulator: REST and SOAP over the same books."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from koppel.sandbox import BucketMeter, Meter, Options, Sandbox
from koppel.sandbox.base import Handler
from koppel_eboekhouden.sandbox.books import Books
from koppel_eboekhouden.sandbox.refusal import Refusal
from koppel_eboekhouden.sandbox.rest import Rest
from koppel_eboekhouden.sandbox.soap import Soap, fault

__all__ = ["EBoekhoudenSandbox"]

_SOAP = "soap"


class EBoekhoudenSandbox(Sandbox):
    """Switches: ``expires_in`` and ``soap_session`` (seconds), ``wrong_token`` (status), ``token=expired``, ``account``
    (a code: SECURITY_005 …), ``trial`` (number of mutations), ``closed_before`` (a day), ``half`` (so many booked
    invoices lose their mutation), ``vat=line``, ``order=shuffle``, ``id_filter=ignored``, ``empty=null``, ``errors``
    (list, object, null, missing), ``codes=missing``, ``error_msg=missing``, ``session_text``, ``retry_after=missing``.
    """

    def __init__(self, options: Options) -> None:
        super().__init__("eboekhouden", options)
        self.books = Books(self.clock, self.journal, options.switches)
        for name, method, path, handler in Rest(self.books, self.clock, options.switches).routes():
            self.operation(name, method, path, handler)
        self.operation(_SOAP, "POST", "/soap.asmx", Soap(self.books, self.clock, options.switches).handle)
        self._meter = BucketMeter(self.clock, 5.0, 10)

    async def _call(self, operation: str, handler: Handler, request: Request) -> Response:
        """SOAP operations are called by the action in the header, for faults and journal."""
        if operation == _SOAP:
            operation = request.headers.get("soapaction", "").strip('"').rpartition("/")[2] or _SOAP
        return await super()._call(operation, handler, request)

    def meters(self, operation: str, request: Request) -> Sequence[Meter]:
        """One bucket for all."""
        del operation, request
        return [self._meter]

    def throttled(self, operation: str, wait: float) -> Response:
        """A 429, with and without a hint."""
        del operation
        hint = {} if self.options.switches.get("retry_after") == "missing" else {"Retry-After": str(int(wait) + 1)}
        return Response(status_code=429, headers=hint)

    def unavailable(self, operation: str, status: int) -> Response:
        """ERR_001 as JSON, a SOAP fault, or a gateway's page."""
        if status != 500:
            return super().unavailable(operation, status)
        if " " not in operation:
            return fault("Server", "Server was unable to process request.")
        return JSONResponse(Refusal("ERR_001", "Er is iets misgegaan.", status=500).body("list", ""), 500)
