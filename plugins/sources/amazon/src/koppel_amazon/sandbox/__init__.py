"""Amazon as told by its documentation and by what was recorded of it: sign-in, throttling, orders. [fact sheet 11]

Switches (``Options.switches``, all text):

- ``roles``: which personal data the app may see: ``none``, ``d2c`` or ``d2c+tax`` (default).
- ``money``: ``gross``, ``informational``, ``net`` or ``mixed`` (default): whether subtotals hold their VAT.
- ``discount``: ``positive``, ``negative`` or ``mixed`` (default): the sign of discounts.
- ``business``: ``1`` adds businesses in other EU countries, who pay no VAT.
- ``currencies``: ``1`` adds orders in PLN and SEK.
- ``odd``: ``1`` adds tips, cash on delivery, gifts of 0.00, amounts a cent off, unknown statuses.
- ``token_seconds``: how long access tokens live (3600).
- ``header``: ``missing`` leaves out ``x-amzn-RateLimit-Limit``.
- ``secret_dies_after``: seconds after which the client secret is refused.
- ``app``: ``draft`` makes the consent page want ``version=beta``.

Control besides the base's: ``POST /_sandbox/orders`` (an order as JSON), ``PUT /_sandbox/orders/{number}``
(``{"status": "SHIPPED"}``), ``PUT /_sandbox/outage`` (``{"seconds": 1800}``: 403 for every call).
"""

from koppel_amazon.sandbox.app import AmazonSandbox, sandbox_settings
from koppel_amazon.sandbox.record import Record

__all__ = ["AmazonSandbox", "Record", "sandbox_settings"]
