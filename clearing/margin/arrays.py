"""Risk arrays of contracts that are listed here: what one long lot loses in each scenario.

Source: CME Group, Standard Portfolio Analysis of Risk, "Risk arrays".
"""

from fractions import Fraction
from typing import NamedTuple

from clearing.margin.rounding import loss


class Move(NamedTuple):
    """One scenario: how far the price moves, in scan ranges, and volatility, in its own."""

    price: Fraction
    volatility: int
    covered: Fraction = Fraction(1)  # The part of the loss that counts.


def moves(extreme: int, cover: int) -> tuple[Move, ...]:
    """Return the 16 scenarios, in order.

    extreme: how many scan ranges the last two move by. cover: of their loss, percent.
    """
    thirds = (0, 1, -1, 2, -2, 3, -3)
    usual = [Move(Fraction(step, 3), way) for step in thirds for way in (1, -1)]
    far = [Move(Fraction(sign * extreme), 0, Fraction(cover, 100)) for sign in (1, -1)]
    return (*usual, *far)


def of_future(scan_range: int, scenarios: tuple[Move, ...]) -> tuple[int, ...]:
    """Return the losses of one long future, in micro-dollars.

    scan_range: of a lot, with what is fixed of its month already taken off.
    """
    return tuple(loss(-each.price * each.covered * scan_range) for each in scenarios)
