"""``python -m koppel``."""

from koppel.cli import main

main()
