"""Which quotes are taken, and which are refused: in order of precedence."""

import numpy as np

from engine.exposures import exceeds, unaffordable
from engine.guards import unguarded
from engine.jit import Index, Row, kernel
from engine.limits import reserve_of
from engine.orders import off_ladder
from engine.owners import barred
from engine.positions import find_position, has_position_room, reach_of
from engine.schema import Form, Phase, Reason, Side, Smp
from engine.state import State

_NONE = np.uint64(0)


@kernel
def refusal(state: State, command: Row) -> int:
    """Return why a quote may not replace the old one, or NONE."""
    reason = _misnamed(state, command)
    if reason == Reason.NONE:
        reason = _misshapen(state.instruments[command.instrument], command)
    if reason == Reason.NONE:
        reason = _mispriced(state.instruments[command.instrument], command)
    if reason == Reason.NONE:
        reason = _beyond(state, command)
    if reason == Reason.NONE:
        reason = _unbearable(state, command)
    return reason


@kernel
def quoted(state: State, place: Index, side: int) -> Index:
    """Return the slot of a side of the quote that stands for a position, or 0."""
    position = state.positions[place]
    slot = np.uint64(position.bid if side == Side.BUY else position.ask)
    order = state.orders[slot]
    stands = order.order_id != 0 and order.quote != 0
    if stands and order.side == side and np.uint64(order.position) == place:
        return slot
    return _NONE


@kernel
def lots_of(command: Row, side: int) -> int:
    """Return the lots that a QUOTE row has on a side."""
    return command.quantity if side == Side.BUY else command.display


@kernel
def price_at(command: Row, side: int) -> int:
    """Return the price that a QUOTE row has on a side."""
    return command.price if side == Side.BUY else command.trigger


@kernel
def _misnamed(state: State, command: Row) -> int:
    """Return the first thing that the command names and that cannot be, or NONE."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN
    if command.side != Side.BUY:
        return Reason.SIDE_UNKNOWN
    if command.type != 0:
        return Reason.TYPE_UNKNOWN
    if command.tif != 0:
        return Reason.TIF_UNKNOWN
    if command.smp_rule > Smp.CANCEL_BOTH:
        return Reason.SMP_RULE_UNKNOWN
    if command.flags != 0:
        return Reason.FLAG_UNKNOWN
    instrument = state.instruments[command.instrument]
    if instrument.form != Form.FUTURE:
        return Reason.TERMS_INVALID
    reason: int = barred(state.accounts[command.account])
    if reason != Reason.NONE:
        return reason
    if state.protections[command.account, instrument.product].breached != 0:
        return Reason.QUOTES_PROTECTED
    return Reason.NONE


@kernel
def _misshapen(instrument: Row, command: Row) -> int:
    """Return what keeps a quote of this shape out of the instrument now, or NONE."""
    if instrument.phase != Phase.OPEN:
        return Reason.PHASE_FORBIDS
    if command.quantity < 0 or command.display < 0:
        return Reason.QUANTITY_NOT_POSITIVE
    if max(command.quantity, command.display) > instrument.clip:
        return Reason.QUANTITY_ABOVE_CLIP
    if command.minimum != 0:
        return Reason.MINIMUM_INVALID
    if command.protection != 0:
        return Reason.PROTECTION_INVALID
    if command.expiry != 0:
        return Reason.EXPIRY_INVALID
    return Reason.NONE


@kernel
def _mispriced(instrument: Row, command: Row) -> int:
    """Return why the prices, the bid's first, may not stand in the book, or NONE."""
    for side in range(2):
        if lots_of(command, side) > 0:
            reason = off_ladder(instrument, price_at(command, side))
            if reason != Reason.NONE:
                return reason
    is_two_sided = command.quantity > 0 and command.display > 0
    if is_two_sided and command.price >= command.trigger:
        return Reason.QUOTE_CROSSED
    return Reason.NONE


@kernel
def keeps_place(order: Row, command: Row) -> bool:
    """Whether a side stays where it stands: the price is the same, the lots are no more."""
    lots = lots_of(command, order.side)
    return 0 < lots <= order.leaves and price_at(command, order.side) == order.price


@kernel
def _beyond(state: State, command: Row) -> int:
    """Return which guard keeps out a side, the bid first, that is not there already, or NONE."""
    place = find_position(state, command.account, command.instrument)
    for side in range(2):
        old = quoted(state, place, side)
        stays = old != _NONE and keeps_place(state.orders[old], command)
        if lots_of(command, side) > 0 and not stays:
            reason = unguarded(state, command.instrument, side, price_at(command, side), False)
            if reason != Reason.NONE:
                return reason
    return Reason.NONE


@kernel
def _unbearable(state: State, command: Row) -> int:
    """Return why account or exchange cannot bear the quote in place of the old one, or NONE."""
    index, account = command.instrument, command.account
    place = find_position(state, account, index)
    taken = 0
    for side in range(2):
        old, lots = quoted(state, place, side), lots_of(command, side)
        more = lots - state.orders[old].leaves
        reason = exceeds(state, state.positions[place], account, index, side, more)
        if reason != Reason.NONE:
            return reason
        taken += int(lots > 0) - int(old != _NONE)
    reason = _short(state, command, place)
    if reason != Reason.NONE:
        return reason
    if taken > len(state.orders) - 1 - state.totals[0].live:
        return Reason.ORDERS_FULL
    is_empty = command.quantity == 0 and command.display == 0
    if place == _NONE and not is_empty and not has_position_room(state, account, index):
        return Reason.POSITIONS_FULL
    return Reason.NONE


@kernel
def _short(state: State, command: Row, place: Index) -> int:
    """Return why the account cannot bear both sides in place of the old ones, or NONE.

    As limits.admit, of both sides at once: the charge of a pair needs one of each.
    """
    instrument, position = state.instruments[command.instrument], state.positions[place]
    exposure = state.exposures[command.account, instrument.product]
    bid = state.orders[quoted(state, place, Side.BUY)]
    ask = state.orders[quoted(state, place, Side.SELL)]
    bids, asks = command.quantity - bid.leaves, command.display - ask.leaves
    high, low = reach_of(position, Side.BUY), reach_of(position, Side.SELL)
    longs = exposure.longs + max(high + bids, 0) - max(high, 0)
    shorts = exposure.shorts + max(low + asks, 0) - max(low, 0)
    most = abs(exposure.net + exposure.buys + bids * instrument.rate)
    least = abs(exposure.net - exposure.sells - asks * instrument.rate)
    charge = state.products[instrument.product].charge
    more = max(most, least) + charge * min(longs, shorts) - exposure.bound
    reserve = -bid.leaves * bid.reserve - ask.leaves * ask.reserve
    for side in range(2):
        if lots_of(command, side) > 0:
            price = price_at(command, side)
            reserve += lots_of(command, side) * reserve_of(instrument, side, price)
    return unaffordable(state, command.account, more, reserve)
