"""Money verbs: what comes in and goes out, fees, standing and rates.

Rows of the house carry changes, never levels, so they commute with rows between.
"""

import numpy as np

from engine.emit import say
from engine.exposures import rebound
from engine.jit import Row, Table, kernel
from engine.legs import follow_rates
from engine.limits import free_money
from engine.reasons import Reason
from engine.schema import MONEY_MAX, NIL, Did, Standing
from engine.state import State
from engine.sweep import renew_reserves

_NONE = np.uint64(0)
_RATE_MAX = 1 << 40


@kernel
def deposit(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Add money to an account."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN, count
    reason: int = Reason.VALUE_NOT_POSITIVE
    if command.value > 0:
        reason = overflowing(state.accounts[command.account], command.value)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    return Reason.NONE, _pay_in(state, command.account, NIL, command, events, count)


@kernel
def withdraw(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Take money off an account that neither positions nor working orders need."""
    reason = _unpayable(state, command, command.account)
    if reason == Reason.NONE:
        reason = short(state, command)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    return Reason.NONE, _pay_out(state, NIL, command, events, count)


@kernel
def transfer(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Move money from one account to another."""
    reason = _unpayable(state, command, command.other)
    if reason == Reason.NONE:
        reason = overflowing(state.accounts[command.other], command.value)
    if reason == Reason.NONE:
        reason = short(state, command)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    count = _pay_out(state, command.other, command, events, count)
    return Reason.NONE, _pay_in(state, command.other, command.account, command, events, count)


@kernel
def _unpayable(state: State, command: Row, other: int) -> int:
    """Return why an account may pay nothing out, or not to another, or NONE."""
    accounts = state.totals[0].accounts
    if not 0 < command.account < accounts or not 0 < other < accounts:
        return Reason.ACCOUNT_UNKNOWN
    if state.accounts[command.account].standing == Standing.SUSPENDED:
        return Reason.ACCOUNT_SUSPENDED
    return Reason.VALUE_NOT_POSITIVE if command.value <= 0 else Reason.NONE


@kernel
def overflowing(account: Row, value: int) -> int:
    """Return VALUE_TOO_LARGE where an account could not hold so much more, or NONE."""
    if value > MONEY_MAX or account.equity > MONEY_MAX - value:
        return Reason.VALUE_TOO_LARGE
    return Reason.NONE


@kernel
def short(state: State, command: Row) -> int:
    """Return FUNDS_SHORT where an account cannot spare the row's value, or NONE."""
    account = state.accounts[command.account]
    totals = state.totals[0]
    totals.required, totals.available = command.value, free_money(account)
    return Reason.FUNDS_SHORT if totals.available < command.value else Reason.NONE


@kernel
def _pay_in(state: State, number: int, giver: int, command: Row, events: Table, count: int) -> int:
    account = state.accounts[number]
    account.equity += command.value
    count = say(events, count, command, Did.DEPOSITED)
    event = events[count - 1]
    event.account = number
    event.quantity = command.value
    event.leaves = account.equity
    event.other = giver
    return count


@kernel
def _pay_out(state: State, taker: int, command: Row, events: Table, count: int) -> int:
    account = state.accounts[command.account]
    account.equity -= command.value
    count = say(events, count, command, Did.TAKEN)
    event = events[count - 1]
    event.quantity = command.value
    event.leaves = account.equity
    event.other = taker
    return count


@kernel
def charge(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Take a fee off an account's equity, or give it back: `value` is signed."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN, count
    account = state.accounts[command.account]
    if not -MONEY_MAX <= command.value <= MONEY_MAX:
        return Reason.VALUE_TOO_LARGE, count

    # From here on the command succeeds.
    account.equity -= command.value
    count = say(events, count, command, Did.CHARGED)
    event = events[count - 1]
    event.quantity = command.value
    event.leaves = account.equity
    event.other = command.code
    return Reason.NONE, count


@kernel
def suspend(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Set what an account may do."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN, count
    if not Standing.GOOD <= command.code <= Standing.SUSPENDED:
        return Reason.TERMS_INVALID, count

    # From here on the command succeeds.
    state.accounts[command.account].standing = command.code
    count = say(events, count, command, Did.SUSPENDED)
    events[count - 1].quantity = command.code
    events[count - 1].leaves = command.value
    return Reason.NONE, count


@kernel
def rate(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Set what a lot needs, or a product's calendar charge, and every sum that rests on it."""
    totals = state.totals[0]
    if not NIL <= command.instrument < totals.instruments:
        return Reason.INSTRUMENT_UNKNOWN, count
    if command.instrument != NIL and state.instruments[command.instrument].legs > 0:
        return Reason.INSTRUMENT_UNKNOWN, count
    if command.instrument == NIL and not 0 <= command.product < totals.products:
        return Reason.PRODUCT_UNKNOWN, count
    if command.value < 0:
        return Reason.VALUE_NOT_POSITIVE, count
    if command.value > _RATE_MAX:
        return Reason.VALUE_TOO_LARGE, count

    # From here on the command succeeds.
    if command.instrument == NIL:
        state.products[command.product].charge = command.value
        for account in range(1, totals.accounts):
            rebound(state, account, command.product)
    else:
        _rerate(state, command.instrument, command.value)
    count = say(events, count, command, Did.RATED)
    events[count - 1].quantity = command.value
    return Reason.NONE, count


@kernel
def _rerate(state: State, index: int, value: int) -> None:
    instrument = state.instruments[index]
    change = value - instrument.rate
    instrument.rate = value
    if instrument.premium != 0:
        renew_reserves(state, index)
        return
    place = np.uint64(instrument.holders)
    while place != _NONE:
        position = state.positions[place]
        exposure = state.exposures[position.account, instrument.product]
        exposure.net += position.net * change
        exposure.buys += position.buys * change
        exposure.sells += position.sells * change
        rebound(state, position.account, instrument.product)
        place = np.uint64(position.next)
    follow_rates(state, index)
