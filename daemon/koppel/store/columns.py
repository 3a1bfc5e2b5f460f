"""Column types that keep what Python means, alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

E = TypeVar("E", bound=StrEnum)

Id = BigInteger().with_variant(Integer, "sqlite")
"""A key that counts up by itself; SQLite only does so for INTEGER."""


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, in and out in UTC. SQLite keeps it as sortable text without zone, PostgreSQL as timestamptz."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text is written here in one go: this is the store's most frequent type."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Refuse naive moments: nobody knows what they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return moment.isoformat(" ", "microseconds")[:-6] if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 # SQLAlchemy's signature
        """Give the zone back."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        return value.astimezone(UTC)


def _exact(value: object) -> Decimal:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError("an amount must be a finite Decimal")
    return value


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal as text, digit for digit: SQLite's numbers are floats."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 # SQLAlchemy's signature
        """Refuse floats and what is no number."""
        if value is None:
            return None
        return str(_exact(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 # SQLAlchemy's signature
        """Digit for digit."""
        return None if value is None else Decimal(value)


class OneOf(TypeDecorator[E], Generic[E]):
    """A StrEnum as its text, so that a new member needs no migration."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[E]) -> None:
        super().__init__()
        self.members = members
        self._by_text: dict[str, E] = {str(member): member for member in members}

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:  # noqa: ARG002 # SQLAlchemy's signature
        """Refuse what is no member."""
        return None if value is None else str(self._by_text[value])

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:  # noqa: ARG002 # SQLAlchemy's signature
        """The member."""
        return None if value is None else self._by_text[value]
