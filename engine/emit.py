"""Writes EVENT rows: the only file that does."""

import numpy as np

from engine.jit import Row, Table, kernel
from engine.reasons import Reason
from engine.schema import Did, Role


@kernel
def last(events: Table, count: int) -> Row:
    """Return the event written last."""
    return events[np.uint64(count - 1)]


@kernel
def say(events: Table, count: int, command: Row, kind: int) -> int:
    """Write an event about the command itself; return the new count."""
    event = _begin(events, count, command, kind)
    event.order_id = 0
    event.tag = 0
    event.price = 0
    event.quantity = 0
    event.leaves = 0
    event.account = command.account
    event.instrument = command.instrument
    event.session = command.session
    event.side = -1
    return count + 1


@kernel
def tell(events: Table, count: int, command: Row, order: Row, kind: int, quantity: int) -> int:
    """Write an event about an order, to its owner; return the new count."""
    event = _begin(events, count, command, kind)
    event.order_id = order.order_id
    event.tag = order.tag
    event.price = order.price
    event.quantity = quantity
    event.leaves = order.leaves
    event.account = order.account
    event.instrument = order.instrument
    event.session = order.session
    event.side = order.side
    return count + 1


@kernel
def _begin(events: Table, count: int, command: Row, kind: int) -> Row:
    """Return the next event with what all of them have; what few have is 0 until written."""
    event = events[np.uint64(count)]
    n = 0
    if count > 0 and last(events, count).seq == command.seq:
        n = last(events, count).n + 1
    event.n = n
    event.seq = command.seq
    event.time = command.time
    event.trade_id = 0
    event.other = 0
    event.kind = kind
    event.reason = Reason.NONE
    event.role = Role.NONE
    event.flags = 0
    return event


@kernel
def tell_canceled(events: Table, count: int, command: Row, order: Row, reason: int) -> int:
    """Write that all that was left of an order is gone; return the new count."""
    count = tell(events, count, command, order, Did.CANCELED, order.leaves)
    last(events, count).leaves = 0
    last(events, count).reason = reason
    return count


@kernel
def tell_refused(events: Table, count: int, command: Row, reason: int) -> int:
    """Write that a command was refused; return the new count."""
    count = say(events, count, command, Did.REJECTED)
    last(events, count).reason = reason
    return count
