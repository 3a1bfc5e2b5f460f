"""The sentences of the VAT decision. ``{start}`` and ``{end}`` are the countries of departure and arrival."""

from koppel.vat.sentence import Sentence

DEPARTURE_UNKNOWN = Sentence(
    "Onbekend: het land van vertrek van de goederen ({given}).",
    "Not known: the country the goods leave from ({given}).",
)
ARRIVAL_UNKNOWN = Sentence(
    "Onbekend: het land van aflevering ({given}).", "Not known: the country of delivery ({given})."
)
GIVE_COUNTRY = Sentence("Vul een ISO-landcode in.", "Give an ISO country code.")
SELLER_UNKNOWN = Sentence("Het land van de verkoper is onbekend.", "The seller's country is not known.")
SET_SELLER = Sentence("Stel [seller] country in.", "Set [seller] country.")
CATEGORY_UNKNOWN = Sentence("Onbekende productcategorie: {category}.", "Unknown product category: {category}.")
CHOOSE_CATEGORY = Sentence(
    "Kies een categorie waarvoor dit land een tarief heeft.", "Choose a category for which this country has a rate."
)
AMOUNT_MISSING = Sentence("Het bedrag ontbreekt.", "The amount is missing.")
GIVE_AMOUNT = Sentence("Vul het bedrag in.", "Give the amount.")
GIVE_POSTCODE = Sentence("Vul de postcode van aflevering aan.", "Add the delivery postcode.")

OWN_SHOP_COLLECTS = Sentence(
    "Een eigen webwinkel heeft geen marktplaats die de btw afdraagt, maar dat is wel opgegeven.",
    "An own shop has no marketplace that collects the VAT, but the facts say so.",
)
CORRECT_COLLECTOR = Sentence("Zet het kanaal of de afdracht recht.", "Correct the channel, or who collects.")
CANNOT_COLLECT = Sentence(
    "Het kanaal zegt dat de marktplaats de btw afdraagt, maar dat kan niet: de verkoper is in de EU gevestigd en de "
    "goederen blijven in de EU.",
    "The channel says that the marketplace collects the VAT, but it cannot: the seller is established in the EU and "
    "the goods stay inside the EU.",
)
ASK_CHANNEL = Sentence("Vraag het kanaal waarom; boek niet als 0 %.", "Ask the channel why; do not book it at 0 %.")

