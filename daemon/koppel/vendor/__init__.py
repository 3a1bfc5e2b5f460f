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
from koppel.vendor.limits import Bucket, Concurrent, Feedback, Limit, LimitTable, Rule, Window

__all__ = [
    "Bucket",
    "Concurrent",
    "Dialect",
    "Feedback",
    "HeaderSignIn",
    "Limit",
    "LimitTable",
    "Reply",
    "Rule",
    "SignIn",
    "Token",
    "TokenSignIn",
    "Vendor",
    "VendorClient",
    "Window",
]
