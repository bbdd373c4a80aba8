"""Price levels of the simulated spot market: one hidden path a model, drawn from a seed."""

import datetime
import math
from collections.abc import Mapping

import numpy as np

from sim.spot_models import LEVELS, Chance, SpotModel

CORRELATION = 0.6  # Of two models' shocks.


def stream(seed: int, *key: int) -> np.random.Generator:
    """Return the stream of chance of one purpose; those of different keys are independent."""
    return np.random.default_rng(np.random.SeedSequence([seed, *key]))


def draw_levels(
    model: str,
    first: datetime.date,
    days: int,
    seed: int,
    spot: Mapping[str, SpotModel] = LEVELS,
) -> list[float]:
    """Return a model's level in USD per GPU-hour on consecutive days.

    The path depends neither on which other models are drawn nor, up to its end, on `days`.
    """
    number = 1 + list(LEVELS).index(model)
    shared = stream(seed, 0).standard_normal((days, 2))
    own = stream(seed, number).standard_normal((days, 2))
    chance = Chance(
        first,
        math.sqrt(CORRELATION) * shared + math.sqrt(1 - CORRELATION) * own,
        stream(seed, number, 1).random(days),
        stream(seed, number, 2).standard_normal(days),
    )
    return list(spot[model].walk(chance))
