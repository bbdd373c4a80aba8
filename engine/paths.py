"""What two explicit orders make of a third instrument: paths, their prices and their lots.

A calendar S is +A -B; so A is +S +B, and B is +A -S. Each instrument's paths stand in
`state.paths`, those of an outright by the other leg's expiry, each as two legs: an order
on a side of the instrument is made of one on `side_of` each leg. Prices always lie on the
tick, because the ladders of an implied calendar meet: listing saw to it.
"""

import numpy as np

from engine.book import below, lots_at, price_of
from engine.jit import Index, Row, kernel, rare
from engine.schema import NIL, NIL_PRICE, Phase, Side
from engine.spread_limits import side_of
from engine.state import State

_NONE = np.uint64(0)


@kernel
def add_paths(state: State, index: int) -> None:
    """Let a calendar, whose legs are complete, and its legs make prices of each other."""
    near, far = state.legs[index, 0].instrument, state.legs[index, 1].instrument
    _insert(state, index, near, 1, far, -1)
    _insert(state, near, index, 1, far, 1)
    _insert(state, far, index, -1, near, 1)


@kernel
def _insert(state: State, index: int, one: int, ratio: int, two: int, other_ratio: int) -> None:
    """Add a path to an instrument, in order of the second leg's expiry, then of its number."""
    instrument = state.instruments[index]
    place = instrument.paths
    if place == 0:
        state.totals[0].implied += 1
    while place > 0 and _is_later(state, state.paths[index, place - 1, 1].instrument, two):
        for k in range(2):
            moved, leg = state.paths[index, place - 1, k], state.paths[index, place, k]
            leg.instrument, leg.ratio = moved.instrument, moved.ratio
        place -= 1
    first, second = state.paths[index, place, 0], state.paths[index, place, 1]
    first.instrument, first.ratio = one, ratio
    second.instrument, second.ratio = two, other_ratio
    instrument.paths += 1


@kernel
def _is_later(state: State, one: int, two: int) -> bool:
    """Whether an outright expires after another; of one date the greater number is later."""
    a, b = state.instruments[one].expiry, state.instruments[two].expiry
    return one > two if a == b else a > b


@kernel
def is_better(side: int, price: int, than: int) -> bool:
    """Whether an order that rests on a side at a price goes before one at another price."""
    return price > than if side == Side.BUY else price < than


@rare
def best_path(state: State, index: int, side: int) -> tuple[int, int]:
    """Return the first path that makes the best price on a side, and the price.

    side: on which the implied order would rest. NIL and NIL_PRICE where there is none.
    """
    chosen, best = NIL, NIL_PRICE
    for number in range(state.instruments[index].paths):
        price = path_price(state, index, number, side)
        if price != NIL_PRICE and (chosen == NIL or is_better(side, price, best)):
            chosen, best = number, price
    return chosen, best


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


@kernel
def path_price(state: State, index: int, number: int, side: int) -> int:
    """Return the price that a path makes on a side; NIL_PRICE where it is not there."""
    one, two = state.paths[index, number, 0], state.paths[index, number, 1]
    rank_one, rank_two = _best(state, one, side), _best(state, two, side)
    if rank_one == _NONE or rank_two == _NONE:
        return NIL_PRICE
    return _sum(state, index, number, side, rank_one, rank_two)


@kernel
def _best(state: State, leg: Row, side: int) -> Index:
    """Return the best rank of a leg's orders on the side that a path's side needs, or 0."""
    if state.instruments[leg.instrument].phase != Phase.OPEN:
        return _NONE
    return np.uint64(state.sides[leg.instrument, side_of(leg, side)].best)


@kernel
def _sum(state: State, index: int, number: int, side: int, rank_one: Index, rank_two: Index) -> int:
    """Return the price that orders at two ranks make; NIL_PRICE where it is off the ladder."""
    instrument = state.instruments[index]
    one, two = state.paths[index, number, 0], state.paths[index, number, 1]
    price = one.ratio * price_of(state.instruments[one.instrument], side_of(one, side), rank_one)
    price += two.ratio * price_of(state.instruments[two.instrument], side_of(two, side), rank_two)
    return price if instrument.low <= price <= instrument.high else NIL_PRICE


@rare
def path_lots(state: State, index: int, number: int, side: int, worst: int, enough: int) -> int:
    """Return the lots, hidden ones too, that a path makes up to the price `worst`.

    side: on which they would rest. Counting stops at `enough`, and at the first two
    levels whose price is off the ladder: nothing behind them can be reached.
    """
    one, two = state.paths[index, number, 0], state.paths[index, number, 1]
    side_one = state.sides[one.instrument, side_of(one, side)]
    side_two = state.sides[two.instrument, side_of(two, side)]
    rank_one, rank_two = _best(state, one, side), _best(state, two, side)
    lots, used_one, used_two = 0, 0, 0
    while rank_one != _NONE and rank_two != _NONE and lots < enough:
        price = _sum(state, index, number, side, rank_one, rank_two)
        if price == NIL_PRICE or is_better(side, worst, price):
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
