"""Bounds of the values that terms hold, each refusal naming the field and the value."""

from decimal import Decimal

from engine.instruments import micro


def between(name: str, value: Decimal | int, low: int, high: int) -> None:
    """Raise ValueError unless a value lies in a range, both ends included."""
    if not low <= value <= high:
        raise ValueError(f"{name} {value} is not between {low} and {high}")


def amount(name: str, value: Decimal, high: int) -> None:
    """Raise ValueError unless a value is 0 to `high` USD, in whole micro-dollars."""
    if not value.is_finite() or not 0 <= value <= high:
        raise ValueError(f"{name} {value} is not between 0 and {high} USD")
    try:
        micro(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
