"""The queues of one book: its orders, each price first come first served, folded from events.

For those who follow every order. What everybody sees by price is `gateway/book.py`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from engine.schema import Did, Role, Side
from gateway.events import Event, chosen


class Change(NamedTuple):
    """What became of one order in the book.

    add: it stands last at its price, with so many lots shown. change: it keeps its place, with
    so many. delete: it is gone, for good or until a refill adds it again.
    """

    action: str
    side: int
    order_id: int
    price: int
    lots: int


@dataclass(slots=True)
class Queued:
    """One order that shows in the book."""

    side: int
    price: int
    leaves: int
    shown: int


FOLDED = chosen([Did.RESTED, Did.REFILLED, Did.FILLED, Did.CANCELED, Did.REPLACED])


class Queues:
    """The orders of one book, those of one price in the order of their queue."""

    def __init__(self, orders: Iterable[tuple[int, Queued]]) -> None:
        """Begin with orders, those of one price in the order of their queue."""
        self._orders = dict(orders)

    def __iter__(self) -> Iterator[Change]:
        """Yield what would add all orders: bids, then asks, best first."""
        for side, sign in ((Side.BUY, -1), (Side.SELL, 1)):
            mine = [(key, each) for key, each in self._orders.items() if each.side == side]
            for order_id, order in sorted(mine, key=lambda one: sign * one[1].price):
                yield Change("add", side, order_id, order.price, order.shown)

    def ahead(self, order_id: int) -> int:
        """Return how many lots are shown in front of an order at its price."""
        mine, lots = self._orders[order_id], 0
        for other, order in self._orders.items():
            if other == order_id:
                break
            if (order.side, order.price) == (mine.side, mine.price):
                lots += order.shown
        return lots

    def fold(self, event: Event) -> list[Change]:
        """Take in an event of this book; return what it changed: one order, or nothing."""
        if event.kind == Did.RESTED:
            return [self._add(event, event.other)]
        if event.kind == Did.REFILLED:
            return [self._add(event, event.quantity)]
        order = self._orders.get(event.order_id)
        if order is None or event.role == Role.LEG:
            return []
        if event.kind == Did.FILLED:
            return [self._show(event, order, order.shown - event.quantity)]
        keeps = event.price == order.price and event.leaves <= order.leaves
        if event.kind == Did.REPLACED and keeps:
            return [self._show(event, order, min(order.shown, event.leaves))]
        return [self._show(event, order, 0)]

    def _add(self, event: Event, shown: int) -> Change:
        self._orders.pop(event.order_id, None)
        self._orders[event.order_id] = Queued(event.side, event.price, event.leaves, shown)
        return Change("add", event.side, event.order_id, event.price, shown)

    def _show(self, event: Event, order: Queued, shown: int) -> Change:
        order.leaves, order.shown = event.leaves, shown
        if shown == 0:
            del self._orders[event.order_id]
        action = "change" if shown else "delete"
        return Change(action, order.side, event.order_id, order.price, shown)
