"""What it costs to move the index: dollars overpaid by one provider's customer, by method.

The attacker is a provider that counts already, with an accomplice that buys from it at a false
price; what is overpaid is the cost, as if it were lost. No money follows, so these are floats.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from clearing.index.population import Refusal
from engine.jit import Table

FACTORS = (1.05, 1.2, 1.5, 2.0, 4.0)  # False prices tried, as multiples of the attacker's own.
TICK_USD = 0.01

_HOURS_MAX = 1e8
_HALVINGS = 8

Value = Callable[[Table], float]  # The day's value of OBSERVE rows, USD, not rounded.


class Attack(NamedTuple):
    """The cheapest way that was found."""

    cost_usd: float  # inf: none moves it that far.
    factor: float = 0.0
    gpu_hours: float = 0.0


def cheapest(rows: Table, attacker: int, value: Value, ticks: float) -> Attack:
    """Return the cheapest trades of a provider that lift a day's value by so many ticks.

    rows: OBSERVE rows of the day. The attacker's false trades are copies of one of its own in
    each part of the window where it has one, at a multiple of the price.
    """
    goal = value(rows) + ticks * TICK_USD
    own = _one_a_part(rows[rows["provider"] == attacker])
    found = [_by_factor(rows, own, value, goal, factor) for factor in FACTORS]
    return min(found, default=Attack(float("inf")))


def monthly(rows: Table, attacker: int, value: Value, fixings: int) -> Attack:
    """Return the cheapest way to lift the mean of a month's fixings by one tick.

    Either every day by a tick, or one day by as many ticks as there are fixings.
    """
    daily = cheapest(rows, attacker, value, 1)
    spread = daily._replace(cost_usd=daily.cost_usd * fixings)
    return min(spread, cheapest(rows, attacker, value, fixings))


def _by_factor(rows: Table, own: Table, value: Value, goal: float, factor: float) -> Attack:
    def lifts(hours: float) -> bool:
        return value(np.concatenate([rows, _false(own, factor, hours)])) >= goal

    high = 1.0
    while high < _HOURS_MAX and not lifts(high):
        high *= 4
    if high >= _HOURS_MAX:
        return Attack(float("inf"), factor)
    low = high / 4
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if lifts(middle) else (middle, high)
    overpaid = (factor - 1) * float(own["price_micro"].mean()) / 1e6
    return Attack(high * overpaid, factor, high)


def _false(own: Table, factor: float, hours: float) -> Table:
    """Return the false trades, GPU-hours shared equally."""
    false: Table = own.copy()
    false["row"] += 1_000_000_000
    false["price_micro"] = np.round(false["price_micro"] * factor)
    false["gpu_hours_milli"] = max(1, round(1_000 * hours / max(len(own), 1)))
    return false


def _one_a_part(own: Table) -> Table:
    """Return the attacker's first trade of each five minutes."""
    parts = own["traded"] // 300_000_000_000
    _, first = np.unique(parts, return_index=True)
    chosen: Table = own[first]
    return chosen


def counted(rows: Table, verdicts: Sequence[int] | Table) -> Table:
    """Return the rows that no filter refused: what a plain average is given as well."""
    chosen: Table = rows[np.asarray(verdicts) == Refusal.NONE]
    return chosen
