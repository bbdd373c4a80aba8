"""A trade of a spread becomes positions in its legs, at prices that make up the spread's.

Nothing is held of a spread itself. Between the legs the price is divided so that
the one whose market moved last keeps its price: engine/README.md, "Spreads".
"""

import numpy as np

from engine.book import price_of
from engine.emit import tell
from engine.jit import Row, Table, kernel, rare
from engine.limits import assign
from engine.schema import NIL_PRICE, Did, Form, Phase, Role, Side
from engine.spread_limits import side_of
from engine.state import State
from engine.tas import await_price, stand_in
from engine.trades import appraise, record

_NONE = np.uint64(0)


@rare
def fill_legs(
    state: State,
    one: Row,
    two: Row,
    price: int,
    traded: int,
    command: Row,
    events: Table,
    count: int,
) -> int:
    """Give both sides of the last trade its legs, each a trade of its own; return the new count."""
    price_legs(state, one.instrument, price)
    for number in range(state.instruments[one.instrument].legs):
        leg = state.legs[one.instrument, number]
        state.totals[0].trades += 1
        appraise(state.instruments[leg.instrument])
        note_leg(state, leg, one, two.account, leg.price, traded, state.totals[0].trades)
        count = _fill_leg(state, one, leg, traded, command, events, count)
        count = _fill_leg(state, two, leg, traded, command, events, count)
    return count


@kernel
def note_leg(
    state: State, leg: Row, order: Row, other: int, price: int, traded: int, trade_id: int
) -> None:
    """Keep the price of a spread order's leg, and with which account it is traded.

    order: one side of the spread's trade; anything that has `side`, `account` and `instrument`.
    """
    leg.price, leg.trade_id = price, trade_id
    buyer, seller = order.account, other
    if side_of(leg, order.side) == Side.SELL:
        buyer, seller = seller, buyer
    record(state, trade_id, leg.instrument, buyer, seller, price, traded * abs(leg.ratio))
    if state.instruments[order.instrument].form == Form.TAS:
        await_price(state, order.instrument, buyer, seller, traded, trade_id)


@kernel
def fill_both_legs(
    state: State, order: Row, traded: int, command: Row, events: Table, count: int
) -> int:
    """Give a calendar's order its two legs, which were noted; return the new count."""
    for number in range(2):
        leg = state.legs[order.instrument, number]
        count = _fill_leg(state, order, leg, traded, command, events, count)
    return count


@rare
def _fill_leg(
    state: State, order: Row, leg: Row, traded: int, command: Row, events: Table, count: int
) -> int:
    """Give a spread's order what it bought or sold of a leg, and say so."""
    side, lots = side_of(leg, order.side), traded * abs(leg.ratio)
    bought = lots if side == Side.BUY else -lots
    assign(state, order.account, leg.instrument, bought, leg.price)
    count = tell(events, count, command, order, Did.FILLED, lots)
    event = events[count - 1]
    event.instrument = leg.instrument
    event.price = leg.price
    event.side = side
    event.trade_id = leg.trade_id
    event.role = Role.LEG
    return count


@kernel
def price_legs(state: State, index: int, price: int) -> None:
    """Write the price of each leg into the table; times ratio they sum to divisor x `price`.

    Each lies within its leg's limits of today, where all can; else on its ladder: listing saw to
    it that this can be. At settlement the price is an offset, and its leg's is yet to come.
    """
    spread = state.instruments[index]
    if spread.form == Form.TAS:
        stand_in(state, index, price)
        return
    residual = spread.divisor * price
    _bound_legs(state, index, residual)
    for number in range(spread.legs):
        leg = state.legs[index, number]
        leg.price = _start(state, spread.form, leg)
        residual -= leg.ratio * leg.price
    if spread.form == Form.STRIP:
        residual = _move_together(state, index, residual)
    _move_in_turn(state, index, residual)


@kernel
def _bound_legs(state: State, index: int, total: int) -> None:
    """Write between which prices each leg may move, so that times ratio they can sum to `total`.

    A leg that cannot move at all might leave a butterfly's odd unit over: then ladders count.
    """
    least, most, moves = 0, 0, True
    for number in range(state.instruments[index].legs):
        leg = state.legs[index, number]
        instrument = state.instruments[leg.instrument]
        leg.low, leg.high = instrument.limit_low, instrument.limit_high
        least += leg.ratio * (leg.low if leg.ratio > 0 else leg.high)
        most += leg.ratio * (leg.high if leg.ratio > 0 else leg.low)
        moves = moves and leg.low < leg.high
    if moves and least <= total <= most:
        return
    for number in range(state.instruments[index].legs):
        leg = state.legs[index, number]
        instrument = state.instruments[leg.instrument]
        leg.low, leg.high = instrument.low, instrument.high


