"""The lists that a user chooses from (V4)."""

from collections.abc import Sequence

from koppel.plugin import Choice, Misconfigured
from koppel_eboekhouden import tables
from koppel_eboekhouden.document import Books

KINDS = ("ledgers", "vat_codes", "templates", "cost_centres")


async def offer(kind: str, books: Books) -> Sequence[Choice]:
    """The choices of a kind. VAT codes are fixed: the vendor has no list of them."""
    match kind:
        case "ledgers":
            ledgers = sorted(await books.ledgers(), key=lambda ledger: ledger.code)
            return [
                Choice(code=ledger.code, title=f"{ledger.code} {ledger.description}", hint=ledger.category)
                for ledger in ledgers
            ]
        case "vat_codes":
            return [
                Choice(code=code, title=meaning.title, hint=meaning.country)
                for code, meaning in tables.VAT_CODES.items()
            ]
        case "templates":
            templates = await books.templates() or []
            return [Choice(code=str(one.id), title=one.name) for one in templates if one.active]
        case "cost_centres":
            return [Choice(code=str(one.id), title=one.description) for one in await books.cost_centres() if one.active]
        case _:
            raise Misconfigured(
                "eboekhouden.choices", f"e-Boekhouden.nl has no list {kind!r}.", f"There are: {', '.join(KINDS)}."
            )
