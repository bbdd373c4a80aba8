"""Writes EVENT rows: the only file that does."""

from engine.jit import Row, Table, kernel
from engine.reasons import Reason
from engine.schema import Did, Role


@kernel
def say(events: Table, count: int, command: Row, kind: int) -> int:
    """Write an event about the command itself; return the new count."""
    event = events[count]
    event.seq = command.seq
    event.time = command.time
    event.order_id = 0
    event.tag = 0
    event.price = 0
    event.quantity = 0
    event.leaves = 0
    event.trade_id = 0
    event.other = 0
    event.account = command.account
    event.instrument = command.instrument
    event.session = command.session
    event.n = 0
    if count > 0 and events[count - 1].seq == command.seq:
        event.n = events[count - 1].n + 1
    event.kind = kind
    event.side = -1
    event.reason = Reason.NONE
    event.role = Role.NONE
    event.flags = 0
    return count + 1


@kernel
def tell(events: Table, count: int, command: Row, order: Row, kind: int, quantity: int) -> int:
    """Write an event about an order, to its owner; return the new count."""
    count = say(events, count, command, kind)
    event = events[count - 1]
    event.order_id = order.order_id
    event.tag = order.tag
    event.price = order.price
    event.quantity = quantity
    event.leaves = order.leaves
    event.account = order.account
    event.instrument = order.instrument
    event.session = order.session
    event.side = order.side
    return count


@kernel
def tell_canceled(events: Table, count: int, command: Row, order: Row, reason: int) -> int:
    """Write that all that was left of an order is gone; return the new count."""
    count = tell(events, count, command, order, Did.CANCELED, order.leaves)
    events[count - 1].leaves = 0
    events[count - 1].reason = reason
    return count


@kernel
def tell_refused(events: Table, count: int, command: Row, reason: int) -> int:
    """Write that a command was refused; return the new count."""
    count = say(events, count, command, Did.REJECTED)
    events[count - 1].reason = reason
    return count
