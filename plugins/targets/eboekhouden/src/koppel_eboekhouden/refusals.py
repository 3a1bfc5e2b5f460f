"""What refusals of the REST API mean. Decided by code, never by text: the language of texts is not fixed [6]."""

import re

from koppel.plugin import (
    AlreadyExists,
    CustomerGone,
    KoppelError,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RetryLater,
    SignInNeeded,
)
from koppel.vendor import Dialect, Reply
from koppel_eboekhouden.texts import PERIOD_CLOSED, refusal
from koppel_eboekhouden.wire import read_error

NOT_FOUND = "eboekhouden.not-found"

_NEW_ONE = (
    "Make a new API token in e-Boekhouden.nl (Beheer > Inrichting > Koppelingen > API) and enter it with "
    "`koppel secret set`."
)
MEANING: dict[str, tuple[type[KoppelError], str]] = {
    **dict.fromkeys(
        ("FACT_101", "MUT_019", "MUT_020", "MUTA_008", "FACT_VERWERK_004", "REL_049"),
        (AlreadyExists, "Look it up in e-Boekhouden.nl."),
    ),
    **dict.fromkeys(
        ("MUT_005", "MUT_022", "SECURITY_007", "SECURITY_008", "FACT_VERWERK_001", "FACT_013"),
        (Refused, "Open the period in e-Boekhouden.nl, then process the order again."),
    ),
    **dict.fromkeys(
        ("FACT_001", "FACT_002", "FACT_003", "MUT_012", "MUT_013", "MUT_112", "MUT_113", "REL_054", "REL_055"),
        (CustomerGone, "Restore or activate the relation in e-Boekhouden.nl, or let koppel make it again."),
    ),
    **dict.fromkeys(
        ("SECURITY_001", "SECURITY_002", "SECURITY_003", "SECURITY_004", "SECURITY_006", "EP_001", "EP_002", "MUT_050"),
        (Misconfigured, "Make the API token as a user who may do this, in the right administration."),
    ),
    "SECURITY_005": (Misconfigured, "Pay the overdue bill of e-Boekhouden.nl; the administration is blocked."),
    "SECURITY_011": (
        Misconfigured,
        "The account is of another country: set endpoint to https://api.e-boekhouden.be or .nl.",
    ),
    **dict.fromkeys(
        ("MODULE_001", "MODULE_002", "PAKKET_001", "PAKKET_002", "FACT_102"),
        (Misconfigured, "Upgrade the subscription in e-Boekhouden.nl: its limit is reached."),
    ),
    **dict.fromkeys(("FACT_018", "FACT_020"), (Misconfigured, "Choose another invoice template in the settings.")),
    **dict.fromkeys(("MUT_010", "MUT_011"), (Misconfigured, "Set debtor_ledger to a ledger of the category DEB.")),
    "MUT_117": (Misconfigured, "Choose another cost centre in the settings."),
    **dict.fromkeys(
        ("FACT_ITEM_007", "FACT_ITEM_012", "MUT_007", "MUT_008", "MUT_009", "MUT_104", "MUT_105", "MUT_106"),
        (Refused, "Choose another ledger for this row of the VAT table."),
    ),
    **dict.fromkeys(
        ("FACT_ITEM_006", "FACT_ITEM_014", "MUT_109", "MUT_110", "MUT_111"),
        (Refused, "Choose another VAT code for this row of the VAT table."),
    ),
    **dict.fromkeys(
        ("API_SESSION_001", "API_SESSION_002", "API_SESSION_003", "API_SESSION_004", "SECURITY_010", "SECURITY_999"),
        (SignInNeeded, _NEW_ONE),
    ),
}
_CLOSED = frozenset({"MUT_005", "MUT_022", "SECURITY_007", "SECURITY_008", "FACT_VERWERK_001", "FACT_013"})
_UNFINISHED = frozenset({"ERR_001", "SMTP_001", "SMTP_002", "SMTP_003"})
"""Codes that prove nothing: the work may have been done."""


def token_expired(reply: Reply) -> bool:
    """401, whose body cannot be relied on, or its code."""
    return reply.status == 401 or (reply.status in (400, 403) and read_error(reply.content).code == "SECURITY_010")


def session_refused(reply: Reply) -> KoppelError:
    """What a refused start of a session means: every 4xx is about the token or the account [3.1]."""
    code = read_error(reply.content).code
    if reply.status == 429 or reply.status >= 500 or reply.status == 408:
        return RetryLater("eboekhouden.sign-in", f"e-Boekhouden.nl cannot start a session now ({reply.status}).")
    kind, suggestion = MEANING.get(code, (SignInNeeded, _NEW_ONE))
    if kind is Misconfigured:
        return Misconfigured(f"eboekhouden.{code}", f"e-Boekhouden.nl starts no session ({code}).", suggestion)
    what = "the token has expired" if code == "API_SESSION_004" else "it does not accept the API token"
    return SignInNeeded(
        f"eboekhouden.{code or 'token'}",
        f"e-Boekhouden.nl starts no session ({code or reply.status}): {what}.",
        _NEW_ONE,
    )


def error(operation: str, write: bool, reply: Reply) -> KoppelError:
    """What an answer of 400 or more means."""
    told = read_error(reply.content)
    said = f": {scrub(told.title)}" if told.title else "."
    name = f"{operation} ({told.code or reply.status})"
    if told.code in _UNFINISHED or reply.status >= 500 or reply.status == 408:
        fault = OutcomeUnknown if write else RetryLater
        return fault("eboekhouden.fault", f"e-Boekhouden.nl failed at {name}{said}")
    if told.code in MEANING:
        kind, suggestion = MEANING[told.code]
        code = PERIOD_CLOSED if told.code in _CLOSED else f"eboekhouden.{told.code}"
        return kind(code, f"e-Boekhouden.nl refuses {name}{said}", suggestion)
    if write and not told.code and (known := refusal(told.title, f"e-Boekhouden.nl refuses {name}{said}")):
        return known
    if reply.status == 401:
        return SignInNeeded("eboekhouden.token", f"e-Boekhouden.nl does not accept the session at {name}.", _NEW_ONE)
    if reply.status == 403:
        return Misconfigured(
            "eboekhouden.forbidden", f"e-Boekhouden.nl does not allow {name}{said}", "Check the user's rights."
        )
    code = NOT_FOUND if reply.status == 404 else f"eboekhouden.{told.code or 'refused'}"
    return Refused(
        code,
        f"e-Boekhouden.nl refuses {name}{said}",
        "Mend what is named in the shop, the settings or e-Boekhouden.nl.",
    )


DIALECT = Dialect(error=error)


def scrub(text: str) -> str:
    """A vendor's sentence without what may be personal: addresses and quoted values."""
    text = re.sub(r"\S+@\S+", "…", " ".join(text.split()))
    return re.sub(r"(['\"‘“`]).*?(['\"’”`])", "…", text)[:200]
