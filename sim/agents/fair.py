"""What a contract is worth to somebody who knows the index and the scenario's curve.

Floats live here, in price units; they leave through `down` and `up`, to whole ticks.
"""

import math

from clearing.directory import Instrument
from engine.instruments import TICK, UNIT_MICRO
from engine.schema import NIL_PRICE
from sim.view import View

UNKNOWN = 0.0  # No price is 0: what is not known yet.


def anchor(view: View, instrument: Instrument) -> float:
    """Return the value that the index implies, in price units, or UNKNOWN before the first print.

    In the averaging month that is the mark: the fixings so far, and today's index for the rest.
    """
    index = view.index(instrument.product)
    if index.value == 0:
        return UNKNOWN
    mark = view.settled(instrument.number).mark
    ahead = months_between(index.date // 100, instrument.month)
    if ahead <= 0 and mark != NIL_PRICE:
        return float(mark)
    return index.value / UNIT_MICRO + view.basis(instrument.product, max(0, ahead))


def blend(view: View, instrument: Instrument, weight: float) -> float:
    """Return `weight` of the anchor and the rest of where the market is, or UNKNOWN."""
    value = anchor(view, instrument)
    quote = view.quote(instrument.number)
    if value == UNKNOWN or quote.last == NIL_PRICE:
        return value
    return weight * value + (1.0 - weight) * quote.last


def months_between(first: int, second: int) -> int:
    """Return how many months (yyyymm) the second is after the first."""
    return (second // 100 - first // 100) * 12 + second % 100 - first % 100


def down(price: float) -> int:
    """Return the tick at or below a price."""
    return math.floor(price / TICK) * TICK


def up(price: float) -> int:
    """Return the tick at or above a price."""
    return math.ceil(price / TICK) * TICK
