"""Amazon (SP-API) as source."""
