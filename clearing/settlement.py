"""Settlement prices: what a contract is worth at the end of a day, and at its end.

Pure functions over integers, each with one rounding. Index values are micro-dollars per
GPU-hour; prices are price units.
"""

from collections.abc import Sequence

from engine.instruments import UNIT_MICRO
from engine.schema import NIL_PRICE


def half_up(numerator: int, denominator: int, unit: int) -> int:
    """Return numerator / denominator rounded to a multiple of `unit`, halves up."""
    assert denominator > 0
    assert unit > 0
    return (2 * numerator + denominator * unit) // (2 * denominator * unit) * unit


def index_price(index_micro: int) -> int:
    """Return an index value, a multiple of 0.01 USD, in price units."""
    assert index_micro % UNIT_MICRO == 0
    return index_micro // UNIT_MICRO


def averaging_mark(fixings: Sequence[int], count: int, index_micro: int, tick: int) -> int:
    """Return the mark of a month in which `fixings` of `count` are known, today's among them.

    half_up((sum of fixings + (count - known) x today's index) / count), on the tick.
    """
    assert 0 <= len(fixings) <= count
    expected = sum(fixings) + (count - len(fixings)) * index_micro
    return half_up(expected, count * UNIT_MICRO, tick)


def final_price(fixings: Sequence[int], tick: int) -> int:
    """Return the final settlement price of a month: the mean of its fixings, halves up."""
    return averaging_mark(fixings, len(fixings), 0, tick)


def deferred_mark(index_micro: int, basis: int) -> int:
    """Return the mark of a month whose averaging has not begun: index plus basis."""
    return index_price(index_micro) + basis


def volume_weighted(turnover: int, lots: int, prior: int, tick: int) -> int:
    """Return turnover / lots on the tick; exactly between two ticks: the one nearer `prior`.

    prior: the settlement before, or NIL_PRICE: then up.
    """
    assert lots > 0
    nearest = half_up(turnover, lots, tick)
    is_between = 2 * (nearest * lots - turnover) == tick * lots
    if is_between and prior != NIL_PRICE and prior < nearest:
        return nearest - tick
    return nearest