@kernel
def _start(state: State, form: int, leg: Row) -> int:
    """Return the price from which a leg begins, within its bounds."""
    price = state.instruments[leg.instrument].settlement
    if form != Form.STRIP or price == NIL_PRICE:
        price = _recent(state, leg.instrument)
    return min(max(price, leg.low), leg.high)


@kernel
def _recent(state: State, index: int) -> int:
    """Return where the market of an outright was last seen."""
    instrument = state.instruments[index]
    last = instrument.last
    if last == NIL_PRICE:
        if instrument.settlement != NIL_PRICE:
            return instrument.settlement
        if instrument.mark != NIL_PRICE:
            return instrument.mark
        ticks = (instrument.high - instrument.low) // 2 // instrument.tick
        return instrument.low + ticks * instrument.tick
    if instrument.phase != Phase.OPEN:
        return last
    bids, asks = state.sides[index, Side.BUY], state.sides[index, Side.SELL]
    if bids.best != _NONE:
        last = max(last, price_of(instrument, Side.BUY, bids.best))
    if asks.best != _NONE:
        last = min(last, price_of(instrument, Side.SELL, asks.best))
    return last


@kernel
def _move_together(state: State, index: int, residual: int) -> int:
    """Move a strip's legs by one difference, odd ticks and units to the nearest legs.

    Returns what is then still missing of the sum.
    """
    legs = state.instruments[index].legs
    common = residual // legs
    for number in range(legs):
        leg = state.legs[index, number]
        instrument = state.instruments[leg.instrument]
        whole = leg.price + common - common % instrument.tick
        price = min(max(whole, leg.low), leg.high)
        residual -= price - leg.price
        leg.price = price
    for number in range(legs):
        leg = state.legs[index, number]
        residual = _move_once(leg, residual, state.instruments[leg.instrument].tick)
    for number in range(legs):
        residual = _move_once(state.legs[index, number], residual, 1)
    return residual


@kernel
def _move_once(leg: Row, residual: int, step: int) -> int:
    """Move a strip's leg by a step where so much is missing and its bounds allow."""
    change = step if residual > 0 else -step
    if abs(residual) < step or not leg.low <= leg.price + change <= leg.high:
        return residual
    leg.price += change
    return residual - change


@kernel
def _move_in_turn(state: State, index: int, residual: int) -> None:
    """Let leg after leg take what it can of what is missing, the anchor last, until none is."""
    while residual != 0:
        before = residual
        for turn in range(state.instruments[index].legs):
            leg = state.legs[index, _in_turn(state, index, turn)]
            residual = _take_most(leg, residual)
        if residual == before:
            residual = _overshoot(state, index, residual)


@kernel
def _in_turn(state: State, index: int, turn: int) -> int:
    """Return the leg whose turn it is: from the last to the first, after them the anchor.

    The anchor is the leg that traded last in its own book.
    """
    legs = state.instruments[index].legs
    anchor, latest = 0, -1
    for number in range(legs):
        traded = state.instruments[state.legs[index, number].instrument].traded
        if traded > latest:
            anchor, latest = number, traded
    if turn == legs - 1:
        return anchor
    number = legs - 1 - turn
    return number if number > anchor else number - 1


@kernel
def _take_most(leg: Row, residual: int) -> int:
    """Move a leg as far as its bounds and whole units allow; return what is still missing."""
    change = abs(residual) // abs(leg.ratio)
    if (residual > 0) != (leg.ratio > 0):
        change = -change
    price = min(max(leg.price + change, leg.low), leg.high)
    residual -= leg.ratio * (price - leg.price)
    leg.price = price
    return residual


@kernel
def _overshoot(state: State, index: int, residual: int) -> int:
    """Move the first leg that can by one unit too far: the others then give it back.

    So it is where one unit is missing and only a leg of ratio 2 is not at its limit.
    """
    for turn in range(state.instruments[index].legs):
        leg = state.legs[index, _in_turn(state, index, turn)]
        change = 1 if (residual > 0) == (leg.ratio > 0) else -1
        if leg.low <= leg.price + change <= leg.high:
            leg.price += change
            return residual - leg.ratio * change
    return residual
