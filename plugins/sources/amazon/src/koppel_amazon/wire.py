"""The parts of Amazon's answers that we read, as lenient as Amazon is loose.

Every field may be missing, null or hold a value that no model lists; unknown fields are ignored. [fact sheet 7.2, 10]
"""

from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Raw, Struct


class Amount(Struct, frozen=True, rename="camel"):
    """An amount with its currency. Orders send it as text, finances as a JSON number."""

    amount: Decimal | None = None
    currency_code: str | None = None


class AssociatedOrder(Struct, frozen=True, rename="camel"):
    """The order that this one replaces."""

    order_id: str | None = None
    association_type: str | None = None


class SalesChannel(Struct, frozen=True, rename="camel"):
    """Where the order was placed."""

    channel_name: str | None = None
    marketplace_id: str | None = None


class WireBuyer(Struct, frozen=True, rename="camel"):
    """The buyer, as far as the app's roles allow."""

    buyer_name: str | None = None
    buyer_email: str | None = None
    buyer_company_name: str | None = None
    buyer_purchase_order_number: str | None = None


class WireAddress(Struct, frozen=True, rename="camel"):
    """An address; any part may be an empty string."""

    name: str | None = None
    company_name: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    city: str | None = None
    municipality: str | None = None
    state_or_region: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    phone: str | None = None
    address_type: str | None = None


class Recipient(Struct, frozen=True, rename="camel"):
    """Where the goods go."""

    delivery_address: WireAddress | None = None


class Detail(Struct, frozen=True, rename="camel"):
    """One part of a TAX or DISCOUNT amount."""

    subtype: str | None = None
    value: Amount | None = None


class Breakdown(Struct, frozen=True, rename="camel"):
    """One kind of money in the proceeds of an order or an item: the total of the line, not per unit."""

    type: str | None = None
    status: str | None = None
    subtotal: Amount | None = None
    detailed_breakdowns: list[Detail] | None = None


class OrderProceeds(Struct, frozen=True, rename="camel"):
    """The money of the whole order."""

    grand_total: Amount | None = None
    breakdowns: list[Breakdown] | None = None


class ItemProceeds(Struct, frozen=True, rename="camel"):
    """The money of one item."""

    proceeds_total: Amount | None = None
    breakdowns: list[Breakdown] | None = None


class Price(Struct, frozen=True, rename="camel"):
    """The price of a unit as the shop showed it."""

    unit_price: Amount | None = None


class Product(Struct, frozen=True, rename="camel"):
    """What was ordered."""

    asin: str | None = None
    title: str | None = None
    seller_sku: str | None = None
    price: Price | None = None


class Promotion(Struct, frozen=True, rename="camel"):
    """A promotion's name for itself."""

    promotion_id: str | None = None


class Promotions(Struct, frozen=True, rename="camel"):
    """Which promotions lowered the price."""

    breakdowns: list[Promotion] | None = None


class CancellationRequest(Struct, frozen=True, rename="camel"):
    """Somebody asks to cancel."""

    requester: str | None = None


class CancellationExecution(Struct, frozen=True, rename="camel"):
    """Somebody did cancel."""

    cancelled_by: str | None = None


class Cancellation(Struct, frozen=True, rename="camel"):
    """Cancellation of an item, asked or done."""

    cancellation_request: CancellationRequest | None = None
    cancellation_execution: CancellationExecution | None = None


class ItemFulfillment(Struct, frozen=True, rename="camel"):
    """How many units were sent and are still to be sent."""

    quantity_fulfilled: int | None = None
    quantity_unfulfilled: int | None = None


class TaxCollection(Struct, frozen=True, rename="camel"):
    """Who remits the VAT of an item."""

    model: str | None = None


class ItemTax(Struct, frozen=True, rename="camel"):
    """Tax facts of an item: never a rate."""

    tax_collections: list[TaxCollection] | None = None


class Item(Struct, frozen=True, rename="camel"):
    """One product in an order."""

    order_item_id: str | None = None
    quantity_ordered: int | None = None
    product: Product | None = None
    proceeds: ItemProceeds | None = None
    promotion: Promotions | None = None
    cancellation: Cancellation | None = None
    fulfillment: ItemFulfillment | None = None
    tax: ItemTax | None = None


