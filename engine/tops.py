"""The best level of each book that makes implied prices, kept so that these ask no ladder.

A top's number is 2 x instrument + side. Between commands a top is what its book shows; within
one it may be behind until `look`. A top that changes makes `stale` all that hangs on it.
Of a level beyond today's limits no lots are seen: through a path nobody trades there.
"""

import numpy as np

from engine.book import price_of, touch
from engine.jit import Index, Row, kernel
from engine.schema import NIL_PRICE, Phase, Side
from engine.state import State

BEYOND = -1  # In place of the lots of a level beyond today's limits.
_NONE = np.uint64(0)
_ONE = np.uint64(1)
_SIX = np.uint64(6)
_LOW_SIX = np.uint64(63)


@kernel
def number_of(index: int, side: int) -> Index:
    """Return the number of a side's top."""
    return np.uint64(index) << _ONE | np.uint64(side)


@kernel
def instrument_at(number: int) -> Index:
    """Return the instrument of a top, or of an end of a path."""
    return np.uint64(number) >> _ONE


@kernel
def side_at(number: int) -> int:
    """Return the side of a top; of an end of a path 1 where the instrument is sold."""
    return int(np.int64(np.uint64(number) & _ONE))


@kernel
def top_behind(place: int, side: int) -> Index:
    """Return the number of the top that one end of a path takes, for an order on a side.

    place: a path's `one` or `two`. From there the same leads back: what hangs on a top is
    what it hangs on.
    """
    return np.uint64(place) ^ np.uint64(side)


@kernel
def is_better(side: int, price: int, than: int) -> bool:
    """Whether an order that rests on a side at a price goes before one at another price."""
    return price > than if side == Side.BUY else price < than


@kernel
def sum_through(path: Row, one: int, two: int) -> int:
    """Return the price that prices at the two ends of a path make."""
    price = -one if side_at(path.one) else one
    return price - two if side_at(path.two) else price + two


@kernel
def look(state: State) -> None:
    """Bring the tops of the books that have changed up to date."""
    totals = state.totals[0]
    for place in range(totals.touched):
        index = np.uint64(state.touched[place])
        state.instruments[index].touched = 0
        for side in range(2):
            _look_at(state, index, side)
    totals.touched = 0


@kernel
def _look_at(state: State, index: Index, side: int) -> None:
    """Write a side's top where it is another, and note what hangs on it."""
    instrument, book = state.instruments[index], state.sides[index, side]
    price, lots = 0, 0
    if book.best != _NONE and instrument.phase == Phase.OPEN:
        price = price_of(instrument, side, book.best)
        lots = BEYOND
        if instrument.limit_low <= price <= instrument.limit_high:
            lots = state.levels[book.first + book.best].shown
    number = number_of(index, side)
    top = state.tops[number]
    if price == top.price and lots == top.lots:
        return
    nearest = price
    if lots <= 0 or (top.lots > 0 and is_better(side, top.price, price)):
        nearest = top.price
    if price != top.price or lots == 0 or top.lots == 0:
        _spoil(state, number ^ _ONE)  # Whether it locks the book decides whether it is told.
    top.price, top.lots = price, lots
    for place in range(instrument.paths):
        _follow(state, state.paths[index, place], side, nearest)


@kernel
def _follow(state: State, path: Row, side: int, nearest: int) -> None:
    """Note what a top makes by a path, unless it is farther than the best that others make.

    nearest: the better of the prices that the top had and has. What it makes with one end of
    the path is at the other end, on the side that the first is not on.
    """
    one, two = top_behind(path.one, side), top_behind(path.two, side)
    best, other = state.tops[one].path_price, state.tops[two ^ _ONE]
    if other.lots > 0 and (
        best == NIL_PRICE or not is_better(side, sum_through(path, best, other.price), nearest)
    ):
        _spoil(state, one)
    best, other = state.tops[two].path_price, state.tops[one ^ _ONE]
    if other.lots > 0 and (
        best == NIL_PRICE or not is_better(side, sum_through(path, other.price, best), nearest)
    ):
        _spoil(state, two)


@kernel
def _spoil(state: State, number: Index) -> None:
    """Note that the best implied price of a side may be another."""
    state.stale[number >> _SIX] |= _ONE << (number & _LOW_SIX)
    state.totals[0].stale = 1


@kernel
def note_change(state: State, index: int) -> None:
    """Note that a book has other limits, or another phase: what it makes, and is made, may go."""
    touch(state, index)
    if state.instruments[index].paths > 0:
        for side in range(2):
            _spoil(state, number_of(index, side))
