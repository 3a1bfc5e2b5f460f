"""The one place where vendors' JSON becomes typed data."""

from typing import TypeVar

import msgspec

from koppel.errors import RetryLater
from koppel.vendor.contract import Reply

T = TypeVar("T")


def decode(reply: Reply, into: type[T], *, strict: bool = True) -> T:
    """Decode a JSON body; numbers become exact Decimals where the type says so. Not ``strict``: also those in strings.

    Raises RetryLater ``vendor.garbage``: a gateway's HTML page or a cut answer is a temporary fault. The message names
    the place, never the data.
    """
    try:
        return msgspec.json.decode(reply.content, type=into, strict=strict)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = str(error) if isinstance(error, msgspec.ValidationError) else "no JSON"
        raise RetryLater(
            "vendor.garbage", f"The vendor's answer (status {reply.status}) cannot be read: {place}."
        ) from error
