"""The market settlement: what the last minute of trading says that each month is worth.

Pure functions over what the window saw, in integers, with one rounding a month: exactly between
two ticks goes to the one nearer the settlement before. Tiers carry their numbers in the rulebook.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from clearing.settlement import volume_weighted
from engine.schema import NIL_PRICE

TRADED = 1  # In the window: the month itself; of a back month its calendars.
QUOTED = 2  # Midpoint of bid and ask; of a back month the calendar's last trade within them.
THIRD = 3  # The model; of a back month the midpoint of its own bid and ask.
FOURTH = 4  # Of a back month: the model.
MANUAL = 5  # An operator's price.


class Seen(NamedTuple):
    """What the window saw of one book. Prices in price units; NIL_PRICE: none."""

    turnover: int = 0  # Price units x lots traded in the window,
    lots: int = 0  # and the lots.
    bid: int = NIL_PRICE  # The best as the window ended, explicit or implied.
    ask: int = NIL_PRICE
    last: int = NIL_PRICE  # Of the last trade since the window before.


class Outright(NamedTuple):
    """One month that goes on after the day."""

    number: int
    month: int  # yyyymm
    tick: int
    prior: int  # Its market settlement before, or NIL_PRICE.
    model: int  # What the index alone says.
    seen: Seen


class Calendar(NamedTuple):
    """One calendar spread: its price is that of the near month less that of the far one."""

    near: int  # Numbers of its legs.
    far: int
    apart: int  # Months between them.
    seen: Seen


class Market(NamedTuple):
    """A market settlement, price units, and the tier that it comes from."""

    price: int
    tier: int


def market_settlements(
    months: Sequence[Outright], calendars: Sequence[Calendar], lead: int
) -> dict[int, Market]:
    """Return the market settlement of every month, by number, chained outward from the nearest.

    lead: the nearest month (yyyymm) whose averaging has not begun. A month after it is settled
    by its calendars with settled months. The lead, months before it, and a month that has no
    such calendar stand on their own book.
    """
    settled: dict[int, Market] = {}
    for month in sorted(months, key=lambda each: each.month):
        into = [each for each in calendars if each.far == month.number and each.near in settled]
        is_back = month.month > lead and bool(into)
        settled[month.number] = _back(month, into, settled) if is_back else _own(month)
    return settled


def _own(month: Outright) -> Market:
    """Return what a month's own book says: what traded, the midpoint, else the model."""
    seen = month.seen
    if seen.lots:
        return Market(volume_weighted(seen.turnover, seen.lots, month.prior, month.tick), TRADED)
    if _is_two_sided(seen):
        return Market(_midpoint(month), QUOTED)
    return Market(month.model, THIRD)


def _back(month: Outright, calendars: Sequence[Calendar], settled: dict[int, Market]) -> Market:
    """Return what a month's calendars say, then its own bid and ask, else the model."""
    traded = [each for each in calendars if each.seen.lots]
    if traded:
        return Market(_chained(month, traded, settled), TRADED)
    known = [each for each in calendars if each.seen.last != NIL_PRICE]
    if known:
        nearest = min(known, key=lambda each: each.apart)
        price = settled[nearest.near].price - _within_quotes(nearest.seen)
        return Market(volume_weighted(price, 1, month.prior, month.tick), QUOTED)
    if _is_two_sided(month.seen):
        return Market(_midpoint(month), THIRD)
    return Market(month.model, FOURTH)


def _chained(month: Outright, calendars: Sequence[Calendar], settled: dict[int, Market]) -> int:
    """Return the mean of near month less average, weighted by lots / months between the legs."""
    common = math.lcm(*(each.apart for each in calendars))
    weight = turnover = 0
    for calendar in calendars:
        share, seen = common // calendar.apart, calendar.seen
        weight += share * seen.lots
        turnover += share * (settled[calendar.near].price * seen.lots - seen.turnover)
    return volume_weighted(turnover, weight, month.prior, month.tick)


def _within_quotes(seen: Seen) -> int:
    """Return a last trade, moved to the nearer side of the bid and the ask where outside."""
    price = seen.last
    if seen.bid != NIL_PRICE:
        price = max(price, seen.bid)
    return min(price, seen.ask) if seen.ask != NIL_PRICE else price


def _is_two_sided(seen: Seen) -> bool:
    """Whether a book has both sides, not locked: of one that waits for an auction they may be."""
    return seen.bid != NIL_PRICE and seen.ask != NIL_PRICE and seen.bid < seen.ask


def _midpoint(month: Outright) -> int:
    return volume_weighted(month.seen.bid + month.seen.ask, 2, month.prior, month.tick)
