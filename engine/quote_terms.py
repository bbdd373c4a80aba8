"""Which quotes are taken, and which are refused: in order of precedence."""

import numpy as np

from engine.guards import unguarded
from engine.jit import Row, kernel
from engine.orders import off_ladder
from engine.owners import barred
from engine.positions import find_position, has_position_room
from engine.quote_limits import admit_quote
from engine.quote_sides import keeps_place, lots_of, price_at, quoted
from engine.reasons import Reason
from engine.schema import Phase, Side, Smp
from engine.state import State
from engine.tas import has_no_base

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
    if instrument.known < instrument.legs:
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
    if instrument.phase != Phase.OPEN or has_no_base(instrument):
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
    place = find_position(state, command.account, command.instrument)
    reason = admit_quote(state, command, place)
    if reason != Reason.NONE:
        return reason
    taken = 0
    for side in range(2):
        had = quoted(state, place, side) != _NONE
        taken += int(lots_of(command, side) > 0) - int(had)
    if taken > len(state.orders) - 1 - state.totals[0].live:
        return Reason.ORDERS_FULL
    is_empty = command.quantity == 0 and command.display == 0
    if not is_empty and not has_position_room(state, place, command.account, command.instrument):
        return Reason.POSITIONS_FULL
    return Reason.NONE
