"""AFAS Profit as target."""
