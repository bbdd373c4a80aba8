"""Days of an invented spot market, for tests of the index: rows, and a series that fixes them."""

import datetime
from collections.abc import Mapping, Sequence

import numpy as np

from clearing.calendar import is_business_day
from clearing.index.fixing import Fixing, gather, window_before
from clearing.index.population import Term, Tier
from clearing.index.series import Memory, new_memory, next_fixing, remembered
from clearing.terms import IndexTerms
from engine.instruments import as_number
from engine.jit import Table
from engine.layout import OBSERVE

DUE = 1_785_000_000_000_000_000
WINDOW = window_before(DUE)
NOON = (WINDOW[0] + WINDOW[1]) // 2
PART = (WINDOW[1] - WINDOW[0]) // 12
NAMES = {0: "alder", 1: "basalt", 2: "cinder", 3: "drift", 4: "ember", 5: "fern", 9: "AWS"}
MONDAY = datetime.date(2026, 8, 3)


def observed(
    provider: int, dollars: float, hours: int = 0, traded: int = NOON, **more: int
) -> Table:
    """Return one OBSERVE row, on-demand and posted at noon unless `more` says otherwise."""
    row = np.zeros(1, OBSERVE)
    row["provider"], row["price_micro"] = provider, round(dollars * 1_000_000)
    row["gpu_hours_milli"], row["traded"] = 1_000 * hours, traded
    row["term"], row["tier"] = Term.ON_DEMAND, Tier.POSTED
    for name, value in more.items():
        row[name] = value
    return row


def feed(rows: Sequence[Table]) -> Table:
    """Return rows as one table, numbered as lines of a file."""
    table = np.concatenate([np.zeros(0, OBSERVE), *rows])
    table["row"] = np.arange(2, 2 + len(table))
    return table


def business_days(count: int) -> list[int]:
    """Return the first business days from MONDAY on, yyyymmdd."""
    days = [MONDAY + datetime.timedelta(days=number) for number in range(2 * count + 4)]
    return [as_number(day) for day in days if is_business_day(day)][:count]


def played(
    days: Sequence[Sequence[Table] | Mapping[int, float]],
    terms: IndexTerms,
    memory: Memory | None = None,
) -> list[Fixing]:
    """Return the fixings of consecutive business days, of rows or of a price a provider."""
    memory = memory or new_memory(0)
    found = []
    for date, rows in zip(business_days(len(days)), days, strict=True):
        if isinstance(rows, Mapping):
            rows = [observed(provider, price) for provider, price in rows.items()]
        day = gather(feed(rows), 0, NAMES, terms, WINDOW)
        fixing = next_fixing(memory, day, terms, date)
        memory = remembered(memory, fixing, day, terms.absences)
        found.append(fixing)
    return found
