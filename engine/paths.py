"""What two explicit orders make of a third instrument: paths, their prices and their lots.

A calendar S is +A -B; so A is +S +B, and B is +A -S. Each instrument's paths stand in
`state.paths`, those of an outright by the other leg's expiry. Each has two ends, which name
the tops that an order on a side is made of, and their signs. Prices always lie on the tick,
because the ladders of an implied calendar meet: listing saw to it.
"""

import numpy as np

from engine.book import below, lots_at, price_of, touch
from engine.jit import Index, Row, kernel, rare
from engine.schema import NIL, NIL_PRICE, Phase
from engine.state import State
from engine.tops import (
    instrument_at,
    is_better,
    look,
    number_of,
    side_at,
    sum_through,
    top_behind,
)

_NONE = np.uint64(0)


@kernel
def add_paths(state: State, index: int) -> None:
    """Let a calendar, whose legs are complete, and its legs make prices of each other."""
    near, far = state.legs[index, 0].instrument, state.legs[index, 1].instrument
    _insert(state, index, number_of(near, 0), number_of(far, 1))
    _insert(state, near, number_of(index, 0), number_of(far, 0))
    _insert(state, far, number_of(index, 1), number_of(near, 0))
    touch(state, near)
    touch(state, far)


@kernel
def _insert(state: State, index: int, one: Index, two: Index) -> None:
    """Add a path to an instrument, in order of the second end's expiry, then of its number."""
    instrument = state.instruments[index]
    place = instrument.paths
    if place == 0:
        state.totals[0].implied += 1
    while place > 0 and _is_later(state, state.paths[index, place - 1].two, two):
        moved, path = state.paths[index, place - 1], state.paths[index, place]
        path.one, path.two = moved.one, moved.two
        place -= 1
    state.paths[index, place].one = one
    state.paths[index, place].two = two
    instrument.paths += 1


@kernel
def _is_later(state: State, one: Index, two: Index) -> bool:
    """Whether an end's outright expires after another's; of one date the greater is later."""
    one, two = instrument_at(one), instrument_at(two)
    a, b = state.instruments[one].expiry, state.instruments[two].expiry
    return one > two if a == b else a > b


@rare
def best_path(state: State, index: int, side: int) -> tuple[int, int]:
    """Return the first path that makes the best price on a side, and the price.

    side: on which the implied order would rest. NIL and NIL_PRICE where there is none.
    """
    look(state)
    number, price, _ = best_of_paths(state, index, side)
    return number, price


@kernel
def best_of_paths(state: State, index: int, side: int) -> tuple[int, int, int]:
    """Return likewise, by the tops as last seen, and the lots that all paths show at the price."""
    instrument = state.instruments[index]
    chosen, best, lots = NIL, NIL_PRICE, 0
    for number in range(instrument.paths):
        path = state.paths[index, number]
        one, two = state.tops[top_behind(path.one, side)], state.tops[top_behind(path.two, side)]
        price, shown = sum_through(path, one.price, two.price), min(one.lots, two.lots)
        if shown <= 0 or not _is_allowed(instrument, price):
            continue
        if chosen == NIL or is_better(side, price, best):
            chosen, best, lots = number, price, shown
        elif price == best:
            lots += shown
    return chosen, best, lots


@kernel
def _is_allowed(instrument: Row, price: int) -> bool:
    """Whether a price is on the ladder, and within today's limits."""
    low: int = instrument.limit_low
    return low <= price <= instrument.limit_high


@kernel
def best_price(state: State, index: int, side: int) -> int:
    """Return the best price that rests on a side, explicit or implied; NIL_PRICE: none."""
    instrument = state.instruments[index]
    price: int = NIL_PRICE
    if state.sides[index, side].best != _NONE:
        price = price_of(instrument, side, state.sides[index, side].best)
    if instrument.paths == 0 or instrument.phase != Phase.OPEN:
        return price
    number, implied = best_path(state, index, side)
    if number == NIL or (price != NIL_PRICE and not is_better(side, implied, price)):
        return price
    return implied


@rare
def path_lots(state: State, index: int, number: int, side: int, worst: int, enough: int) -> int:
    """Return the lots, hidden ones too, that a path makes up to the price `worst`.

    side: on which they would rest. Counting stops at `enough`, and at the first two
    levels whose prices are beyond a limit: nothing behind them can be reached.
    """
    instrument, path = state.instruments[index], state.paths[index, number]
    one, two = top_behind(path.one, side), top_behind(path.two, side)
    side_one = state.sides[instrument_at(one), side_at(one)]
    side_two = state.sides[instrument_at(two), side_at(two)]
    rank_one, rank_two = _best(state, one), _best(state, two)
    lots, used_one, used_two = 0, 0, 0
    while rank_one != _NONE and rank_two != _NONE and lots < enough:
        price_one, price_two = _price_at(state, one, rank_one), _price_at(state, two, rank_two)
        price = sum_through(path, price_one, price_two)
        if not _is_allowed(instrument, price) or is_better(side, worst, price):
            return lots
        book_one = state.instruments[instrument_at(one)]
        book_two = state.instruments[instrument_at(two)]
        if not (_is_allowed(book_one, price_one) and _is_allowed(book_two, price_two)):
            return lots
        left_one = lots_at(state, side_one, rank_one) - used_one
        left_two = lots_at(state, side_two, rank_two) - used_two
        taken = min(left_one, left_two)
        lots, used_one, used_two = lots + taken, used_one + taken, used_two + taken
        if taken == left_one:
            rank_one, used_one = below(state, side_one, rank_one), 0
        if taken == left_two:
            rank_two, used_two = below(state, side_two, rank_two), 0
    return lots


@kernel
def _best(state: State, number: Index) -> Index:
    """Return the best rank of the side that a top is of; 0: there is none, or it is not open."""
    index = instrument_at(number)
    if state.instruments[index].phase != Phase.OPEN:
        return _NONE
    return np.uint64(state.sides[index, side_at(number)].best)


@kernel
def _price_at(state: State, number: Index, rank: Index) -> int:
    """Return the price of a rank of the side that a top is of."""
    return price_of(state.instruments[instrument_at(number)], side_at(number), rank)
