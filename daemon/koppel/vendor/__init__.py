"""Talking to vendors: client, sign-in, limits, retries, tracing. The only package that imports httpx."""

from koppel.vendor.contract import (
    Dialect,
    HeaderSignIn,
    Reply,
    SignIn,
    Token,
    TokenSignIn,
    Vendor,
    VendorClient,
)
from koppel.vendor.hub import VendorHub
from koppel.vendor.limits import Bucket, Concurrent, Feedback, Limit, LimitTable, Rule, Window
from koppel.vendor.ports import Exchange, LimitStore, TokenStore, Tracer, flow_label

__all__ = [
    "Bucket",
    "Concurrent",
    "Dialect",
    "Exchange",
    "Feedback",
    "HeaderSignIn",
    "Limit",
    "LimitStore",
    "LimitTable",
    "Reply",
    "Rule",
    "SignIn",
    "Token",
    "TokenSignIn",
    "TokenStore",
    "Tracer",
    "Vendor",
    "VendorClient",
    "VendorHub",
    "Window",
    "flow_label",
]
