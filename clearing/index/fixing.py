"""The daily fixing: from the observations of one window to one price, or to none.

A fixing is a pure function of the observations, the terms and the fixing before it. All
of it is exact rational arithmetic with one rounding, so it is the same on any machine.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from clearing.index.audit import audit_table, in_billionths, inputs_hash, refused
from clearing.index.estimators import ESTIMATORS, Estimator, half_up, median
from clearing.index.population import Refusal, Tier, by_provider, judge
from clearing.index.weights import water_fill
from clearing.terms import IndexTerms
from engine.jit import Table
from engine.layout import OBSERVE

PARTITIONS = 12  # Of the window, of equal length; those without observations do not count.
WINDOW_NS = 3_600_000_000_000  # Observations of the hour before the fixing count.
UNIT = 10_000  # The index is rounded to 0.01 USD, in micro-dollars.
UNKNOWN_HOURS_MILLI = 1_000  # A provider that reports no GPU-hours weighs as one hour.


class Fixing(NamedTuple):
    """One day's index, and everything that is published with it."""

    date: int  # Trade date, yyyymmdd.
    product: int
    value_micro: int  # A multiple of UNIT; 0 where the tier is NONE.
    tier: Tier
    inputs: int  # Observations used.
    refused: Mapping[Refusal, int]
    providers: int  # That were used.
    gpu_hours_milli: int  # Of the observations used, where known.
    version: int
    inputs_hash: str  # 32 hexadecimal digits, of the observations used.
    carried: int  # How many fixings in a row have been carried forward, this one included.
    audit: Table  # AUDIT rows, one an observation, used or not.


class Partition(NamedTuple):
    """The value of one part of the window, and who weighs how much in it."""

    value: Fraction  # Micro-dollars.
    cells: Sequence[Table]  # Of each provider the places of its rows,
    shares: Sequence[Fraction]  # and its share of the weight; they add to 1.


def unfixed(product: int) -> Fixing:
    """Return what stands before the first fixing of a product."""
    nothing = np.zeros(0, OBSERVE)
    audit = audit_table(nothing, np.zeros(0, np.uint8))
    return Fixing(0, product, 0, Tier.NONE, 0, {}, 0, 0, 1, inputs_hash(nothing), 0, audit)


def window_before(due: int) -> tuple[int, int]:
    """Return the window, from and to in ns, of a fixing that is due at a time."""
    return due - WINDOW_NS, due


def fix(
    observations: Table,
    names: Mapping[int, str],
    terms: IndexTerms,
    previous: Fixing,
    date: int,
    window: tuple[int, int],
    version: int = 1,
) -> Fixing:
    """Return the fixing of a date; carried forward, or without a value, where nothing counts.

    observations: OBSERVE rows; those of other products than previous.product are passed over.
    names: of the providers, by number. window: from, inclusive, to, exclusive, in ns.
    """
    assert window[0] < window[1]
    rows = observations[observations["model"] == previous.product]
    verdicts = judge(rows, names, terms.markets, terms.excluded, window)
    counted = np.flatnonzero(verdicts == Refusal.NONE)
    used = rows[counted]
    partitions = _partitions(used, window, terms)
    value, tier, carried = _value(partitions, used, previous, terms.carry_days)
    audit = audit_table(rows, verdicts)
    audit["weight_ppb"][counted] = _weights(partitions, len(used))
    return Fixing(
        date=date,
        product=previous.product,
        value_micro=value,
        tier=tier,
        inputs=len(used),
        refused=refused(verdicts),
        providers=len(np.unique(used["provider"])),
        gpu_hours_milli=int(used["gpu_hours_milli"].sum()),
        version=version,
        inputs_hash=inputs_hash(used),
        carried=carried,
        audit=audit,
    )


def _value(
    partitions: Sequence[Partition], used: Table, previous: Fixing, carry_days: int
) -> tuple[int, Tier, int]:
    """Return value_micro, tier and carried: the mean of the partitions, else what is carried."""
    if partitions:
        total = sum((partition.value for partition in partitions), Fraction())
        value = half_up(total / len(partitions), UNIT)
        return value, Tier(int(used["tier"].max())) if value else Tier.NONE, 0
    if previous.tier == Tier.NONE or previous.carried >= carry_days:
        return 0, Tier.NONE, 0
    return previous.value_micro, Tier.CARRIED, previous.carried + 1


def _partitions(used: Table, window: tuple[int, int], terms: IndexTerms) -> list[Partition]:
    opened, closed = window
    numbers = (used["traded"] - opened) * PARTITIONS // (closed - opened)
    estimator = ESTIMATORS[terms.estimator]
    found = []
    for number in np.unique(numbers):
        places = np.flatnonzero(numbers == number)
        found.append(_partition(used, places, estimator, terms.cap_percent))
    return found


def _partition(used: Table, places: Table, estimator: Estimator, cap_percent: int) -> Partition:
    """Collapse rows to one cell a provider, weigh the cells under the cap, and estimate."""
    cells = by_provider(used[places])
    prices = used["price_micro"][places]
    hours = used["gpu_hours_milli"][places]
    weights = [int(hours[cell].sum()) or UNKNOWN_HOURS_MILLI for cell in cells]
    shares = water_fill(weights, cap_percent)
    value = estimator([median(prices[cell].tolist()) for cell in cells], shares)
    return Partition(value, [places[cell] for cell in cells], shares)


def _weights(partitions: Sequence[Partition], count: int) -> Table:
    """Return each used row's part of the day's weight, in billionths. Shape (count,)."""
    weights = np.zeros(count, np.int64)
    for partition in partitions:
        for places, share in zip(partition.cells, partition.shares, strict=True):
            weights[places] = in_billionths(share / (len(places) * len(partitions)))
    return weights
