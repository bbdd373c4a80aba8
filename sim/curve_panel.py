"""Curves of a run, read back: the settlement prices of its months, date by date."""

import datetime
import functools
import pathlib

import numpy as np

from clearing.calendar import business_days, last_trading_day, month_after
from engine.instruments import MONTHS as LISTED
from engine.instruments import future_name
from sim.csv_lines import csv_lines
from sim.curve_fit import Curves
from sim.replayed_levels import as_day, price
from sim.spot_models import DAYS_A_YEAR

COLUMNS = ("date", "instrument", "price", "mode")
MONTHS = (1, 2, 3, 6, 12)  # Ahead of the date's; the averaging month is half known.

Curve = dict[int, float]  # USD by month, yyyymm.


def read_curves(path: pathlib.Path, model: str) -> dict[datetime.date, Curve]:
    """Return the settlement prices of a model's months by date, of a run's settlements.csv.

    Raises ValueError with one sentence that names the file, and the line where there is one.
    """
    found = dict[datetime.date, Curve]()
    for where, line in csv_lines(path, COLUMNS):
        date = as_day(line["date"], where)
        month = _listed(model, date.year * 100 + date.month).get(line["instrument"] or "", 0)
        if month and line["mode"] in ("index", "market"):
            found.setdefault(date, {})[month] = price(line["price"], where)
    if not found:
        raise ValueError(f"{path} has no settlement of a future on {model}")
    return found


@functools.cache
def _listed(model: str, first: int) -> dict[str, int]:
    """Return the months (yyyymm) of a model's futures from one month on, by their names."""
    months = [month_after(first, ahead) for ahead in range(LISTED)]
    return {future_name(model, last_trading_day(month)): month for month in months}


def as_panel(curves: dict[datetime.date, Curve]) -> Curves:
    """Return curves as a panel of the MONTHS ahead, each taken at the middle of its month."""
    dates = sorted(curves)
    logs = np.full((len(dates), len(MONTHS)), np.nan)
    years = np.zeros(logs.shape)
    for row, date in enumerate(dates):
        for column, ahead in enumerate(MONTHS):
            month = month_after(date.year * 100 + date.month, ahead)
            days = business_days(month)
            years[row, column] = (days[len(days) // 2] - date).days / DAYS_A_YEAR
            if month in curves[date]:
                logs[row, column] = np.log(curves[date][month])
    return Curves(dates, logs, years)
