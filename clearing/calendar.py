"""Business days, and what the calendar does at which time of a trade date, as rows.

The only module that knows time zones and holidays. Business days are the sessions of XNYS;
they enter the journal as dates and counts on rows, so that a replay never asks this module.
"""

import bisect
import datetime
import functools
import importlib.metadata
import zoneinfo
from collections.abc import Sequence
from typing import NamedTuple

from engine.instruments import as_date, as_number
from engine.jit import cache_root
from engine.rows import Batch
from engine.schema import Cycle, Kind, Phase

CHICAGO = zoneinfo.ZoneInfo("America/Chicago")
FIRST, LAST = datetime.date(2010, 1, 1), datetime.date(2049, 12, 31)
MINUTE = 60_000_000_000  # Nanoseconds.

_DAY = datetime.timedelta(days=1)
_REGULAR_CLOSE = 15 * 60  # Chicago, minutes after midnight.
_EARLY_FROM = 8 * 60  # What is due later than this moves with an early close.


class Due(NamedTuple):
    """One line of the timetable: what happens at a Chicago time of a trade date."""

    seconds: int  # After midnight of the trade date; below 0: of the evening before.
    phases: tuple[Phase, ...] = ()  # Of every product, one after the other.
    cycle: int = 0  # A Cycle; 0: none.
    window: tuple[int, int] = (0, 0)  # Whose observations or trades the cycle looks at.
    stops_expiring: bool = False  # Contracts whose last trading day it is stop trading.
    settles: str = ""  # In which mode prices of the day are final: their TAS books stop trading.
    is_late: bool = False  # From here to the close halts are short.


def _at(hours: int, minutes: int, seconds: int = 0, *, evening: bool = False) -> int:
    return (hours - 24 * evening) * 3600 + minutes * 60 + seconds


TIMETABLE = (
    Due(_at(16, 45, evening=True), phases=(Phase.PRE_OPEN,)),  # On a Sunday at 16:00.
    Due(_at(16, 59, 30, evening=True), phases=(Phase.NO_CANCEL,)),
    Due(_at(17, 0, evening=True), phases=(Phase.OPENING, Phase.OPEN)),
    Due(_at(8, 0), cycle=Cycle.CALLS_DUE),
    Due(_at(11, 30), cycle=Cycle.INTRADAY),
    Due(
        *(_at(14, 30), (), Cycle.FIXING, (_at(13, 30), _at(14, 30))),
        stops_expiring=True,
        settles="index",
    ),
    Due(_at(15, 0), settles="market"),
    Due(_at(15, 5), (), Cycle.SETTLEMENT, (_at(14, 59), _at(15, 0))),
    Due(_at(15, 15), cycle=Cycle.END_OF_DAY),
    Due(_at(15, 55), is_late=True),
    Due(_at(16, 0), phases=(Phase.CLOSE, Phase.POST_CLOSE)),
)
_SUNDAY_PRE_OPEN = _at(16, 0, evening=True)


class Sessions(NamedTuple):
    """The business days, ascending, and by how many minutes each closes early."""

    dates: list[int]  # yyyymmdd
    early: dict[int, int]


@functools.cache
def sessions() -> Sessions:
    """Return the sessions of XNYS from 2010 to 2049.

    Kept as text beside the compiled kernels: to compute them takes seconds.
    """
    version = importlib.metadata.version("exchange_calendars")
    path = cache_root() / f"sessions-XNYS-{version}.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text(_computed(), encoding="ascii")
        draft.replace(path)
    rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    early = {int(date): int(minutes) for date, minutes in rows if minutes != "0"}
    return Sessions([int(date) for date, _ in rows], early)


def _computed() -> str:
    import exchange_calendars  # Imports pandas: seconds, which a warm start must not take.

    calendar = exchange_calendars.get_calendar("XNYS", start=str(FIRST), end=str(LAST))
    lines = []
    for session, close in calendar.closes.items():
        local = close.astimezone(CHICAGO)
        early = _REGULAR_CLOSE - local.hour * 60 - local.minute
        lines.append(f"{session:%Y%m%d} {early}\n")
    return "".join(lines)


def is_business_day(date: datetime.date) -> bool:
    """Whether fixings and settlements are made on a date."""
    number = as_number(date)
    place = bisect.bisect_left(sessions().dates, number)
    return place < len(sessions().dates) and sessions().dates[place] == number


def on_or_after(date: datetime.date) -> datetime.date:
    """Return the first business day that is not before a date."""
    dates = sessions().dates
    place = bisect.bisect_left(dates, as_number(date))
    if place == len(dates):
        raise ValueError(f"{date} is after the calendar's last day, {LAST}")
    return as_date(dates[place])


def next_business_day(date: datetime.date) -> datetime.date:
    """Return the first business day after a date."""
    return on_or_after(date + _DAY)


