"""One product's index from day to day: what is remembered, and when the adjustment is refitted.

A series begins where no fixing stands: there the level is anchored. Every refit after that is
linked to the adjustment before it, so that no refit moves the index.
"""

import datetime
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from clearing.index.adjustment import (
    MILLION,
    NOT_ADJUSTED,
    UNKNOWN,
    Adjustment,
    Coefficient,
    adjusted_micro,
    bounded,
    effects,
    factors,
    moved,
)
from clearing.index.attendance import Attendance, absent, attend
from clearing.index.cells import CELL, merged
from clearing.index.fixing import Day, Fixing, fix, mean_of, partition, unfixed
from clearing.index.population import Tier
from clearing.index.regression import regress
from clearing.terms import IndexTerms
from engine.instruments import as_date
from engine.jit import Table

WEEKS = 26  # Of observations behind a fit: six months.
ANCHOR = "median"  # Of the prices of its first day: the level at which a series begins.


class Week(NamedTuple):
    """A week's cells: all of its days until the week is over, then one a configuration."""

    number: int  # ISO, yyyyww.
    cells: tuple[Table, ...]


class Memory(NamedTuple):
    """What an index knows before a day."""

    previous: Fixing
    adjustment: Adjustment = NOT_ADJUSTED
    weeks: tuple[Week, ...] = ()  # Ascending.
    attendance: Mapping[int, Attendance] = {}


def new_memory(product: int) -> Memory:
    """Return what is known before the first fixing of a product."""
    return Memory(unfixed(product))


def next_fixing(memory: Memory, day: Day, terms: IndexTerms, date: int) -> Fixing:
    """Return a date's fixing, the adjustment refitted first where a new week has begun."""
    memory = _without_hole(memory)
    adjustment = memory.adjustment
    if terms.adjusted and len(day.cells) and _is_due(adjustment, date):
        adjustment = refit(memory, day, terms, date)
    present = set(day.cells["provider"].tolist())
    out = absent(attend(memory.attendance, present, terms.absences))
    return fix(day, terms, memory.previous, date, adjustment, out)


def remembered(memory: Memory, fixing: Fixing, day: Day, absences_max: int) -> Memory:
    """Return what is known after a fixing. day: what it was made of."""
    memory = _without_hole(memory)
    present = set(day.cells["provider"].tolist())
    return Memory(
        fixing,
        fixing.adjustment,
        _with_day(memory.weeks, day.cells, week_of(fixing.date)),
        attend(memory.attendance, present, absences_max),
    )


def refit(memory: Memory, day: Day, terms: IndexTerms, date: int) -> Adjustment:
    """Return the adjustment fitted to the last WEEKS weeks and to the day itself.

    Anchored where none is in force: the day's adjusted value is then the weighted median of
    its prices. Else linked: the day has the same value by the new one as by the old one, over
    cells that both know.
    """
    weeks = _with_day(memory.weeks, day.cells, week_of(date))
    coefficients = tuple(_coefficient(*each) for each in regress(_table(weeks)))
    since = memory.adjustment.since or date
    fitted = bounded(Adjustment(date, since, coefficients))
    old = _level(day.cells, memory.adjustment, memory.adjustment, fitted, terms)
    new = _level(day.cells, fitted, memory.adjustment, fitted, terms)
    return moved(fitted, _log_micro(new / old) if old and new else 0)


def week_of(date: int) -> int:
    """Return the ISO week of a trade date, yyyyww."""
    calendar = as_date(date).isocalendar()
    return calendar.year * 100 + calendar.week


def _level(
    cells: Table, by: Adjustment, old: Adjustment, new: Adjustment, terms: IndexTerms
) -> Fraction:
    """Return the day's value, not rounded, by one of two adjustments; 0 where they share no cell.

    Where nothing is in force yet both are measured by the weighted median.
    """
    effect, _ = effects(cells, by)
    is_used = effects(cells, old)[1] & effects(cells, new)[1]
    prices = adjusted_micro(cells["price_twice"] / 2, factors(effect))
    estimator = terms.estimator if old.fitted else ANCHOR
    found = partition(cells, prices, is_used, estimator, terms.cap_percent)
    return mean_of(found) if found else Fraction()


def _log_micro(ratio: Fraction) -> int:
    return round(MILLION * math.log(ratio))


def _coefficient(field: int, level: int, effect: float, error: float, cells: int) -> Coefficient:
    """Return an effect as it is published: floats end here, in whole millionths of a log."""
    rounded = round(MILLION * error) if error >= 0 else UNKNOWN
    return Coefficient(field, level, round(MILLION * effect), rounded, cells)


def _is_due(adjustment: Adjustment, date: int) -> bool:
    return not adjustment.fitted or week_of(adjustment.fitted) != week_of(date)


def _without_hole(memory: Memory) -> Memory:
    """Return a memory that begins anew where no fixing stands any more."""
    if memory.previous.tier != Tier.NONE:
        return memory
    return Memory(memory.previous)


def _with_day(weeks: Sequence[Week], cells: Table, number: int) -> tuple[Week, ...]:
    """Return weeks with one more day; a week that is over keeps one cell a configuration."""
    day = cells.copy()
    day["part"] = number
    if weeks and weeks[-1].number == number:
        return (*weeks[:-1], Week(number, (*weeks[-1].cells, merged(day))))
    over = weeks[-1:] and (Week(weeks[-1].number, (_table(weeks[-1:]),)),)
    oldest = _weeks_before(number, WEEKS)
    kept = tuple(week for week in (*weeks[:-1], *over) if week.number > oldest)
    return (*kept, Week(number, (merged(day),)))


def _table(weeks: Sequence[Week]) -> Table:
    """Return one cell a week, provider and configuration."""
    cells = [cells for week in weeks for cells in week.cells]
    return merged(np.concatenate([np.zeros(0, CELL), *cells]))


def _weeks_before(number: int, count: int) -> int:
    monday = datetime.date.fromisocalendar(number // 100, number % 100, 1)
    calendar = (monday - datetime.timedelta(weeks=count)).isocalendar()
    return calendar.year * 100 + calendar.week
