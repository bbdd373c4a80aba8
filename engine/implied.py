"""Implied prices: an order trades with two that together make its opposite, and all are told.

First generation: a path is made of explicit orders alone, so implied never meets implied.
Self-match prevention does not look through a path.
"""

import numpy as np

from engine.book import head_of, price_of, take
from engine.emit import say
from engine.fills import keep_up, note_trade, tell_filled
from engine.jit import Index, Row, Table, highest_bit, kernel, rare
from engine.limits import fill
from engine.paths import is_better, path_price
from engine.schema import NIL_PRICE, Did, Phase, Role
from engine.spread_limits import side_of
from engine.spreads import fill_both_legs, note_leg
from engine.state import State
from engine.trades import appraise
from engine.windows import witness

_NONE = np.uint64(0)
_ONE = np.uint64(1)
_SIX = np.uint64(6)
_LOW_SIX = np.uint64(63)
_PAIRS = 32  # Instruments whose two sides one word of `stale` holds.


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
    leg = state.paths[taker.instrument, number, k]
    book = state.sides[leg.instrument, side_of(leg, 1 - taker.side)]
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


@rare
def publish_implied(state: State, command: Row, events: Table, count: int) -> int:
    """Tell what the command made of the best implied prices; instruments ascending, bids first."""
    totals = state.totals[0]
    for place in range(totals.touched):
        index = state.touched[place]
        state.instruments[index].touched = 0
        _look_at(state, index)
    totals.touched = 0
    for word in range(totals.instruments // _PAIRS + 1):
        bits = state.stale[word]
        state.stale[word] = _NONE
        while bits != _NONE:
            bit = highest_bit(bits & (~bits + _ONE))
            bits &= bits - _ONE
            index = _PAIRS * word + np.int64(bit) // 2
            count = _tell_best(state, index, np.int64(bit) % 2, command, events, count)
    return count


@kernel
def _look_at(state: State, index: int) -> None:
    """Where a book's best levels are not as last seen, what hangs on them is to be told anew."""
    instrument = state.instruments[index]
    is_open = instrument.phase == Phase.OPEN
    for side in range(2):
        book = state.sides[index, side]
        best = book.best if is_open else _NONE
        shown = state.levels[book.first + best].shown if best != _NONE else 0
        if best != book.seen or shown != book.seen_shown:
            book.seen, book.seen_shown = best, shown
            for number in range(instrument.paths):
                for k in range(2):
                    leg = state.paths[index, number, k]
                    _mark(state, leg.instrument, side_of(leg, side))
        _mark(state, index, side)


@kernel
def _mark(state: State, index: int, side: int) -> None:
    word, bit = _place(index, side)
    state.stale[word] |= _ONE << bit


@kernel
def _place(index: int, side: int) -> tuple[Index, Index]:
    """Return the word of `stale`, and its bit, that stand for a side of an instrument."""
    number = np.uint64(2 * index + side)
    return number >> _SIX, number & _LOW_SIX


@kernel
def _tell_best(
    state: State, index: Index, side: Index, command: Row, events: Table, count: int
) -> int:
    """Tell the best implied price of a side where it is not the one last told."""
    book = state.sides[index, side]
    book.path_price, lots = best_implied(state, index, side)
    price = book.path_price
    if lots == 0 or _is_crossed(state, index, side, price):
        price, lots = 0, 0
    if price == book.implied and lots == book.implied_lots:
        return count
    book.implied, book.implied_lots = price, lots
    count = say(events, count, command, Did.IMPLIED)
    event = events[count - 1]
    event.instrument = index
    event.account = 0
    event.side = side
    event.price = price
    event.quantity = lots
    return count


@kernel
def _is_crossed(state: State, index: int, side: int, price: int) -> bool:
    """Whether a price would lock or cross the explicit orders of the other side."""
    other = state.sides[index, 1 - side].best
    if other == _NONE:
        return False
    return not is_better(side, price_of(state.instruments[index], 1 - side, other), price)


@kernel
def best_implied(state: State, index: int, side: int) -> tuple[int, int]:
    """Return the best implied price on a side of an instrument, and the lots it shows.

    NIL_PRICE and 0 where there is none, and where the instrument is not open.
    """
    best, lots = NIL_PRICE, 0
    if state.instruments[index].phase != Phase.OPEN:
        return best, lots
    for number in range(state.instruments[index].paths):
        price = path_price(state, index, number, side)
        if price == NIL_PRICE or (lots > 0 and is_better(side, best, price)):
            continue
        shown = min(_shown(state, index, number, 0, side), _shown(state, index, number, 1, side))
        lots = lots + shown if price == best else shown
        best = price
    return best, lots


@kernel
def _shown(state: State, index: int, number: int, k: int, side: int) -> int:
    """Return what the best level of one of a path's books shows."""
    leg = state.paths[index, number, k]
    book = state.sides[leg.instrument, side_of(leg, side)]
    return state.levels[book.first + book.best].shown
