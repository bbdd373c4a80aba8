"""Matching: an order against the other side of its book, and how orders come and go in it."""

import numpy as np

from engine.book import (
    below,
    facing,
    free_slot,
    head_of,
    link,
    lots_at,
    refill,
    show,
    take,
    unlink,
)
from engine.emit import tell, tell_canceled
from engine.jit import Index, Row, Table, kernel
from engine.limits import fill, work
from engine.protection import count_fill
from engine.schema import Did, Reason, Role, Smp, Tif
from engine.state import State
from engine.trades import appraise, remember

_NONE = np.uint64(0)


@kernel
def cross(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Fill an order that is in no queue from the other side, best price first, oldest first."""
    taker = state.orders[slot]
    own = state.sides[taker.instrument, taker.side]
    other = state.sides[taker.instrument, 1 - taker.side]
    limit = facing(own, np.uint64(taker.level) - own.first)
    instrument = state.instruments[taker.instrument]
    if instrument.trade_low > instrument.trade_high:
        appraise(instrument)
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
            traded = min(taker.leaves, maker.shown)
            price = maker.price
            state.totals[0].trades += 1
            remember(state, taker, maker.account, price, traded)
            note_trade(instrument, price)
            fill(state, taker, price, traded)
            fill(state, maker, price, traded)
            taker.leaves -= traded
            taker.filled += traded
            take(state, maker_slot, traded)
            count = tell_filled(state, taker, price, traded, Role.TAKER, command, events, count)
            count = tell_filled(state, maker, price, traded, Role.MAKER, command, events, count)
            count = keep_up(state, maker_slot, command, events, count)
    return count


@kernel
def note_trade(instrument: Row, price: int) -> None:
    """Make a price the last one, for stops too."""
    instrument.last = price
    instrument.trade_low = min(instrument.trade_low, price)
    instrument.trade_high = max(instrument.trade_high, price)


@kernel
def keep_up(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """After a fill of a queued order: let it go if it is done, refill it if nothing shows."""
    order = state.orders[slot]
    if order.leaves == 0:
        unlink(state, slot)
        free_slot(state, slot)
    elif order.shown == 0:
        refill(state, slot)
        count = tell(events, count, command, order, Did.REFILLED, order.shown)
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
            more, ends = _tradable(state, taker, head_of(state, other, rank))
            lots += more
            if ends:
                return lots
        rank = below(state, other, rank)
    return lots


@kernel
def _tradable(state: State, taker: Row, slot: Index) -> tuple[int, bool]:
    """Return what a queue would trade, and whether self-match prevention ends the order in it.

    Before such an end only what is shown trades: refills go behind the order that ends it.
    """
    shown, whole = 0, 0
    while slot != _NONE:
        maker = state.orders[slot]
        if maker.smp_id != taker.smp_id:
            shown += maker.shown
            whole += maker.leaves
        elif taker.smp_rule != Smp.CANCEL_RESTING:
            return shown, True
        slot = np.uint64(maker.next)
    return whole, False


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
    """Write one side of the last trade, and count what a quote has filled; return the new count."""
    count = tell(events, count, command, order, Did.FILLED, quantity)
    events[count - 1].price = price
    events[count - 1].trade_id = state.totals[0].trades
    events[count - 1].role = role
    if order.quote != 0:
        count_fill(state, order, quantity, command.time)
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
    show(order)
    link(state, slot)
    count = tell(events, count, command, order, Did.RESTED, order.leaves)
    events[count - 1].other = order.shown
    return count


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