TRANSFER_HERE = Sentence(
    "Voorraad verplaatst binnen één land: geen verkoop, niets te boeken.",
    "Stock moved inside one country: no sale, nothing to book.",
)
TRANSFER_ABROAD = Sentence(
    "Eigen voorraad verplaatst van {start} naar {end}: geen omzet; op de lijst voor de boekhouder (fictieve "
    "intracommunautaire levering tegen kostprijs).",
    "Own stock moved from {start} to {end}: no revenue; on the bookkeeper's list (deemed intra-Community supply at "
    "cost price).",
)
MARKETPLACE = Sentence(
    "De marktplaats draagt de btw af: omzet zonder btw, buiten de eigen aangifte.",
    "The marketplace collects the VAT: revenue without VAT, outside the seller's own return.",
)
EXPORT = Sentence(
    "De goederen worden buiten het btw-gebied van de EU afgeleverd ({end}): uitvoer, 0 %; bewaar het uitvoerbewijs.",
    "The goods are delivered outside the EU's VAT territory ({end}): export, 0 %; keep the proof of exit.",
)
NEVER_INSIDE = Sentence(
    "De goederen vertrokken uit {start} en waren nooit in de EU: ga na of dit in rubriek 3a hoort.",
    "The goods left from {start} and were never in the EU: see whether this belongs in box 3a.",
)
FROM_OUTSIDE = Sentence(
    "De goederen komen van buiten de EU ({start}): invoer of IOSS, hier niet te bepalen.",
    "The goods come from outside the EU ({start}): import or IOSS, not decidable here.",
)
BY_BOOKKEEPER = Sentence("Laat de boekhouder dit boeken.", "Let the bookkeeper book this one.")
KOR = Sentence(
    "De verkoper gebruikt de kleineondernemersregeling (KOR): geen btw op de verkoop, geen aftrek.",
    "The seller uses the small-business scheme (KOR): no VAT on the sale, none deducted.",
)
KOR_ABROAD = Sentence(
    "De KOR is opgegeven, maar de verkoper is niet in Nederland gevestigd.",
    "The Dutch small-business scheme is set, but the seller is not established in the Netherlands.",
)
CORRECT_KOR = Sentence("Zet het vestigingsland of de KOR recht.", "Correct the seller's country or the scheme.")
DOMESTIC = Sentence(
    "Vertrek en aankomst in {end}: binnenlandse verkoop, aan consument en ondernemer gelijk.",
    "Leaves from and arrives in {end}: domestic sale, to consumers and businesses alike.",
)
REVERSE_CHARGE = Sentence(
    "Telefoons, chips, laptops of spelcomputers vanaf 10.000 euro aan een ondernemer: btw verlegd?",
    "Phones, chips, laptops or consoles from 10,000 euros to a business: reverse charge?",
)
DOMESTIC_ABROAD = Sentence(
    "Vertrek en aankomst in {end}: verkoop uit voorraad daar; in de aangifte van {end}, nooit in OSS.",
    "Leaves from and arrives in {end}: sale from stock there; in the return of {end}, never in OSS.",
)
ICS = Sentence(
    "Van {start} naar {end}, aan een ondernemer met een geldig btw-nummer van een ander EU-land: intracommunautaire "
    "levering, 0 %, in de opgaaf ICP.",
    "From {start} to {end}, to a business with a valid VAT number of another EU country: intra-Community supply, 0 %, "
    "listed as ICP.",
)
ICS_CHARGED = Sentence(
    "Het btw-nummer is geldig (0 %, ICP), maar het kanaal meldt dat er btw is berekend: btw op een factuur is "
    "verschuldigd.",
    "The VAT number is valid (0 %, intra-Community), but the channel reports VAT as charged: VAT shown on a document "
    "is owed.",
)
CORRECT_INVOICE = Sentence(
    "Corrigeer de factuur van het kanaal, of boek als consumentenverkoop.",
    "Correct the channel's invoice, or book it as a consumer sale.",
)
NUMBER_CONTRADICTED = Sentence(
    "VIES zou 'geldig' zeggen, maar er is geen btw-nummer dat van een EU-land kan zijn.",
    "VIES is said to call it valid, but there is no number that can be one of an EU country.",
)
CHECK_NUMBER = Sentence("Controleer het btw-nummer.", "Check the VAT number.")
VIES_SILENT = Sentence(
    "Het btw-nummer kon niet worden gecontroleerd: VIES gaf geen antwoord.",
    "The VAT number could not be checked: VIES gave no answer.",
)
VIES_NOT_ASKED = Sentence(
    "Het btw-nummer is nog niet bij VIES gecontroleerd.", "The VAT number has not been checked with VIES yet."
)
HOLD = Sentence("Houd de order aan; er wordt opnieuw gevraagd.", "Hold the order; it will be asked again.")
NOT_CHARGED = Sentence("Het kanaal meldt geen btw.", "The channel does not report VAT as charged.")
AS_CONSUMER = Sentence(
    "Boek als consumentenverkoop, of vraag een geldig nummer.", "Book as consumer sale, or ask for a valid number."
)
CHARGED_ANYWAY = Sentence(
    "Er is btw berekend: geboekt als consumentenverkoop.", "VAT was charged: booked as a consumer sale."
)
NUMBER_TO_COME = Sentence(
    "Een zakelijke bestelling over de grens, maar het btw-nummer is (nog) niet bekend.",
    "A business order that crosses a border, but the VAT number is not known (yet).",
)
WAIT_FOR_REPORT = Sentence(
    "Wacht op het btw-rapport van het kanaal, of boek als consumentenverkoop.",
    "Wait for the channel's VAT report, or book as consumer sale.",
)
OSS_UNKNOWN = Sentence(
    "Onbekend of de verkoper OSS gebruikt, of boven de drempel van 10.000 euro is.",
    "Not known whether the seller uses OSS, or is above the threshold of 10,000 euros.",
)
SET_OSS = Sentence("Stel [seller] oss en above_threshold in.", "Set [seller] oss and above_threshold.")
OSS = Sentence(
    "Afstandsverkoop van {start} naar {end}, de verkoper gebruikt OSS: btw van {end}, in de OSS-aangifte.",
    "Distance sale from {start} to {end}, the seller uses OSS: VAT of {end}, in the OSS return.",
)
BELOW_THRESHOLD = Sentence(
    "Afstandsverkoop van {start} naar {end}, geen OSS, onder de drempel van 10.000 euro over alle kanalen samen: btw "
    "van {start}.",
    "Distance sale from {start} to {end}, no OSS, below the threshold of 10,000 euros over all channels together: VAT "
    "of {start}.",
)
ABOVE_THRESHOLD = Sentence(
    "Afstandsverkoop van {start} naar {end} zonder OSS, boven de drempel: btw van {end}.",
    "Distance sale from {start} to {end} without OSS, above the threshold: VAT of {end}.",
)
STOCK_ABROAD = Sentence(
    "Afstandsverkoop van {start} naar {end} zonder OSS, uit voorraad buiten het land van vestiging, waarvoor de "
    "drempel niet geldt: btw van {end}.",
    "Distance sale from {start} to {end} without OSS, from stock outside the country of establishment, for which the "
    "threshold does not count: VAT of {end}.",
)
REGISTER = Sentence(
    "Hiervoor is een btw-registratie in {end} nodig, of OSS.", "This needs a VAT registration in {end}, or OSS."
)

