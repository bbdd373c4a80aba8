"""Quotes: a bid and an ask of an account in an instrument, replaced together or not at all."""

import numpy as np

from engine.auction import publish
from engine.book import rank_of, show, shrink, take_slot
from engine.emit import say, tell
from engine.jit import Index, Row, Table, kernel, rare
from engine.limits import reserve_of, work
from engine.match import cross, remove, rest
from engine.owners import alert
from engine.positions import find_position, open_positions
from engine.protection import BREACHED, WITHDRAWN
from engine.quote_sides import keeps_place, lots_of, price_at, quoted
from engine.quote_terms import refusal
from engine.reasons import Reason
from engine.schema import NIL, Did, Flag, Phase, Side, Tif, Type
from engine.state import State
from engine.stops import elect

_NONE = np.uint64(0)
_ENTERED_FLAGS = int(Type.LIMIT | Tif.DAY << 8 | Flag.QUOTE << 16)


@rare
def quote(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Replace an account's quote in an instrument: what differs goes, then bid and ask come."""
    reason = refusal(state, command)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    before = count
    place = find_position(state, command.account, command.instrument)
    bid, ask = quoted(state, place, Side.BUY), quoted(state, place, Side.SELL)
    more_bid = command.quantity - state.orders[bid].leaves
    more_ask = command.display - state.orders[ask].leaves
    if bid != _NONE and not keeps_place(state.orders[bid], command):
        count = remove(state, bid, command, Reason.REQUOTED, events, count)
        bid = _NONE
    if ask != _NONE and not keeps_place(state.orders[ask], command):
        count = remove(state, ask, command, Reason.REQUOTED, events, count)
        ask = _NONE
    count = _renew(state, bid, Side.BUY, more_bid, command, events, count)
    count = _renew(state, ask, Side.SELL, more_ask, command, events, count)
    if count == before:
        count = say(events, count, command, Did.NOTED)
    return Reason.NONE, elect(state, command, events, count)


@kernel
def _renew(
    state: State, slot: Index, side: int, more: int, command: Row, events: Table, count: int
) -> int:
    """Bring a side that keeps its place up to date, or let a new one trade, then rest."""
    if slot != _NONE:
        order = state.orders[slot]
        _sign(order, command)
        work(state, order, more)
        shrink(state, slot, -more)
        return tell(events, count, command, order, Did.REPLACED, order.leaves)
    if lots_of(command, side) == 0:
        return count
    slot = _accept(state, side, command)
    order = state.orders[slot]
    count = tell(events, count, command, order, Did.ENTERED, order.leaves)
    events[count - 1].flags = _ENTERED_FLAGS
    count = alert(state, order, more, command, events, count)
    if state.instruments[command.instrument].phase == Phase.OPEN:
        count = cross(state, slot, command, events, count)
    return rest(state, slot, command, events, count)


@kernel
def _sign(order: Row, command: Row) -> None:
    """Let an order carry what the last quote said of whose it is."""
    order.tag = command.tag
    order.session = command.session
    order.smp_id = command.smp_id
    order.smp_rule = command.smp_rule


@kernel
def _accept(state: State, side: int, command: Row) -> Index:
    """Write a side of a quote into a slot, not yet in a queue, and count it as working."""
    instrument = state.instruments[command.instrument]
    slot = take_slot(state)
    order = state.orders[slot]
    _sign(order, command)
    order.price = price_at(command, side)
    order.leaves = lots_of(command, side)
    order.display = 0
    show(order)
    order.filled = 0
    order.trigger = 0
    order.reserve = reserve_of(instrument, side, order.price)
    order.instrument = command.instrument
    order.account = command.account
    order.expiry = 0
    order.side = side
    order.type = Type.LIMIT
    order.tif = Tif.DAY
    order.ladder = side
    order.quote, order.is_whole = 1, 0
    place = find_position(state, command.account, command.instrument)
    order.position = open_positions(state, place, command.account, command.instrument)
    if side == Side.BUY:
        state.positions[order.position].bid = slot
    else:
        state.positions[order.position].ask = slot
    ladder = state.sides[command.instrument, side]
    order.level = ladder.first + rank_of(instrument, side, order.price)
    work(state, order, order.leaves)
    return slot


@rare
def enforce(state: State, command: Row, events: Table, count: int) -> int:
    """Take out the quotes of everyone whose protection the command has breached."""
    state.totals[0].breaches = 0
    for account in range(1, state.totals[0].accounts):
        for product in range(state.totals[0].products):
            if state.protections[account, product].breached == BREACHED:
                count = _withdraw(state, account, product, command, events, count)
    return count


@kernel
def _withdraw(
    state: State, account: int, product: int, command: Row, events: Table, count: int
) -> int:
    protection = state.protections[account, product]
    protection.breached = WITHDRAWN
    for index in range(state.totals[0].instruments):
        if state.instruments[index].product == product:
            told, place = count, find_position(state, account, index)
            for side in range(2):
                slot = quoted(state, place, side)
                if slot != _NONE:
                    count = remove(state, slot, command, Reason.PROTECTION, events, count)
            if count > told:
                count = publish(state, index, command, events, count)
    count = say(events, count, command, Did.PROTECTED)
    event = events[count - 1]
    event.account = account
    event.instrument = NIL
    event.session = 0
    event.quantity = protection.counted
    event.leaves = product
    event.other = protection.lots
    return count
