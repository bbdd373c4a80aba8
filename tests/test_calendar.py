"""Business days, the timetable in Chicago time, early closes, and the days of a clock change."""

import datetime
import subprocess
import sys

import pytest

from clearing.calendar import (
    CHICAGO,
    TIMETABLE,
    business_days,
    eve,
    fixings_of,
    index_window,
    is_business_day,
    last_trading_day,
    moment,
    month_after,
    next_business_day,
    on_or_after,
    phase_at,
    rows,
    times,
    trade_date,
)
from engine.layout import MONEY
from engine.schema import Cycle, Kind, Phase
from tests import tidy

PLAIN = datetime.date(2026, 10, 14)  # A Wednesday.
EARLY = datetime.date(2026, 11, 27)  # The day after Thanksgiving closes three hours early.


def clock(date: datetime.date) -> list[str]:
    """Return when the lines of a trade date are due, as Chicago wall time."""
    local = [datetime.datetime.fromtimestamp(time // 10**9, CHICAGO) for time, _ in times(date)]
    return [f"{each:%a %H:%M:%S}" for each in local]


@pytest.mark.parametrize(("month", "count"), [(202601, 20), (202607, 22), (202611, 20)])
def test_months_have_as_many_fixings_as_business_days(month: int, count: int) -> None:
    assert len(business_days(month)) == count


def test_holidays_of_the_stock_exchange_are_no_business_days() -> None:
    holidays = [(2026, 1, 19), (2026, 6, 19), (2026, 7, 3), (2026, 11, 26), (2026, 12, 25)]
    assert not any(is_business_day(datetime.date(*each)) for each in holidays)


def test_last_trading_day_is_the_last_business_day_of_the_month() -> None:
    assert last_trading_day(202607) == datetime.date(2026, 7, 31)
    assert last_trading_day(202605) == datetime.date(2026, 5, 29)


def test_a_plain_day_follows_the_timetable() -> None:
    assert clock(PLAIN) == [
        *("Tue 16:45:00", "Tue 16:59:30", "Tue 17:00:00", "Wed 08:00:00", "Wed 11:30:00"),
        *("Wed 14:30:00", "Wed 15:00:00", "Wed 15:05:00", "Wed 15:15:00"),
        *("Wed 15:55:00", "Wed 16:00:00"),
    ]


def test_the_documents_timetable_is_the_codes() -> None:
    text = (tidy.ROOT / "clearing/README.md").read_text(encoding="utf-8")
    written = [row[0].split()[0] for row in tidy.table(text, "time", "rows")]
    ours = [each.split()[1] for each in clock(PLAIN)]
    assert [each.removesuffix(":00") if each.count(":") == 2 else each for each in ours] == written


def test_a_monday_opens_on_sunday_with_a_longer_pre_open() -> None:
    assert clock(datetime.date(2026, 10, 12))[:3] == [
        "Sun 16:00:00",
        "Sun 16:59:30",
        "Sun 17:00:00",
    ]


def test_an_early_close_moves_later_times_by_the_same_amount() -> None:
    assert clock(EARLY)[3:] == [
        *("Fri 08:00:00", "Fri 08:30:00", "Fri 11:30:00", "Fri 12:00:00", "Fri 12:05:00"),
        *("Fri 12:15:00", "Fri 12:55:00", "Fri 13:00:00"),
    ]
    opened, closed = index_window(EARLY)
    assert closed == times(EARLY)[5][0]
    assert closed - opened == 3_600 * 10**9


@pytest.mark.parametrize("day", [datetime.date(2026, 3, 9), datetime.date(2026, 11, 2)])
def test_wall_times_hold_on_the_monday_after_a_clock_change(day: datetime.date) -> None:
    assert clock(day)[2] == "Sun 17:00:00"
    assert clock(day)[5] == "Mon 14:30:00"


def test_the_same_wall_time_is_an_hour_later_in_winter() -> None:
    hour = 3_600 * 10**9
    day = 24 * hour
    friday, monday = datetime.date(2026, 10, 30), datetime.date(2026, 11, 2)
    assert moment(monday, 0) - moment(friday, 0) == 3 * day + hour


def test_times_ascend_over_years_of_trade_dates() -> None:
    date, last = datetime.date(2026, 1, 2), 0
    for _ in range(600):
        for time, _ in times(date):
            assert time > last
            last = time
        date = next_business_day(date)


def test_rows_carry_trade_date_due_time_and_window() -> None:
    time, due = times(PLAIN)[7]
    cycle = rows(PLAIN, time, due, 2, []).rows.view(MONEY)[0]
    assert due.cycle == Cycle.SETTLEMENT
    assert (cycle["kind"], cycle["value"], cycle["source"]) == (Kind.CYCLE, 20261014, time)
    opened, closed = moment(PLAIN, (14 * 60 + 59) * 60), moment(PLAIN, 15 * 3600)
    assert (cycle["value_2"], cycle["value_3"]) == (opened, closed)


def test_the_opening_is_two_phases_of_each_product() -> None:
    time, due = times(PLAIN)[2]
    phases = rows(PLAIN, time, due, 2, []).rows.view(MONEY)
    codes = [(int(row["product"]), int(row["code"])) for row in phases]
    assert codes == [(0, Phase.OPENING), (1, Phase.OPENING), (0, Phase.OPEN), (1, Phase.OPEN)]


def test_the_expiring_month_stops_with_its_last_fixing() -> None:
    time, due = times(PLAIN)[5]
    first, second = rows(PLAIN, time, due, 2, [7]).rows.view(MONEY)
    assert (first["kind"], first["instrument"], first["code"]) == (Kind.PHASE, 7, Phase.CLOSE)
    assert (second["kind"], second["code"]) == (Kind.CYCLE, Cycle.FIXING)


def test_a_moment_belongs_to_the_trade_date_that_is_open_or_opens_next() -> None:
    close = times(PLAIN)[-1][0]
    assert trade_date(close - 1) == PLAIN
    assert trade_date(close) == next_business_day(PLAIN)
    assert trade_date(eve(PLAIN)) == PLAIN
    assert trade_date(moment(datetime.date(2026, 11, 28), 0)) == datetime.date(2026, 11, 30)


def test_the_phase_of_a_moment_is_the_timetables() -> None:
    assert phase_at(eve(PLAIN)) == Phase.CLOSE
    assert phase_at(times(PLAIN)[0][0]) == Phase.PRE_OPEN
    assert phase_at(times(PLAIN)[5][0]) == Phase.OPEN
    assert len(TIMETABLE) == len(times(PLAIN))


def test_fixings_count_from_the_first_day_of_a_scenario() -> None:
    assert fixings_of(202607, datetime.date(2026, 7, 6)) == 20
    assert fixings_of(202608, datetime.date(2026, 7, 6)) == 21
    assert month_after(202611, 2) == 202701


def test_a_date_beyond_the_calendar_is_named() -> None:
    with pytest.raises(ValueError, match="2060-01-01 is after the calendar's last day"):
        on_or_after(datetime.date(2060, 1, 1))
    with pytest.raises(ValueError, match="month 200001"):
        business_days(200001)


def test_a_second_start_does_not_import_pandas() -> None:
    business_days(202601)
    lines = (
        "import sys",
        "from clearing.calendar import business_days",
        "business_days(202601)",
        "print('pandas' in sys.modules)",
    )
    command = [sys.executable, "-c", "; ".join(lines)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
