"""The daily fixing: from the observations of one window to one price, or to none.

A fixing is a pure function of the observations, the terms, the adjustment in force and the
fixing before it. Once prices are adjusted, all of it is exact rational arithmetic with one
rounding, so it is the same on any machine.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from clearing.index.adjustment import (
    NOT_ADJUSTED,
    Adjustment,
    adjusted_micro,
    effects,
    factors,
)
from clearing.index.audit import audit_table, in_billionths, inputs_hash, refused
from clearing.index.cells import CELL, collapse
from clearing.index.estimators import ESTIMATORS, half_up
from clearing.index.population import Refusal, Tier, judge
from clearing.index.weights import provider_shares
from clearing.terms import IndexTerms
from engine.jit import Table
from engine.layout import OBSERVE

PARTITIONS = 12  # Of the window, of equal length; those without observations do not count.
WINDOW_NS = 3_600_000_000_000  # Observations of the hour before the fixing count.
UNIT = 10_000  # The index is rounded to 0.01 USD, in micro-dollars.


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
    adjustment: Adjustment  # That was in force.
    mean_micro: Fraction = Fraction()  # The value before it was rounded; 0 where carried.


class Day(NamedTuple):
    """The observations of one product and window, judged each by itself, and their cells."""

    product: int
    rows: Table  # OBSERVE
    verdicts: Table  # A Refusal each.
    counted: Table  # Places of the rows that are not refused so far,
    cell_of: Table  # and of each of those the place of its cell.
    cells: Table  # CELL rows.


class Partition(NamedTuple):
    """The value of one part of the window, and which cell weighs how much in it."""

    value: Fraction  # Micro-dollars.
    cells: Table  # Their places,
    shares: Sequence[Fraction]  # and their shares of the weight; they add to 1.


def unfixed(product: int) -> Fixing:
    """Return what stands before the first fixing of a product."""
    nothing = np.zeros(0, OBSERVE)
    audit = audit_table(nothing, np.zeros(0, np.uint8))
    hashed = inputs_hash(nothing)
    return Fixing(0, product, 0, Tier.NONE, 0, {}, 0, 0, 1, hashed, 0, audit, NOT_ADJUSTED)


def window_before(due: int) -> tuple[int, int]:
    """Return the window, from and to in ns, of a fixing that is due at a time."""
    return due - WINDOW_NS, due


def gather(
    observations: Table,
    product: int,
    names: Mapping[int, str],
    terms: IndexTerms,
    window: tuple[int, int],
) -> Day:
    """Return what a product's fixing is made of, before anything about earlier days is asked.

    observations: OBSERVE rows; those of other products are passed over. names: of the providers,
    by number. window: from, inclusive, to, exclusive, in ns.
    """
    opened, closed = window
    assert opened < closed
    rows = observations[observations["model"] == product]
    verdicts = judge(rows, names, terms.markets, terms.excluded, window)
    counted = np.flatnonzero(verdicts == Refusal.NONE)
    parts = (rows["traded"][counted] - opened) * PARTITIONS // (closed - opened)
    cells, cell_of = collapse(rows[counted], parts)
    return Day(product, rows, verdicts, counted, cell_of, cells)


def fix(
    day: Day,
    terms: IndexTerms,
    previous: Fixing,
    date: int,
    adjustment: Adjustment = NOT_ADJUSTED,
    absent: Collection[int] = (),
    version: int = 1,
) -> Fixing:
    """Return the fixing of a date; carried forward, or without a value, where nothing counts.

    absent: providers that were away too often to count today.
    """
    effect, is_known = effects(day.cells, adjustment)
    factor = factors(effect)
    refusals = np.where(is_known, Refusal.NONE, Refusal.UNADJUSTED).astype(np.uint8)
    refusals[np.isin(day.cells["provider"], list(absent))] = Refusal.RETURNING
    verdicts = day.verdicts.copy()
    verdicts[day.counted] = refusals[day.cell_of]
    is_used = refusals == Refusal.NONE
    prices = adjusted_micro(day.cells["price_twice"] / 2, factor)
    partitions = partition(day.cells, prices, is_used, terms.estimator, terms.cap_percent)
    used = day.rows[verdicts == Refusal.NONE]
    value, tier, carried = _value(partitions, used, previous, terms.carry_days)
    audit = audit_table(day.rows, verdicts)
    audit["adjusted_micro"][day.counted] = adjusted_micro(
        day.rows["price_micro"][day.counted], factor[day.cell_of]
    )
    audit["weight_ppb"][day.counted] = _weights(partitions, day)
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
        adjustment=adjustment,
        mean_micro=mean_of(partitions) if partitions else Fraction(),
    )


def partition(
    cells: Table, prices: Table, is_used: Table, estimator: str, cap_percent: int
) -> list[Partition]:
    """Return the parts of the window that have a cell to use, each with its value.

    cells: CELL rows. prices: of each, whole micro-dollars. is_used: which of them count.
    """
    assert cells.dtype == CELL
    estimate = ESTIMATORS[estimator]
    found = []
    for number in np.unique(cells["part"][is_used]):
        places = np.flatnonzero(is_used & (cells["part"] == number))
        chosen = cells[places]
        shares = provider_shares(
            chosen["provider"].tolist(), chosen["gpu_hours_milli"].tolist(), cap_percent
        )
        value = estimate(prices[places].tolist(), _as_whole(shares))
        found.append(Partition(value, places, shares))
    return found


def _as_whole(shares: Sequence[Fraction]) -> list[int]:
    """Return whole numbers that are to each other as shares are: a sum of those needs no gcd."""
    unit = math.lcm(*(share.denominator for share in shares))
    return [share.numerator * (unit // share.denominator) for share in shares]


def mean_of(partitions: Sequence[Partition]) -> Fraction:
    """Return the mean value of partitions, not rounded. partitions: not empty."""
    return sum((each.value for each in partitions), Fraction()) / len(partitions)


def _value(
    partitions: Sequence[Partition], used: Table, previous: Fixing, carry_days: int
) -> tuple[int, Tier, int]:
    """Return value_micro, tier and carried: the mean of the partitions, else what is carried."""
    if partitions:
        value = half_up(mean_of(partitions), UNIT)
        return value, Tier(int(used["tier"].max())) if value else Tier.NONE, 0
    if previous.tier == Tier.NONE or previous.carried >= carry_days:
        return 0, Tier.NONE, 0
    return previous.value_micro, Tier.CARRIED, previous.carried + 1


def _weights(partitions: Sequence[Partition], day: Day) -> Table:
    """Return each counted row's part of the day's weight, in billionths."""
    weights = np.zeros(len(day.cells), np.int64)
    sizes = np.bincount(day.cell_of, minlength=len(day.cells)).tolist()
    for each in partitions:
        for cell, share in zip(each.cells.tolist(), each.shares, strict=True):
            weights[cell] = in_billionths(share / (sizes[cell] * len(partitions)))
    rows: Table = weights[day.cell_of]
    return rows
