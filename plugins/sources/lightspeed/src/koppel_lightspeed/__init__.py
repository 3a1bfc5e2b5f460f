"""Lightspeed eCom (C-Series) as source."""
