"""How weighted prices become one: the estimators that a product's terms may name.

Everything is a `Fraction`, so the order of the rows never changes a value. The one
rounding of the index, `half_up`, stands here too.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

# A standard deviation of a normal distribution is 1.4826 median absolute deviations
# (Hampel, The influence curve and its role in robust estimation, 1974).
MAD_TO_DEVIATION = Fraction(14_826, 10_000)
DEVIATIONS = 3
# The least robust deviation, as a part of the median. Adjusted prices that have not changed are
# equal, so half of the weight often stands at one price; who moves must count all the same.
DEVIATION_MIN = Fraction(2, 100)

Prices = Sequence[Fraction]
Estimator = Callable[[Prices, Prices], Fraction]


def weighted_median(prices: Prices, weights: Prices) -> Fraction:
    """Return the smallest price at which the cumulative weight exceeds half of all weight.

    Where it reaches exactly half, the value is the mean of that price and the next one.
    prices, weights: not empty, of one length; weights above 0.
    """
    half = sum(weights, Fraction()) / 2
    ordered = sorted(zip(prices, weights, strict=True))
    cumulative = Fraction()
    for (price, weight), (following, _) in pairwise(ordered):
        cumulative += weight
        if cumulative > half:
            return price
        if cumulative == half:
            return (price + following) / 2
    return ordered[-1][0]


def winsorised_mean(prices: Prices, weights: Prices) -> Fraction:
    """Return the weighted mean of prices drawn in to three robust deviations of their median.

    A robust deviation is 1.4826 weighted median absolute deviations, but at least
    DEVIATION_MIN of the median.
    """
    center = weighted_median(prices, weights)
    spread = weighted_median([abs(price - center) for price in prices], weights)
    reach = DEVIATIONS * max(MAD_TO_DEVIATION * spread, DEVIATION_MIN * center)
    drawn_in = [min(max(price, center - reach), center + reach) for price in prices]
    return _dot(drawn_in, weights) / sum(weights, Fraction())


ESTIMATORS: Mapping[str, Estimator] = {
    "median": weighted_median,
    "winsorised": winsorised_mean,
}


def median(prices: Sequence[int]) -> Fraction:
    """Return the middle price, or the mean of the two middle ones. prices: not empty."""
    ordered = sorted(prices)
    last = len(ordered) - 1
    return Fraction(ordered[last // 2] + ordered[(last + 1) // 2], 2)


def half_up(value: Fraction, unit: int) -> int:
    """Return the multiple of unit that is nearest to value; from exactly between, the higher."""
    return (2 * value.numerator + unit * value.denominator) // (2 * unit * value.denominator) * unit


def _dot(left: Prices, right: Prices) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction())
