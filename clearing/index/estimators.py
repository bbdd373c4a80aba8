"""How weighted prices become one: the estimators that a product's terms may name.

Everything is exact, whole numbers or `Fraction`, so the order of the rows never changes a value.
The one rounding of the index, `half_up`, stands here too.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from operator import itemgetter

# A standard deviation of a normal distribution is 1.4826 median absolute deviations
# (Hampel, The influence curve and its role in robust estimation, 1974).
MAD_TO_DEVIATION = Fraction(14_826, 10_000)
DEVIATIONS = 3
# The least robust deviation, as a part of the median. Adjusted prices that have not changed are
# equal, so half of the weight often stands at one price; who moves must count all the same.
DEVIATION_MIN = Fraction(2, 100)

Exact = int | Fraction
Prices = Sequence[Exact]
Weights = Sequence[Exact]  # What they are to each other counts, so they may be whole numbers.
Estimator = Callable[[Prices, Weights], Fraction]


def weighted_median(prices: Prices, weights: Weights) -> Fraction:
    """Return the smallest price at which the cumulative weight exceeds half of all weight.

    Where it reaches exactly half, the value is the mean of that price and the next one.
    prices, weights: not empty, of one length; weights above 0.
    """
    total = sum(weights)
    ordered = sorted(zip(prices, weights, strict=True), key=itemgetter(0))
    cumulative: Exact = 0
    for (price, weight), (following, _) in pairwise(ordered):
        cumulative += weight
        if 2 * cumulative > total:
            return Fraction(price)
        if 2 * cumulative == total:
            return Fraction(price + following) / 2
    return Fraction(ordered[-1][0])


def winsorised_mean(prices: Prices, weights: Weights) -> Fraction:
    """Return the weighted mean of prices drawn in to three robust deviations of their median.

    A robust deviation is 1.4826 weighted median absolute deviations, but at least
    DEVIATION_MIN of the median.
    """
    center = weighted_median(prices, weights)
    twice = _whole(2 * center)  # Of whole prices it is whole, and so are the distances.
    spread = weighted_median([_apart(2 * price, twice) for price in prices], weights) / 2
    reach = DEVIATIONS * max(MAD_TO_DEVIATION * spread, DEVIATION_MIN * center)
    low, high = center - reach, center + reach
    below: Exact = 0
    above: Exact = 0
    within: Exact = 0
    for price, weight in zip(prices, weights, strict=True):
        if price * low.denominator < low.numerator:
            below += weight
        elif price * high.denominator > high.numerator:
            above += weight
        else:
            within += price * weight
    return (low * below + within + high * above) / sum(weights)


def _apart(one: Exact, other: Exact) -> Exact:
    return one - other if one > other else other - one


def _whole(value: Fraction) -> Exact:
    return value.numerator if value.denominator == 1 else value


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
