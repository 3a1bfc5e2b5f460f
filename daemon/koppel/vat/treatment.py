"""The VAT treatments, by the ids that bookkeepers see in explanations and cases."""

from enum import StrEnum


class Treatment(StrEnum):
    """Why an amount carries the VAT that it carries."""

    REVIEW = "REVIEW"
    FBA_TRANSFER = "FBA_TRANSFER"
    NO_BOOKING = "NO_BOOKING"
    MARKETPLACE_DEEMED = "MARKETPLACE_DEEMED"
    EXPORT = "EXPORT"
    KOR_EXEMPT = "KOR_EXEMPT"
    DOMESTIC = "DOMESTIC"
    DOMESTIC_FOREIGN = "DOMESTIC_FOREIGN"
    ICS = "ICS"
    OSS = "OSS"
    ORIGIN_BELOW_THRESHOLD = "ORIGIN_BELOW_THRESHOLD"
    DESTINATION_LOCAL_REG = "DESTINATION_LOCAL_REG"
