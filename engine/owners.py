"""What concerns an account's owner and firm: the alert before a position limit, the kill switch."""

import numpy as np

from engine.auction import publish
from engine.book import below, head_of
from engine.emit import say, tell
from engine.jit import Row, Table, kernel, rare
from engine.match import remove
from engine.positions import find_position, reach
from engine.reasons import Reason
from engine.schema import Did, Killed, Standing
from engine.spread_limits import side_of
from engine.state import State

_LADDERS = 4
_NONE = np.uint64(0)


@kernel
def barred(account: Row) -> int:
    """Return why an account may not trade at all, or NONE."""
    if account.standing == Standing.SUSPENDED:
        return Reason.ACCOUNT_SUSPENDED
    return Reason.ACCOUNT_KILLED if account.killed else Reason.NONE


@kernel
def alert_admitted(state: State, order: Row, command: Row, events: Table, count: int) -> int:
    """Warn as `alert` does of a new order; most are far from the limit, as `exceeds` has seen."""
    instrument = state.instruments[order.instrument]
    if instrument.legs == 0 and 5 * state.totals[0].reached < 4 * instrument.position_max:
        return count
    return _alert_new(state, order, command, events, count)


@rare
def _alert_new(state: State, order: Row, command: Row, events: Table, count: int) -> int:
    return alert(state, order, order.leaves, command, events, count)


@kernel
def alert(state: State, order: Row, lots: int, command: Row, events: Table, count: int) -> int:
    """Warn of an order whose `lots` more bring its side to four fifths of the position limit."""
    legs = state.instruments[order.instrument].legs
    if legs == 0:
        position = state.positions[order.position]
        return _alert_of(state, order, position, order.side, lots, command, events, count)
    for number in range(legs):
        leg = state.legs[order.instrument, number]
        position = state.positions[find_position(state, order.account, leg.instrument)]
        side, more = side_of(leg, order.side), lots * abs(leg.ratio)
        count = _alert_of(state, order, position, side, more, command, events, count)
    return count


@kernel
def _alert_of(
    state: State,
    order: Row,
    position: Row,
    side: int,
    lots: int,
    command: Row,
    events: Table,
    count: int,
) -> int:
    """Warn of what an order adds to the reach of a position: its own, or one in a leg."""
    top = state.instruments[position.instrument].position_max
    reached = reach(state, position, order.account, position.instrument, side)
    if lots <= 0 or 5 * reached < 4 * top or 5 * (reached - lots) >= 4 * top:
        return count
    count = tell(events, count, command, order, Did.ALERTED, reached)
    event = events[count - 1]
    event.instrument = position.instrument
    event.side = side
    event.other = top
    return count


@rare
def kill(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Stop an account, or all of an owner or a firm, and cancel their orders; or release them."""
    accounts = state.totals[0].accounts
    named = 0
    for number in range(1, accounts):
        named += _is_named(state, command, number)
    if named == 0:
        return Reason.ACCOUNT_UNKNOWN, count
    if command.value != 0 and command.value != 1:
        return Reason.TERMS_INVALID, count

    # From here on the command succeeds.
    for number in range(1, accounts):
        if _is_named(state, command, number):
            state.accounts[number].killed = command.value
            count = say(events, count, command, Did.KILLED)
            events[count - 1].account = number
            events[count - 1].quantity = command.value
    for index in range(state.totals[0].instruments):
        before = count
        for number in range(_LADDERS):
            count = _cancel_killed(state, index, number, command, events, count)
        if count > before:
            count = publish(state, index, command, events, count)
    return Reason.NONE, count


@kernel
def _is_named(state: State, command: Row, number: int) -> bool:
    """Whether a kill switch is about this account. Owner 0 and firm 0 are nobody."""
    if command.code == Killed.ACCOUNT:
        return number == command.account
    owner = state.accounts[number].owner
    if command.other == 0:
        return False
    if command.code == Killed.OWNER:
        return owner == command.other
    return command.code == Killed.FIRM and state.owners[owner].firm == command.other


@kernel
def _cancel_killed(
    state: State, index: int, number: int, command: Row, events: Table, count: int
) -> int:
    """Cancel the orders on a ladder whose accounts may not trade any more."""
    side = state.sides[index, number]
    rank = side.best
    while rank != _NONE:
        slot = head_of(state, side, rank)
        while slot != _NONE:
            order = state.orders[slot]
            following = np.uint64(order.next)
            if state.accounts[order.account].killed:
                count = remove(state, slot, command, Reason.KILL_SWITCH, events, count)
            slot = following
        rank = below(state, side, rank)
    return count
