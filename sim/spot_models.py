"""Models of a spot price that a scenario may name, each a table of parameters with a path.

Schwartz-Smith is the default; its one-factor cousin and the jump diffusion are special cases of
it, so all three share one walk and one curve (sim/curve.py). Logs a year, except where a unit is
named. All parameters that ship with cfx are judgement: illustrative, no forecast.
Source: Schwartz and Smith, Short-Term Variations and Long-Term Dynamics in Commodity Prices,
Management Science 46 (2000); Schwartz, The Stochastic Behavior of Commodity Prices, Journal of
Finance 52 (1997), model 1; Merton, Option Pricing When Underlying Stock Returns Are
Discontinuous, Journal of Financial Economics 3 (1976).
"""

import datetime
import math
from collections.abc import Iterator, Mapping
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from sim.replayed_levels import read_levels

DAYS_A_YEAR = 365
STEP = 1 / DAYS_A_YEAR  # A day, in years.

Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Floats = NDArray[np.float64]


class Chance(NamedTuple):
    """What is drawn for one path: a row a day."""

    first: datetime.date
    normals: Floats  # Shape (days, 2); correlated between models.
    uniforms: Floats  # Shape (days,).
    sizes: Floats  # Standard normals, shape (days,).


class SchwartzSmith(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="schwartz-smith", tag_field="kind"
):
    """exp(long + short + season): `long` drifts, wanders and jumps, `short` reverts to 0."""

    start_usd: Positive  # Per GPU-hour.
    drift: float  # Jumps included.
    long_sigma: NotNegative
    short_sigma: NotNegative
    kappa: NotNegative  # Speed at which `short` reverts.
    jumps: NotNegative = 0.0  # How many a year.
    jump_mean: float = 0.0
    jump_sigma: NotNegative = 0.0
    short: float = 0.0  # On the first day.
    season: NotNegative = 0.0  # The most that a season adds.
    season_peak: Annotated[int, Meta(ge=1, le=365)] = 1  # Day of the year.

    @property
    def volatility(self) -> float:
        """The realised volatility of a year of daily log changes, in expectation."""
        jumps = self.jumps * (self.jump_mean**2 + self.jump_sigma**2)
        return math.sqrt(self.long_sigma**2 + self.short_sigma**2 + jumps)

    def seasonal(self, date: datetime.date) -> float:
        """Return what the season adds to the log price on a date."""
        day = date.timetuple().tm_yday - self.season_peak
        return self.season * math.cos(2 * math.pi * day / DAYS_A_YEAR)

    @property
    def drift_a_day(self) -> float:
        """What `long` drifts in a day, its jumps apart."""
        return (self.drift - self.jumps * self.jump_mean) * STEP

    def factors(self) -> "SchwartzSmith":
        """Return the two-factor form: itself."""
        return self

    def walk(self, chance: Chance) -> Iterator[float]:
        """Yield the price of each day in turn, USD."""
        root = math.sqrt(STEP)
        long, short = math.log(self.start_usd) - self.short, self.short
        happens = chance.uniforms < self.jumps / DAYS_A_YEAR
        jumps = np.where(happens, self.jump_mean + self.jump_sigma * chance.sizes, 0.0).tolist()
        date, day = chance.first, datetime.timedelta(days=1)
        base = self.seasonal(date)
        for (wander, revert), jump in zip(chance.normals.tolist(), jumps, strict=True):
            yield math.exp(long + short + self.seasonal(date) - base)
            long += self.drift_a_day + self.long_sigma * root * wander + jump
            short += -self.kappa * STEP * short + self.short_sigma * root * revert
            date += day


