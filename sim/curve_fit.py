"""The two factors behind a panel of prices, found by a Kalman filter.

Observations are log prices of the index and of futures of several months; the hidden state is
the pair `short`, `long` of sim/spot_models.py with independent shocks; jumps count as part of
`long`. A future is taken as one on the middle of its month. What comes out are floats of an
illustration, and decide no money.
Source: Schwartz and Smith (2000), sections 2 and 4; statsmodels' state space filter.
"""

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from statsmodels.tools.numdiff import approx_hess
from statsmodels.tsa.statespace.kalman_filter import KalmanFilter

from sim.spot_models import DAYS_A_YEAR, Floats

DAYS_MIN = 30  # Fewer dates say nothing of a reversion that takes months.

_LOOSE = 1.0  # Variance of the first state's `long`: it is hardly known.
_START = (math.log(2.0), math.log(0.2), math.log(0.15), -0.1, -0.1, math.log(0.01))
_EDGE = 8.0  # No logarithm of a parameter goes further than this from 0.


class Curves(NamedTuple):
    """A panel of prices: a row a date, a column a maturity."""

    dates: Sequence[datetime.date]  # Ascending.
    logs: Floats  # Log prices, NaN: none. Shape (dates, maturities).
    years: Floats  # To each price's maturity; 0: spot. The same shape.


class Fitted(NamedTuple):
    """One parameter, logs a year."""

    name: str
    value: float
    error: float  # One standard error; NaN where the panel does not say.


class Fit(NamedTuple):
    """What a panel says of its two factors."""

    parameters: list[Fitted]
    log_likelihood: float
    dates: int
    prices: int


class _Parameters(NamedTuple):
    kappa: float
    short_sigma: float
    long_sigma: float
    drift: float
    priced_drift: float  # What futures suppose `long` to drift.
    noise: float  # One deviation of an observed log price from the model's.


def fit(curves: Curves) -> Fit:
    """Return the likeliest parameters of a panel.

    Where only spot prices are observed, what futures suppose is not known and left out.
    Raises ValueError for fewer than DAYS_MIN dates, and where nothing moves.
    """
    if len(curves.dates) < DAYS_MIN:
        raise ValueError(f"a fit needs {DAYS_MIN} dates, and there are {len(curves.dates)}")
    if not float(np.nanstd(np.diff(curves.logs, axis=0))) > 0:
        raise ValueError("a fit needs prices that move, and these do not")
    has_futures = bool((curves.years[~np.isnan(curves.logs)] > 0).any())
    free = [0, 1, 2, 3, 5] if not has_futures else list(range(6))

    def loss(values: Floats) -> float:
        vector = np.array(_START)
        vector[free] = values
        if not has_futures:
            vector[4] = vector[3]
        return -_log_likelihood(curves, _natural(vector)) / len(curves.dates)

    start = np.array(_START)[free]
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-_EDGE, _EDGE)] * len(free))
    errors = _errors(approx_hess(found.x, loss) * len(curves.dates))
    names = [_Parameters._fields[place] for place in free]
    parameters = [
        _fitted(name, float(value), float(error))
        for name, value, error in zip(names, found.x, errors, strict=True)
    ]
    prices = int((~np.isnan(curves.logs)).sum())
    return Fit(parameters, -float(found.fun) * len(curves.dates), len(curves.dates), prices)


def spot_curves(values: Mapping[datetime.date, float]) -> Curves:
    """Return a panel of spot prices alone, USD by date."""
    dates = sorted(values)
    logs = np.log([[values[date]] for date in dates])
    return Curves(dates, logs, np.zeros(logs.shape))


def _natural(vector: Floats) -> _Parameters:
    kappa, short, long, drift, priced, noise = vector.tolist()
    positive = math.exp(kappa), math.exp(short), math.exp(long)
    return _Parameters(*positive, drift, priced, math.exp(noise))


def _fitted(name: str, value: float, error: float) -> Fitted:
    """Return a parameter as it is read; the error of an exponential by the delta method."""
    if name in ("drift", "priced_drift"):
        return Fitted(name, value, error)
    return Fitted(name, math.exp(value), math.exp(value) * error)


def _errors(information: Floats) -> Floats:
    """Return standard errors, NaN where the information does not give any."""
    try:
        variances = np.diag(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return np.full(len(information), np.nan)
    errors: Floats = np.sqrt(np.where(variances > 0, variances, np.nan))
    return errors


def _log_likelihood(curves: Curves, given: _Parameters) -> float:
    """Return the log likelihood of a panel."""
    count, width = curves.logs.shape
    gaps = np.diff([date.toordinal() for date in curves.dates]) / DAYS_A_YEAR
    steps = np.append(gaps, gaps[-1])
    keeps = np.exp(-given.kappa * steps)
    zero = np.zeros(count)
    decay = np.exp(-given.kappa * curves.years)
    known = KalmanFilter(k_endog=width, k_states=2)
    known.bind(curves.logs)
    known["design"] = np.stack((decay.T, np.ones((width, count))), axis=1)
    known["obs_intercept"] = _premium(curves.years, given).T
    known["obs_cov"] = given.noise**2 * np.eye(width)
    known["transition"] = np.array([[keeps, zero], [zero, zero + 1]])
    known["state_intercept"] = np.array([zero, given.drift * steps])
    known["selection"] = np.eye(2)
    short = _reverting(given, steps)
    known["state_cov"] = np.array([[short, zero], [zero, given.long_sigma**2 * steps]])
    level = float(np.nanmean(curves.logs[0]))
    lasting = given.short_sigma**2 / (2 * given.kappa)
    known.initialize_known(np.array([0.0, level]), np.diag([lasting, _LOOSE]))
    return float(known.loglike())


def _premium(years: Floats, given: _Parameters) -> Floats:
    """Return what a log future has beside the states: A(T) of the source."""
    grown = _reverting(given, years) + given.long_sigma**2 * years
    premium: Floats = given.priced_drift * years + grown / 2
    return premium


def _reverting(given: _Parameters, years: Floats) -> Floats:
    """Return the variance that `short` gathers in so many years."""
    grown: Floats = (1 - np.exp(-2 * given.kappa * years)) / (2 * given.kappa)
    return given.short_sigma**2 * grown
