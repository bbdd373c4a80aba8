"""When the marketplace trades: rounds in the hour before each fixing, one after the other."""

import datetime
from collections.abc import Iterator, Mapping, Sequence

from clearing.calendar import is_business_day, times
from clearing.index.fixing import window_before
from engine.schema import Cycle
from sim.clock import SECOND
from sim.levels import draw_levels
from sim.marketplace.market import Moment
from sim.marketplace.rounds import Times
from sim.spot_models import LEVELS, SpotModel

_DAY = datetime.timedelta(days=1)


def schedule(
    models: Sequence[str],
    days: tuple[datetime.date, datetime.date],
    rounds: int,
    seed: int,
    levels: Mapping[str, SpotModel] = LEVELS,
) -> Iterator[Moment]:
    """Yield the rounds of all business days from the one before the first to the last.

    levels: how each model's hidden level moves. A longer schedule begins with a shorter one.
    Raises ValueError for a model without one.
    """
    for model in models:
        if model not in LEVELS:
            raise ValueError(f"no levels to trade {model} at: it is none of {list(LEVELS)}")
    first, last = days
    opened = first - _DAY
    while not is_business_day(opened):
        opened -= _DAY
    count = (last - opened).days + 1
    paths = [draw_levels(model, opened, count, seed, levels) for model in models]
    return _moments(opened, list(zip(*paths, strict=True)), rounds)


def closing(moment: Moment) -> int:
    """Return the time, ns, at which a round is over and can be played: a second early."""
    return moment.closes + SECOND


def _moments(
    opened: datetime.date, levels: Sequence[Sequence[float]], rounds: int
) -> Iterator[Moment]:
    for day, level in enumerate(levels):
        date = opened + day * _DAY
        if is_business_day(date):
            for begins, lasts in _spans(date, rounds):
                stages = Times(*(begins + _part(lasts, tenths) for tenths in (0, 6, 8)))
                yield Moment(date, day, stages, begins + lasts - 2 * SECOND, level)


def _spans(date: datetime.date, rounds: int) -> Iterator[tuple[int, int]]:
    """Yield when each round of a date begins and how long it lasts, ns: whole seconds."""
    fixing = next(time for time, due in times(date) if due.cycle == Cycle.FIXING)
    opens, closes = window_before(fixing)
    lasts = (closes - opens) // rounds // SECOND * SECOND
    for number in range(rounds):
        yield opens + number * lasts, lasts


def _part(lasts: int, tenths: int) -> int:
    return lasts * tenths // 10 // SECOND * SECOND
