"""Articles and sales orders: what AFAS takes and what it refuses [fact sheet 7.6, 7.8, 7.9]."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from koppel_afas.sandbox.books import MASTERS, Article, Books, Line, Order, vat_rate
from koppel_afas.sandbox.envelopes import Element, require
from koppel_afas.sandbox.failures import ProfitError, exists, missing_value, unknown_value

_PRICES = ("StPrice", "CoPrice", "SaPrice", "PuPrice", "CsPrice")


def insert_article(books: Books, element: Element, now: datetime) -> Article:
    """Make an article."""
    require("FbItemArticle", element)
    _check_article(element)
    code = element.text("ItCd")
    if not code and not element.fields.get("AuId"):
        raise missing_value("ItCd")
    code = code or books.next("article")
    if code.casefold() in books.articles:
        raise exists("ItCd")
    article = Article(code, {**element.fields, "ItCd": code}, now, now)
    books.articles[code.casefold()] = article
    return article


def update_article(books: Books, element: Element, now: datetime) -> Article:
    """Change an article; prices are silently left as they are."""
    article = books.articles.get(element.text("ItCd").casefold())
    if article is None:
        raise unknown_value("ItCd")
    _check_article(element)
    article.fields |= {name: value for name, value in element.fields.items() if name not in _PRICES}
    article.changed = now
    return article


def _check_article(element: Element) -> None:
    if element.fields.get("Grp") and element.text("Grp") not in MASTERS["Grp"]:
        raise unknown_value("Grp")
    if element.fields.get("BiUn") and element.text("BiUn").upper() not in MASTERS["Unit of article"]:
        raise unknown_value("BiUn")
    if element.fields.get("VaRc") and vat_rate(element.text("VaRc")) is None:
        raise unknown_value("VaRc")


def insert_order(books: Books, element: Element, now: datetime, today: date, *, autonumber: bool) -> Order:
    """Make a sales order; the same reference twice makes two."""
    require("FbSales", element)
    fields = {"OrDa": today, **element.fields}
    _check_head(books, fields)
    number = element.text("OrNu")
    if not number and not autonumber:
        raise missing_value("OrNu")
    if number in books.orders:
        raise exists("OrNu")
    lines = [_line(books, each, now) for each in element.below.get("FbSalesLines", [])]
    order = Order(number or books.next("order"), fields, now, now, lines)
    books.orders[order.number] = order
    return order


def update_order(books: Books, element: Element, now: datetime) -> Order:
    """Change header and lines; a line that is not on the order yet is added."""
    order = _open_order(books, element.text("OrNu"))
    _check_head(books, {**order.fields, **element.fields})
    lines = list(order.lines)
    for each in element.below.get("FbSalesLines", []):
        line = _found(lines, each)
        if each.action == "delete":
            if line is None:
                raise unknown_value("GuLi")
            lines.remove(_changeable(line))
        elif line is not None and each.action != "insert":
            index = lines.index(_changeable(line))
            lines[index] = Line(line.guid, {**line.fields, **each.fields}, line.created, line.delivered)
            _check_line(books, lines[index].fields)
        elif each.fields.get("GuLi"):
            raise unknown_value("GuLi")
        else:
            lines.append(_line(books, each, now))
    order.lines, order.changed = lines, now
    order.fields |= element.fields
    return order


def add_lines(books: Books, element: Element, now: datetime) -> Order:
    """Add lines to a sales order."""
    order = _open_order(books, element.text("OrNu"))
    order.lines = [*order.lines, *(_line(books, each, now) for each in element.below.get("FbSalesLines", []))]
    order.changed = now
    return order


def delete_line(books: Books, number: str, guid: str, now: datetime) -> Order:
    """Remove one line."""
    order = _open_order(books, number)
    line = next((line for line in order.lines if line.guid == guid.upper()), None)
    if line is None:
        raise unknown_value("GuLi")
    order.lines = [each for each in order.lines if each is not _changeable(line)]
    order.changed = now
    return order


def _open_order(books: Books, number: str) -> Order:
    order = books.orders.get(number)
    if order is None:
        raise unknown_value("OrNu")
    if order.invoiced:
        raise ProfitError("De verkooporder is al gefactureerd.", "The sales order has been invoiced already.")
    return order


def _changeable(line: Line) -> Line:
    if line.delivered:
        raise ProfitError("De regel is al uitgeleverd.", "The line has been delivered already.")
    return line


def _found(lines: Sequence[Line], element: Element) -> Line | None:
    guid = element.text("GuLi").upper()
    if guid:
        return next((line for line in lines if line.guid == guid), None)
    wanted = (element.text("VaIt"), element.text("ItCd").casefold())
    return next(
        (line for line in lines if (str(line.fields["VaIt"]), str(line.fields["ItCd"]).casefold()) == wanted), None
    )


def _check_head(books: Books, fields: dict[str, object]) -> None:
    relation = books.relations.get(str(fields.get("DbId")))
    if relation is None or relation.fields.get("BlTl"):
        raise unknown_value("DbId")
    for name in ("Unit", "JoCo", "War", "PaCd", "PaTp", "PrId", "SaCh", "VaDu", "CuId"):
        value = fields.get(name)
        if value is not None and str(value) not in MASTERS[name]:
            raise unknown_value(name)
    address = fields.get("DlAd")
    if address is not None and address not in {each.id for each in relation.party.deliveries}:
        raise unknown_value("DlAd")
    day = fields["OrDa"]
    if isinstance(day, date) and not books.is_open(day):
        text = f"{day:%d-%m-%Y}"
        raise ProfitError(f"Datum '{text}' valt in een geblokkeerde periode", f"Date '{text}' is in a blocked period")


def _line(books: Books, element: Element, now: datetime) -> Line:
    require("FbSalesLines", element)
    _check_line(books, element.fields)
    return Line(f"{{{uuid.uuid4()}}}".upper(), dict(element.fields), now)


def _check_line(books: Books, fields: dict[str, object]) -> None:
    if str(fields["VaIt"]) == "2":
        article = books.articles.get(str(fields["ItCd"]).casefold())
        if article is None or article.fields.get("Bl"):
            raise unknown_value("ItCd")
        if str(fields["BiUn"]).casefold() != str(article.fields["BiUn"]).casefold():
            raise unknown_value("BiUn")
    if fields.get("VaRc") and vat_rate(str(fields["VaRc"])) is None:
        raise unknown_value("VaRc")
    if fields.get("War") and str(fields["War"]) not in MASTERS["War"]:
        raise unknown_value("War")
