"""Price levels of the simulated spot market: one hidden path a model, drawn from a seed.

Schwartz-Smith in logs with jumps: the level is exp(long + short), `long` drifts and wanders,
`short` reverts to 0, and shocks share a common part. The parameters are judgement, set so that
levels and realised volatilities come near published ones: illustrative, no forecast.
Source: Schwartz and Smith, Short-Term Variations and Long-Term Dynamics in Commodity Prices,
Management Science 46 (2000).
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

DAYS_A_YEAR = 365
CORRELATION = 0.6  # Of two models' shocks.


class Level(NamedTuple):
    """A model's parameters: logs a year, except where a unit is named."""

    start_usd: float  # Per GPU-hour.
    drift: float  # Jumps included.
    long_sigma: float
    short_sigma: float
    kappa: float  # Speed at which `short` reverts.
    jumps: float  # How many a year.
    jump_mean: float
    jump_sigma: float

    @property
    def volatility(self) -> float:
        """The realised volatility of a year of daily log changes, in expectation."""
        jumps = self.jumps * (self.jump_mean**2 + self.jump_sigma**2)
        return math.sqrt(self.long_sigma**2 + self.short_sigma**2 + jumps)


LEVELS: Mapping[str, Level] = {
    "H100": Level(2.81, -0.15, 0.11, 0.20, 3.0, 3.0, 0.05, 0.05),
    "A100": Level(1.45, -0.20, 0.08, 0.12, 3.0, 1.5, 0.02, 0.03),
    "B200": Level(5.87, -0.25, 0.15, 0.22, 3.0, 3.0, 0.05, 0.06),
    "H200": Level(3.25, -0.18, 0.12, 0.21, 3.0, 3.0, 0.05, 0.05),
}


def stream(seed: int, *key: int) -> np.random.Generator:
    """Return the stream of chance of one purpose; those of different keys are independent."""
    return np.random.default_rng(np.random.SeedSequence([seed, *key]))


def draw_levels(model: str, days: int, seed: int) -> list[float]:
    """Return a model's level in USD per GPU-hour on consecutive days.

    The path depends neither on which other models are drawn nor, up to its end, on `days`.
    """
    level, number = LEVELS[model], 1 + list(LEVELS).index(model)
    shared = stream(seed, 0).standard_normal((days, 2))
    own = stream(seed, number).standard_normal((days, 2))
    shocks = math.sqrt(CORRELATION) * shared + math.sqrt(1 - CORRELATION) * own
    jumps = _draw_jumps(level, days, stream(seed, number, 1), stream(seed, number, 2))
    return list(_walk(level, shocks.tolist(), jumps))


def _draw_jumps(
    level: Level, days: int, times: np.random.Generator, sizes: np.random.Generator
) -> list[float]:
    """Return each day's jump of the log level, 0 on most days."""
    happens = times.random(days) < level.jumps / DAYS_A_YEAR
    size = level.jump_mean + level.jump_sigma * sizes.standard_normal(days)
    jumps: list[float] = np.where(happens, size, 0.0).tolist()
    return jumps


def _walk(level: Level, shocks: list[list[float]], jumps: list[float]) -> Iterator[float]:
    step = 1 / DAYS_A_YEAR
    root = math.sqrt(step)
    drift = (level.drift - level.jumps * level.jump_mean) * step
    long, short = math.log(level.start_usd), 0.0
    for (wander, revert), jump in zip(shocks, jumps, strict=True):
        yield math.exp(long + short)
        long += drift + level.long_sigma * root * wander + jump
        short += -level.kappa * step * short + level.short_sigma * root * revert
