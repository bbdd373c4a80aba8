"""Matching: an order against the other side of its book, and how orders come and go in it."""

import numpy as np

from engine.book import below, facing, free_slot, head_of, link, lots_at, shrink, unlink
from engine.emit import tell, tell_canceled
from engine.jit import Index, Row, Table, kernel
from engine.limits import fill, work
from engine.schema import Did, Reason, Role, Smp, Tif
from engine.state import State

_NONE = np.uint64(0)


@kernel
def cross(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Fill an order that is in no queue from the other side, best price first, oldest first."""
    taker = state.orders[slot]
    own = state.sides[taker.instrument, taker.side]
    other = state.sides[taker.instrument, 1 - taker.side]
    limit = facing(own, np.uint64(taker.level) - own.first)
    while taker.leaves > 0 and other.best >= limit:
        maker_slot = head_of(state, other, other.best)
        maker = state.orders[maker_slot]
        if taker.smp_id != 0 and maker.smp_id == taker.smp_id:
            if taker.smp_rule != Smp.CANCEL_INCOMING:
                count = remove(state, maker_slot, command, Reason.SELF_MATCH, events, count)
            if taker.smp_rule != Smp.CANCEL_RESTING:
                count = tell_canceled(events, count, command, taker, Reason.SELF_MATCH)
                work(state, taker, -taker.leaves)
                taker.leaves = 0
        else:
            traded = min(taker.leaves, maker.leaves)
            price = maker.price
            state.totals[0].trades += 1
            state.instruments[taker.instrument].last = price
            fill(state, taker, price, traded)
            fill(state, maker, price, traded)
            taker.leaves -= traded
            taker.filled += traded
            taker.shown = taker.leaves
            shrink(state, maker_slot, traded)
            maker.filled += traded
            count = tell_filled(state, taker, price, traded, Role.TAKER, command, events, count)
            count = tell_filled(state, maker, price, traded, Role.MAKER, command, events, count)
            if maker.leaves == 0:
                unlink(state, maker_slot)
                free_slot(state, maker_slot)
    return count


@kernel
def fillable(state: State, taker: Row, enough: int) -> int:
    """Return how many lots would trade at once within the limit; counting stops at `enough`."""
    own = state.sides[taker.instrument, taker.side]
    other = state.sides[taker.instrument, 1 - taker.side]
    limit = facing(own, np.uint64(taker.level) - own.first)
    lots, rank = 0, other.best
    while rank >= limit and lots < enough:
        if taker.smp_id == 0:
            lots += lots_at(state, other, rank)
        else:
            slot = head_of(state, other, rank)
            while slot != _NONE and lots < enough:
                maker = state.orders[slot]
                if maker.smp_id != taker.smp_id:
                    lots += maker.leaves
                elif taker.smp_rule != Smp.CANCEL_RESTING:
                    return lots
                slot = np.uint64(maker.next)
        rank = below(state, other, rank)
    return lots


@kernel
def tell_filled(
    state: State,
    order: Row,
    price: int,
    quantity: int,
    role: int,
    command: Row,
    events: Table,
    count: int,
) -> int:
    """Write one side of the last trade; return the new count."""
    count = tell(events, count, command, order, Did.FILLED, quantity)
    events[count - 1].price = price
    events[count - 1].trade_id = state.totals[0].trades
    events[count - 1].role = role
    return count


@kernel
def rest(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Queue what is left of an order; eliminate it where it may not rest; free it at 0."""
    order = state.orders[slot]
    if order.leaves == 0:
        free_slot(state, slot)
        return count
    if order.tif == Tif.FAK or order.tif == Tif.FOK:
        return drop(state, slot, command, Reason.UNFILLED, events, count)
    link(state, slot)
    return tell(events, count, command, order, Did.RESTED, order.leaves)


@kernel
def drop(state: State, slot: Index, command: Row, reason: int, events: Table, count: int) -> int:
    """Cancel an order that is in no queue."""
    order = state.orders[slot]
    count = tell_canceled(events, count, command, order, reason)
    work(state, order, -order.leaves)
    free_slot(state, slot)
    return count


@kernel
def remove(state: State, slot: Index, command: Row, reason: int, events: Table, count: int) -> int:
    """Cancel an order that rests in the book."""
    unlink(state, slot)
    return drop(state, slot, command, reason, events, count)