def business_days(month: int) -> list[datetime.date]:
    """Return the business days of a month (yyyymm), ascending."""
    dates = sessions().dates
    first = bisect.bisect_left(dates, month * 100)
    last = bisect.bisect_left(dates, month * 100 + 100)
    if first == last:
        raise ValueError(f"month {month} is not between {FIRST} and {LAST}")
    return [as_date(number) for number in dates[first:last]]


def days_between(first: datetime.date, last: datetime.date) -> int:
    """Return how many business days come after `first`, up to `last`; 0 where that is earlier."""
    dates = sessions().dates
    behind = bisect.bisect_right(dates, as_number(last)) - bisect.bisect_right(
        dates, as_number(first)
    )
    return max(behind, 0)


def fixings_of(month: int, first_day: datetime.date) -> int:
    """Return N, how many fixings a month has that are not before `first_day`."""
    return sum(day >= first_day for day in business_days(month))


def last_trading_day(month: int) -> datetime.date:
    """Return the last business day of a month (yyyymm)."""
    return business_days(month)[-1]


def month_after(month: int, count: int = 1) -> int:
    """Return the month (yyyymm) that comes `count` months later."""
    months = month // 100 * 12 + month % 100 - 1 + count
    return months // 12 * 100 + months % 12 + 1


def moment(date: datetime.date, seconds: int) -> int:
    """Return nanoseconds since the epoch of a Chicago wall time, given in seconds after midnight.

    Below 0: of the day before. Wall time, not elapsed time: the same on days of a clock change.
    """
    days, rest = divmod(seconds, 86_400)
    local = datetime.datetime.combine(date + days * _DAY, datetime.time(), CHICAGO)
    local = local.replace(hour=rest // 3600, minute=rest // 60 % 60, second=rest % 60)
    return int(local.timestamp()) * 1_000_000_000


def times(date: datetime.date) -> list[tuple[int, Due]]:
    """Return when each line of the timetable is due on a trade date, ascending."""
    return [(moment(date, _shifted(date, due.seconds)), due) for due in TIMETABLE]


def _shifted(date: datetime.date, seconds: int) -> int:
    if seconds == TIMETABLE[0].seconds and date.weekday() == 0:
        return _SUNDAY_PRE_OPEN
    early = sessions().early.get(as_number(date), 0)
    return seconds - early * 60 if seconds > _EARLY_FROM * 60 else seconds


def rows(date: datetime.date, time: int, due: Due, products: int, stopping: Sequence[int]) -> Batch:
    """Return what the calendar submits at one line of the timetable.

    products: how many there are. stopping: instruments that stop trading then.
    Every row's `source` is its due time; a CYCLE row's `value_2` and `value_3` are its window:
    from, inclusive, to, exclusive; its `batch` is when margin calls of that cycle are due. The
    fixing's calls nobody: its `batch` is when the window of the market settlement will end, so
    that the house can keep what is bid and asked then.
    """
    batch, day = Batch(), as_number(date)
    for phase in due.phases:
        for product in range(products):
            batch.money(Kind.PHASE, product=product, code=phase, value=day, source=time)
    for instrument in stopping:
        batch.money(Kind.PHASE, instrument=instrument, code=Phase.CLOSE, value=day, source=time)
    if due.cycle:
        opened, closed = (moment(date, _shifted(date, second)) for second in due.window)
        batch.money(
            Kind.CYCLE,
            code=due.cycle,
            value=day,
            value_2=opened,
            value_3=closed,
            batch=_quotes_kept(date) if due.cycle == Cycle.FIXING else calls_due(date),
            source=time,
        )
    return batch


def calls_due(date: datetime.date) -> int:
    """Return when a margin call that is made on a trade date is due: the next business morning."""
    due = next(due for due in TIMETABLE if due.cycle == Cycle.CALLS_DUE)
    return moment(next_business_day(date), due.seconds)


def _quotes_kept(date: datetime.date) -> int:
    """Return when the window of the market settlement ends."""
    settlement = next(due for due in TIMETABLE if due.cycle == Cycle.SETTLEMENT)
    return moment(date, _shifted(date, settlement.window[1]))


def index_window(date: datetime.date) -> tuple[int, int]:
    """Return when the window of a day's fixing opens and closes."""
    fixing = next(due for due in TIMETABLE if due.cycle == Cycle.FIXING)
    opened, closed = (moment(date, _shifted(date, second)) for second in fixing.window)
    return opened, closed


def eve(date: datetime.date) -> int:
    """Return a minute before a trade date's first row: when a scenario's exchange is founded."""
    return times(date)[0][0] - MINUTE


def trade_date(now: int) -> datetime.date:
    """Return the trade date that a moment belongs to: the next one once its market has closed."""
    local = datetime.datetime.fromtimestamp(now // 1_000_000_000, CHICAGO)
    date = on_or_after(local.date())
    return date if now < times(date)[-1][0] else next_business_day(date)


def phase_at(now: int) -> Phase:
    """Return the phase that the timetable gives a moment."""
    phase = Phase.CLOSE
    for time, due in times(trade_date(now)):
        if due.phases and time <= now:
            phase = due.phases[-1]
    return phase
