"""A history of index values, and what their moves would be at today's volatility.

Filtered historical simulation (Barone-Adesi, Giannopoulos, Vosper, 1999): each past return is
divided by the volatility of its day and multiplied by today's, so that a calm year does not make
a stormy day look calm. Floats; they end in `fhs.losses`.
"""

import datetime
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.instruments import as_date

DECAY = 0.97  # Of the weighted mean of squared returns, a day.
VOLATILITY_MIN = 0.01  # A day; 16% a year. A smoothed index looks calmer than its market.
SEED_DAYS = 20  # Whose mean square the weighted mean begins with.
HORIZON = 2  # Days that it takes to close a portfolio out.
RETURNS_MIN = 20
RETURNS_MAX = 1_000  # The latest; older ones are not looked at.
GAP_MAX = datetime.timedelta(days=10)  # Between two fixings: a week and its holidays.

Floats = NDArray[np.float64]


class History(NamedTuple):
    """Index values of some models on the same dates, without a hole."""

    dates: tuple[int, ...]  # yyyymmdd, ascending.
    models: tuple[str, ...]
    values: Floats  # USD per GPU-hour, above 0; shape (dates, models).


def history(found: Mapping[str, Mapping[int, float]], models: Sequence[str]) -> History:
    """Return the history of some models; found: values by model and date (yyyymmdd).

    ValueError, without a subject, for an unknown model, a value that is no price, a date that
    one model lacks, dates too far apart, and fewer than RETURNS_MIN returns.
    """
    for model in models:
        if model not in found:
            raise ValueError(f"holds no values of {model}")
        for date, value in found[model].items():
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{value} of {model} on {as_date(date)} is not a price")
    dates = sorted(set().union(*(found[model] for model in models)))
    for model in models:
        for date in dates:
            if date not in found[model]:
                raise ValueError(f"has no value of {model} on {as_date(date)}")
    _check_dates(dates)
    values = np.array([[found[model][date] for model in models] for date in dates], np.float64)
    kept = -RETURNS_MAX - 1
    return History(tuple(dates[kept:]), tuple(models), values[kept:])


def _check_dates(dates: Sequence[int]) -> None:
    if len(dates) <= RETURNS_MIN:
        raise ValueError(f"holds {len(dates)} days; a simulation needs {RETURNS_MIN + 1}")
    days = [as_date(date) for date in dates]
    for one, following in itertools.pairwise(days):
        if following - one > GAP_MAX:
            raise ValueError(f"has a hole from {one} to {following}")


def volatility(returns: Floats) -> Floats:
    """Return each day's volatility as it was forecast before that day, and tomorrow's at the end.

    returns: shape (days, models). The result has one row more.
    """
    squares = returns**2
    variance = np.empty((len(returns) + 1, returns.shape[1]))
    variance[0] = squares[:SEED_DAYS].mean(axis=0)
    for day, square in enumerate(squares):
        variance[day + 1] = DECAY * variance[day] + (1 - DECAY) * square
    return np.maximum(np.sqrt(variance), VOLATILITY_MIN)


def past_moves(known: History) -> Floats:
    """Return the moves of the past at today's volatility, over the days of the horizon.

    Shares of the price: -0.05 is a fall of 5%. Shape (days - 1, models).
    """
    returns = np.diff(np.log(known.values), axis=0)
    sigma = volatility(returns)
    filtered = returns / sigma[:-1] * sigma[-1]
    return np.expm1(filtered * math.sqrt(HORIZON))