REFUND = Sentence(
    "Een terugbetaling volgt de verkoop: zelfde behandeling, land en tarief.",
    "A refund follows its sale: same treatment, country and rate.",
)
RATE = Sentence("{country}, {category} op {on}: {rate} %.", "{country}, {category} on {on}: {rate} %.")
AMOUNT = Sentence("Van {gross} {currency} is {vat} btw.", "Of {gross} {currency}, {vat} is VAT.")
ZERO_AT_HOME = Sentence(
    "Let op: nul bij een binnenlandse verkoop geldt maar voor weinig goederen (zonnepanelen).",
    "Mind: zero on a domestic sale holds for few goods only (solar panels).",
)
REGION_ELSEWHERE = Sentence(
    "Het tarief {category} geldt niet op dit adres.", "The rate {category} does not hold at this address."
)
REGION_POSSIBLE = Sentence(
    "Op dit adres kan een verlaagd streektarief gelden (regional_{region}).",
    "At this address a lowered regional rate may hold (regional_{region}).",
)
NO_RATE = Sentence(
    "{country} heeft op {on} geen tarief voor {category}.", "{country} has no rate for {category} on {on}."
)
CHANNEL_CHARGED = Sentence(
    "Maar het kanaal meldt dat er btw is berekend; btw op een factuur is verschuldigd.",
    "But the channel reports VAT as charged; VAT shown on a document is owed.",
)
CHANNEL_ZERO = Sentence(
    "Maar het kanaal meldt 0 btw, waar {rate} % hoort.", "But the channel reports no VAT, where {rate} % is due."
)
SET_CHANNEL = Sentence(
    "Stel de btw in het kanaal goed in, ook op verzendkosten.", "Set the VAT right in the channel, on shipping too."
)
DENMARK_BOOKS = Sentence(
    "Let op: Denemarken kondigde afschaffing van btw op boeken aan voor 2026; de ingangsdatum is niet bekend.",
    "Mind: Denmark announced the end of VAT on books for 2026; from which day is not known.",
)

NO_NUMBER = Sentence("De koper geeft geen btw-nummer.", "The buyer gives no VAT number.")
NUMBER_NOT_EU = Sentence(
    "Het btw-nummer van de koper is niet van een EU-land.", "The buyer's VAT number is not of an EU country."
)
NUMBER_MALFORMED = Sentence(
    "Het btw-nummer van de koper heeft niet de vorm van een btw-nummer.",
    "The buyer's VAT number does not have the form of one.",
)
NUMBER_OF_DEPARTURE = Sentence(
    "Het btw-nummer van de koper is van het land van vertrek ({start}): geen grond voor 0 %.",
    "The buyer's VAT number is of the departure country ({start}): no ground for 0 %.",
)
NUMBER_WRONG_CHECK = Sentence(
    "Het controlegetal van het btw-nummer van de koper klopt niet.",
    "The check digits of the buyer's VAT number are wrong.",
)
NUMBER_INVALID = Sentence(
    "VIES noemt het btw-nummer van de koper ongeldig.", "VIES calls the buyer's VAT number invalid."
)
