"""The kernel: commands in, their events out; no clock, no chance, no I/O."""

import numpy as np

from engine.book import expect
from engine.emit import last, tell_refused
from engine.implied import publish_implied
from engine.jit import Index, Row, Table, entry, kernel, rare
from engine.orders import DISPLAY_PARTS
from engine.quotes import enforce
from engine.reasons import Reason
from engine.schema import LEGS_MAX, VERSION, Kind
from engine.state import State
from engine.sweep import resume
from engine.verbs import carry_out
from engine.views import Views


@entry
def step(state: State, rows: Views, first: int, events: Table) -> tuple[int, int, int]:
    """Apply rows from `first` on to `state`, in place, and write what happened.

    rows: stamped. events: EVENT, shape (m,), overwritten from the start.

    Returns the rows done in all, the events written, and the room that the next
    row needs where it might not have fitted, or 0: then the caller empties or
    grows `events` and goes on.
    """
    count = int(np.int64(0))  # A literal 0 is a type of its own: all would be compiled twice.
    for done in range(first, len(rows.order)):
        i = np.uint64(done)
        command = rows.order[i]
        expect(state, rows.order, done)
        room = _room(state, command)
        if room > len(events) - count:
            return done, count, room
        totals = state.totals[0]
        totals.seq = command.seq
        totals.time = command.time
        if totals.time >= totals.next_deadline:
            count = resume(state, rows.money[i], events, count)
        if totals.breaches > 0:
            count = enforce(state, command, events, count)
        count = _apply(state, rows, i, events, count)
        if totals.implied > 0:
            count = publish_implied(state, command, events, count)
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
    if Kind.ENTER <= command.kind <= Kind.REPLACE:
        return room + _rows_of(state, command.instrument)
    if command.kind == Kind.CANCEL and command.order_id != 0:
        return room
    return _rarer_room(state, command, room)


@rare
def _rarer_room(state: State, command: Row, room: int) -> int:
    """Return a bound on the events of what is no single order."""
    kind, totals = command.kind, state.totals[0]
    if kind == Kind.QUOTE or kind == Kind.LIQUIDATE:
        return room + _rows_of(state, command.instrument)
    if kind == Kind.BLOCK:
        return room + 2 * LEGS_MAX
    touches_many = (
        kind == Kind.CANCEL
        or kind == Kind.CANCEL_ALL
        or kind == Kind.PHASE
        or kind == Kind.SETTLE
        or kind == Kind.KILL
    )
    if touches_many:
        room = _room_of_all(state)
    if kind == Kind.SETTLE or kind == Kind.PRICE:
        room += totals.accounts
    return room


@kernel
def _rows_of(state: State, index: int) -> int:
    """Return the most rows in which all orders that an aggressor can reach, it too, may end.

    Through paths it reaches other books, and three orders a trade. A guard may halt them all.
    """
    totals = state.totals[0]
    if not 0 <= index < totals.instruments:
        return 0
    instrument = state.instruments[index]
    if instrument.paths > 0:
        return 10 * (totals.live + totals.refills + DISPLAY_PARTS) + totals.instruments
    most = instrument.live + instrument.refills + DISPLAY_PARTS  # Its own refills.
    return (4 + 2 * instrument.legs) * most + totals.instruments


@kernel
def _apply(state: State, rows: Views, i: Index, events: Table, count: int) -> int:
    command = rows.order[i]
    if command.version != VERSION:
        return tell_refused(events, count, command, Reason.VERSION_UNKNOWN)
    reason, count = carry_out(state, rows, i, events, count)
    if reason != Reason.NONE:
        count = tell_refused(events, count, command, reason)
        _explain(state, command, reason, last(events, count))
    if state.totals[0].breaches > 0:
        count = enforce(state, command, events, count)
    return count


@kernel
def _explain(state: State, command: Row, reason: int, event: Row) -> None:
    """Write into a refusal what it is about."""
    if _is_of_orders(command.kind):
        event.tag = command.tag
        event.order_id = command.order_id
        if command.kind == Kind.ENTER or command.kind == Kind.LIQUIDATE:
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
    if reason == Reason.QUANTITY_ABOVE_CLIP:
        instrument = state.instruments[command.instrument]
        event.price, event.quantity = command.quantity, instrument.clip
        if command.kind == Kind.QUOTE:
            event.price = max(command.quantity, command.display)
        if command.kind == Kind.BLOCK:
            event.quantity = 2 * instrument.position_max


@kernel
def _is_of_orders(kind: int) -> bool:
    """Whether a command's body is read through the family ORDER."""
    if kind == Kind.CANCEL_ALL:
        return False
    if kind == Kind.ASSIGN or kind == Kind.LIQUIDATE or kind == Kind.BID:
        return True
    return Kind.ENTER <= kind <= Kind.BLOCK or Kind.BUST <= kind <= Kind.ADJUST
