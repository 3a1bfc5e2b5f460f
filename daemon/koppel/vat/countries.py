"""Country codes: which exist, which are the EU's for goods, and the spellings that VAT numbers and channels use."""


def codes(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


EU = codes("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
"""The member states, ISO 3166 codes."""

VAT_TERRITORIES = EU | {"XI"}
"""Where EU VAT rules hold for goods: the member states and Northern Ireland [bookkeeping.md 1]."""

ISO_COUNTRIES = codes(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV "
    "BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES "
    "ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE "
    "IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY "
    "MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU "
    "NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM "
    "SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE "
    "VG VI VN VU WF WS YE YT ZA ZM ZW "
)
"""ISO 3166-1 alpha-2."""

RESERVED = frozenset({"XI", "IC", "EA", "XK"})
"""Codes in use that are no ISO countries: Northern Ireland, Canary Islands, Ceuta and Melilla, Kosovo."""

ALIASES = {"EL": "GR", "UK": "GB"}
"""Other spellings of one country: the VAT prefix of Greece, the everyday code of the United Kingdom."""


def country_code(text: str | None) -> str | None:
    """The ISO code meant (``el`` -> ``GR``), or None for anything that is no country."""
    code = (text or "").strip().upper()
    code = ALIASES.get(code, code)
    return code if code in ISO_COUNTRIES | RESERVED else None
