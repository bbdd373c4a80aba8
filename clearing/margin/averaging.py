"""What an option on an averaging future is worth: Black's formula on what is still to be fixed.

A future ends at the mean of N fixings. Of these k are known and add X, their sum / N, to every end;
only the rest moves. So an option at K on the future F is one at K - X on F - X, whose variance is
that of the mean of m = N - k fixings to come. Floats: what is computed here enters as CALC rows.

Source: Black, "The Pricing of Commodity Contracts" (1976); Turnbull and Wakeman, "A Quick
Algorithm for Pricing European Average Options" (1991), to the first order.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from engine.instruments import UNIT_MICRO

DAY = 1 / 252  # Of a year of fixings.
_VOLATILITY_MIN, _VOLATILITY_MAX = 0.01, 5.0
_HALVINGS = 50


class Average(NamedTuple):
    """One month as its options see it: what is fixed of it, and how long the rest can move."""

    fixed: float  # X, price units.
    years: float  # Of variance of the rest, at a volatility of 1.

    def after(self, days: int) -> "Average":
        """Return it so many business days later, nothing more being fixed."""
        return self._replace(years=max(self.years - days * DAY, 0.0))


class Option(NamedTuple):
    """A call or a put on a month, strike in price units."""

    strike: float
    is_call: bool

    def value(self, average: Average, future: float, volatility: float) -> float:
        """Return its value, undiscounted, in price units."""
        sign, strike = self._sign, self.strike - average.fixed
        rest, deviation = future - average.fixed, volatility * math.sqrt(average.years)
        if strike <= 0 or rest <= 0 or deviation == 0:
            return max(sign * (rest - strike), 0.0)
        high = math.log(rest / strike) / deviation + deviation / 2
        return sign * (rest * _below(sign * high) - strike * _below(sign * (high - deviation)))

    def delta(self, average: Average, future: float, volatility: float) -> float:
        """Return by how much it is worth more where the future is one higher."""
        sign, strike = self._sign, self.strike - average.fixed
        rest, deviation = future - average.fixed, volatility * math.sqrt(average.years)
        if strike <= 0 or rest <= 0 or deviation == 0:
            return float(sign * (sign * (rest - strike) > 0))
        high = math.log(rest / strike) / deviation + deviation / 2
        return sign * _below(sign * high)

    def implied(self, average: Average, future: float, price: float) -> float:
        """Return the volatility that gives a price, by bisection; 0 where none from 1% to 500%."""
        low, high = _VOLATILITY_MIN, _VOLATILITY_MAX
        if not self.value(average, future, low) < price < self.value(average, future, high):
            return 0.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if self.value(average, future, middle) < price:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    @property
    def _sign(self) -> int:
        return 1 if self.is_call else -1


def average(fixings: Sequence[int], count: int, days: int) -> Average:
    """Return a month of which `fixings` of `count` are known, in micro-dollars a GPU-hour.

    days: business days to the next fixing. With tau = days x DAY the variance of the mean of the
    m fixings to come is [tau + DAY x the sum of (j/m)^2 over j = 1 to m - 1] x volatility^2.
    """
    left = count - len(fixings)
    fixed = sum(fixings) / (count * UNIT_MICRO)
    if not left:
        return Average(fixed, 0.0)
    return Average(fixed, days * DAY + DAY * (left - 1) * (2 * left - 1) / (6 * left))


def _below(deviations: float) -> float:
    """Return the standard normal distribution."""
    return math.erfc(-deviations / math.sqrt(2)) / 2
