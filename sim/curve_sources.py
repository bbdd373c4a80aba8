"""Where a forward curve comes from: a model, a price panel, a run's settlements, or a file."""

import csv
import datetime
import pathlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from clearing.terms import IndexTerms
from engine.instruments import as_date
from sim.csv_lines import csv_lines
from sim.curve import Point, curve
from sim.curve_panel import read_curves
from sim.index_table import fixings
from sim.panel import read_panel
from sim.replayed_levels import price
from sim.scenario import Scenario
from sim.spot_models import LEVELS, SchwartzSmith

HEADER = ("month", "price")


class Forward(NamedTuple):
    """A curve, and what it is."""

    date: datetime.date
    source: str
    points: list[Point]

    @property
    def prices(self) -> dict[int, float]:
        """USD by month, yyyymm."""
        return {point.month: point.price_usd for point in self.points}


def of_scenario(scenario: Scenario, model: str) -> Forward:
    """Return the curve that a scenario's model of the spot price implies on its first day.

    Raises ValueError where the scenario has no such product, or its model no curve.
    """
    if model not in scenario.levels:
        raise ValueError(f"scenario {scenario.name} has no product {model}")
    spot = scenario.levels[model]
    kind = type(spot).__struct_config__.tag
    source = f"scenario {scenario.name}, {kind}"
    return Forward(scenario.start, source, curve(spot, scenario.start))


def of_panel(panel: pathlib.Path, model: str, today: datetime.date) -> Forward:
    """Return the curve of the shipped model of a spot price from a panel's last fixing on.

    Raises ValueError where there is no such model, or no fixing.
    """
    values = read_index(panel, model, today)
    date = max(values)
    start = values[date]
    known = [value for day, value in values.items() if date.replace(day=1) <= day < date]
    spot = msgspec.structs.replace(shipped(model), start_usd=start)
    return Forward(date, f"{model} at {start:.2f} on {date}", curve(spot, date, known=known))


def read_index(panel: pathlib.Path, model: str, today: datetime.date) -> dict[datetime.date, float]:
    """Return the fixings of a panel's last gap-free stretch by date, USD.

    Raises ValueError where there are none.
    """
    stretch = read_panel(panel, [model], today).last_stretch()
    found = fixings(stretch, model, IndexTerms())
    values = {as_date(one.date): one.value_micro / 1e6 for one in found if one.value_micro}
    if not values:
        raise ValueError(f"{panel} has no fixing of {model}")
    return values


def of_run(settlements: pathlib.Path, model: str) -> Forward:
    """Return the settlement prices of a run's last date. Raises ValueError where there are none."""
    curves = read_curves(settlements, model)
    date = max(curves)
    return Forward(date, f"settlements of {date}", _points(curves[date]))


def of_file(path: pathlib.Path) -> Forward:
    """Return the curve of a CSV file with the columns month (yyyy-mm) and price.

    Raises ValueError that names the file and the line.
    """
    prices = dict[int, float]()
    for where, line in csv_lines(path, HEADER):
        prices[_month(line["month"], where)] = price(line["price"], where)
    if not prices:
        raise ValueError(f"{path} has no price")
    first = min(prices)
    return Forward(datetime.date(first // 100, first % 100, 1), str(path), _points(prices))


def shipped(model: str) -> SchwartzSmith:
    """Return the model of a spot price that ships with cfx. Raises ValueError for another."""
    if model not in LEVELS:
        raise ValueError(f"no model of the spot price of {model}: it is none of {list(LEVELS)}")
    return LEVELS[model]


def write_curve(path: pathlib.Path, points: Iterable[Point]) -> None:
    """Write a curve as a file that `of_file` reads."""
    with path.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows((month_name(one.month), f"{one.price_usd:.6f}") for one in points)


def month_name(month: int) -> str:
    """Return a month (yyyymm) as yyyy-mm."""
    return f"{month // 100}-{month % 100:02d}"


def _points(prices: Mapping[int, float]) -> list[Point]:
    return [Point(month, prices[month]) for month in sorted(prices)]


def _month(text: str | None, where: str) -> int:
    try:
        date = datetime.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ValueError(f"{where}: {text!r} is no month, such as 2026-09") from None
    return date.year * 100 + date.month
