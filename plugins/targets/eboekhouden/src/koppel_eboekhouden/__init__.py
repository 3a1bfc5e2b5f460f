"""e-Boekhouden.nl as target."""
