"""The kernel: commands in, their events out; no clock, no chance, no I/O."""

from typing import NamedTuple

import numpy as np

from engine.amend import cancel, replace
from engine.auction import publish
from engine.desk import adjust, block, bust
from engine.emit import say, tell_refused
from engine.guards import set_guards
from engine.implied import publish_implied
from engine.jit import Row, Table, entry, kernel, rare
from engine.layout import LISTING, MONEY, ORDER
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
from engine.orders import DISPLAY_PARTS, enter
from engine.owners import kill
from engine.protection import protect
from engine.quotes import enforce, quote
from engine.schema import LEGS_MAX, VERSION, Did, Kind, Reason
from engine.state import State
from engine.sweep import cancel_all, cancel_tagged, change_phase, resume
from engine.tas import price


class Views(NamedTuple):
    """The same COMMAND rows, read as three families. Shape (n,) each."""

    order: Table
    money: Table
    listing: Table


def views(rows: Table) -> Views:
    """Return rows as the kernel reads them; made once for a buffer, not for each call."""
    return Views(rows.view(ORDER), rows.view(MONEY), rows.view(LISTING))


@entry
def step(state: State, rows: Views, first: int, events: Table) -> tuple[int, int, int]:
    """Apply rows from `first` on to `state`, in place, and write what happened.

    rows: stamped. events: EVENT, shape (m,), overwritten from the start.

    Returns the rows done in all, the events written, and the room that the next
    row needs where it might not have fitted, or 0: then the caller empties or
    grows `events` and goes on.
    """
    count = int(np.int64(0))  # A literal 0 is a type of its own: all would be compiled twice.
    for i in range(first, len(rows.order)):
        room = _room(state, rows.order[i])
        if room > len(events) - count:
            return i, count, room
        totals = state.totals[0]
        totals.seq = rows.order[i].seq
        totals.time = rows.order[i].time
        if totals.time >= totals.next_deadline:
            count = resume(state, rows.money[i], events, count)
        if totals.breaches > 0:
            count = enforce(state, rows.order[i], events, count)
        count = _apply(state, rows, i, events, count)
        if totals.implied > 0:
            count = publish_implied(state, rows.order[i], events, count)
    return len(rows.order), count, 0


@kernel
def _room(state: State, command: Row) -> int:
    """Return a bound on the events of a command, and of the halts that it ends."""
    room = _own_room(state, command)
    if command.time >= state.totals[0].next_deadline:
        room += _room_of_all(state)
    return room


@kernel
def _room_of_all(state: State) -> int:
    """Return a bound on the events of a command that may touch every order."""
    totals = state.totals[0]
    room = 8 + 2 * totals.instruments + totals.accounts + 3 * totals.quotes + 2 * totals.implied
    for index in range(totals.instruments):
        instrument = state.instruments[index]
        room += (4 + 2 * instrument.legs) * (instrument.live + instrument.refills)
    return room


@kernel
def _own_room(state: State, command: Row) -> int:
    """Return a bound on the events of a command."""
    totals = state.totals[0]
    room = 8 + 3 * totals.quotes + 2 * totals.implied
    if Kind.ENTER <= command.kind <= Kind.REPLACE or command.kind == Kind.QUOTE:
        index = command.instrument
        if 0 <= index < totals.instruments:
            product = state.products[state.instruments[index].product]
            room += _rows_of(state, index, DISPLAY_PARTS)
            if product.points > 0 or product.breaker > 0:
                room += totals.instruments
        return room
    if command.kind == Kind.BLOCK:
        return room + 2 * LEGS_MAX
    touches_many = (
        (command.kind == Kind.CANCEL and command.order_id == 0)
        or command.kind == Kind.CANCEL_ALL
        or command.kind == Kind.PHASE
        or command.kind == Kind.SETTLE
        or command.kind == Kind.KILL
    )
    if touches_many:
        room = _room_of_all(state)
    if command.kind == Kind.SETTLE or command.kind == Kind.PRICE:
        room += totals.accounts
    return room


