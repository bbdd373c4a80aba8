"""The verbs: which kind of command is whose to carry out."""

from engine.amend import cancel, replace
from engine.assign import reassign
from engine.auction import publish
from engine.collateral import pledge, recall
from engine.credits import credit
from engine.desk import adjust, block, bust
from engine.emit import say
from engine.guards import set_guards
from engine.jit import Index, Row, Table, kernel, rare
from engine.liquidate import liquidate
from engine.listing import (
    add_account,
    add_leg,
    add_owner,
    add_product,
    list_instrument,
    set_limit,
)
from engine.marks import mark, settle
from engine.money import charge, deposit, rate, suspend, transfer, withdraw
from engine.notes import is_noted, note
from engine.orders import enter
from engine.owners import kill
from engine.protection import protect
from engine.quotes import quote
from engine.reasons import Reason
from engine.schema import Did, Kind
from engine.state import State
from engine.sweep import cancel_all, cancel_tagged, change_phase
from engine.tas import price
from engine.views import Views


@kernel
def carry_out(state: State, rows: Views, i: Index, events: Table, count: int) -> tuple[int, int]:
    """Carry out a row of a known version; return why not, or NONE, and the new count."""
    command = rows.order[i]
    if Kind.ENTER <= command.kind <= Kind.CANCEL:
        return _trade(state, command, events, count)
    return _serve(state, rows, i, events, count)


@kernel
def _trade(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    if command.kind == Kind.ENTER:
        reason, count = enter(state, command, events, count)
    elif command.kind == Kind.REPLACE:
        reason, count = replace(state, command, events, count)
    elif command.order_id == 0 and command.tag != 0:
        reason, count = cancel_tagged(state, command, events, count)
    else:
        reason, count = cancel(state, command, events, count)
    if reason == Reason.NONE:
        count = publish(state, command.instrument, command, events, count)
    return reason, count


@rare
def _serve(state: State, rows: Views, i: Index, events: Table, count: int) -> tuple[int, int]:
    """Carry out what is no single order, so that what is stays short."""
    kind = rows.order[i].kind
    if kind <= Kind.PROTECT:
        return _make(state, rows, i, events, count)
    if is_noted(kind):
        return note(state, rows, i, events, count)
    if kind < Kind.PRODUCT:
        return _pay(state, rows, i, events, count)
    if kind < Kind.TIME:
        return _arrange(state, rows, i, events, count)
    return _oversee(state, rows, i, events, count)


@rare
def _make(state: State, rows: Views, i: Index, events: Table, count: int) -> tuple[int, int]:
    """Do what makers of markets, and the exchange's desk, ask for."""
    command = rows.order[i]
    kind = command.kind
    if kind == Kind.CANCEL_ALL:
        return cancel_all(state, rows.money[i], events, count)
    if kind == Kind.BLOCK:
        return block(state, command, events, count)
    if kind == Kind.PROTECT:
        return protect(state, rows.money[i], events, count)
    if kind != Kind.QUOTE:
        return Reason.KIND_UNKNOWN, count
    reason, count = quote(state, command, events, count)
    if reason == Reason.NONE:
        count = publish(state, command.instrument, command, events, count)
    return reason, count


@rare
def _pay(state: State, rows: Views, i: Index, events: Table, count: int) -> tuple[int, int]:
    command = rows.money[i]
    kind = command.kind
    if Kind.DEPOSIT <= kind <= Kind.RECALL:
        return _bank(state, command, events, count)
    if kind == Kind.ASSIGN or kind == Kind.LIQUIDATE:
        return _reduce(state, rows.order[i], events, count)
    if Kind.MARK <= kind < Kind.INDEX:
        return _clear(state, command, events, count)
    if kind == Kind.INDEX:
        count = say(events, count, command, Did.FIXED)
        events[count - 1].price = command.value
        events[count - 1].quantity = command.source
        events[count - 1].other = command.code
        return Reason.NONE, count
    if kind == Kind.CURVE:
        return Reason.NONE, say(events, count, command, Did.NOTED)
    return Reason.KIND_UNKNOWN, count


@rare
def _bank(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Take money or assets in, or give them out."""
    kind = command.kind
    if kind == Kind.DEPOSIT:
        return deposit(state, command, events, count)
    if kind == Kind.WITHDRAW:
        return withdraw(state, command, events, count)
    if kind == Kind.TRANSFER:
        return transfer(state, command, events, count)
    if kind == Kind.PLEDGE:
        return pledge(state, command, events, count)
    return recall(state, command, events, count)


@rare
def _reduce(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Bring what an account holds to another, or to the market."""
    if command.kind == Kind.ASSIGN:
        return reassign(state, command, events, count)
    reason, count = liquidate(state, command, events, count)
    if reason == Reason.NONE:
        count = publish(state, command.instrument, command, events, count)
    return reason, count


@rare
def _clear(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Do what the clearing house asks for of marks, rates, fees and standing."""
    kind = command.kind
    if kind == Kind.MARK:
        return mark(state, command, events, count)
    if kind == Kind.RATE:
        return rate(state, command, events, count)
    if kind == Kind.CREDIT:
        return credit(state, command, events, count)
    if kind == Kind.CHARGE:
        return charge(state, command, events, count)
    if kind == Kind.SETTLE:
        return settle(state, command, events, count)
    if kind == Kind.SUSPEND:
        return suspend(state, command, events, count)
    if kind == Kind.PRICE:
        return price(state, command, events, count)
    return Reason.KIND_UNKNOWN, count


@rare
def _arrange(state: State, rows: Views, i: Index, events: Table, count: int) -> tuple[int, int]:
    command = rows.money[i]
    kind = command.kind
    if kind == Kind.OBSERVE or kind == Kind.KEY:
        return Reason.NONE, say(events, count, command, Did.NOTED)
    if kind == Kind.PRODUCT:
        return add_product(state, command, events, count)
    if kind == Kind.LIST:
        return list_instrument(state, rows.listing[i], events, count)
    if kind == Kind.LEG:
        return add_leg(state, rows.listing[i], events, count)
    if kind == Kind.OPEN_OWNER:
        return add_owner(state, command, events, count)
    if kind == Kind.OPEN_ACCOUNT:
        return add_account(state, command, events, count)
    if kind == Kind.GUARD:
        return set_guards(state, command, events, count)
    if kind == Kind.LIMIT:
        return set_limit(state, command, events, count)
    return Reason.KIND_UNKNOWN, count


@rare
def _oversee(state: State, rows: Views, i: Index, events: Table, count: int) -> tuple[int, int]:
    """Do what the calendar or the exchange's desk asks for."""
    command = rows.money[i]
    kind = command.kind
    if kind == Kind.PHASE:
        return change_phase(state, command, events, count)
    if kind == Kind.BUST:
        return bust(state, rows.order[i], events, count)
    if kind == Kind.ADJUST:
        return adjust(state, rows.order[i], events, count)
    if kind == Kind.KILL:
        return kill(state, command, events, count)
    if kind == Kind.TIME:
        return Reason.NONE, count
    if kind == Kind.CYCLE:
        count = say(events, count, command, Did.CYCLED)
        events[count - 1].quantity = command.code
        events[count - 1].other = command.value
        return Reason.NONE, count
    return Reason.KIND_UNKNOWN, count
