"""Credits: what the clearing house takes off an account's bounds for what it holds together.

Bounds add over products; the house knows better, and grants the difference: positions that hedge
each other, tiers, options against options. A credit rests on what is held, so it ends where lots
are held no longer: `forfeit`. And while an account has any, its bounds count no order as closing
(`exposures.py`): so no subset of fills needs more than was there before the credit ended.
"""

from engine.emit import say
from engine.exposures import mark_credited
from engine.jit import Row, Table, kernel, rare
from engine.reasons import Reason
from engine.schema import MONEY_MAX, Did
from engine.state import State


@rare
def credit(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Set what is taken off an account's bounds for a product, in place of what was."""
    totals = state.totals[0]
    if not 0 < command.account < totals.accounts:
        return Reason.ACCOUNT_UNKNOWN, count
    if not 0 <= command.product < totals.products:
        return Reason.PRODUCT_UNKNOWN, count
    if command.value < 0:
        return Reason.VALUE_NOT_POSITIVE, count
    account = state.accounts[command.account]
    exposure = state.exposures[command.account, command.product]
    others = account.credits - exposure.credit
    if command.value > MONEY_MAX - others:
        return Reason.VALUE_TOO_LARGE, count

    # From here on the command succeeds.
    exposure.credit = command.value
    account.credits = others + command.value
    mark_credited(state, command.account)
    count = say(events, count, command, Did.CREDITED)
    events[count - 1].quantity = command.value
    events[count - 1].leaves = account.credits
    events[count - 1].other = command.product
    return Reason.NONE, count


@kernel
def forfeit(state: State, number: int, instrument: Row, net: int, bought: int) -> None:
    """End all credits of an account, if it has any and these lots lower what it holds.

    net: what it holds of the contract. Lots that bring a product's net closer to 0 lower it, too.
    """
    if state.accounts[number].credits == 0:
        return
    lowers = _opposes(net, bought)
    if instrument.premium == 0:
        exposure = state.exposures[number, instrument.product]
        lowers = lowers or _opposes(exposure.net, bought)
    if lowers:
        _end(state, number)


@kernel
def _opposes(held: int, bought: int) -> bool:
    return held > 0 > bought or held < 0 < bought


@rare
def _end(state: State, number: int) -> None:
    """Grant an account nothing any more."""
    for product in range(state.totals[0].products):
        state.exposures[number, product].credit = 0
    state.accounts[number].credits = 0
    mark_credited(state, number)
