"""What the vendor does with new sales orders, invoices and entries: references, periods, VAT, totals, numbers."""

from datetime import datetime
from decimal import Decimal
from typing import cast

from koppel_exact.sandbox.arithmetic import Amounts, line_amounts
from koppel_exact.sandbox.books import Books, Row
from koppel_exact.sandbox.relations import require
from koppel_exact.sandbox.wording import business

_SALES_JOURNAL = 20
_OPEN_ORDER = 12


class Ledger:
    """Books documents. ``closed`` periods are `(year, month)`; ``silent_drop`` loses lines with an unknown ledger."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.closed: set[tuple[int, int]] = set()
        self.silent_drop = False

    def add_order(self, row: Row) -> Row:
        """A sales order. `YourRef` may be there already, the number may not."""
        self._customer(row["OrderedBy"])
        self._header(row, ("DeliverTo", "InvoiceTo"), "DeliveryAddress")
        require(self.books, "inventory/Warehouses", "ID", row.get("WarehouseID"), "Magazijn")
        number = row.get("OrderNumber")
        if number and self.books.find("salesorder/SalesOrders", "OrderNumber", number):
            raise business("order_number")
        row["OrderNumber"] = number or self.books.highest("salesorder/SalesOrders", "OrderNumber") + 1
        row.setdefault("OrderDate", self._today())
        self._period(row["OrderDate"])
        row.setdefault("DeliverTo", row["OrderedBy"])
        row |= {"Status": _OPEN_ORDER, "DeliveryStatus": _OPEN_ORDER, "InvoiceStatus": _OPEN_ORDER, "ApprovalStatus": 1}
        self._item_lines(row, "SalesOrderLines", "VATAmount")
        return self.books.add("salesorder/SalesOrders", row)

    def add_invoice(self, row: Row) -> Row:
        """A sales invoice, open until it is printed; the number comes at printing."""
        self._journal(row)
        self._customer(row["OrderedBy"])
        self._header(row, ("DeliverTo", "InvoiceTo"), "DeliverToAddress")
        row.setdefault("OrderDate", self._today())
        self._period(row["OrderDate"])
        row.setdefault("Type", 8020)
        row["OrderNumber"] = (
            row.get("OrderNumber") or self.books.highest("salesinvoice/SalesInvoices", "OrderNumber") + 1
        )
        row |= {"Status": 20, "InvoiceNumber": None, "InvoiceDate": row["OrderDate"]}
        row["VATAmountFC"] = self._item_lines(row, "SalesInvoiceLines", "VATAmountFC")
        return self.books.add("salesinvoice/SalesInvoices", row)

    def add_entry(self, row: Row) -> Row:
        """A sales entry: amounts on ledgers. Numbers run per journal and year."""
        self._journal(row)
        self._customer(row["Customer"])
        self._header(row, (), "")
        row.setdefault("EntryDate", self._today())
        day = cast("datetime", row["EntryDate"])
        self._period(day)
        number = row.get("EntryNumber")
        taken = [
            int(str(kept["EntryNumber"]))
            for kept in self.books.where("salesentry/SalesEntries", "Journal", row["Journal"])
        ]
        if number in taken:
            raise business("entry_number")
        start = int(f"{day.year % 100}{str(row['Journal']).strip()}0001")
        row["EntryNumber"] = number or max([start - 1, *taken]) + 1
        kept: list[Row] = []
        amounts: list[Amounts] = []
        for line in cast("list[Row]", row["SalesEntryLines"]):
            if self.books.find("financial/GLAccounts", "ID", line["GLAccount"]) is None:
                if self.silent_drop:
                    continue
                raise business("reference", "Grootboekrekening")
            kept.append(line)
            amounts.append(self._line(line, Decimal(str(line["AmountFC"])), "VATAmountFC"))
        row["SalesEntryLines"] = self._numbered(kept)
        row |= {"Status": 20, "Type": 20, "ReportingYear": day.year, "ReportingPeriod": day.month}
        self._total(row, amounts)
        row["VATAmountFC"] = sum((amount.vat for amount in amounts), Decimal(0))
        return self.books.add("salesentry/SalesEntries", row)

    # --- parts ---

    def _customer(self, account: object) -> None:
        row = require(self.books, "crm/Accounts", "ID", account, "Klant")
        if row is not None and (row["Status"] != "C" or row["Blocked"]):
            raise business("invalid", "Klant (Type)")

    def _header(self, row: Row, accounts: tuple[str, ...], address: str) -> None:
        for name in accounts:
            require(self.books, "crm/Accounts", "ID", row.get(name), "Klant")
        if address:
            require(self.books, "crm/Addresses", "ID", row.get(address), "Afleveradres")
        require(self.books, "cashflow/PaymentConditions", "Code", row.get("PaymentCondition"), "Betalingsconditie")
        row.setdefault("Currency", "EUR")
        require(self.books, "general/Currencies", "Code", row["Currency"], "Valuta")

    def _journal(self, row: Row) -> None:
        journal = require(self.books, "financial/Journals", "Code", row["Journal"], "Journals")
        if journal is not None and journal["Type"] != _SALES_JOURNAL:
            raise business("invalid", "Dagboek (Type)")

    def _period(self, day: object) -> None:
        moment = cast("datetime", day)
        periods = self.books.rows["financial/FinancialPeriods"]
        if not any(cast("datetime", one["StartDate"]) <= moment <= cast("datetime", one["EndDate"]) for one in periods):
            raise business("year")
        if (moment.year, moment.month) in self.closed:
            raise business("closed", f"{moment.year} - {moment.month}")

    def _item_lines(self, row: Row, name: str, vat_field: str) -> Decimal:
        lines = cast("list[Row]", row[name])
        amounts: list[Amounts] = []
        for line in lines:
            item = require(self.books, "logistics/Items", "ID", line["Item"], "Artikel") or {}
            if not item.get("IsSalesItem"):
                raise business("not_allowed", "Artikel")
            line.setdefault("Description", item.get("Description"))
            line["ItemCode"] = item.get("Code")
            line.setdefault("Quantity", Decimal(1))
            line.setdefault("VATCode", item.get("SalesVatCode"))
            price = next((line[one] for one in ("NetPrice", "UnitPrice") if line.get(one) is not None), Decimal(0))
            line["NetPrice"] = price
            require(self.books, "financial/GLAccounts", "ID", line.get("GLAccount"), "Grootboekrekening")
            amount = Decimal(str(line["Quantity"])) * Decimal(str(price))
            found = self._line(line, amount, vat_field)
            line["AmountFC"] = found.net
            amounts.append(found)
        row[name] = self._numbered(lines)
        self._total(row, amounts)
        return sum((amount.vat for amount in amounts), Decimal(0))

    def _line(self, line: Row, amount: Decimal, vat_field: str) -> Amounts:
        code = require(self.books, "vat/VATCodes", "Code", line.get("VATCode"), "Btw-code") or {}
        if code.get("IsBlocked"):
            raise business("not_allowed", "Btw-code")
        fraction = Decimal(str(code.get("Percentage") or 0))
        override = line.get(vat_field)
        wanted = Decimal(str(override)) if override is not None else None
        found = line_amounts(amount, str(code.get("Type") or "N"), fraction, wanted)
        line |= {vat_field: found.vat, "VATPercentage": fraction}
        return found

    def _numbered(self, lines: list[Row]) -> list[Row]:
        return [{"ID": self.books.new_id(), **line, "LineNumber": number} for number, line in enumerate(lines, 1)]

    def _total(self, row: Row, amounts: list[Amounts]) -> None:
        row["AmountFC"] = row["AmountDC"] = sum((amount.gross for amount in amounts), Decimal(0))
        row["AmountFCExclVat"] = sum((amount.net for amount in amounts), Decimal(0))

    def _today(self) -> datetime:
        return self.books.now().replace(hour=0, minute=0, second=0, microsecond=0)
