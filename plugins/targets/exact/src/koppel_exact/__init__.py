"""Exact Online as target."""