class PaymentExecution(Struct, frozen=True, rename="camel"):
    """One payment."""

    payment_method: str | None = None


class WirePayment(Struct, frozen=True, rename="camel"):
    """How it was paid."""

    payment_executions: list[PaymentExecution] | None = None


class TaxRegistration(Struct, frozen=True, rename="camel"):
    """A tax number of the buyer, the merchant or the marketplace."""

    entity_type: str | None = None
    legal_name: str | None = None
    tax_registration_type: str | None = None
    tax_registration_number: str | None = None
    tax_registration_address: WireAddress | None = None


class OrderTax(Struct, frozen=True, rename="camel"):
    """Tax facts of the order."""

    tax_registrations: list[TaxRegistration] | None = None


class OrderFulfillment(Struct, frozen=True, rename="camel"):
    """Status, and who sends."""

    fulfillment_status: str | None = None
    fulfilled_by: str | None = None


class Package(Struct, frozen=True, rename="camel"):
    """A parcel; merchant-fulfilled orders only."""

    ship_time: str | None = None
    ship_from_address: WireAddress | None = None


class WireOrder(Struct, frozen=True, rename="camel"):
    """An order of the Orders API 2026-01-01."""

    order_id: str | None = None
    created_time: str | None = None
    last_updated_time: str | None = None
    programs: list[str] | None = None
    associated_orders: list[AssociatedOrder] | None = None
    sales_channel: SalesChannel | None = None
    buyer: WireBuyer | None = None
    recipient: Recipient | None = None
    proceeds: OrderProceeds | None = None
    payment: WirePayment | None = None
    tax: OrderTax | None = None
    fulfillment: OrderFulfillment | None = None
    order_items: list[Item] | None = None
    packages: list[Package] | None = None


class OrderHead(Struct, frozen=True, rename="camel"):
    """What is needed to tell about an order that cannot be read otherwise."""

    order_id: str
    created_time: object = None
    last_updated_time: object = None


class Pagination(Struct, frozen=True, rename="camel"):
    """The way to the next page; absent on the last one."""

    next_token: str | None = None


class OrdersAnswer(Struct, frozen=True, rename="camel"):
    """A page of searchOrders. The orders are kept raw: one that is broken must not take the others along."""

    orders: list[Raw]
    pagination: Pagination | None = None
    last_updated_before: str | None = None
    created_before: str | None = None


class OrderAnswer(Struct, frozen=True):
    """An answer of getOrder."""

    order: Raw


class WireMarketplace(Struct, frozen=True, rename="camel"):
    """A marketplace of the account."""

    id: str
    country_code: str | None = None


class Participation(Struct, frozen=True, rename="camel"):
    """Whether the seller may sell there."""

    is_participating: bool | str | None = None
    has_suspended_listings: bool | str | None = None


class MarketplaceParticipation(Struct, frozen=True, rename="camel"):
    """One row of the participations."""

    marketplace: WireMarketplace
    participation: Participation | None = None


class ParticipationsAnswer(Struct, frozen=True):
    """An answer of getMarketplaceParticipations."""

    payload: list[MarketplaceParticipation]


class ApiError(Struct, frozen=True):
    """One error of the SP-API; ``message`` may be null. [fact sheet 6]"""

    code: str | None = None
    message: str | None = None
    details: str | None = None


class ErrorAnswer(Struct, frozen=True):
    """The body of an SP-API error."""

    errors: list[ApiError]


class TokenError(Struct, frozen=True):
    """The body of a token endpoint's error; the rest of it is never read. [fact sheet 3.3; gotcha 26]"""

    error: str | None = None
    request_id: str | None = None


def moment(text: object) -> datetime | None:
    """An ISO 8601 time, with or without fractions; one without a zone is UTC, as all of Amazon's are."""
    if not isinstance(text, str):
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def text_time(at: datetime) -> str:
    """A time as Amazon wants it in parameters: UTC, whole seconds (rounded down), ``Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
