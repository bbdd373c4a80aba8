"""The clearing house trades an account's position down, at the market and on its behalf.

Neither standing nor kill switch nor margin stops it: who cannot pay must be brought to hold less.
All that protects the market stands: clip, guards, protection points.
"""

import numpy as np

from engine.book import has_slot
from engine.emit import tell
from engine.jit import Row, Table, kernel, rare
from engine.orders import accept, priced, trade_new
from engine.positions import find_position
from engine.reasons import Reason
from engine.schema import Did, Flag, Side, Smp, Tif, Type
from engine.state import State

_KNOWN_FLAGS, _LIQUIDATION = int(Flag.OPERATOR), int(Flag.LIQUIDATION)


@rare
def liquidate(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Trade a market order with protection that can only bring a position closer to 0."""
    reason, price = _misnamed(state, command), 0
    if reason == Reason.NONE:
        reason, price = priced(state, command)
    if reason == Reason.NONE:
        reason = _unreducible(state, command)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    place = find_position(state, command.account, command.instrument)
    slot = accept(state, state.instruments[command.instrument], command, place, price)
    order = state.orders[slot]
    count = tell(events, count, command, order, Did.ENTERED, order.leaves)
    flags = np.uint32(command.flags | _LIQUIDATION)
    events[count - 1].flags = order.type | order.tif << 8 | flags << 16
    return Reason.NONE, trade_new(state, slot, command, events, count)


@kernel
def _misnamed(state: State, command: Row) -> int:
    """Return the first thing that is named and cannot be liquidated, or not so, or NONE."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN
    if state.instruments[command.instrument].legs > 0:
        return Reason.INSTRUMENT_UNKNOWN
    if command.side > Side.SELL:
        return Reason.SIDE_UNKNOWN
    if command.type != Type.MARKET:
        return Reason.TYPE_UNKNOWN
    if command.tif != Tif.FAK:
        return Reason.TIF_UNKNOWN
    if command.smp_rule > Smp.CANCEL_BOTH:
        return Reason.SMP_RULE_UNKNOWN
    if command.flags & ~_KNOWN_FLAGS:
        return Reason.FLAG_UNKNOWN
    return Reason.NONE


@kernel
def _unreducible(state: State, command: Row) -> int:
    """Return why the order could do more than reduce what is held, or finds no slot, or NONE.

    While orders of the account still work there, in spreads too, nobody knows what is left.
    """
    position = state.positions[find_position(state, command.account, command.instrument)]
    works = position.buys + position.sells + position.leg_buys + position.leg_sells
    held = position.net if command.side == Side.SELL else -position.net
    if works > 0 or command.quantity > held:
        return Reason.REDUCE_ONLY
    return Reason.NONE if has_slot(state) else Reason.ORDERS_FULL
