"""Matching: an order against the other side of its book, and how orders come and go in it."""

import numpy as np

from engine.book import (
    below,
    facing,
    free_slot,
    head_of,
    link,
    lots_at,
    price_of,
    refill,
    show,
    take,
    unlink,
)
from engine.emit import tell, tell_canceled
from engine.halts import halt
from engine.jit import Index, Row, Table, kernel
from engine.limits import fill, work
from engine.protection import count_fill
from engine.schema import NIL_PRICE, NOT_HELD, Did, Reason, Role, Smp, Tif, Type
from engine.spreads import fill_legs
from engine.state import State
from engine.trades import appraise, remember
from engine.windows import breach_of, watch, witness

_NONE = np.uint64(0)


@kernel
def cross(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Fill an order that is in no queue from the other side, best price first, oldest first."""
    taker = state.orders[slot]
    instrument = state.instruments[taker.instrument]
    own = state.sides[taker.instrument, taker.side]
    other = state.sides[taker.instrument, 1 - taker.side]
    limit = facing(own, np.uint64(taker.level) - own.first)
    if instrument.trade_low > instrument.trade_high:
        appraise(instrument)
    is_watched = watch(state, taker.instrument)
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
            if is_watched:
                instrument.breach = breach_of(state, taker.instrument, price, NIL_PRICE)
                if instrument.breach != Reason.NONE:
                    return count
                witness(state, taker.instrument, price)
            state.totals[0].trades += 1
            if instrument.legs == 0:
                remember(state, taker, maker.account, price, traded)
            note_trade(instrument, price, command)
            fill(state, taker, price, traded)
            fill(state, maker, price, traded)
            taker.leaves -= traded
            taker.filled += traded
            take(state, maker_slot, traded)
            count = tell_filled(state, taker, price, traded, Role.TAKER, command, events, count)
            count = tell_filled(state, maker, price, traded, Role.MAKER, command, events, count)
            if instrument.legs > 0:
                count = fill_legs(state, taker, maker, price, traded, command, events, count)
            count = keep_up(state, maker_slot, command, events, count)
    return count


@kernel
def note_trade(instrument: Row, price: int, command: Row) -> None:
    """Make a price the last one of a book, for stops too."""
    instrument.last = price
    instrument.is_stale = 0
    instrument.traded = command.seq
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
    """Return how many lots would trade at once within the limit; counting stops at `enough`.

    It stops too where a guard would stop trading: then `breach` says which.
    """
    own = state.sides[taker.instrument, taker.side]
    other = state.sides[taker.instrument, 1 - taker.side]
    limit = facing(own, np.uint64(taker.level) - own.first)
    instrument = state.instruments[taker.instrument]
    is_watched = watch(state, taker.instrument)
    lots, rank, first = 0, other.best, NIL_PRICE
    while rank >= limit and lots < enough:
        more, ends = lots_at(state, other, rank), False
        if taker.smp_id != 0:
            more, ends = _tradable(state, taker, head_of(state, other, rank))
        if is_watched and more > 0:
            price = price_of(instrument, 1 - taker.side, rank)
            instrument.breach = breach_of(state, taker.instrument, price, first)
            if instrument.breach != Reason.NONE:
                return lots
            if first == NIL_PRICE:
                first = price
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
    if state.instruments[order.instrument].legs > 0:
        events[count - 1].flags = NOT_HELD
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
    if state.instruments[order.instrument].breach != Reason.NONE:
        return _break_off(state, slot, command, events, count)
    if order.tif == Tif.FAK or order.tif == Tif.FOK:
        return drop(state, slot, command, Reason.UNFILLED, events, count)
    return _queue(state, slot, command, events, count)


@kernel
def _queue(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    order = state.orders[slot]
    show(order)
    link(state, slot)
    count = tell(events, count, command, order, Did.RESTED, order.leaves)
    events[count - 1].other = order.shown
    return count


@kernel
def _break_off(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Rest an order that came up against a guard, and halt; what may not rest goes.

    Velocity is broken by what would rest; what may not goes alone, and the market stays open.
    """
    order = state.orders[slot]
    index = order.instrument
    reason = state.instruments[index].breach
    may_rest = order.tif <= Tif.GTD
    if order.type == Type.MARKET or order.type == Type.MARKET_LIMIT:
        may_rest = False
    if may_rest:
        state.instruments[index].breach = Reason.NONE
        count = _queue(state, slot, command, events, count)
    else:
        count = eliminate(state, slot, command, events, count)
        if reason == Reason.VELOCITY:
            return count
    return halt(state, index, reason, command, events, count)


@kernel
def eliminate(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Cancel an order that could not fill, and say if it was velocity that kept it from that."""
    instrument = state.instruments[state.orders[slot].instrument]
    reason: int = Reason.UNFILLED
    if instrument.breach == Reason.VELOCITY:
        reason = Reason.VELOCITY
    instrument.breach = Reason.NONE
    return drop(state, slot, command, reason, events, count)


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
