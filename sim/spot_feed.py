"""A feed of trades with a known truth, clean or corrupted: what the index is tried on.

Everything is invented. Two forms: `log`, in which effects multiply, as the regression supposes,
and `sum`, in which they add up, which it does not.
"""

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from clearing.index.fixing import WINDOW_NS
from clearing.index.population import Term, Tier
from engine.jit import Table
from engine.layout import OBSERVE

PROVIDERS, REGIONS = 20, 4
PCIE = 0.3  # Of all offers; the rest are SXM.
CORRUPT = 0.11  # Of all observations, one of KINDS each.
KINDS = ("shifted", "zero", "tenfold", "tenth", "repeat")

Form = Literal["log", "sum"]
FORMS: tuple[Form, ...] = ("log", "sum")

_COUNTS = (1, 8)
_VCPUS, _RAM_GB = (8, 24), (128, 256)  # A GPU.
_NOISE = 0.03  # Of a price, in logs.
_DRIFT = 0.01  # Of the level a day, in logs.


class Truth(NamedTuple):
    """What the prices of a feed contain, in logs or, for `sum`, in parts of the level."""

    providers: Table
    regions: Table
    pcie: float
    eight: float
    many_vcpus: float
    much_ram: float
    form: Form

    def factor(self, rows: Mapping[str, Table] | Table) -> Table:
        """Return what offers cost, as a multiple of the level. rows: their columns."""
        count = rows["gpu_count"]
        extra = self.providers[rows["provider"]] + self.regions[rows["region"]]
        extra = extra + self.pcie * (rows["form"] == 2) + self.eight * (count == 8)
        extra = extra + self.many_vcpus * (rows["vcpus"] == _VCPUS[1] * count)
        extra = extra + self.much_ram * (rows["ram_gb"] == _RAM_GB[1] * count)
        factor: Table = np.exp(extra) if self.form == "log" else 1.0 + extra
        return factor


def draw_truth(chance: np.random.Generator, form: Form = "log") -> Truth:
    """Return a truth: providers apart by 15%, regions by 5%, PCIe and eights cheaper.

    More vCPUs and more RAM cost more.
    """
    providers = 0.15 * chance.standard_normal(PROVIDERS)
    regions = 0.05 * chance.standard_normal(REGIONS)
    lasting = providers - np.median(providers), regions - regions[0]
    return Truth(*lasting, -0.12, -0.04, 0.03, 0.02, form)


def levels(chance: np.random.Generator, days: int, start: float = 2.81) -> list[float]:
    """Return a level a day, USD per GPU-hour."""
    steps = _DRIFT * chance.standard_normal(days)
    return [start * math.exp(total) for total in np.cumsum(steps).tolist()]


def draw_day(
    chance: np.random.Generator, truth: Truth, level: float, opened: int, count: int
) -> Table:
    """Return a day's OBSERVE rows of product 0: trades in the hour from `opened` on, ns."""
    rows = np.zeros(count, OBSERVE)
    rows["row"] = np.arange(2, 2 + count)
    rows["provider"] = chance.integers(0, PROVIDERS, count)
    rows["region"] = chance.integers(0, REGIONS, count)
    rows["form"] = 1 + (chance.random(count) < PCIE)
    rows["gpu_count"] = chance.choice(_COUNTS, count)
    rows["memory_gb"] = 80
    rows["vcpus"] = rows["gpu_count"] * chance.choice(_VCPUS, count)
    rows["ram_gb"] = rows["gpu_count"] * chance.choice(_RAM_GB, count)
    rows["traded"] = opened + chance.integers(0, WINDOW_NS, count)
    rows["gpu_hours_milli"] = 1_000 * np.ceil(100 * chance.lognormal(0, 1, count)).astype(int)
    rows["term"], rows["tier"] = Term.ON_DEMAND, Tier.TRADE
    noise = np.exp(_NOISE * chance.standard_normal(count))
    rows["price_micro"] = np.round(level * truth.factor(rows) * noise * 1e6)
    return rows


def every_offer() -> dict[str, Table]:
    """Return the columns of one offer of each provider and configuration."""
    grid = range(PROVIDERS), range(REGIONS), (1, 2), _COUNTS, _VCPUS, _RAM_GB
    names = "provider", "region", "form", "gpu_count", "vcpus", "ram_gb"
    places = (each.ravel() for each in np.meshgrid(*grid, indexing="ij"))
    found = dict(zip(names, places, strict=True))
    for name in ("vcpus", "ram_gb"):
        found[name] = found[name] * found["gpu_count"]
    return found


def corrupted(chance: np.random.Generator, rows: Table, before: Table) -> tuple[Table, Table]:
    """Return rows of which a part went wrong, and for each its place in KINDS, or -1.

    before: the rows of the day before, of which a stale feed repeats some. Columns that
    shifted put the memory's figure where the price should be.
    """
    found = rows.copy()
    kinds = np.where(chance.random(len(rows)) < CORRUPT, chance.integers(0, 5, len(rows)), -1)
    prices = found["price_micro"]
    prices[kinds == 0] = found["memory_gb"][kinds == 0].astype(np.int64) * 1_000_000
    prices[kinds == 1] = 0
    prices[kinds == 2] *= 10
    prices[kinds == 3] //= 10
    stale = np.flatnonzero(kinds == 4)
    if not len(before):
        kinds[stale] = -1
    elif len(stale):
        numbers = found["row"][stale]
        found[stale] = before[chance.integers(0, len(before), len(stale))]
        found["row"][stale] = numbers
    return found, kinds