class SchwartzOne(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="schwartz-1", tag_field="kind"
):
    """The log price reverts to that of `mean_usd`."""

    start_usd: Positive
    mean_usd: Positive
    sigma: NotNegative
    kappa: Positive

    def factors(self) -> SchwartzSmith:
        """Return the two-factor form: `long` stands still at the mean."""
        short = math.log(self.start_usd / self.mean_usd)
        return SchwartzSmith(self.start_usd, 0.0, 0.0, self.sigma, self.kappa, short=short)

    def walk(self, chance: Chance) -> Iterator[float]:
        """Yield the price of each day in turn, USD."""
        return self.factors().walk(chance)


class JumpDiffusion(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="jump-diffusion", tag_field="kind"
):
    """The log price drifts, wanders and jumps; nothing pulls it back."""

    start_usd: Positive
    drift: float  # Jumps included.
    sigma: NotNegative
    jumps: NotNegative
    jump_mean: float
    jump_sigma: NotNegative

    def factors(self) -> SchwartzSmith:
        """Return the two-factor form: there is no `short`."""
        jumps = self.jumps, self.jump_mean, self.jump_sigma
        return SchwartzSmith(self.start_usd, self.drift, self.sigma, 0.0, 0.0, *jumps)

    def walk(self, chance: Chance) -> Iterator[float]:
        """Yield the price of each day in turn, USD."""
        return self.factors().walk(chance)


class Regimes(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="regimes", tag_field="kind"
):
    """Glut and shortage by turns: the log price reverts to the level of the one that reigns."""

    start_usd: Positive
    glut_usd: Positive
    shortage_usd: Positive
    glut_sigma: NotNegative
    shortage_sigma: NotNegative
    glut_days: Annotated[float, Meta(ge=1)]  # How long one lasts, in the mean.
    shortage_days: Annotated[float, Meta(ge=1)]
    kappa: Positive
    starts_short: bool = False

    def walk(self, chance: Chance) -> Iterator[float]:
        """Yield the price of each day in turn, USD."""
        return iter(self.paths(chance.normals[:, :1], chance.uniforms[:, None])[:, 0].tolist())

    def paths(self, normals: Floats, uniforms: Floats) -> Floats:
        """Return prices of many paths at once, USD. Shapes (days, paths)."""
        levels = np.log((self.glut_usd, self.shortage_usd))
        sigmas = np.array((self.glut_sigma, self.shortage_sigma)) * math.sqrt(STEP)
        turns = 1 / np.array((self.glut_days, self.shortage_days))
        found = np.empty(normals.shape)
        reigns = np.full(normals.shape[1], int(self.starts_short))
        log = np.full(normals.shape[1], math.log(self.start_usd))
        for day, (wander, turn) in enumerate(zip(normals, uniforms, strict=True)):
            found[day] = log
            log = log + self.kappa * STEP * (levels[reigns] - log) + sigmas[reigns] * wander
            reigns = np.where(turn < turns[reigns], 1 - reigns, reigns)
        return np.exp(found)


class Replay(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="replay", tag_field="kind"
):
    """The values of a file: CSV with the columns date and value, such as `cfx index` writes.

    A date without a value has that of the date before.
    """

    file: str  # Relative paths are the working directory's.

    def walk(self, chance: Chance) -> Iterator[float]:
        """Yield the price of each day in turn, USD. Raises ValueError where the file ends."""
        return read_levels(self.file, chance.first, len(chance.uniforms))


TwoFactor = SchwartzSmith | SchwartzOne | JumpDiffusion
SpotModel = TwoFactor | Regimes | Replay

LEVELS: Mapping[str, SchwartzSmith] = {
    "H100": SchwartzSmith(2.81, -0.15, 0.11, 0.20, 3.0, 3.0, 0.05, 0.05),
    "A100": SchwartzSmith(1.45, -0.20, 0.08, 0.12, 3.0, 1.5, 0.02, 0.03),
    "B200": SchwartzSmith(5.87, -0.25, 0.15, 0.22, 3.0, 3.0, 0.05, 0.06),
    "H200": SchwartzSmith(3.25, -0.18, 0.12, 0.21, 3.0, 3.0, 0.05, 0.05),
}
