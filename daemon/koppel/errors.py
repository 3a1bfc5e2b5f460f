"""What can go wrong, told apart by what to do next.

Plugins raise these and nothing else; the flows decide by the class, a person reads the text. No message may hold a
secret or personal data: vendor texts go through :func:`koppel.log.redaction.scrub` before they are stored.
"""

from datetime import datetime


class KoppelError(Exception):
    """Something that a person may have to read.

    ``code`` is a stable, short identifier (``vat.missing-row``, ``BOE-0042``); ``message`` one sentence that says what
    happened; ``suggestion`` one sentence that says what to do, or empty.
    """

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.suggestion = suggestion

    def __str__(self) -> str:
        return f"{self.message} {self.suggestion}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        """Copies keep all that was said: everybody who waited for one token gets a copy of the one failure."""
        return type(self), (self.code, self.message, self.suggestion), self.__dict__


class RetryLater(KoppelError):
    """A temporary fault: the same call may work later, without anybody doing something.

    ``not_before`` (UTC) is the earliest moment that makes sense, where the vendor told one.
    """

    def __init__(self, code: str, message: str, suggestion: str = "", *, not_before: datetime | None = None) -> None:
        super().__init__(code, message, suggestion)
        self.not_before = not_before


class Refused(KoppelError):
    """This one document cannot be processed as it is; others can. It waits for a person."""


class CustomerGone(Refused):
    """The relation that koppel linked was deleted or made inactive in the target (requirement C7)."""


class AlreadyExists(Refused):
    """The vendor says that what we make is there already: look it up and adopt it, or report the clash."""


class SignInNeeded(KoppelError):
    """The vendor refuses our credentials for good: the connection stops until a person signs in again."""


class Misconfigured(KoppelError):
    """A setting or a right at the vendor is wrong: nothing of this connection can work until it is mended."""


class OutcomeUnknown(KoppelError):
    """A write was sent and no usable answer came: it may or may not have been done. Only a look-up decides."""
