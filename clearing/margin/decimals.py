"""Decimal text of a file to integers: the one rounding on the way in, to the nearest.

Half a step goes away from zero, so that a gain and the equal loss stay equal. What a file states
to six places, and deltas to four, comes in exactly.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

_TEXT = re.compile(r"[+-]?(\d{1,12}(\.\d{0,12})?|\.\d{1,12})([eE][+-]?\d{1,2})?")
_MOST = Decimal(10**12)  # Beyond it no price, no amount and no ratio is meant.
_MICRO = Decimal("0.000001")


def number(text: str) -> Decimal:
    """Return decimal text as it stands; ValueError for anything else."""
    if not _TEXT.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a decimal number")
    value = Decimal(text)
    if abs(value) >= _MOST:
        raise ValueError(f"{text[:40]!r} is too large")
    return value


def nearest(value: Decimal) -> int:
    """Return the whole number nearest to a value."""
    return int(value.to_integral_value(ROUND_HALF_UP))


def millionths(value: Decimal) -> int:
    """Return a value in millionths: an amount in micro-dollars, a rate in parts of a million."""
    return nearest(value.scaleb(6))


def text(micro: int) -> str:
    """Return millionths as decimal text, without zeros that say nothing."""
    return f"{(micro * _MICRO).normalize():f}"
