"""The GetConnectors of the sandbox: the set of our README and AFAS' own, over the same books."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from koppel_afas.sandbox.books import MASTERS, UNIT, Books, Order
from koppel_afas.sandbox.query import Row
from koppel_afas.wire import as_amsterdam

Rows = Callable[[Books], Iterator[Row]]


@dataclass(frozen=True)
class Connector:
    """One GetConnector. ``fields`` maps ids to data types."""

    id: str
    description: str
    fields: Mapping[str, str]
    rows: Rows


def _moment(moment: datetime) -> str:
    return as_amsterdam(moment)


def _day(value: object) -> str:
    return f"{value}T00:00:00Z"


def _total(books: Books, order: Order) -> Decimal:
    return books.totals(order)[0]


def _orders(books: Books) -> Iterator[Row]:
    for order in books.orders.values():
        total, vat = books.totals(order)
        gross = sum((books.line_amount(order, line) for line in order.lines), Decimal(0))
        quantity = sum((line.number("QuUn") for line in order.lines), Decimal(0))
        yield {
            "Ordersoort": "Verkooporder",
            "OrderNumber": order.number,
            "AdminId": order.fields.get("Unit") or UNIT,
            "Status": "Gefactureerd" if order.invoiced else "Open",
            "OrderDate": _day(order.fields["OrDa"]),
            "DebtorId": order.fields["DbId"],
            "CurrencyId": order.currency,
            "CustomerReference": order.fields.get("RfCs"),
            "Gross": gross,
            "Discount": Decimal(0),
            "TotalAmount": total - vat,
            "VAT": vat,
            "Vat": vat,
            "Quantity": quantity,
            "InvoiceTotal": total,
            "AmountInclVat": total,
            "CreateDate": _moment(order.created),
            "ModifiedDate": _moment(order.changed),
        }


def _lines(books: Books) -> Iterator[Row]:
    for order in books.orders.values():
        for index, line in enumerate(order.lines, 1):
            amount = books.line_amount(order, line)
            common: Row = {
                "OrderNumber": order.number,
                "Status": "Open",
                "OrderDate": _day(order.fields["OrDa"]),
                "DebtorId": order.fields["DbId"],
                "CurrencyId": order.currency,
                "CustomerReference": order.fields.get("RfCs"),
                "SeqNo": index,
                "LineStatusCode": "G" if line.delivered else "O",
                "LineGuid": line.guid,
                "Description": line.fields.get("Ds"),
                "UnitId": line.fields.get("BiUn"),
                "CreateDate": _moment(line.created),
                "ModifiedDate": _moment(order.changed),
            }
            item, kind = line.fields["ItCd"], line.fields["VaIt"]
            quantity, price = line.number("QuUn"), line.number("Upri")
            yield common | {
                "ItemType": kind,
                "ItemTypeCode": kind,
                "ItemCode": item,
                "ItemCodeId": item,
                "Quantity": quantity,
                "PiecePerUnit": quantity,
                "Price": price,
                "PricePerUnit": price,
                "PriceNet": price,
                "AmtRowDiscount": Decimal(0),
                "AmtTotal": amount,
                "VatGroup": line.fields.get("VaRc"),
                "QuantityDelivered": line.delivered,
            }


def _relations(books: Books) -> Iterator[Row]:
    for relation in books.relations.values():
        party, fields = relation.party, relation.fields
        address = party.address.fields if party.address else {}
        street = " ".join(str(address[name]) for name in ("Ad", "HmNr", "HmAd") if address.get(name))
        yield {
            "DebtorId": relation.number,
            "DebtorName": party.name,
            "Name": party.name,
            "BcCo": party.number,
            "IsPerson": party.person,
            "SearchName": party.fields.get("SeNm"),
            "AdressLine1": street or None,
            "AdressLine3": f"{address.get('ZpCd') or ''}  {address.get('Rs') or ''}".strip() or None,
            "AdressLine4": address.get("CoId"),
            "TelNr": party.fields.get("TeNr"),
            "Phone": party.fields.get("TeNr"),
            "Email": party.fields.get("EmAd"),
            "EmailPrivate": party.fields.get("EmA2"),
            "Street": address.get("Ad"),
            "HouseNumber": address.get("HmNr"),
            "HouseNumberAdd": address.get("HmAd"),
            "ZipCode": address.get("ZpCd"),
            "City": address.get("Rs"),
            "CountryId": address.get("CoId"),
            "IBAN": None,
            "VatNr": fields.get("VaId"),
            "ChOfCommNr": party.fields.get("CcNr"),
            "CollectAccount": fields.get("ColA"),
            "PayCon": fields.get("PaCd"),
            "VatDuty": fields.get("VaDu"),
            "PriceListId": fields.get("PrLs"),
            "Blocked": bool(fields.get("Bl") or fields.get("BlTl")),
            "CreditLimit": None,
            "CurrencyId": fields.get("CuId"),
            "AutoPayment": bool(fields.get("AuPa")),
            "CreateDate": _moment(relation.created),
            "ModifiedDate": _moment(relation.created),
        }


def _articles(books: Books) -> Iterator[Row]:
    for article in books.articles.values():
        fields = article.fields
        yield {
            "ItemCode": article.code,
            "Description": fields.get("Ds"),
            "ExtraDescription": fields.get("DsEx"),
            "UnitId": fields.get("BiUn"),
            "ArtGroup": fields.get("Grp"),
            "GroupId": fields.get("Grp"),
            "Blocked": bool(fields.get("Bl")),
            "Barcode": fields.get("BaCo"),
            "Ean": fields.get("BaCo"),
            "VATGroup": fields.get("VaRc"),
            "VatGroup": fields.get("VaRc"),
            "Stock": bool(fields.get("BiSt")),
            "CreateDate": _moment(article.created),
            "ModifiedDate": _moment(article.changed),
        }


def _addresses(books: Books) -> Iterator[Row]:
    for relation in books.relations.values():
        for address in relation.party.deliveries:
            fields = address.fields
            row: Row = {
                "Bedrijf": relation.party.name,
                "Description": fields.get("name"),
                "Mail": relation.party.fields.get("EmAd"),
                "Is_debiteur": True,
                "A_Land": MASTERS["CoId"].get(str(fields.get("CoId"))),
                "CountryId": fields.get("CoId"),
                "Gewijzigd_op": _moment(relation.created),
                "ModifiedDate": _moment(relation.created),
            }
            for name, ids in _ADDRESS_IDS.items():
                value: object = {"debtor": relation.number, "id": address.id, "party": relation.party.number}.get(name)
                row |= dict.fromkeys(ids, value if value is not None else fields.get(name))
            yield row


_ADDRESS_IDS = {
    "debtor": ("DebiteurID", "DebtorId"),
    "party": ("OrgId",),
    "id": ("Adres_ID", "AddressId"),
    "Ad": ("A_Straat", "Street"),
    "HmNr": ("A_Huisnummer", "HouseNumber"),
    "HmAd": ("A_Toev_Huisnr.", "HouseNumberAdd"),
    "ZpCd": ("A_Postcode", "ZipCode"),
    "Rs": ("A_Woonplaats", "City"),
}


def _periods(books: Books) -> Iterator[Row]:
    for year, period, blocked in books.periods():
        yield {"Unit": UNIT, "Year": year, "Period": period, "PeriodDesc": f"Periode {period}", "Blocked": blocked}


def _master(kind: str, **columns: str) -> Rows:
    def rows(_: Books) -> Iterator[Row]:
        for code, title in MASTERS[kind].items():
            if code != "*****":
                values: Row = {"code": int(code) if kind == "Unit" else code, "title": title, "unit": UNIT, "no": False}
                yield {column: values[what] for column, what in columns.items()}

    return rows


_STRING, _INT, _DECIMAL, _BOOL, _DATE = "string", "int", "decimal", "boolean", "date"


def _fields(text: str) -> dict[str, str]:
    """``Name`` string, ``Name#`` int, ``Name%`` decimal, ``Name?`` boolean, ``Name@`` date."""
    kinds = {"#": _INT, "%": _DECIMAL, "?": _BOOL, "@": _DATE}
    return {name.rstrip("#%?@"): kinds.get(name[-1], _STRING) for name in text.split()}


