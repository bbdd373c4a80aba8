"""The roundings of a requirement, by name: each goes to the side of the clearing house.

Deltas, counts of spreads and shares are exact fractions up to here. Behind these are integers.
"""

import math
from fractions import Fraction


def charge(exact: Fraction) -> int:
    """Return a charge in whole micro-dollars, rounded up."""
    return -(-exact.numerator // exact.denominator)


def credit(exact: Fraction) -> int:
    """Return a credit in whole micro-dollars, rounded down."""
    return exact.numerator // exact.denominator


def initial(maintenance: int, percent: int) -> int:
    """Return so many percent of a maintenance requirement, rounded up to the micro-dollar."""
    return -(-maintenance * percent // 100)


def loss(exact: Fraction) -> int:
    """Return a scenario's loss in whole micro-dollars, the nearest; halves away from zero.

    So what one side loses the other gains, to the micro-dollar.
    """
    size = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return size if exact > 0 else -size


def of_model(amount: float) -> int:
    """Return what a model says, in whole units, the nearest; halves away from zero."""
    size = math.floor(abs(amount) + 0.5)
    return size if amount > 0 else -size
