"""The public books: what rests at each price, folded from published events.

A compiled fold over EVENT rows, one call a frame. It knows what the events told and
nothing of the engine's state.
"""

import numpy as np

from engine.jit import Row, Table, entry, kernel
from engine.schema import SLOT_BITS, Did, Role, Side
from gateway.queues import Queued

ORDER = np.dtype(
    [
        ("order_id", "<i8"),  # 0: this slot's order does not rest.
        ("price", "<i8"),
        ("leaves", "<i8"),
        ("shown", "<i8"),  # What of it the book displays.
        ("place", "<i8"),  # Rises in the order in which orders came to their queues.
        ("instrument", "<i4"),
        ("side", "<i4"),
    ]
)
LADDER = np.dtype(
    [
        ("low", "<i8"),
        ("tick", "<i8"),
        ("ranks", "<i8"),  # Prices a side; 0: not listed.
        ("first", "<i8"),  # Where its buy side begins in `lots`; the sell side follows.
    ]
)

Level = tuple[int, int]  # Price in units, lots.

_SLOTS = (1 << SLOT_BITS) - 1
_EVENT_BITS = 20  # More than events of one command.


class Books:
    """Every instrument's lots by price, as of the last event folded."""

    def __init__(self) -> None:
        self._orders = np.zeros(1 << 10, ORDER)
        self._ladders = np.zeros(1 << 7, LADDER)
        self._lots = np.zeros(0, np.int64)
        self._changed = np.zeros(1 << 10, np.int64)

    def add(self, instrument: int, low: int, high: int, tick: int) -> None:
        """Give an instrument its ladder: prices low, low + tick, ..., high."""
        if instrument >= len(self._ladders):
            self._ladders = _grown(self._ladders, instrument + 1)
        ranks = (high - low) // tick + 1
        self._ladders[instrument] = (low, tick, ranks, len(self._lots))
        self._lots = np.concatenate([self._lots, np.zeros(2 * ranks, np.int64)])

    def fold(self, events: Table) -> dict[int, set[tuple[int, int]]]:
        """Apply events; return the (side, price) that changed, by instrument.

        events: EVENT, shape (n,), in order.
        """
        if not len(events):
            return {}
        slots = int((events["order_id"] & _SLOTS).max()) + 1
        if slots > len(self._orders):
            self._orders = _grown(self._orders, slots)
        if 2 * len(events) > len(self._changed):
            self._changed = np.zeros(2 * len(events), np.int64)
        count = fold(self._orders, self._ladders, self._lots, events, self._changed)
        return self._by_instrument(np.unique(self._changed[:count]))

    def levels(self, instrument: int, side: int, depth: int) -> list[Level]:
        """Return the best `depth` prices of a side with their lots, best first."""
        ladder = self._ladders[instrument]
        lots = self._side(instrument, side)
        held = np.flatnonzero(lots)
        best = held[::-1][:depth] if side == Side.BUY else held[:depth]
        prices = best * int(ladder["tick"]) + int(ladder["low"])
        return list(zip(prices.tolist(), lots[best].tolist(), strict=True))

    def lots(self, instrument: int, side: int, price: int) -> int:
        """Return what rests at a price."""
        ladder = self._ladders[instrument]
        return int(self._side(instrument, side)[(price - ladder["low"]) // ladder["tick"]])

    def queued(self, instrument: int) -> list[tuple[int, Queued]]:
        """Return the orders that an instrument's book shows, by id, as their queues stand.

        It looks at all orders of all books: for who begins to follow one.
        """
        resting = self._orders[self._orders["order_id"] != 0]
        mine = resting[resting["instrument"] == instrument]
        found = mine[np.argsort(mine["place"])][["order_id", "side", "price", "leaves", "shown"]]
        return [(order_id, Queued(*order)) for order_id, *order in found.tolist()]

    def _side(self, instrument: int, side: int) -> Table:
        ladder = self._ladders[instrument]
        first = int(ladder["first"] + side * ladder["ranks"])
        return self._lots[first : first + int(ladder["ranks"])]

    def _by_instrument(self, places: Table) -> dict[int, set[tuple[int, int]]]:
        changed: dict[int, set[tuple[int, int]]] = {}
        owners = np.searchsorted(self._firsts(), places, side="right") - 1
        for place, instrument in zip(places.tolist(), owners.tolist(), strict=True):
            low, tick, ranks, first = self._ladders[instrument].tolist()
            side, rank = divmod(place - first, ranks)
            changed.setdefault(instrument, set()).add((side, low + rank * tick))
        return changed

    def _firsts(self) -> Table:
        listed = int(np.count_nonzero(self._ladders["ranks"]))
        return self._ladders["first"][:listed]


def _grown(rows: Table, room: int) -> Table:
    grown = np.zeros(max(2 * len(rows), room), rows.dtype)
    grown[: len(rows)] = rows
    return grown


@entry
def fold(orders: Table, ladders: Table, lots: Table, events: Table, changed: Table) -> int:
    """Apply events to orders and lots, in place; return how many places of `lots` changed.

    orders: ORDER, by slot. ladders: LADDER, by instrument. lots: int64, all ladders.
    events: EVENT, shape (n,). changed: int64, at least (2 n,), overwritten with the places.
    """
    count = 0
    for i in range(len(events)):
        event = events[i]
        order = orders[event.order_id & _SLOTS]
        if event.kind == Did.RESTED:
            count = rest(order, event, event.other, ladders, lots, changed, count)
        elif event.kind == Did.REFILLED:
            count = rest(order, event, event.quantity, ladders, lots, changed, count)
        elif order.order_id == event.order_id and event.order_id != 0:
            if event.kind == Did.FILLED and event.role != Role.LEG:
                count = take(order, event.quantity, ladders, lots, changed, count)
            elif event.kind == Did.CANCELED:
                count = take(order, order.shown, ladders, lots, changed, count)
            elif event.kind == Did.REPLACED:
                keeps = event.price == order.price and event.leaves <= order.leaves
                gone = order.shown - min(order.shown, event.leaves) if keeps else order.shown
                count = take(order, gone, ladders, lots, changed, count)
                order.leaves = event.leaves
    return count


@kernel
def rest(
    order: Row, event: Row, shown: int, ladders: Table, lots: Table, changed: Table, count: int
) -> int:
    """Put an order into its slot and what it shows into the ladder."""
    order.order_id = event.order_id
    order.price = event.price
    order.leaves = event.leaves
    order.shown = shown
    order.place = (event.seq << _EVENT_BITS) | event.n
    order.instrument = event.instrument
    order.side = event.side
    changed[count] = place(order, ladders)
    lots[changed[count]] += shown
    return count + 1


@kernel
def take(order: Row, quantity: int, ladders: Table, lots: Table, changed: Table, count: int) -> int:
    """Take shown lots off the ladder; an order that shows nothing is gone, until a refill."""
    changed[count] = place(order, ladders)
    lots[changed[count]] -= quantity
    order.leaves -= quantity
    order.shown -= quantity
    if order.shown == 0:
        order.order_id = 0
    return count + 1


@kernel
def place(order: Row, ladders: Table) -> int:
    """Return the place in `lots` of an order's price."""
    ladder = ladders[order.instrument]
    rank = (order.price - ladder.low) // ladder.tick
    found: int = ladder.first + order.side * ladder.ranks + rank
    return found