@kernel
def _rows_of(state: State, index: int, more: int) -> int:
    """Return the most rows in which all orders that an aggressor can reach, it too, may end.

    more: its own refills. Through paths it reaches every book of its product, and three
    orders a trade.
    """
    instrument = state.instruments[index]
    if instrument.paths > 0:
        product = state.products[instrument.product]
        return 10 * (product.live + product.refills + more)
    return (4 + 2 * instrument.legs) * (instrument.live + instrument.refills + more)


@kernel
def _apply(state: State, rows: Views, i: int, events: Table, count: int) -> int:
    command = rows.order[i]
    if command.version != VERSION:
        return tell_refused(events, count, command, Reason.VERSION_UNKNOWN)
    if command.kind == Kind.CANCEL_ALL:
        reason, count = cancel_all(state, rows.money[i], events, count)
    elif command.kind <= Kind.BLOCK:
        reason, count = _trade(state, command, events, count)
    elif command.kind < Kind.PRODUCT:
        reason, count = _pay(state, rows.money[i], events, count)
    elif command.kind < Kind.TIME:
        reason, count = _arrange(state, rows, i, events, count)
    else:
        reason, count = _oversee(state, rows, i, events, count)
    if reason != Reason.NONE:
        count = tell_refused(events, count, command, reason)
        _explain(state, command, reason, events[count - 1])
    if state.totals[0].breaches > 0:
        count = enforce(state, command, events, count)
    return count


@kernel
def _explain(state: State, command: Row, reason: int, event: Row) -> None:
    """Write into a refusal what it is about."""
    if _is_of_orders(command.kind):
        event.tag = command.tag
        event.order_id = command.order_id
        if command.kind == Kind.ENTER:
            event.side = command.side if command.side <= 1 else -1
    compared = (
        reason == Reason.MARGIN_SHORT
        or reason == Reason.POSITION_LIMIT
        or reason == Reason.FUNDS_SHORT
        or reason == Reason.NOT_REVIEWABLE
        or Reason.DAILY_LIMIT <= reason < Reason.POST_ONLY
    )
    if compared:
        event.price = state.totals[0].required
        event.quantity = state.totals[0].available


@kernel
def _is_of_orders(kind: int) -> bool:
    """Whether a command's body is read through the family ORDER."""
    if kind == Kind.CANCEL_ALL:
        return False
    return Kind.ENTER <= kind <= Kind.BLOCK or Kind.BUST <= kind <= Kind.ADJUST


@kernel
def _trade(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    if command.kind == Kind.BLOCK:
        return block(state, command, events, count)
    if command.kind == Kind.ENTER:
        reason, count = enter(state, command, events, count)
    elif command.kind == Kind.CANCEL and command.order_id == 0 and command.tag != 0:
        reason, count = cancel_tagged(state, command, events, count)
    elif command.kind == Kind.CANCEL:
        reason, count = cancel(state, command, events, count)
    elif command.kind == Kind.REPLACE:
        reason, count = replace(state, command, events, count)
    elif command.kind == Kind.QUOTE:
        reason, count = quote(state, command, events, count)
    else:
        return Reason.KIND_UNKNOWN, count
    if reason == Reason.NONE:
        count = publish(state, command.instrument, command, events, count)
    return reason, count


@rare
def _pay(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    kind = command.kind
    if Kind.MARK <= kind < Kind.INDEX:
        return _clear(state, command, events, count)
    if kind == Kind.PROTECT:
        return protect(state, command, events, count)
    if kind == Kind.DEPOSIT:
        return deposit(state, command, events, count)
    if kind == Kind.WITHDRAW:
        return withdraw(state, command, events, count)
    if kind == Kind.TRANSFER:
        return transfer(state, command, events, count)
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
def _clear(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Do what the clearing house asks for."""
    kind = command.kind
    if kind == Kind.MARK:
        return mark(state, command, events, count)
    if kind == Kind.RATE:
        return rate(state, command, events, count)
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
def _arrange(state: State, rows: Views, i: int, events: Table, count: int) -> tuple[int, int]:
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
def _oversee(state: State, rows: Views, i: int, events: Table, count: int) -> tuple[int, int]:
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
