"""Levels that a file holds, day by day: what `cfx index` wrote, or anything of that form."""

import datetime
import itertools
import math
import pathlib
from collections.abc import Iterator

from sim.csv_lines import csv_lines

_DAY = datetime.timedelta(days=1)


def read_levels(name: str, first: datetime.date, days: int) -> Iterator[float]:
    """Return the value of each of `days` dates from `first` on, USD.

    A date without one has that of the date before. Raises ValueError, naming the line, where a
    value is no price, where the file begins later, or ends more than a week earlier.
    """
    known = read_values(pathlib.Path(name))
    dates = sorted(known)
    last = first + (days - 1) * _DAY
    if dates[0] > first:
        raise ValueError(f"{name} begins on {dates[0]}, after {first}")
    if dates[-1] < last - 7 * _DAY:
        raise ValueError(f"{name} ends on {dates[-1]}, and {last} is asked for")
    before = max(date for date in dates if date <= first)
    wanted = [first + number * _DAY for number in range(days)]
    values = itertools.accumulate(
        (known.get(date, math.nan) for date in wanted),
        lambda old, new: old if math.isnan(new) else new,
        initial=known[before],
    )
    return itertools.islice(values, 1, None)


def read_values(path: pathlib.Path, model: str = "") -> dict[datetime.date, float]:
    """Return the values of a CSV file by date; of one model, where it has that column.

    Raises ValueError with one sentence that names the file and the line.
    """
    found = dict[datetime.date, float]()
    for where, line in csv_lines(path, ("date", "value")):
        if not model or line.get("model", model) == model:
            found[as_day(line["date"], where)] = price(line["value"], where)
    if not found:
        raise ValueError(f"{path} has no value" + (f" of {model}" if model else ""))
    return found


def price(text: str | None, where: str) -> float:
    """Return a price above 0. Raises ValueError that begins with `where`."""
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{where}: {text!r} is no price")
    return value


def as_day(text: str | None, where: str) -> datetime.date:
    """Return a date yyyy-mm-dd. Raises ValueError that begins with `where`."""
    try:
        return datetime.date.fromisoformat(text or "")
    except ValueError:
        raise ValueError(f"{where}: {text!r} is no date") from None
