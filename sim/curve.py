"""What futures on a month's average are worth under a model of the spot price, and their risk.

GPU-hours cannot be stored, so there is no carry: a future is worth the expected mean of the
month's fixings, those that are known as they are. Expectations are taken under the model's own
measure, without a risk premium, and are exact for its daily steps where it has two factors;
under other models they are means over many seeded paths.
Source: Schwartz and Smith (2000), section 1; for the mean of a month, the sum of its days.
"""

import datetime
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from clearing.calendar import business_days, month_after
from sim.levels import stream
from sim.spot_models import STEP, Floats, Regimes, Replay, SchwartzSmith, SpotModel, TwoFactor

PATHS = 4_000  # Where there is no closed form.
MONTHS = 36  # As many as are listed.


class Settlement(NamedTuple):
    """How uncertain a month's final price is today, as parts of the future's price."""

    average: float  # One standard deviation of the month's mean.
    last_day: float  # Of its last fixing alone.


class Point(NamedTuple):
    """One month of a curve; NaN is what no form is known of."""

    month: int  # yyyymm.
    price_usd: float
    volatility: float = math.nan  # A year's, of the future's log price now.
    risk: Settlement = Settlement(math.nan, math.nan)


def curve(
    model: SpotModel, today: datetime.date, months: int = MONTHS, known: Sequence[float] = ()
) -> list[Point]:
    """Return the curve of the month of a date and of those after it.

    known: the fixings of this month before `today`, USD, if there are any.
    Raises ValueError for a replay, which knows no expectation.
    """
    first = today.year * 100 + today.month
    named = [month_after(first, number) for number in range(months)]
    days = {month: days_ahead(month, today) for month in named}
    every = [day for ahead in days.values() for day in ahead]
    spot = dict(zip(every, expected(model, today, every).tolist(), strict=True))
    points = []
    for month, ahead in days.items():
        fixed = list(known) if month == first else []
        if ahead or fixed:
            prices = fixed + [spot[day] for day in ahead]
            points.append(_point(model, today, month, ahead, prices))
    return points


def _point(
    model: SpotModel, today: datetime.date, month: int, ahead: Sequence[int], prices: list[float]
) -> Point:
    """Return a month of the curve. prices: its fixings, known and then expected."""
    price = sum(prices) / len(prices)
    if not ahead:
        return Point(month, price, 0.0, Settlement(0.0, 0.0))
    if isinstance(model, Regimes | Replay):
        return Point(month, price)
    known = len(prices) - len(ahead)
    rest = sum(prices[known:]) / sum(prices)
    risk = settlement_risk(model, today, ahead)
    volatility = _volatility(model.factors(), ahead, known)
    return Point(month, price, volatility, risk._replace(average=rest * risk.average))


def days_ahead(month: int, today: datetime.date) -> list[int]:
    """Return how many days after a date each business day of a month (yyyymm) is; 0: today."""
    return [(day - today).days for day in business_days(month) if day >= today]


def expected(model: SpotModel, today: datetime.date, ahead: Sequence[int]) -> Floats:
    """Return the expected spot price so many days after a date, on which it is the start's.

    Shape (len(ahead),), USD. Raises ValueError for a replay.
    """
    match model:
        case Replay():
            raise ValueError("a replay of past prices has no expectation, and so no curve")
        case Regimes():
            return _sampled(model, ahead)
    two = model.factors()
    days = np.asarray(ahead, np.float64)
    mean, variance = _moments(two, days)
    jumps = _jump_growth(two, 1) ** days
    return np.exp(mean + variance / 2 + _seasons(two, today, ahead)) * jumps


def settlement_risk(model: TwoFactor, today: datetime.date, ahead: Sequence[int]) -> Settlement:
    """Return how far the mean, and the last, of fixings to come lie from what is expected.

    ahead: of the fixings, ascending.
    """
    two = model.factors()
    levels = expected(model, today, ahead)
    products = _products(two, np.asarray(ahead, np.float64)) * np.outer(levels, levels)
    covariance = products - np.outer(levels, levels)
    average = math.sqrt(max(float(covariance.mean()), 0.0)) / float(levels.mean())
    return Settlement(average, math.sqrt(max(float(covariance[-1, -1]), 0.0)) / float(levels[-1]))


def _volatility(two: SchwartzSmith, ahead: Sequence[int], known: int) -> float:
    """Return the volatility of a future's log price at this moment, a year's.

    In the averaging month only what is not fixed yet moves.
    """
    days = np.asarray(ahead, np.float64)
    short = two.short_sigma * float(np.mean((1 - two.kappa * STEP) ** days))
    jumps = two.jumps * (two.jump_mean**2 + two.jump_sigma**2)
    part = len(days) / (len(days) + known)
    return part * math.sqrt(two.long_sigma**2 + short**2 + jumps)


def _moments(two: SchwartzSmith, days: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of the log price after so many daily steps, jumps apart."""
    keeps = (1 - two.kappa * STEP) ** days
    long = math.log(two.start_usd) - two.short + two.drift_a_day * days
    return long + keeps * two.short, two.long_sigma**2 * STEP * days + _short_variance(two, days)


def _short_variance(two: SchwartzSmith, days: Floats) -> Floats:
    keeps = 1 - two.kappa * STEP
    if keeps == 1:
        return two.short_sigma**2 * STEP * days
    grown: Floats = (1 - keeps ** (2 * days)) / (1 - keeps**2)
    return two.short_sigma**2 * STEP * grown


def _jump_growth(two: SchwartzSmith, power: int) -> float:
    """Return by what a day's chance of a jump multiplies the expected price's power."""
    size = math.exp(power * two.jump_mean + (power * two.jump_sigma) ** 2 / 2)
    return 1 + two.jumps * STEP * (size - 1)


def _products(two: SchwartzSmith, days: Floats) -> Floats:
    """Return E[S_i S_j] / (E[S_i] E[S_j]) of each pair of days. Shape (n, n)."""
    early, late = np.minimum.outer(days, days), np.maximum.outer(days, days)
    common = two.long_sigma**2 * STEP * early
    common = common + (1 - two.kappa * STEP) ** (late - early) * _short_variance(two, early)
    once, twice = _jump_growth(two, 1), _jump_growth(two, 2)
    return np.exp(common) * (twice / once**2) ** early


def _seasons(two: SchwartzSmith, today: datetime.date, ahead: Sequence[int]) -> Floats:
    base = two.seasonal(today)
    dates = [today + datetime.timedelta(days=number) for number in ahead]
    return np.array([two.seasonal(date) - base for date in dates])


def _sampled(model: Regimes, ahead: Sequence[int]) -> Floats:
    """Return means over paths in pairs of opposite shocks, always the same ones."""
    shape = max(ahead, default=0) + 1, PATHS // 2
    chance = stream(0)
    normals, uniforms = chance.standard_normal(shape), chance.random(shape)
    both = (model.paths(sign * normals, uniforms) for sign in (1, -1))
    means: Floats = np.mean([paths.mean(axis=1) for paths in both], axis=0)
    return means[list(ahead)]
