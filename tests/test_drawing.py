"""The axis of days that pictures share: what is there, one after the other, and no holes."""

import datetime
import math
import pathlib

from sim.basis_plots import plot_basis
from sim.drawing import day_axis, line

DAY = datetime.timedelta(days=1)
MONDAY = datetime.date(2026, 8, 3)
WEEK = [MONDAY + number * DAY for number in range(5)]
LATER = [MONDAY + (60 + number) * DAY for number in range(2)]


def test_days_stand_side_by_side_and_a_hole_is_a_small_gap() -> None:
    days = day_axis([*LATER, *WEEK])
    assert [days[date] for date in (*WEEK, *LATER)] == [0, 1, 2, 3, 4, 7, 8]


def test_a_weekend_is_no_hole_and_a_series_that_begins_anew_is_one() -> None:
    next_monday = MONDAY + 7 * DAY
    assert day_axis([*WEEK, next_monday])[next_monday] == 5
    assert day_axis([*WEEK, next_monday], {next_monday})[next_monday] == 7


def test_no_line_crosses_a_hole() -> None:
    days = day_axis([*WEEK, *LATER])
    places, values = line(days, [(date, 1.0) for date in (WEEK[0], WEEK[4], *LATER)])
    assert [None if math.isnan(place) else place for place in places] == [0, 4, None, 7, 8]
    assert math.isnan(values[2])


def test_many_series_are_drawn_as_a_map_and_few_as_lines(tmp_path: pathlib.Path) -> None:
    for count in (3, 12):
        series = {f"level {n}": [(date, n - 1.0) for date in WEEK[n % 3 :]] for n in range(count)}
        picture = tmp_path / f"{count}.svg"
        plot_basis(picture, "a title", "USD", series)
        assert ("image/png" in picture.read_text()) == (count == 12)
