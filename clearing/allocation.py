"""Average prices: what an order traded at many prices, given to several accounts at one.

Prices are whole price units, so an average leaves a remainder. It is paid in cash, and nothing is
lost: lots at the average and the cash together are what was traded, to the micro-dollar.
"""

from collections.abc import Sequence
from typing import NamedTuple

from clearing.default.shares import shared


class Traded(NamedTuple):
    """Lots of an order that traded at a price, in price units."""

    price: int
    lots: int


class Average(NamedTuple):
    """An order's average. cash: micro-dollars by account that whoever bought pays besides."""

    price: int  # Price units, rounded down.
    cash: list[int]


def average(traded: Sequence[Traded], lots: Sequence[int], value: int, ratio: int = 1) -> Average:
    """Return at what price, and for how much cash besides, accounts take over what was traded.

    lots: by account; they add up to what was traded. value: micro-dollars of a price unit and lot.
    ratio: of a spread's leg, how many lots of it each of these lots has.
    The remainder is shared in proportion to the lots, and what a micro-dollar cannot be split
    into goes to those that were rounded down most, the earlier first.
    Raises ValueError where the lots are not what was traded.
    """
    count = sum(each.lots for each in traded)
    if sum(lots) * ratio != count:
        raise ValueError(f"{sum(lots)} lots are given out of {count // ratio} that traded")
    if min(lots, default=0) < 1:
        raise ValueError("an account is given no lots")
    price, rest = divmod(sum(each.price * each.lots for each in traded), count)
    return Average(price, shared(rest * value, lots))
