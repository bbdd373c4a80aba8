"""The opening auction: the indicative price, and one uncrossing at it."""

import numpy as np

from engine.book import below, facing, head_of, lots_at, price_of, rank_of, take
from engine.emit import say
from engine.fills import keep_up, note_trade, tell_filled
from engine.jit import Index, Row, Table, kernel, rare
from engine.limits import fill
from engine.schema import NIL_PRICE, Did, Phase, Role, Side
from engine.spreads import fill_legs
from engine.state import State
from engine.stops import WAITING, elect, is_reached
from engine.trades import appraise, remember

_NONE = np.uint64(0)
_ONE = np.uint64(1)


@kernel
def equilibrium(state: State, index: int) -> tuple[int, int]:
    """Return price and quantity of the auction as it stands; quantity 0: nothing crosses.

    The stops that the price elects join, and may move it, until it elects no more.
    """
    anchor = _anchor(state.instruments[index])
    low, high = -NIL_PRICE, NIL_PRICE
    while True:
        price, lots = _balance(state, index, anchor, low, high)
        if lots == 0 or low <= price <= high:
            return price, lots
        low, high = min(low, price), max(high, price)


@kernel
def _anchor(instrument: Row) -> int:
    """Return the price that decides last: the prior settlement, else the last trade."""
    return instrument.last if instrument.settlement == NIL_PRICE else instrument.settlement


@rare
def _balance(state: State, index: int, anchor: int, low: int, high: int) -> tuple[int, int]:
    """Return price and quantity with the stops that prices from `low` to `high` elect.

    Greatest quantity, then least surplus; then the highest price where bids are
    over at every candidate, the lowest where offers are; else the nearest to
    the anchor, then the higher.
    """
    instrument = state.instruments[index]
    asks = state.sides[index, Side.SELL]
    best_bid = _best(state, index, Side.BUY, low, high)
    best_ask = _best(state, index, Side.SELL, low, high)
    if best_bid == _NONE or best_ask == _NONE or facing(asks, best_ask) > best_bid:
        return 0, 0
    rank = facing(asks, best_ask)
    demand, supply = _lots_from(state, index, rank, best_bid, low, high), 0
    most, least, chosen, nearest = 0, 0, 0, 0
    bids_over, asks_over = True, True
    while rank <= best_bid:
        supply += _lots(state, index, Side.SELL, facing(asks, rank), low, high)
        matched, surplus = min(demand, supply), demand - supply
        price = price_of(instrument, Side.BUY, rank)
        if matched > most or (matched == most and abs(surplus) < least):
            most, least, chosen, nearest = matched, abs(surplus), price, price
            bids_over, asks_over = surplus > 0, surplus < 0
        elif matched == most and abs(surplus) == least:
            bids_over, asks_over = bids_over and surplus > 0, asks_over and surplus < 0
            if anchor == NIL_PRICE or abs(price - anchor) <= abs(nearest - anchor):
                nearest = price
            if bids_over:
                chosen = price
        demand -= _lots(state, index, Side.BUY, rank, low, high)
        rank += _ONE
    return chosen if bids_over or asks_over else nearest, most


@kernel
def _best(state: State, index: int, number: int, low: int, high: int) -> Index:
    """Return the best rank of a side, elected stops included."""
    best = np.uint64(state.sides[index, number].best)
    instrument = state.instruments[index]
    waiting = state.sides[index, number + WAITING]
    rank = waiting.best
    while rank != _NONE and is_reached(instrument, number, rank, low, high):
        slot = head_of(state, waiting, rank)
        while slot != _NONE:
            best = max(best, rank_of(instrument, number, state.orders[slot].price))
            slot = np.uint64(state.orders[slot].next)
        rank = below(state, waiting, rank)
    return best


@kernel
def _lots(state: State, index: int, number: int, rank: Index, low: int, high: int) -> int:
    """Return the lots of a side at a rank, elected stops included."""
    side = state.sides[index, number]
    lots = lots_at(state, side, rank)
    instrument = state.instruments[index]
    waiting = state.sides[index, number + WAITING]
    trigger = waiting.best
    while trigger != _NONE and is_reached(instrument, number, trigger, low, high):
        slot = head_of(state, waiting, trigger)
        while slot != _NONE:
            order = state.orders[slot]
            if rank_of(instrument, number, order.price) == rank:
                lots += order.leaves
            slot = np.uint64(order.next)
        trigger = below(state, waiting, trigger)
    return lots


@kernel
def _lots_from(state: State, index: int, worst: Index, best: Index, low: int, high: int) -> int:
    """Return the bids' lots from rank `best` to `worst`, elected stops included."""
    lots, rank = 0, best
    while rank >= worst:
        lots += _lots(state, index, Side.BUY, rank, low, high)
        rank -= _ONE
    return lots


@kernel
def publish(state: State, index: int, command: Row, events: Table, count: int) -> int:
    """Tell the indicative price where it changed, in the phases that have one."""
    phase = state.instruments[index].phase
    if phase == Phase.PRE_OPEN or phase == Phase.NO_CANCEL:
        return _tell_indicative(state, index, command, events, count)
    return count


@rare
def _tell_indicative(state: State, index: int, command: Row, events: Table, count: int) -> int:
    instrument = state.instruments[index]
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


@rare
def uncross(state: State, index: int, command: Row, events: Table, count: int) -> int:
    """Trade all that crosses at one price, both sides in priority."""
    instrument = state.instruments[index]
    bids, asks = state.sides[index, Side.BUY], state.sides[index, Side.SELL]
    price, left = equilibrium(state, index)
    appraise(state.instruments[index])
    if left > 0:
        count = _gather(state, index, command, events, count)
    instrument.indicative, instrument.indicative_lots = 0, 0
    while left > 0:
        bid_slot, ask_slot = head_of(state, bids, bids.best), head_of(state, asks, asks.best)
        bid, ask = state.orders[bid_slot], state.orders[ask_slot]
        traded = min(left, min(bid.shown, ask.shown))
        left -= traded
        state.totals[0].trades += 1
        instrument.last, instrument.traded = price, command.seq
        if instrument.legs == 0:
            remember(state, bid, ask.account, price, traded)
        count = _fill(state, bid_slot, price, traded, command, events, count)
        count = _fill(state, ask_slot, price, traded, command, events, count)
        if instrument.legs > 0:
            count = fill_legs(state, bid, ask, price, traded, command, events, count)
        count = keep_up(state, bid_slot, command, events, count)
        count = keep_up(state, ask_slot, command, events, count)
    return count


@kernel
def _gather(state: State, index: int, command: Row, events: Table, count: int) -> int:
    """Let every stop join the book that the auction's price, on its way to rest, elects."""
    instrument = state.instruments[index]
    anchor = _anchor(instrument)
    while True:
        price, lots = _balance(state, index, anchor, -NIL_PRICE, NIL_PRICE)
        if lots == 0:
            return count
        note_trade(state, index, price, command)
        before = count
        count = elect(state, command, events, count)
        if count == before:
            return count


@kernel
def _fill(
    state: State,
    slot: Index,
    price: int,
    traded: int,
    command: Row,
    events: Table,
    count: int,
) -> int:
    order = state.orders[slot]
    fill(state, order, price, traded)
    take(state, slot, traded)
    return tell_filled(state, order, price, traded, Role.AUCTION, command, events, count)
