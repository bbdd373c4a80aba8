"""Lots change hands off the market: ported, allocated, won in an auction, or torn up.

The clearing house and the desk say between whom and at what price. No book, limit, margin or
standing has a say: what must move moves. There is nothing in it to review.
"""

import numpy as np

from engine.desk import book_both, tell_both
from engine.jit import Row, Table, kernel, rare
from engine.listing import breadth_of, is_bearable
from engine.positions import find_position, reach
from engine.reasons import Reason
from engine.schema import MONEY_MAX, Did, Flag, Phase, Role, Side
from engine.state import State
from engine.trades import appraise, remember, trade_at

_NONE = np.uint64(0)


@rare
def reassign(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Move lots from a seller, `give_up`, to a buyer at a price, whoever they are."""
    reason = _unassignable(state, command)
    if reason == Reason.NONE:
        reason = _unholdable(state, command)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    state.totals[0].trades += 1
    appraise(state.instruments[command.instrument])
    remember(state, command, command.give_up, command.price, command.quantity)
    trade = trade_at(state, state.totals[0].trades)
    trade.busted = 1  # For good: it is never undone, only assigned back.
    book_both(state, trade, trade.quantity, trade.price)
    count = tell_both(state, trade, Did.FILLED, command, events, count)
    for side in range(2):
        events[count - 1 - side].role = Role.ASSIGNED
    return Reason.NONE, count


@kernel
def _unassignable(state: State, command: Row) -> int:
    """Return why lots cannot move by these terms, or NONE. A price may lie between ticks."""
    accounts = state.totals[0].accounts
    if not 0 < command.account < accounts or not 0 < command.give_up < accounts:
        return Reason.ACCOUNT_UNKNOWN
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN
    instrument = state.instruments[command.instrument]
    if instrument.legs > 0:
        return Reason.INSTRUMENT_UNKNOWN
    if command.account == command.give_up:
        return Reason.ORDER_NOT_YOURS
    if command.side != Side.BUY:
        return Reason.SIDE_UNKNOWN
    if command.flags != Flag.OPERATOR:
        return Reason.FLAG_UNKNOWN
    if instrument.phase == Phase.EXPIRED:
        return Reason.PHASE_FORBIDS
    if command.quantity <= 0:
        return Reason.QUANTITY_NOT_POSITIVE
    if not instrument.low <= command.price <= instrument.high:
        return Reason.PRICE_OFF_LADDER
    return Reason.NONE


@kernel
def _unholdable(state: State, command: Row) -> int:
    """Return why sums and tables could not hold what the two would come to own, or NONE."""
    index, lots = command.instrument, command.quantity
    instrument = state.instruments[index]
    breadth, missing = breadth_of(instrument), 0
    if not is_bearable(breadth, instrument.value, lots):
        return Reason.VALUE_TOO_LARGE
    money_max = MONEY_MAX - breadth * instrument.value * lots
    for side in range(2):
        number = command.account if side == Side.BUY else command.give_up
        place = find_position(state, number, index)
        reached = reach(state, state.positions[place], number, index, side) + lots
        if not is_bearable(breadth, instrument.value, max(reached, 1)):
            return Reason.VALUE_TOO_LARGE
        account = state.accounts[number]
        if abs(account.equity) > money_max or abs(account.open) > money_max:
            return Reason.VALUE_TOO_LARGE
        missing += int(place == _NONE)
    if state.totals[0].positions + np.uint64(missing) > np.uint64(len(state.positions)):
        return Reason.POSITIONS_FULL
    return Reason.NONE
