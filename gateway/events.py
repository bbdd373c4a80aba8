"""EVENT rows as plain Python tuples, for folds that look at rows one by one."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from engine.jit import Table
from engine.layout import EVENT
from engine.schema import Did, Role, Side


class Event(NamedTuple):
    """One EVENT row; what each field holds stands in `engine/layout.py`."""

    seq: int
    time: int
    order_id: int
    tag: int
    price: int
    quantity: int
    leaves: int
    trade_id: int
    other: int
    account: int
    instrument: int
    session: int
    n: int
    kind: int
    side: int
    reason: int
    role: int
    flags: int


assert Event._fields == EVENT.names


def block_of(event: Event) -> int:
    """Return the trade id of the block that a FILLED event is of, or a leg of; 0: of none."""
    return (event.other or event.trade_id) if event.role == Role.BLOCK else 0


def is_print(event: Event) -> bool:
    """Whether an event stands for a trade of its own book: one row of each such trade does.

    A leg's price in a trade of two spread orders is no price of the leg's book.
    """
    if event.kind != Did.FILLED:
        return False
    if event.role == Role.AUCTION:
        return event.side == Side.BUY
    return event.role in (Role.TAKER, Role.IMPLIED)


def chosen(kinds: Iterable[int]) -> Table:
    """Return a table that is true at these kinds, shape (256,)."""
    table = np.zeros(256, np.bool_)
    table[list(kinds)] = True
    return table


def select(events: Table, table: Table) -> list[Event]:
    """Return the events of the chosen kinds, in order."""
    return [Event._make(row) for row in events[table[events["kind"]]].tolist()]
