"""Implied prices: an order trades with two that together make its opposite, and all are told.

First generation: a path is made of explicit orders alone, so implied never meets implied.
Self-match prevention does not look through a path.
"""

import numpy as np

from engine.book import head_of, take
from engine.emit import say
from engine.fills import keep_up, note_trade, tell_filled
from engine.jit import Index, Row, Table, highest_bit, kernel, rare
from engine.limits import fill
from engine.paths import best_of_paths
from engine.schema import NIL_PRICE, Did, Phase, Role
from engine.spreads import fill_both_legs, note_leg
from engine.state import State
from engine.tops import instrument_at, is_better, look, side_at, top_behind
from engine.trades import appraise
from engine.windows import witness

_NONE = np.uint64(0)
_ONE = np.uint64(1)
_SIDES = 64  # Sides of which one word of `stale` tells.
_PAIRS = _SIDES // 2


@rare
def trade_path(
    state: State,
    slot: Index,
    number: int,
    price: int,
    is_watched: bool,
    command: Row,
    events: Table,
    count: int,
) -> int:
    """Trade an order once through a path, with the oldest order of each of its two books.

    Each of the three books prints its own price; the calendar's order takes its legs from
    the other two. is_watched: whether guards keep what trades; the taker's print they have.
    """
    taker = state.orders[slot]
    slot_one, slot_two = _head(state, taker, number, 0), _head(state, taker, number, 1)
    one, two = state.orders[slot_one], state.orders[slot_two]
    lots = min(taker.leaves, min(one.shown, two.shown))
    trade_id = state.totals[0].trades + 1
    state.totals[0].trades += 3
    _fill(state, taker, price, lots, command)
    _fill(state, one, one.price, lots, command)
    _fill(state, two, two.price, lots, command)
    taker.leaves -= lots
    taker.filled += lots
    take(state, slot_one, lots)
    take(state, slot_two, lots)
    if is_watched:
        witness(state, one.instrument, one.price)
        witness(state, two.instrument, two.price)

    is_calendar = state.instruments[taker.instrument].legs > 0
    count = _tell(state, taker, price, lots, trade_id, Role.TAKER, command, events, count)
    if is_calendar:
        _note_legs(state, taker, taker, one, two, price, lots, trade_id)
        count = fill_both_legs(state, taker, lots, command, events, count)
    count = _tell(state, one, one.price, lots, trade_id + 1, Role.IMPLIED, command, events, count)
    if not is_calendar:
        _note_legs(state, one, taker, one, two, price, lots, trade_id)
        count = fill_both_legs(state, one, lots, command, events, count)
    count = _tell(state, two, two.price, lots, trade_id + 2, Role.IMPLIED, command, events, count)
    count = keep_up(state, slot_one, command, events, count)
    return keep_up(state, slot_two, command, events, count)


@kernel
def _head(state: State, taker: Row, number: int, k: int) -> Index:
    """Return the slot of the oldest best order in one of the two books of a path."""
    path = state.paths[taker.instrument, number]
    top = top_behind(path.two if k else path.one, 1 - taker.side)
    book = state.sides[instrument_at(top), side_at(top)]
    return head_of(state, book, book.best)


@kernel
def _fill(state: State, order: Row, price: int, lots: int, command: Row) -> None:
    """Fill one of the three orders of an implied trade, and print it in its book."""
    appraise(state.instruments[order.instrument])
    note_trade(state, order.instrument, price, command)
    fill(state, order, price, lots)


@kernel
def _note_legs(
    state: State,
    calendar: Row,
    taker: Row,
    one: Row,
    two: Row,
    price: int,
    lots: int,
    trade_id: int,
) -> None:
    """Keep with whom, and at which price, the calendar's order of the three trades each leg."""
    for number in range(2):
        leg = state.legs[calendar.instrument, number]
        if leg.instrument == taker.instrument:
            note_leg(state, leg, calendar, taker.account, price, lots, trade_id)
        elif leg.instrument == one.instrument:
            note_leg(state, leg, calendar, one.account, one.price, lots, trade_id + 1)
        else:
            note_leg(state, leg, calendar, two.account, two.price, lots, trade_id + 2)


@kernel
def _tell(
    state: State,
    order: Row,
    price: int,
    lots: int,
    trade_id: int,
    role: int,
    command: Row,
    events: Table,
    count: int,
) -> int:
    count = tell_filled(state, order, price, lots, role, command, events, count)
    events[count - 1].trade_id = trade_id
    return count


@kernel
def publish_implied(state: State, command: Row, events: Table, count: int) -> int:
    """Tell what the command made of the best implied prices; instruments ascending, bids first."""
    look(state)
    if state.totals[0].stale == 0:
        return count
    return _tell_stale(state, command, events, count)


@rare
def _tell_stale(state: State, command: Row, events: Table, count: int) -> int:
    totals = state.totals[0]
    totals.stale = 0
    for word in range(totals.instruments // _PAIRS + 1):
        bits = state.stale[word]
        state.stale[word] = _NONE
        while bits != _NONE:
            number = np.uint64(_SIDES * word) + highest_bit(bits & (~bits + _ONE))
            bits &= bits - _ONE
            count = _tell_best(state, number, command, events, count)
    return count


@kernel
def _tell_best(state: State, number: Index, command: Row, events: Table, count: int) -> int:
    """Tell the best implied price of a side where it is not the one last told."""
    index, side = instrument_at(number), side_at(number)
    top, price, lots = state.tops[number], NIL_PRICE, 0
    if state.instruments[index].phase == Phase.OPEN:
        _, price, lots = best_of_paths(state, index, side)
    top.path_price = price
    other = state.tops[number ^ _ONE]
    is_locked = other.lots != 0 and not is_better(side, other.price, price)
    if lots == 0 or is_locked:
        price, lots = 0, 0
    if price == top.implied and lots == top.implied_lots:
        return count
    top.implied, top.implied_lots = price, lots
    count = say(events, count, command, Did.IMPLIED)
    event = events[count - 1]
    event.instrument = index
    event.account = 0
    event.side = side
    event.price = price
    event.quantity = lots
    return count
