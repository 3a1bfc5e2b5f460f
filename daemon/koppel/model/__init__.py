"""What an order, a customer, an amount IS. Frozen, exact, free of I/O."""

from koppel.model.money import ZERO, Money, minor_units, quantum, round_money, spread
from koppel.model.order import (
    ChannelVat,
    Fulfilment,
    LineKind,
    Order,
    OrderLine,
    OrderRef,
    Payment,
    ProductRef,
    UnreadableOrder,
)
from koppel.model.party import Address, Buyer

__all__ = [
    "ZERO",
    "Address",
    "Buyer",
    "ChannelVat",
    "Fulfilment",
    "LineKind",
    "Money",
    "Order",
    "OrderLine",
    "OrderRef",
    "Payment",
    "ProductRef",
    "UnreadableOrder",
    "minor_units",
    "quantum",
    "round_money",
    "spread",
]
