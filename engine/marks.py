"""Verbs of settlement: an instrument is marked, and at its end settled for good."""

import numpy as np

from engine.credits import forfeit
from engine.emit import say
from engine.exposures import rebound
from engine.guards import refer
from engine.halts import plan, tell_phase
from engine.jit import Row, Table, kernel
from engine.legs import PRICE_MAX, expire_spreads, follow_marks
from engine.limits import close
from engine.premium import pay_holders, uncover
from engine.reasons import Reason
from engine.schema import NIL_PRICE, Did, Phase
from engine.state import State
from engine.sweep import expire_orders, renew_reserves

_NONE = np.uint64(0)


@kernel
def mark(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Mark an instrument: every holder's variation is paid, every reserve is renewed."""
    reason = _unmarkable(state, command)
    if reason != Reason.NONE:
        return reason, count
    if command.value_2 != NIL_PRICE and not -PRICE_MAX <= command.value_2 <= PRICE_MAX:
        return Reason.VALUE_TOO_LARGE, count

    # From here on the command succeeds.
    instrument = state.instruments[command.instrument]
    count = say(events, count, command, Did.MARKED)
    event = events[count - 1]
    event.price = command.value
    event.quantity = instrument.mark
    event.other = command.value_2
    instrument.settlement = command.value_2
    instrument.is_stale = command.value_2 != NIL_PRICE
    refer(state, command.instrument)
    if instrument.premium != 0:
        instrument.mark = command.value
    else:
        _pay_variation(state, command.instrument, command.value)
    renew_reserves(state, command.instrument)
    follow_marks(state, command.instrument)
    return Reason.NONE, count


@kernel
def settle(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Settle an instrument for good: orders go, variation to the final price is paid."""
    reason = _unmarkable(state, command)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    index = command.instrument
    count = expire_spreads(state, index, command, events, count)
    count = expire_orders(state, index, command, events, count)
    if state.instruments[index].premium != 0:
        uncover(state, index)
        pay_holders(state, index, command.value)
    else:
        _pay_variation(state, index, command.value)
    _close_positions(state, index)
    count = say(events, count, command, Did.SETTLED)
    events[count - 1].price = command.value
    state.instruments[index].halted = Reason.NONE
    count = tell_phase(state, index, Phase.EXPIRED, 0, command, events, count)
    plan(state)
    return Reason.NONE, count


@kernel
def _unmarkable(state: State, command: Row) -> int:
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN
    instrument = state.instruments[command.instrument]
    if instrument.legs > 0:
        return Reason.INSTRUMENT_UNKNOWN
    if instrument.phase == Phase.EXPIRED:
        return Reason.PHASE_FORBIDS
    if not instrument.low <= command.value <= instrument.high:
        return Reason.PRICE_OFF_LADDER
    return Reason.NONE


@kernel
def _pay_variation(state: State, index: int, price: int) -> None:
    """Pay each holder net x price - cost, so that nothing is open at `price`."""
    instrument = state.instruments[index]
    place = np.uint64(instrument.holders)
    while place != _NONE:
        position = state.positions[place]
        account = state.accounts[position.account]
        if instrument.mark != NIL_PRICE:
            unpaid = position.net * instrument.mark - position.cost
            account.open -= unpaid * instrument.value
        account.equity += (position.net * price - position.cost) * instrument.value
        position.cost = position.net * price
        place = np.uint64(position.next)
    instrument.mark = price


@kernel
def _close_positions(state: State, index: int) -> None:
    instrument = state.instruments[index]
    place = np.uint64(instrument.holders)
    while place != _NONE:
        position = state.positions[place]
        forfeit(state, position.account, instrument, position.net, -position.net)
        if instrument.premium == 0:
            _unexpose(state, instrument, position)
        close(state, position)
        rebound(state, position.account, instrument.product)
        place = np.uint64(position.next)


@kernel
def _unexpose(state: State, instrument: Row, position: Row) -> None:
    exposure = state.exposures[position.account, instrument.product]
    exposure.net -= position.net * instrument.rate
    exposure.longs -= max(position.net, 0)
    exposure.shorts -= max(-position.net, 0)
