"""Verbs of collateral: securities that stand in for money, at what they count for."""

from engine.emit import say
from engine.jit import Row, Table, kernel
from engine.money import overflowing, short
from engine.reasons import Reason
from engine.schema import MONEY_MAX, Did, Standing
from engine.state import State


@kernel
def pledge(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Add to an account's equity what an asset, pledged to the house, counts for."""
    reason = _misstated(state, command, False)
    if reason == Reason.NONE:
        reason = overflowing(state.accounts[command.account], command.value)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    state.accounts[command.account].equity += command.value
    return Reason.NONE, _tell(state, command, Did.PLEDGED, events, count)


@kernel
def recall(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Give an asset back, where what it counted for is free."""
    reason = _misstated(state, command, True)
    if reason == Reason.NONE:
        reason = short(state, command)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    state.accounts[command.account].equity -= command.value
    return Reason.NONE, _tell(state, command, Did.RECALLED, events, count)


@kernel
def _misstated(state: State, command: Row, is_recall: bool) -> int:
    """Return why no such asset can come, or go, or NONE."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN
    if command.code < 0:
        return Reason.TERMS_INVALID
    if is_recall and state.accounts[command.account].standing == Standing.SUSPENDED:
        return Reason.ACCOUNT_SUSPENDED
    if command.value <= 0 or command.value_2 <= 0:
        return Reason.VALUE_NOT_POSITIVE
    if command.value > MONEY_MAX or command.value_2 > MONEY_MAX:
        return Reason.VALUE_TOO_LARGE
    return Reason.NONE


@kernel
def _tell(state: State, command: Row, kind: int, events: Table, count: int) -> int:
    """Write what an asset counts for, and the equity that there is now; return the new count."""
    count = say(events, count, command, kind)
    event = events[count - 1]
    event.price = command.value_2
    event.quantity = command.value
    event.leaves = state.accounts[command.account].equity
    event.other = command.code
    return count