_AUDIT = "CreateDate@ ModifiedDate@"
_CONNECTORS = (
    Connector(
        "Koppeling_Orders",
        "Orders voor koppel",
        _fields(
            f"OrderNumber AdminId# Status OrderDate@ DebtorId CustomerReference CurrencyId AmountInclVat% Vat% {_AUDIT}"
        ),
        _orders,
    ),
    Connector(
        "Profit_Salesorders",
        "Verkooporders",
        _fields(
            "Ordersoort OrderNumber Status OrderDate@ DebtorId CurrencyId CustomerReference Gross% Discount% "
            "TotalAmount% VAT% Quantity% InvoiceTotal%"
        ),
        _orders,
    ),
    Connector(
        "Koppeling_Orderregels",
        "Orderregels voor koppel",
        _fields(
            "OrderNumber LineGuid SeqNo# ItemType ItemCode Description UnitId Quantity% Price% VatGroup "
            "QuantityDelivered% ModifiedDate@"
        ),
        _lines,
    ),
    Connector(
        "Profit_SalesorderLines",
        "Verkooporderregels",
        _fields(
            "OrderNumber Status OrderDate@ DebtorId CurrencyId CustomerReference SeqNo# LineStatusCode LineGuid "
            "ItemTypeCode ItemCodeId Description UnitId PiecePerUnit% PricePerUnit% AmtRowDiscount% "
            f"PriceNet% AmtTotal% {_AUDIT}"
        ),
        _lines,
    ),
    Connector(
        "Koppeling_Verkooprelaties",
        "Verkooprelaties voor koppel",
        _fields(
            "DebtorId BcCo Name IsPerson? Email EmailPrivate Phone Street HouseNumber# HouseNumberAdd ZipCode City "
            f"CountryId VatDuty VatNr PayCon CollectAccount PriceListId Blocked? {_AUDIT}"
        ),
        _relations,
    ),
    Connector(
        "Profit_Debtor",
        "Debiteuren",
        _fields(
            "DebtorId DebtorName BcCo SearchName AdressLine1 AdressLine3 AdressLine4 TelNr Email IBAN VatNr ChOfCommNr "
            f"CollectAccount PayCon VatDuty Blocked? CreditLimit% CurrencyId AutoPayment? {_AUDIT}"
        ),
        _relations,
    ),
    Connector(
        "Koppeling_Artikelen",
        "Artikelen voor koppel",
        _fields(f"ItemCode Description ExtraDescription Ean GroupId UnitId VatGroup Blocked? {_AUDIT}"),
        _articles,
    ),
    Connector(
        "Profit_Article",
        "Artikelen",
        _fields(f"ItemCode Description ExtraDescription UnitId ArtGroup Blocked? Barcode VATGroup Stock? {_AUDIT}"),
        _articles,
    ),
    Connector(
        "Koppeling_Afleveradressen",
        "Afleveradressen voor koppel",
        _fields(
            "DebtorId AddressId# Description Street HouseNumber# HouseNumberAdd ZipCode City CountryId ModifiedDate@"
        ),
        _addresses,
    ),
    Connector(
        "Profit_Deliveryaddress",
        "Afleveradressen",
        _fields(
            "OrgId Bedrijf Mail Gewijzigd_op@ Is_debiteur? Adres_ID# A_Straat A_Huisnummer# A_Toev_Huisnr. A_Postcode "
            "A_Woonplaats A_Land DebiteurID"
        ),
        _addresses,
    ),
    Connector(
        "Profit_periods_per_administration", "Perioden", _fields("Unit# Year# Period# PeriodDesc Blocked?"), _periods
    ),
    Connector(
        "Profit_Administrations",
        "Administraties",
        _fields("AdminId# AdminNm"),
        _master("Unit", AdminId="code", AdminNm="title"),
    ),
    Connector(
        "Profit_Journals",
        "Dagboeken",
        _fields("UnitId# JournalId Description Blocked?"),
        _master("JoCo", UnitId="unit", JournalId="code", Description="title", Blocked="no"),
    ),
    Connector(
        "Profit_Warehouses",
        "Magazijnen",
        _fields("Warehouse Description Blocked?"),
        _master("War", Warehouse="code", Description="title", Blocked="no"),
    ),
    Connector(
        "Profit_ArticleGroups",
        "Artikelgroepen",
        _fields("Artikelgroep Omschrijving"),
        _master("Grp", Artikelgroep="code", Omschrijving="title"),
    ),
    Connector(
        "Profit_Accounts",
        "Grootboekrekeningen",
        _fields("Account Description Blocked?"),
        _master("Account", Account="code", Description="title", Blocked="no"),
    ),
    Connector(
        "Profit_Currency",
        "Valuta",
        _fields("CurrencyId Currency"),
        _master("CuId", CurrencyId="code", Currency="title"),
    ),
    Connector("ProfitCountries", "Landen", _fields("CoId Co"), _master("CoId", CoId="code", Co="title")),
)
GET_CONNECTORS: dict[str, Connector] = {connector.id: connector for connector in _CONNECTORS}
"""All GetConnectors, by id."""
