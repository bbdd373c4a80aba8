"""Verbs about orders that rest: cancel and replace."""

import numpy as np

from engine.admission import admit_change
from engine.book import find, rank_of, show, shrink, unlink
from engine.emit import last, tell
from engine.guards import daily_limits, unguarded
from engine.jit import Index, Row, Table, kernel, rare
from engine.limits import reserve_of, work
from engine.match import cross, remove, rest
from engine.orders import is_short_of, is_unreachable, off_ladder, shows_too_little
from engine.owners import alert, barred
from engine.phases import may_cancel, may_replace
from engine.reasons import Reason
from engine.schema import Did, Flag, Phase, Type
from engine.state import State
from engine.stops import WAITING, elect, wait

_KNOWN_FLAGS = int(Flag.IN_FLIGHT | Flag.OPERATOR)
_NONE = np.uint64(0)


@kernel
def cancel(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Remove a resting order."""
    slot = find(state, command.order_id)
    operator = command.flags & Flag.OPERATOR != 0
    reason = _unfound(state, command, slot, operator)
    if reason != Reason.NONE:
        return reason, count
    if not operator and not may_cancel(state.instruments[command.instrument].phase):
        return Reason.PHASE_FORBIDS, count

    # From here on the command succeeds.
    return Reason.NONE, remove(state, slot, command, Reason.NONE, events, count)


@kernel
def replace(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Change an order's price or what is left of it; it keeps its place if only that falls."""
    slot = find(state, command.order_id)
    reason = _unfound(state, command, slot, False)
    if reason != Reason.NONE:
        return reason, count
    order = state.orders[slot]
    if order.ladder >= WAITING:
        return _replace_stop(state, slot, command, events, count)
    instrument = state.instruments[command.instrument]
    reason = _unreplaceable(state, instrument, order, command)
    if reason == Reason.NONE:
        reason = off_ladder(instrument, command.price)
    if reason != Reason.NONE:
        return reason, count
    leaves = command.quantity
    if command.flags & Flag.IN_FLIGHT:
        leaves -= order.filled
    if leaves <= 0:
        return Reason.NONE, remove(state, slot, command, Reason.REPLACED_AWAY, events, count)
    lots = leaves - order.leaves
    keeps_place = command.price == order.price and lots <= 0
    reserve = reserve_of(instrument, order.side, command.price)
    if not keeps_place:
        reason = _unbearable(state, command, order, leaves, command.price)
        if reason != Reason.NONE:
            return reason, count

    # From here on the command succeeds.
    if command.tag != 0:
        order.tag = command.tag
    work(state, order, -order.leaves)
    order.reserve = reserve
    work(state, order, leaves)
    if keeps_place:
        shrink(state, slot, order.leaves - leaves)
        return Reason.NONE, tell(events, count, command, order, Did.REPLACED, leaves)
    unlink(state, slot)
    order.price = command.price
    order.leaves = leaves
    show(order)
    side = state.sides[command.instrument, order.side]
    order.level = side.first + rank_of(instrument, order.side, command.price)
    count = tell(events, count, command, order, Did.REPLACED, leaves)
    count = alert(state, order, lots, command, events, count)
    if instrument.phase == Phase.OPEN:
        count = cross(state, slot, command, events, count)
    count = rest(state, slot, command, events, count)
    return Reason.NONE, elect(state, command, events, count)


@rare
def _replace_stop(
    state: State, slot: Index, command: Row, events: Table, count: int
) -> tuple[int, int]:
    """Change a stop that is not elected yet; it keeps its place if only its lots fall."""
    order, instrument = state.orders[slot], state.instruments[command.instrument]
    trigger = command.trigger if command.trigger != 0 else order.trigger
    price = command.price
    if order.type == Type.STOP:
        price = trigger + order.price - order.trigger
        low, high = daily_limits(state, command.instrument)
        price = min(max(price, low), high)
    reason = _unreplaceable(state, instrument, order, command)
    if reason == Reason.NONE and _is_untriggerable(instrument, order, price, trigger):
        reason = Reason.TRIGGER_INVALID
    if reason == Reason.NONE:
        reason = off_ladder(instrument, price)
    reserve = reserve_of(instrument, order.side, price)
    lots = command.quantity - order.leaves
    keeps_place = trigger == order.trigger and lots <= 0
    if reason == Reason.NONE and not (keeps_place and price == order.price):
        reason = _unbearable(state, command, order, command.quantity, price)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    if command.tag != 0:
        order.tag = command.tag
    work(state, order, -order.leaves)
    order.price, order.reserve = price, reserve
    work(state, order, command.quantity)
    if keeps_place:
        shrink(state, slot, order.leaves - command.quantity)
    else:
        unlink(state, slot)
        order.leaves, order.trigger = command.quantity, trigger
        show(order)
        wait(state, slot)
    count = tell(events, count, command, order, Did.REPLACED, order.leaves)
    last(events, count).other = order.trigger
    return Reason.NONE, alert(state, order, lots, command, events, count)


@kernel
def _unfound(state: State, command: Row, slot: Index, operator: bool) -> int:
    """Return why a command that names an order does not reach it, or NONE."""
    if not operator and not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN
    if slot == _NONE or state.orders[slot].instrument != np.uint32(command.instrument):
        return Reason.ORDER_UNKNOWN
    if not operator and state.orders[slot].account != command.account:
        return Reason.ORDER_NOT_YOURS
    return Reason.NONE


@kernel
def _unreplaceable(state: State, instrument: Row, order: Row, command: Row) -> int:
    """Return why this order may not become what the command asks for, or NONE."""
    if command.flags & ~_KNOWN_FLAGS:
        return Reason.FLAG_UNKNOWN
    reason: int = barred(state.accounts[order.account])
    if reason != Reason.NONE:
        return reason
    if not may_replace(instrument.phase, order.tif):
        return Reason.PHASE_FORBIDS
    if command.quantity <= 0:
        return Reason.QUANTITY_NOT_POSITIVE
    if command.quantity > instrument.clip:
        return Reason.QUANTITY_ABOVE_CLIP
    if shows_too_little(order.display, command.quantity):
        return Reason.DISPLAY_INVALID
    return Reason.NONE


@kernel
def _unbearable(state: State, command: Row, order: Row, leaves: int, price: int) -> int:
    """Return why an order may not change to this price and so many lots left, or NONE."""
    reason: int = unguarded(state, command.instrument, order.side, price, order.ladder >= WAITING)
    if reason != Reason.NONE:
        return reason
    return admit_change(state, command, order, leaves, price)


@kernel
def _is_untriggerable(instrument: Row, stop: Row, price: int, trigger: int) -> bool:
    """Whether a stop may not have this trigger; the one that it has, it may keep."""
    if trigger != stop.trigger and is_unreachable(instrument, stop.side, trigger):
        return True
    return stop.type == Type.STOP_LIMIT and is_short_of(stop.side, price, trigger)
