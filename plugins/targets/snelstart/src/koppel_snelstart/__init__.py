"""SnelStart (B2B API v2) as target."""
