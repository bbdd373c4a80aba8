"""The verb for new orders: refuse in order of precedence; then trade, then rest."""

import numpy as np

from engine.book import has_slot, price_of, rank_of, take_slot
from engine.emit import tell
from engine.jit import Index, Row, Table, kernel
from engine.limits import admit, find_position, has_position_room, open_position, reserve_of, work
from engine.match import cross, drop, fillable, rest
from engine.phases import may_enter
from engine.schema import Did, Flag, Phase, Reason, Side, Smp, Standing, Tif, Type
from engine.state import State

KNOWN_FLAGS = int(Flag.IN_FLIGHT | Flag.OPERATOR)
_NONE = np.uint64(0)


@kernel
def enter(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Trade a new order, then rest what is left. Refused orders leave no trace."""
    reason = _misnamed(state, command)
    if reason == Reason.NONE:
        reason = _misshapen(state.instruments[command.instrument], command)
    if reason != Reason.NONE:
        return reason, count
    instrument = state.instruments[command.instrument]
    if command.type != Type.LIMIT and not _has_opposite(state, command):
        return Reason.NO_OPPOSITE, count
    price = _limit(state, instrument, command)
    reason = off_ladder(instrument, price)
    if reason != Reason.NONE:
        return reason, count
    reserve = reserve_of(instrument, command.side, price)
    reason = admit(
        state,
        command.account,
        command.instrument,
        command.side,
        command.quantity,
        command.quantity * reserve,
    )
    if reason != Reason.NONE:
        return reason, count
    if not has_slot(state):
        return Reason.ORDERS_FULL, count
    place = find_position(state, command.account, command.instrument)
    if place == _NONE and not has_position_room(state):
        return Reason.POSITIONS_FULL, count

    # From here on the command succeeds.
    slot = _accept(state, instrument, command, price, reserve)
    order = state.orders[slot]
    count = tell(events, count, command, order, Did.ENTERED, order.leaves)
    events[count - 1].flags = order.type | order.tif << 8 | np.uint32(command.flags) << 16
    if instrument.phase == Phase.OPEN:
        minimum = command.quantity if order.tif == Tif.FOK else command.minimum
        if minimum > 0 and fillable(state, order, minimum) < minimum:
            return Reason.NONE, drop(state, slot, command, Reason.UNFILLED, events, count)
        count = cross(state, slot, command, events, count)
    return Reason.NONE, rest(state, slot, command, events, count)


@kernel
def _misnamed(state: State, command: Row) -> int:
    """Return the first thing that the command names and that is not there, or NONE."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN
    if command.side > Side.SELL:
        return Reason.SIDE_UNKNOWN
    if not Type.LIMIT <= command.type <= Type.MARKET:
        return Reason.TYPE_UNKNOWN
    if not Tif.DAY <= command.tif <= Tif.FOK:
        return Reason.TIF_UNKNOWN
    if command.smp_rule > Smp.CANCEL_BOTH:
        return Reason.SMP_RULE_UNKNOWN
    if command.flags & ~KNOWN_FLAGS:
        return Reason.FLAG_UNKNOWN
    if state.accounts[command.account].standing == Standing.SUSPENDED:
        return Reason.ACCOUNT_SUSPENDED
    return Reason.NONE


@kernel
def _misshapen(instrument: Row, command: Row) -> int:
    """Return what keeps an order of this shape out of the instrument now, or NONE."""
    if not may_enter(instrument.phase, command.type, command.tif):
        return Reason.PHASE_FORBIDS
    if command.quantity <= 0:
        return Reason.QUANTITY_NOT_POSITIVE
    if command.quantity > instrument.clip:
        return Reason.QUANTITY_ABOVE_CLIP
    if not 0 <= command.minimum <= command.quantity:
        return Reason.MINIMUM_INVALID
    if command.minimum > 0 and command.tif != Tif.FAK:
        return Reason.MINIMUM_INVALID
    if command.display != 0:
        return Reason.DISPLAY_INVALID
    if command.trigger != 0:
        return Reason.TRIGGER_INVALID
    if command.protection < 0:
        return Reason.PROTECTION_INVALID
    if (command.expiry != 0) != (command.tif == Tif.GTD):
        return Reason.EXPIRY_INVALID
    return Reason.NONE


@kernel
def off_ladder(instrument: Row, price: int) -> int:
    """Return why an order may not stand at this price, or NONE."""
    if not -(2**61) < price < 2**61:  # Beyond, `price - low` might wrap.
        return Reason.PRICE_OFF_LADDER
    if (price - instrument.low) % instrument.tick != 0:
        return Reason.PRICE_OFF_TICK
    if not instrument.low <= price <= instrument.high:
        return Reason.PRICE_OFF_LADDER
    return Reason.NONE


@kernel
def _has_opposite(state: State, command: Row) -> bool:
    return state.sides[command.instrument, 1 - command.side].best != _NONE


@kernel
def _limit(state: State, instrument: Row, command: Row) -> int:
    """Return the order's limit: a market type's depends on the best opposite price."""
    if command.type == Type.LIMIT:
        return command.price
    side = 1 - command.side
    price = price_of(instrument, side, state.sides[command.instrument, side].best)
    if command.type == Type.MARKET_LIMIT:
        return price
    points = np.int64(command.protection)
    if points == 0:
        points = instrument.protection
    points -= points % instrument.tick
    if command.side == Side.BUY:
        return min(price + points, instrument.high)
    return max(price - points, instrument.low)


@kernel
def _accept(state: State, instrument: Row, command: Row, price: int, reserve: int) -> Index:
    """Write the order into a slot, not yet in a queue, and count it as working."""
    slot = take_slot(state)
    order = state.orders[slot]
    order.tag = command.tag
    order.price = price
    order.leaves = command.quantity
    order.shown = command.quantity
    order.filled = 0
    order.trigger = 0
    order.reserve = reserve
    order.instrument = command.instrument
    order.account = command.account
    order.session = command.session
    order.smp_id = command.smp_id
    order.expiry = command.expiry
    order.side = command.side
    order.type = command.type
    order.tif = command.tif
    order.smp_rule = command.smp_rule
    order.position = open_position(state, command.account, command.instrument)
    side = state.sides[command.instrument, command.side]
    order.level = side.first + rank_of(instrument, command.side, price)
    work(state, order, order.leaves)
    return slot
