"""From a draft's customer to AFAS' sales relation and delivery address. Pure. Nothing existing is matched."""

from datetime import date

from koppel.booking.draft import CustomerKind, DraftCustomer
from koppel.model import Address
from koppel.plugin import Misconfigured
from koppel_afas.address import basic_address
from koppel_afas.mapper import Fields, cut
from koppel_afas.settings import Settings
from koppel_afas.tables import DELIVERY_ADDRESS, GENDER_UNKNOWN, MATCH_KNOWN, NEW_ORGANISATION, NEW_PERSON
from koppel_afas.wire import element, envelope


def relation(customer: DraftCustomer, settings: Settings, today: date) -> tuple[str, dict[str, object]]:
    """The UpdateConnector and body that make a new relation, matching nobody [fact sheet 7.3].

    Raises Misconfigured if the codes that a debtor needs are not set, Refused for a country that AFAS has no code for.
    """
    if not settings.summary_account or not settings.payment_condition:
        raise Misconfigured(
            "afas.debtor-settings",
            "A new sales relation needs a verzamelrekening and a betaalvoorwaarde.",
            "Set summary_account and payment_condition in [target].",
        )
    organisation = bool(
        customer.company
        or customer.vat_id
        or customer.kind is CustomerKind.COLLECTIVE
        or settings.relation_kind == "organisation"
    )
    foreign = bool(customer.vat_id) and not (customer.vat_id or "").upper().startswith("NL")
    fields: Fields = {
        "IsDb": True,
        "CuId": settings.currency,
        "ColA": settings.summary_account,
        "PaCd": settings.payment_condition,
        "VaDu": (settings.vat_duty_ics if foreign else "") or settings.vat_duty or None,
        "VaId": cut("VaId", customer.vat_id),
        "VtIn": True,
        "InPv": settings.invoice_sending or None,
    }
    party = _organisation(customer) if organisation else _person(customer)
    address = basic_address(customer.address, today)
    below = {"KnBasicAddressAdr": element(address)} if address else None
    connector, inner = ("KnSalesRelationOrg", "KnOrganisation") if organisation else ("KnSalesRelationPer", "KnPerson")
    return connector, envelope(connector, element(fields, {inner: element(party, below)}))


def _organisation(customer: DraftCustomer) -> Fields:
    return {
        "PadAdr": True,
        "AutoNum": True,
        "MatchOga": NEW_ORGANISATION,
        "Nm": cut("Nm", customer.name),
        "EmAd": cut("EmAd", customer.email),
        "TeNr": cut("TeNr", customer.phone),
    }


def _person(customer: DraftCustomer) -> Fields:
    return {
        "PadAdr": True,
        "AutoNum": True,
        "MatchPer": NEW_PERSON,
        "FiNm": cut("FiNm", customer.first_name) if customer.last_name else None,
        "LaNm": cut("LaNm", customer.last_name or customer.name),
        "SpNm": False,
        "ViGe": GENDER_UNKNOWN,
        "EmAd": cut("EmAd", customer.email),
        "TeNr": cut("TeNr", customer.phone),
        "AddToPortal": False,
    }


def delivery_contact(party: str, address: Address, fields: Fields, *, person: bool) -> tuple[str, dict[str, object]]:
    """Path and body that add a delivery address to a party, changing nothing else [fact sheet 7.5]."""
    connector, match = ("KnPerson", "MatchPer") if person else ("KnOrganisation", "MatchOga")
    contact = element(
        {"PadAdr": True, "ViKc": DELIVERY_ADDRESS, "ExAd": cut("ExAd", address.name or address.company)},
        {"KnBasicAddressAdr": element(fields)},
    )
    body = envelope(connector, element({match: MATCH_KNOWN, "BcCo": party}, {"KnContact": contact}))
    return f"/connectors/{connector}/KnContact", body
