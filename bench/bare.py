"""The bare book: the engine's own levels, queues and event rows, and nothing else of the kernel.

No accounts, margin, phases or order types beyond those of the C book, so that what is left
between the two is what the language costs.
"""

import numpy as np

from engine.book import (
    expect,
    facing,
    find,
    free_slot,
    has_slot,
    head_of,
    link,
    price_of,
    rank_of,
    show,
    shown_of,
    shrink,
    take,
    take_slot,
    unlink,
)
from engine.emit import last, say, tell, tell_canceled
from engine.jit import Index, Row, Table, entry, kernel
from engine.reasons import Reason
from engine.schema import Did, Kind, Role, Side, Tif, Type
from engine.state import State

_NONE = np.uint64(0)


@entry
def bare_step(state: State, rows: Table, events: Table) -> int:
    """Apply rows to the books of `state`, in place; return the events written.

    rows: ORDER as `engine.views` reads it, shape (n,). events: EVENT, shape (m,), with room for
    all that happens.
    """
    count = int(np.int64(0))  # No literal, as in `engine.kernel.step`.
    for i in range(len(rows)):
        expect(state, rows, i)
        command = rows[np.uint64(i)]
        reason: int = Reason.INSTRUMENT_UNKNOWN
        if 0 <= command.instrument < state.totals[0].instruments:
            if command.kind == Kind.ENTER:
                reason, count = _enter(state, command, events, count)
            elif command.kind == Kind.CANCEL:
                reason, count = _cancel(state, command, events, count)
            elif command.kind == Kind.REPLACE:
                reason, count = _replace(state, command, events, count)
        if reason != Reason.NONE:
            count = _refuse(command, reason, events, count)
    return count


@kernel
def _enter(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    instrument = state.instruments[command.instrument]
    if command.side > Side.SELL or (command.type != Type.LIMIT and command.type != Type.MARKET):
        return Reason.TYPE_UNKNOWN, count
    if command.quantity <= 0:
        return Reason.QUANTITY_NOT_POSITIVE, count
    price = command.price
    if command.type == Type.MARKET:
        other = state.sides[command.instrument, 1 - command.side]
        if other.best == _NONE:
            return Reason.NO_OPPOSITE, count
        price = price_of(instrument, 1 - command.side, other.best)
        if command.side == Side.BUY:
            price = min(price + command.protection, instrument.high)
        else:
            price = max(price - command.protection, instrument.low)
    if not instrument.low <= price <= instrument.high:
        return Reason.PRICE_OFF_LADDER, count
    if not has_slot(state):
        return Reason.ORDERS_FULL, count

    # From here on the command succeeds.
    slot = take_slot(state)
    order = state.orders[slot]
    order.tag = command.tag
    order.price = price
    order.leaves = command.quantity
    order.display = 0
    order.is_whole = 1
    order.account = command.account
    order.session = command.session
    order.instrument = command.instrument
    order.side = command.side
    order.ladder = command.side
    order.tif = command.tif
    count = tell(events, count, command, order, Did.ENTERED, order.leaves)
    last(events, count).flags = command.type | command.tif << 8 | np.uint32(command.flags) << 16
    return Reason.NONE, _trade(state, instrument, slot, command, events, count)


@kernel
def _cancel(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    slot = find(state, command.order_id)
    reason = _unfound(state, command, slot)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    unlink(state, slot)
    count = tell_canceled(events, count, command, state.orders[slot], Reason.NONE)
    free_slot(state, slot)
    return Reason.NONE, count


@kernel
def _replace(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    slot = find(state, command.order_id)
    reason = _unfound(state, command, slot)
    if reason != Reason.NONE:
        return reason, count
    order = state.orders[slot]
    instrument = state.instruments[command.instrument]
    if command.quantity <= 0:
        return Reason.QUANTITY_NOT_POSITIVE, count
    if not instrument.low <= command.price <= instrument.high:
        return Reason.PRICE_OFF_LADDER, count

    # From here on the command succeeds.
    if command.tag != 0:
        order.tag = command.tag
    if command.price == order.price and command.quantity <= order.leaves:
        shrink(state, slot, order.leaves - command.quantity)
        return Reason.NONE, tell(events, count, command, order, Did.REPLACED, order.leaves)
    unlink(state, slot)
    order.price = command.price
    order.leaves = command.quantity
    count = tell(events, count, command, order, Did.REPLACED, order.leaves)
    return Reason.NONE, _trade(state, instrument, slot, command, events, count)


@kernel
def _unfound(state: State, command: Row, slot: Index) -> int:
    if slot == _NONE or state.orders[slot].instrument != np.uint32(command.instrument):
        return Reason.ORDER_UNKNOWN
    return Reason.NONE if state.orders[slot].account == command.account else Reason.ORDER_NOT_YOURS


@kernel
def _trade(
    state: State, instrument: Row, slot: Index, command: Row, events: Table, count: int
) -> int:
    """Fill an order that is in no queue from the other side; rest what is left, or end it."""
    order = state.orders[slot]
    own = state.sides[order.instrument, order.side]
    rank = rank_of(instrument, order.side, order.price)
    order.level = own.first + rank
    count = _cross(state, slot, facing(own, rank), command, events, count)
    if order.leaves == 0:
        free_slot(state, slot)
    elif order.tif == Tif.FAK:
        count = tell_canceled(events, count, command, order, Reason.UNFILLED)
        free_slot(state, slot)
    else:
        show(order)
        link(state, slot)
        count = tell(events, count, command, order, Did.RESTED, order.leaves)
        last(events, count).other = order.shown
    return count


@kernel
def _cross(state: State, slot: Index, limit: Index, command: Row, events: Table, count: int) -> int:
    taker = state.orders[slot]
    other = state.sides[taker.instrument, 1 - taker.side]
    totals = state.totals[0]
    while taker.leaves > 0 and other.best >= limit:
        maker_slot = head_of(state, other, other.best)
        maker = state.orders[maker_slot]
        traded = min(taker.leaves, shown_of(maker))
        totals.trades += 1
        taker.leaves -= traded
        take(state, maker_slot, traded)
        for filled, role in ((taker, Role.TAKER), (maker, Role.MAKER)):
            count = tell(events, count, command, filled, Did.FILLED, traded)
            last(events, count).price = maker.price
            last(events, count).trade_id = totals.trades
            last(events, count).role = role
        if maker.leaves == 0:
            unlink(state, maker_slot)
            free_slot(state, maker_slot)
    return count


@kernel
def _refuse(command: Row, reason: int, events: Table, count: int) -> int:
    count = say(events, count, command, Did.REJECTED)
    event = last(events, count)
    event.order_id = command.order_id
    event.tag = command.tag
    event.reason = reason
    if command.kind == Kind.ENTER:
        event.side = command.side
    return count
