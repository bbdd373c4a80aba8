"""One match event of a tape: what its aggressors asked for, whom the venue filled, and whom we."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from engine.jit import Table
from engine.rows import Batch
from engine.schema import Role, Side, Tif
from sim.flow import Flow, Says
from sim.match_book import Book, Resting, add_cancel, add_enter, add_replace, side_of

Lots = Counter[tuple[int, int]]  # By (price, name).

_MAKER = int(Role.MAKER)
_FILL = ("tag", "side", "price", "quantity", "leaves")


class Event(NamedTuple):
    """The rows of one time that hold a trade print, by what they are, each in order."""

    prints: list[Resting]  # The aggressor's name and side, a traded price and its lots.
    executions: list[Resting]
    said: dict[int, Resting]  # What the tape says of an order afterwards; 0 lots: it is gone.
    clears: bool  # Whether all that rested before is gone.


class Filled(NamedTuple):
    """What the kernel made of an event."""

    lots: Lots  # Of makers.
    before: dict[int, Resting]  # The makers in order of their fills, as they rested before.


def read_event(flow: Flow, names: Table, first: int, stop: int) -> Event:
    """Return the rows from `first` to before `stop` as an event."""
    prints, executions, said, clears = [], [], dict[int, Resting](), False
    columns = [flow.says, names, flow.side, flow.price, flow.quantity]
    cells = [column[first:stop].tolist() for column in columns]
    for says, name, sign, price, quantity in zip(*cells, strict=True):
        left = 0 if says == Says.CANCEL else quantity
        row = Resting(name, side_of(sign), price, left)
        if says == Says.TRADE:
            prints.append(row)
        elif says == Says.EXECUTE:
            executions.append(row)
        elif says == Says.CLEAR:
            clears = True
            said.clear()
        else:
            said.pop(name, None)
            said[name] = row
    return Event(prints, executions, said, clears)


def ask(book: Book, event: Event) -> Filled:
    """Send what the aggressors asked for, an order each, and return whom it filled.

    An order is fill-and-kill, at its worst traded price, for all that it traded; of one that
    rests already it is a replace. The cancels and changes of bystanders go first: where a venue
    prevents a self-match, the resting order goes before the aggressor would reach it.
    """
    asked: dict[int, Resting] = {}
    for row in event.prints:
        name, side, price, quantity = row
        if name in asked:
            worst = max if side == Side.BUY else min
            price = worst(price, asked[name].price)
            quantity += asked[name].quantity
        asked[name] = Resting(name, side, price, quantity)
    batch = Batch()
    busy = asked.keys() | {row.name for row in event.executions}
    for order in event.said.values():
        if order.name not in busy and book.find(order.name):
            if order.quantity == 0:
                add_cancel(batch, order.name)
            else:
                add_replace(batch, order)
    for order in asked.values():
        if book.find(order.name) is None:
            add_enter(batch, order, tif=Tif.FAK)
        else:
            add_replace(batch, order)
    return _filled(book.apply(batch.rows))


def expected_lots(event: Event) -> Lots:
    """Return the lots that the venue gave to others than the aggressors."""
    aggressors = {row.name for row in event.prints}
    lots = Lots()
    for row in event.executions:
        if row.name not in aggressors:
            lots[row.price, row.name] += row.quantity
    return lots


def at_price(lots: Lots) -> Counter[int]:
    """Return lots by price alone."""
    sums: Counter[int] = Counter()
    for (price, _), quantity in lots.items():
        sums[price] += quantity
    return sums


def _filled(events: Table) -> Filled:
    lots, before = Lots(), dict[int, Resting]()
    makers = np.flatnonzero(events["role"] == _MAKER)
    fields = [events[name][makers].tolist() for name in _FILL]
    for tag, side, price, quantity, leaves in zip(*fields, strict=True):
        lots[price, tag - 1] += quantity
        before.setdefault(tag - 1, Resting(tag - 1, side, price, quantity + leaves))
    return Filled(lots, before)
