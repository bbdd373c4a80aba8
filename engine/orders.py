"""The verb for new orders: refuse in order of precedence; then trade, then rest."""

import numpy as np

from engine.admission import admit_new
from engine.book import has_slot, rank_of, show, take_slot, ticks_of
from engine.emit import last, tell
from engine.guards import daily_limits, unguarded
from engine.jit import Index, Row, Table, kernel
from engine.limits import reserve_of, work
from engine.match import cross, eliminate, fillable, rest
from engine.owners import alert_admitted, barred
from engine.paths import best_price
from engine.phases import may_enter, may_last
from engine.positions import find_position, has_position_room, open_positions, reach_of
from engine.reasons import Reason
from engine.schema import NIL_PRICE, Did, Flag, Form, Phase, Side, Smp, Tif, Type
from engine.state import State
from engine.stops import elect, is_past, wait
from engine.tas import has_no_base

KNOWN_FLAGS = int(Flag.POST_ONLY | Flag.SLIDE | Flag.REDUCE_ONLY | Flag.IN_FLIGHT | Flag.OPERATOR)
DISPLAY_PARTS = 60  # A display quantity is at least this part of the quantity.
_NONE = np.uint64(0)


@kernel
def enter(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Trade a new order, then rest what is left. Refused orders leave no trace."""
    reason, price, place = _misnamed(state, command), 0, _NONE
    if reason == Reason.NONE:
        reason, price = priced(state, command)
    if reason == Reason.NONE:
        place = find_position(state, command.account, command.instrument)
        reason = _unbearable(state, command, place, price)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    slot = accept(state, state.instruments[command.instrument], command, place, price)
    order = state.orders[slot]
    count = tell(events, count, command, order, Did.ENTERED, order.leaves)
    last(events, count).flags = command.type | command.tif << 8 | np.uint32(command.flags) << 16
    last(events, count).other = order.trigger
    count = alert_admitted(state, order, command, events, count)
    if _is_stop(command.type):
        wait(state, slot)
        return Reason.NONE, count
    return Reason.NONE, trade_new(state, slot, command, events, count)


@kernel
def trade_new(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Trade an order that was just accepted, and rest what is left; return the new count."""
    order = state.orders[slot]
    if state.instruments[command.instrument].phase == Phase.OPEN:
        minimum = command.quantity if order.tif == Tif.FOK else command.minimum
        if minimum > 0 and fillable(state, order, minimum) < minimum:
            return eliminate(state, slot, command, events, count)
        count = cross(state, slot, command, events, count)
    count = rest(state, slot, command, events, count)
    return elect(state, command, events, count)


@kernel
def priced(state: State, command: Row) -> tuple[int, int]:
    """Return why the market will not have an order that names what is there, or its limit."""
    instrument = state.instruments[command.instrument]
    reason = _misshapen(instrument, command)
    if reason != Reason.NONE:
        return reason, 0
    if _is_market(command.type) and _opposite(state, command) == NIL_PRICE:
        return Reason.NO_OPPOSITE, 0
    price = _limit(state, instrument, command)
    reason = off_ladder(instrument, price)
    if reason != Reason.NONE:
        return reason, 0
    post_only = command.flags & Flag.POST_ONLY != 0
    yields = post_only and _would_trade(state, instrument, command, price)
    if yields and command.flags & Flag.SLIDE:
        price = _slid(state, instrument, command)
        if not instrument.low <= price <= instrument.high:
            return Reason.POST_ONLY, 0
        yields = False
    waits = _is_stop(command.type)
    reason = unguarded(state, command.instrument, command.side, price, waits)
    if reason == Reason.NONE and yields:
        reason = Reason.POST_ONLY
    return reason, price


@kernel
def _unbearable(state: State, command: Row, place: Index, price: int) -> int:
    """Return why the account, or the exchange, cannot bear one more such order, or NONE."""
    if command.flags & Flag.REDUCE_ONLY and _would_open(state.positions[place], command):
        return Reason.REDUCE_ONLY
    account, index, lots = command.account, command.instrument, command.quantity
    reason = admit_new(state, place, account, index, command.side, lots, price)
    if reason != Reason.NONE:
        return reason
    if not has_slot(state):
        return Reason.ORDERS_FULL
    if not has_position_room(state, place, account, index):
        return Reason.POSITIONS_FULL
    return Reason.NONE


@kernel
def _is_market(type: int) -> bool:
    return type == Type.MARKET or type == Type.MARKET_LIMIT


@kernel
def _is_stop(type: int) -> bool:
    return type == Type.STOP or type == Type.STOP_LIMIT


@kernel
def _misnamed(state: State, command: Row) -> int:
    """Return the first thing that the command names and that is not there, or NONE."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN
    if command.side > Side.SELL:
        return Reason.SIDE_UNKNOWN
    if not Type.LIMIT <= command.type <= Type.STOP:
        return Reason.TYPE_UNKNOWN
    if not Tif.DAY <= command.tif <= Tif.FOK:
        return Reason.TIF_UNKNOWN
    if _is_stop(command.type) and command.tif > Tif.GTD:
        return Reason.TIF_UNKNOWN
    instrument = state.instruments[command.instrument]
    if instrument.form == Form.TAS and Tif.GTC <= command.tif <= Tif.GTD:
        return Reason.TIF_UNKNOWN
    if command.smp_rule > Smp.CANCEL_BOTH:
        return Reason.SMP_RULE_UNKNOWN
    if command.flags & ~KNOWN_FLAGS or _is_contrary(instrument, command):
        return Reason.FLAG_UNKNOWN
    if instrument.known < instrument.legs:
        return Reason.TERMS_INVALID
    return barred(state.accounts[command.account])


@kernel
def _misshapen(instrument: Row, command: Row) -> int:
    """Return what keeps an order of this shape out of the instrument now, or NONE."""
    if not may_enter(instrument.phase, command.type, command.tif) or has_no_base(instrument):
        return Reason.PHASE_FORBIDS
    if command.quantity <= 0:
        return Reason.QUANTITY_NOT_POSITIVE
    if command.quantity > instrument.clip:
        return Reason.QUANTITY_ABOVE_CLIP
    if not 0 <= command.minimum <= command.quantity:
        return Reason.MINIMUM_INVALID
    if command.minimum > 0 and command.tif != Tif.FAK:
        return Reason.MINIMUM_INVALID
    if not 0 <= command.display <= command.quantity:
        return Reason.DISPLAY_INVALID
    if shows_too_little(command.display, command.quantity):
        return Reason.DISPLAY_INVALID
    if _is_untriggerable(instrument, command):
        return Reason.TRIGGER_INVALID
    if command.protection < 0:
        return Reason.PROTECTION_INVALID
    if not may_last(instrument.phase, instrument.date, command.tif, command.expiry):
        return Reason.EXPIRY_INVALID
    return Reason.NONE


@kernel
def _is_contrary(instrument: Row, command: Row) -> bool:
    """Whether flags ask for what the instrument, the type or the time in force excludes."""
    if command.flags & Flag.REDUCE_ONLY and instrument.legs > 0:
        return True
    if command.flags & Flag.SLIDE and not command.flags & Flag.POST_ONLY:
        return True
    rests = command.type == Type.LIMIT and command.tif <= Tif.GTD
    return command.flags & Flag.POST_ONLY != 0 and not rests


@kernel
def shows_too_little(display: int, quantity: int) -> bool:
    """Whether a display quantity, where there is one, is too small a part of the quantity."""
    return 0 < display < (quantity + DISPLAY_PARTS - 1) // DISPLAY_PARTS


@kernel
def _is_untriggerable(instrument: Row, command: Row) -> bool:
    """Whether a stop has a trigger that cannot be, or another order has one."""
    if not _is_stop(command.type):
        return command.trigger != 0
    if is_unreachable(instrument, command.side, command.trigger):
        return True
    limited = command.type == Type.STOP_LIMIT
    return limited and is_short_of(command.side, command.price, command.trigger)


@kernel
def is_unreachable(instrument: Row, side: int, trigger: int) -> bool:
    """Whether no trade to come can be the first that reaches this trigger."""
    return off_ladder(instrument, trigger) != Reason.NONE or is_past(instrument, side, trigger)


@kernel
def is_short_of(side: int, price: int, trigger: int) -> bool:
    """Whether a stop with this limit could not trade at its own trigger."""
    return price < trigger if side == Side.BUY else price > trigger


@kernel
def off_ladder(instrument: Row, price: int) -> int:
    """Return why an order may not stand at this price, or NONE."""
    if not -(2**61) < price < 2**61:  # Beyond, `price - low` might wrap.
        return Reason.PRICE_OFF_LADDER
    if ticks_of(instrument, price - instrument.low) * instrument.tick != price - instrument.low:
        return Reason.PRICE_OFF_TICK
    if not instrument.low <= price <= instrument.high:
        return Reason.PRICE_OFF_LADDER
    return Reason.NONE


@kernel
def _opposite(state: State, command: Row) -> int:
    """Return the best price, explicit or implied, on the other side; NIL_PRICE: none."""
    return best_price(state, command.instrument, 1 - command.side)


@kernel
def _limit(state: State, instrument: Row, command: Row) -> int:
    """Return the order's limit: a market type's depends on the best opposite price, or trigger."""
    if command.type == Type.LIMIT or command.type == Type.STOP_LIMIT:
        return command.price
    price = command.trigger
    if command.type != Type.STOP:
        price = _opposite(state, command)
    if command.type == Type.MARKET_LIMIT:
        return price
    points = np.int64(command.protection)
    if points == 0:
        points = instrument.protection
    points -= points % instrument.tick
    low, high = daily_limits(state, command.instrument)
    if command.side == Side.BUY:
        return min(price + points, high)
    return max(price - points, low)


@kernel
def _would_open(position: Row, command: Row) -> bool:
    """Whether all that works on this side would do more than close the position."""
    return reach_of(position, command.side) + command.quantity > 0


@kernel
def _would_trade(state: State, instrument: Row, command: Row, price: int) -> bool:
    best = _opposite(state, command)
    if instrument.phase != Phase.OPEN or best == NIL_PRICE:
        return False
    return price >= best if command.side == Side.BUY else price <= best


@kernel
def _slid(state: State, instrument: Row, command: Row) -> int:
    """Return the best price at which an order on this side does not trade."""
    best = _opposite(state, command)
    return best - instrument.tick if command.side == Side.BUY else best + instrument.tick


@kernel
def accept(state: State, instrument: Row, command: Row, place: Index, price: int) -> Index:
    """Write the order into a slot, not yet in a queue, and count it as working."""
    slot = take_slot(state)
    order = state.orders[slot]
    order.tag = command.tag
    order.price = price
    order.leaves = command.quantity
    order.display = command.display
    order.is_whole = command.display == 0
    show(order)
    order.filled = 0
    order.trigger = command.trigger
    order.reserve = reserve_of(instrument, command.side, price)
    order.instrument = command.instrument
    order.account = command.account
    order.session = command.session
    order.smp_id = command.smp_id
    order.expiry = command.expiry
    order.side = command.side
    order.type = command.type
    order.tif = command.tif
    order.smp_rule = command.smp_rule
    order.ladder = command.side
    order.position = open_positions(state, place, command.account, command.instrument)
    side = state.sides[command.instrument, command.side]
    order.level = side.first + rank_of(instrument, command.side, price)
    work(state, order, order.leaves)
    return slot
