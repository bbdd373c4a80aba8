"""Verbs of the exchange's desk: trades that are reported, undone, or given another price."""

import numpy as np

from engine.admission import admit_new
from engine.emit import say
from engine.jit import Row, Table, kernel, rare
from engine.limits import assign
from engine.orders import off_ladder
from engine.positions import find_position
from engine.reasons import Reason
from engine.schema import NOT_HELD, Did, Flag, Form, Phase, Role, Side, Standing
from engine.spreads import note_leg, price_legs
from engine.state import State
from engine.tas import has_no_base
from engine.trades import appraise, is_known, remember, trade_at

_NONE = np.uint64(0)


@rare
def block(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Book a trade that two accounts agreed on elsewhere. The book does not hear of it."""
    reason = _unreportable(state, command)
    if reason == Reason.NONE:
        reason = _unbearable(state, command)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    totals = state.totals[0]
    totals.trades += 1
    appraise(state.instruments[command.instrument])
    remember(state, command, command.give_up, command.price, command.quantity)
    trade = trade_at(state, totals.trades)
    if state.instruments[command.instrument].legs > 0:
        return Reason.NONE, _report_spread(state, trade, command, events, count)
    return Reason.NONE, _report(state, trade, command, events, count)


@kernel
def _report(state: State, trade: Row, command: Row, events: Table, count: int) -> int:
    """Book a trade of a block, and tell it; return the new count."""
    trade.block = 1
    book_both(state, trade, trade.quantity, trade.price)
    return tell_both(state, trade, Did.FILLED, command, events, count)


@rare
def _report_spread(state: State, trade: Row, command: Row, events: Table, count: int) -> int:
    """Tell a block of a spread, which nobody holds, and book each leg as a block of its own."""
    trade.busted, trade.block = 1, 1  # Its legs are what can be reviewed.
    count = tell_both(state, trade, Did.FILLED, command, events, count)
    for side in range(2):
        events[count - 1 - side].flags = NOT_HELD
    totals, block_id = state.totals[0], trade.trade_id
    price_legs(state, command.instrument, command.price)
    for number in range(state.instruments[command.instrument].legs):
        leg = state.legs[command.instrument, number]
        totals.trades += 1
        appraise(state.instruments[leg.instrument])
        lots, trade_id = command.quantity, totals.trades
        note_leg(state, leg, command, command.give_up, leg.price, lots, trade_id)
        count = _report(state, trade_at(state, trade_id), command, events, count)
        for side in range(2):
            events[count - 1 - side].other = block_id
    return count


@kernel
def bust(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Undo a trade: both sides hold what they would hold if it had never been."""
    reason = _unreviewable(state, command)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    trade = trade_at(state, command.order_id)
    book_both(state, trade, -trade.quantity, trade.price)
    trade.busted = 1
    return Reason.NONE, tell_both(state, trade, Did.BUSTED, command, events, count)


@kernel
def adjust(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Give a trade another price, as if it had always had it."""
    reason = _unreviewable(state, command)
    if reason != Reason.NONE:
        return reason, count
    trade = trade_at(state, command.order_id)
    reason = off_ladder(state.instruments[trade.instrument], command.price)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    before = trade.price
    book_both(state, trade, -trade.quantity, before)
    trade.price = command.price
    book_both(state, trade, trade.quantity, command.price)
    count = tell_both(state, trade, Did.ADJUSTED, command, events, count)
    events[count - 2].other = before
    events[count - 1].other = before
    return Reason.NONE, count


@kernel
def _unreportable(state: State, command: Row) -> int:
    """Return why a block of these terms cannot be, or NONE. Clip size does not bound it."""
    reason = _misnamed(state, command)
    if reason != Reason.NONE:
        return reason
    instrument = state.instruments[command.instrument]
    if instrument.phase == Phase.EXPIRED or has_no_base(instrument):
        return Reason.PHASE_FORBIDS
    if command.quantity <= 0:
        return Reason.QUANTITY_NOT_POSITIVE
    if command.quantity > 2 * instrument.position_max:
        return Reason.QUANTITY_ABOVE_CLIP
    if command.quantity < instrument.block:
        return Reason.QUANTITY_BELOW_BLOCK
    return off_ladder(instrument, command.price)


@kernel
def _misnamed(state: State, command: Row) -> int:
    """Return why these two may not report a block in this instrument, or NONE."""
    accounts = state.totals[0].accounts
    if not 0 < command.account < accounts or not 0 < command.give_up < accounts:
        return Reason.ACCOUNT_UNKNOWN
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN
    if command.account == command.give_up:
        return Reason.ORDER_NOT_YOURS
    if command.side != Side.BUY:
        return Reason.SIDE_UNKNOWN
    if command.flags != Flag.OPERATOR:
        return Reason.FLAG_UNKNOWN
    instrument = state.instruments[command.instrument]
    if instrument.known < instrument.legs:
        return Reason.TERMS_INVALID
    buyer, seller = state.accounts[command.account], state.accounts[command.give_up]
    if buyer.standing == Standing.SUSPENDED or seller.standing == Standing.SUSPENDED:
        return Reason.ACCOUNT_SUSPENDED
    if buyer.killed or seller.killed:
        return Reason.ACCOUNT_KILLED
    return Reason.NONE


@kernel
def _unbearable(state: State, command: Row) -> int:
    """Return why one of the two, the buyer first, cannot bear a block, or NONE."""
    index, lots = command.instrument, command.quantity
    missing = 0
    for side in range(2):
        account = command.account if side == Side.BUY else command.give_up
        place = find_position(state, account, index)
        reason = admit_new(state, place, account, index, side, lots, command.price)
        if reason != Reason.NONE:
            return reason
        missing += _unopened(state, account, index)
    if state.totals[0].positions + np.uint64(missing) > np.uint64(len(state.positions)):
        return Reason.POSITIONS_FULL
    return Reason.NONE


@kernel
def _unopened(state: State, account: int, index: int) -> int:
    """Return how many positions an account lacks of what a block gives: itself, or its legs.

    At settlement both: lots wait in the one for their price.
    """
    instrument, missing = state.instruments[index], 0
    if instrument.legs == 0 or instrument.form == Form.TAS:
        missing = int(find_position(state, account, index) == _NONE)
    for number in range(instrument.legs):
        leg = state.legs[index, number].instrument
        missing += int(find_position(state, account, leg) == _NONE)
    return missing


@kernel
def _unreviewable(state: State, command: Row) -> int:
    """Return why a trade must stand as it is, or NONE.

    Within twice the default protection of what its instrument was worth, no trade is
    reviewed: whoever trades there may rely on it.
    """
    if not is_known(state, command.order_id):
        return Reason.TRADE_UNKNOWN
    if command.flags != Flag.OPERATOR:
        return Reason.FLAG_UNKNOWN
    trade = trade_at(state, command.order_id)
    instrument, totals = state.instruments[trade.instrument], state.totals[0]
    if instrument.phase == Phase.EXPIRED:
        return Reason.PHASE_FORBIDS
    totals.required, totals.available = 2 * instrument.protection, abs(trade.price - trade.fair)
    if totals.available <= totals.required:
        return Reason.NOT_REVIEWABLE
    return Reason.NONE


@kernel
def book_both(state: State, trade: Row, quantity: int, price: int) -> None:
    """Book lots with both sides of a trade; below 0 they are taken back."""
    assign(state, trade.buyer, trade.instrument, quantity, price)
    assign(state, trade.seller, trade.instrument, -quantity, price)


@kernel
def tell_both(state: State, trade: Row, kind: int, command: Row, events: Table, count: int) -> int:
    """Write what happened to a trade, a row a side, the buyer's first; return the new count."""
    for side in range(2):
        count = say(events, count, command, kind)
        event = events[count - 1]
        event.tag = command.tag
        event.price = trade.price
        event.quantity = trade.quantity
        event.trade_id = trade.trade_id
        event.account = trade.buyer if side == Side.BUY else trade.seller
        event.instrument = trade.instrument
        event.side = side
        event.role = Role.BLOCK if trade.block else Role.NONE
    return count
