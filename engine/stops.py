"""Stops: they wait on ladders of their own until a trade elects them, nearest trigger first."""

import numpy as np

from engine.book import head_of, link, price_of, rank_of, trigger_rank_of, unlink
from engine.emit import tell
from engine.jit import Index, Row, Table, kernel, rare
from engine.match import cross, rest
from engine.schema import NIL_PRICE, Did, Phase, Side
from engine.state import State

WAITING = 2  # The ladder of a side's stops is `side + WAITING`.
_NONE = np.uint64(0)
_ONE = np.uint64(1)


@kernel
def wait(state: State, slot: Index) -> None:
    """Put a stop at the back of those with its trigger."""
    order = state.orders[slot]
    instrument = state.instruments[order.instrument]
    order.ladder = order.side + WAITING
    side = state.sides[order.instrument, order.ladder]
    order.level = side.first + trigger_rank_of(instrument, order.side, order.trigger)
    link(state, slot)


@kernel
def is_past(instrument: Row, side: int, trigger: int) -> bool:
    """Whether the last trade, or before any the market settlement, has reached a trigger."""
    last = instrument.last
    if last == NIL_PRICE:
        last = instrument.settlement
    if last == NIL_PRICE:
        return False
    return trigger <= last if side == Side.BUY else trigger >= last


@kernel
def is_reached(instrument: Row, side: int, rank: Index, low: int, high: int) -> bool:
    """Whether trades between `low` and `high` elect the stops at a rank of their ladder."""
    trigger = price_of(instrument, 1 - side, rank)
    return trigger <= high if side == Side.BUY else trigger >= low


@kernel
def elect(state: State, command: Row, events: Table, count: int) -> int:
    """Turn every stop that the trades so far have reached into an order, one after the other.

    Instruments in the order in which they first traded. Of a side the trigger that the
    market reaches first goes first, at one trigger the older; of the two sides the one
    nearer to the last trade, then the older. Each is a new aggressor, whose trades may
    reach more, in other instruments too.
    """
    totals = state.totals[0]
    while totals.first_traded != _NONE:
        index = totals.first_traded - _ONE
        slot = _next_elected(state, index)
        if slot == _NONE:
            instrument = state.instruments[index]
            instrument.trade_low, instrument.trade_high = -NIL_PRICE, NIL_PRICE
            totals.first_traded, instrument.next_traded = instrument.next_traded, 0
        else:
            count = _trigger(state, slot, command, events, count)
    return count


@kernel
def _next_elected(state: State, index: int) -> Index:
    instrument = state.instruments[index]
    chosen, nearest = _NONE, -NIL_PRICE
    for number in range(2):
        side = state.sides[index, number + WAITING]
        if side.best == _NONE:
            continue
        slot = head_of(state, side, side.best)
        order = state.orders[slot]
        low, high = instrument.trade_low, instrument.trade_high
        reached = is_reached(instrument, number, side.best, low, high)
        away = abs(order.trigger - instrument.last)
        older = chosen != _NONE and order.order_id < state.orders[chosen].order_id
        if reached and (away < nearest or (away == nearest and older)):
            chosen, nearest = slot, away
    return chosen


@rare
def _trigger(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Take a stop off its ladder and let it trade; in an auction it only joins the book."""
    order = state.orders[slot]
    unlink(state, slot)
    instrument = state.instruments[order.instrument]
    order.ladder = order.side
    side = state.sides[order.instrument, order.side]
    order.level = side.first + rank_of(instrument, order.side, order.price)
    count = tell(events, count, command, order, Did.TRIGGERED, order.leaves)
    if instrument.phase == Phase.OPEN:
        count = cross(state, slot, command, events, count)
    return rest(state, slot, command, events, count)
