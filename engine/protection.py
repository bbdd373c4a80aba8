"""Market makers' protection: how many lots their quotes fill in how short a time."""

from engine.emit import say
from engine.jit import Row, Table, kernel
from engine.reasons import Reason
from engine.schema import MONEY_MAX, Did
from engine.state import State

BREACHED = 1  # By the command at hand, which takes the quotes out when its matching is done.
WITHDRAWN = 2  # The quotes are out; no new ones until the account resets its protection.


@kernel
def protect(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Set how many lots an account's quotes in a product may fill in a window; forget a breach."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN, count
    if not 0 <= command.product < state.totals[0].products:
        return Reason.PRODUCT_UNKNOWN, count
    if command.value < 0 or (command.value > 0 and command.batch <= 0):
        return Reason.VALUE_NOT_POSITIVE, count
    if command.value > MONEY_MAX or command.batch > MONEY_MAX:
        return Reason.VALUE_TOO_LARGE, count

    # From here on the command succeeds.
    protection = state.protections[command.account, command.product]
    protection.lots = command.value
    protection.window = command.batch
    protection.counted = 0
    protection.breached = 0
    return Reason.NONE, say(events, count, command, Did.NOTED)


@kernel
def count_fill(state: State, order: Row, quantity: int, time: int) -> None:
    """Count lots that a quote has filled. The first one after a window begins the next."""
    product = state.instruments[order.instrument].product
    protection = state.protections[order.account, product]
    if protection.lots == 0:
        return
    if protection.counted == 0 or time > protection.since + protection.window:
        protection.since = time
        protection.counted = 0
    protection.counted += quantity
    if protection.counted >= protection.lots and protection.breached == 0:
        protection.breached = BREACHED
        state.totals[0].breaches += 1
