"""The opening auction: the indicative price, and one uncrossing at it."""

import numpy as np

from engine.book import below, facing, free_slot, head_of, lots_at, price_of, shrink, unlink
from engine.emit import say
from engine.jit import Index, Row, Table, kernel
from engine.limits import fill
from engine.match import tell_filled
from engine.schema import NIL_PRICE, Did, Phase, Role, Side
from engine.state import State

_NONE = np.uint64(0)
_ONE = np.uint64(1)


@kernel
def equilibrium(state: State, index: int) -> tuple[int, int]:
    """Return price and quantity of the auction as it stands; quantity 0: nothing crosses.

    Greatest quantity, then least surplus; then the highest price where bids are
    over at every candidate, the lowest where offers are; else the nearest to
    the prior settlement (the last trade where there is none), then the higher.
    """
    instrument = state.instruments[index]
    bids, asks = state.sides[index, Side.BUY], state.sides[index, Side.SELL]
    if bids.best == _NONE or asks.best == _NONE or facing(asks, asks.best) > bids.best:
        return 0, 0
    reference = instrument.settlement
    if reference == NIL_PRICE:
        reference = instrument.last
    rank = facing(asks, asks.best)
    demand, supply = _lots_from(state, bids, rank), 0
    most, least, chosen = 0, 0, 0
    bids_over, asks_over = True, True
    while rank <= bids.best:
        supply += lots_at(state, asks, facing(asks, rank))
        matched, surplus = min(demand, supply), demand - supply
        price = price_of(instrument, Side.BUY, rank)
        if matched > most or (matched == most and abs(surplus) < least):
            most, least, chosen = matched, abs(surplus), price
            bids_over, asks_over = surplus > 0, surplus < 0
            nearest = price
        elif matched == most and abs(surplus) == least:
            bids_over, asks_over = bids_over and surplus > 0, asks_over and surplus < 0
            if reference == NIL_PRICE or abs(price - reference) <= abs(nearest - reference):
                nearest = price
            if bids_over:
                chosen = price
        demand -= lots_at(state, bids, rank)
        rank += _ONE
    return chosen if bids_over or asks_over else nearest, most


@kernel
def _lots_from(state: State, side: Row, worst: Index) -> int:
    """Return the lots that rest at a rank or nearer to the market."""
    lots, rank = 0, side.best
    while rank >= worst:
        lots += lots_at(state, side, rank)
        rank = below(state, side, rank)
    return lots


@kernel
def publish(state: State, index: int, command: Row, events: Table, count: int) -> int:
    """Tell the indicative price where it changed, in the phases that have one."""
    instrument = state.instruments[index]
    if instrument.phase != Phase.PRE_OPEN and instrument.phase != Phase.NO_CANCEL:
        return count
    price, lots = equilibrium(state, index)
    if price == instrument.indicative and lots == instrument.indicative_lots:
        return count
    instrument.indicative, instrument.indicative_lots = price, lots
    count = say(events, count, command, Did.INDICATIVE)
    events[count - 1].instrument = index
    events[count - 1].account = 0
    events[count - 1].price = price
    events[count - 1].quantity = lots
    return count


@kernel
def uncross(state: State, index: int, command: Row, events: Table, count: int) -> int:
    """Trade all that crosses at one price, both sides in priority."""
    instrument = state.instruments[index]
    bids, asks = state.sides[index, Side.BUY], state.sides[index, Side.SELL]
    price, left = equilibrium(state, index)
    instrument.indicative, instrument.indicative_lots = 0, 0
    while left > 0:
        bid_slot, ask_slot = head_of(state, bids, bids.best), head_of(state, asks, asks.best)
        bid, ask = state.orders[bid_slot], state.orders[ask_slot]
        traded = min(left, min(bid.leaves, ask.leaves))
        left -= traded
        state.totals[0].trades += 1
        instrument.last = price
        count = _fill(state, bid_slot, bid, price, traded, command, events, count)
        count = _fill(state, ask_slot, ask, price, traded, command, events, count)
    return count


@kernel
def _fill(
    state: State,
    slot: Index,
    order: Row,
    price: int,
    traded: int,
    command: Row,
    events: Table,
    count: int,
) -> int:
    fill(state, order, price, traded)
    shrink(state, slot, traded)
    order.filled += traded
    count = tell_filled(state, order, price, traded, Role.AUCTION, command, events, count)
    if order.leaves == 0:
        unlink(state, slot)
        free_slot(state, slot)
    return count
