"""The index: a day of many observations, half a year of them refitted, five years of a panel.

There is no peer to race; the goals stand in `against`, and the ratio is the goal over the time
taken: above 1 the goal is met. CPU seconds of the whole process, so threads count.
"""

import datetime
import resource
import time

import numpy as np

from bench.measure import Row, options, publish, timed
from clearing.calendar import index_window, next_business_day, on_or_after
from clearing.index.cells import merged
from clearing.index.fixing import gather
from clearing.index.regression import regress
from clearing.index.series import new_memory, next_fixing
from clearing.terms import IndexTerms
from engine.instruments import as_number
from sim.index_evidence import NAMES
from sim.index_table import fixings
from sim.panel_generator import generate
from sim.spot_feed import draw_day, draw_truth

OBSERVATIONS = 150_000  # A day: the published size of a real index.
DAYS, DAYS_FULL = 10, 126  # Of six months.
YEARS, YEARS_FULL = 1, 5
TERMS = IndexTerms()
GOAL_DAY_S, GOAL_REFIT_S, GOAL_PANEL_S, GOAL_MB = 1.0, 30.0, 10.0, 2_000.0


def one_day() -> Row:
    """Return what a fixing of a day costs, the adjustment fitted as well."""
    chance = np.random.default_rng(1)
    date = on_or_after(datetime.date(2026, 1, 5))
    window = index_window(date)
    rows = draw_day(chance, draw_truth(chance), 2.81, window[0], OBSERVATIONS)

    def fix() -> None:
        day = gather(rows, 0, NAMES, TERMS, window)
        next_fixing(new_memory(0), day, TERMS, as_number(date))

    fix()  # Imports what a fit needs.
    return _row(f"fix a day of {OBSERVATIONS:,} observations", timed(fix), GOAL_DAY_S)


def refit(days: int) -> list[Row]:
    """Return what it costs to collapse days of observations to cells, and to fit them."""
    chance = np.random.default_rng(2)
    truth, date, cells, seconds = draw_truth(chance), datetime.date(2026, 1, 5), [], 0.0
    for _ in range(days):
        date = next_business_day(date)
        window = index_window(date)
        rows = draw_day(chance, truth, 2.81, window[0], OBSERVATIONS)

        began = time.process_time()
        found = gather(rows, 0, NAMES, TERMS, window).cells
        found["part"] = as_number(date) // 7
        cells.append(merged(found))
        seconds += time.process_time() - began
    seconds += timed(lambda: regress(merged(np.concatenate(cells))))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    share = days / DAYS_FULL
    return [
        _row(
            f"collapse and refit {days * OBSERVATIONS:,} observations",
            seconds,
            GOAL_REFIT_S * share,
        ),
        Row("peak memory of it", peak, "MB", f"goal: {GOAL_MB:g}", GOAL_MB / peak),
    ]


def panel(years: int) -> Row:
    """Return what all fixings of a generated daily panel cost."""
    first = datetime.date(2021, 1, 4)
    made = generate(("H100",), first, first + datetime.timedelta(days=365 * years), seed=3)
    seconds = timed(lambda: fixings(made, "H100", TERMS))
    return _row(f"{years} years of a daily panel", seconds, GOAL_PANEL_S * years / YEARS_FULL)


def _row(name: str, seconds: float, goal: float) -> Row:
    return Row(name, seconds, "s", f"goal: {goal:.3g}", goal / seconds)


def main() -> None:
    """Measure, and print the table."""
    chosen = options(__doc__ or "").parse_args()
    rows = [one_day(), *refit(DAYS_FULL if chosen.full else DAYS)]
    rows.append(panel(YEARS_FULL if chosen.full else YEARS))
    publish("index", rows, chosen.json)


if __name__ == "__main__":
    main()
