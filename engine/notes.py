"""Rows that the engine keeps and does not read: what clearing computed, and what it is told.

They must name what exists, so that whoever folds them need not look.
"""

from engine.emit import say
from engine.jit import Index, Table, kernel
from engine.reasons import Reason
from engine.schema import NIL, Did, Kind
from engine.state import State
from engine.views import Views


@kernel
def is_noted(kind: int) -> bool:
    """Whether rows of this kind are checked for the names in them and kept, no more."""
    is_computed = Kind.VOL <= kind <= Kind.RISK
    return is_computed or Kind.DEFAULT <= kind <= Kind.REVIEW


@kernel
def note(state: State, rows: Views, i: Index, events: Table, count: int) -> tuple[int, int]:
    """Keep a row whose account, instrument and product, where it names any, exist.

    Account 0 is the clearing house. A bid names its bidder and its contract.
    """
    command, totals = rows.money[i], state.totals[0]
    is_bid = command.kind == Kind.BID
    nobody, nothing = (0, NIL) if is_bid else (-1, NIL - 1)
    if not nobody < command.account < totals.accounts:
        return Reason.ACCOUNT_UNKNOWN, count
    if not nothing < command.instrument < totals.instruments:
        return Reason.INSTRUMENT_UNKNOWN, count
    names_product = not is_bid and command.kind != Kind.RISK
    if names_product and not NIL <= command.product < totals.products:
        return Reason.PRODUCT_UNKNOWN, count

    # From here on the command succeeds.
    count = say(events, count, command, Did.NOTED)
    if is_bid:
        events[count - 1].tag = rows.order[i].tag
    return Reason.NONE, count
