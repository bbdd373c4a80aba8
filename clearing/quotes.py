"""The best bids and asks as the settlement window ends: a compiled fold over events.

It knows which orders rest, from events alone, and looks at all of them once a day. Nothing of
the window's end depends on when the house is asked: the row of the fixing says when it comes.
"""

import numpy as np

from clearing.holdings import is_print
from engine.jit import Row, Table, direct, entry, kernel
from engine.layout import EVENT
from engine.schema import NIL_PRICE, SLOT_BITS, Did, Role, Side

RESTING = np.dtype(
    [
        ("order_id", "<i8"),  # 0: this slot's order does not rest.
        ("price", "<i8"),
        ("instrument", "<i4"),
        ("side", "<i4"),
    ]
)
QUOTED = np.dtype(
    [
        ("bid", "<i8"),  # As the window ended, explicit or implied; NIL_PRICE: none.
        ("ask", "<i8"),
        ("last", "<i8"),  # The last trade then, since the window before.
        ("implied_bid", "<i8"),  # As it stands.
        ("implied_ask", "<i8"),
        ("traded", "<i8"),  # As it stands.
    ]
)

_SLOTS = (1 << SLOT_BITS) - 1
_NOTHING = np.full(1, NIL_PRICE, np.int64).repeat(6).view(QUOTED)


class Quotes:
    """What rests, and of each instrument the best of it as the last window ended."""

    def __init__(self) -> None:
        self.instruments = 0
        self._closes = np.zeros(1, np.int64)  # When the window ends; 0: it has.
        self._closed = 0  # When the last one did.
        self._orders = np.zeros(1 << 10, RESTING)
        self._quoted = np.repeat(_NOTHING, 128)
        tables = self._orders, self._quoted, self._closes
        self._fold = direct(fold, np.zeros(1, EVENT), 0, *tables)

    def add_instrument(self) -> None:
        """Count one more instrument."""
        if self.instruments == len(self._quoted):
            self._quoted = np.concatenate([self._quoted, np.repeat(_NOTHING, self.instruments)])
        self.instruments += 1

    def fold(self, events: Table) -> None:
        """Take in the events of a frame. events: EVENT, shape (n,), contiguous."""
        assert events.dtype == EVENT
        assert events.flags.c_contiguous
        done = self._fold(events, 0, self._orders, self._quoted, self._closes)
        while done < len(events):
            self._orders = np.concatenate([self._orders, np.zeros_like(self._orders)])
            done = self._fold(events, done, self._orders, self._quoted, self._closes)

    def expect(self, closes: int) -> None:
        """Keep the best prices as of a time, ns, once an event shows that it has come."""
        self._closes[0], self._closed = closes, closes

    def close(self, closes: int) -> None:
        """Keep them as they stand, unless they are kept as of that time."""
        if self._closes[0] or self._closed != closes:
            self.expect(closes)
            clock = np.zeros(1, EVENT)
            clock["time"] = closes
            self.fold(clock)

    def of(self, instrument: int) -> tuple[int, int, int]:
        """Return bid, ask and last trade of an instrument as the last window ended."""
        quoted = self._quoted[instrument]
        return int(quoted["bid"]), int(quoted["ask"]), int(quoted["last"])


@entry
def fold(events: Table, first: int, orders: Table, quoted: Table, closes: Table) -> int:
    """Take in events of one frame from the `first` on, in place; return how many are taken in.

    orders: RESTING, by slot; where it has none for an order that rests, that event is next.
    quoted: QUOTED, by instrument. closes: int64, shape (1,): the first event at or after it finds
    the window ended, and sets it to 0.
    """
    for i in range(first, len(events)):
        event = events[i]
        if closes[0] != 0 and event.time >= closes[0]:
            _close(orders, quoted)
            closes[0] = 0
        slot = event.order_id & _SLOTS
        if event.kind == Did.RESTED:
            if slot >= len(orders):
                return i
            _rest(event, orders[slot])
        elif event.kind == Did.FILLED:
            if is_print(event):
                quoted[event.instrument].traded = event.price
            if event.leaves == 0 and event.role != Role.LEG:
                _leave(event, slot, orders)
        elif event.kind == Did.CANCELED:
            _leave(event, slot, orders)
        elif event.kind == Did.REPLACED:
            if slot < len(orders) and event.price != orders[slot].price:
                _leave(event, slot, orders)  # Where it rests anew, a RESTED row follows.
        elif event.kind == Did.IMPLIED:
            _imply(event, quoted[event.instrument])
    return len(events)


@kernel
def _rest(event: Row, order: Row) -> None:
    order.order_id = event.order_id
    order.price = event.price
    order.instrument = event.instrument
    order.side = event.side


@kernel
def _imply(event: Row, book: Row) -> None:
    price = event.price if event.quantity > 0 else NIL_PRICE
    if event.side == Side.BUY:
        book.implied_bid = price
    else:
        book.implied_ask = price


@kernel
def _leave(event: Row, slot: int, orders: Table) -> None:
    if slot < len(orders) and orders[slot].order_id == event.order_id:
        orders[slot].order_id = 0


@kernel
def _close(orders: Table, quoted: Table) -> None:
    """Keep the best price of each side, and the last trade, as they stand."""
    for number in range(len(quoted)):
        book = quoted[number]
        book.bid, book.ask, book.last = book.implied_bid, book.implied_ask, book.traded
        book.traded = NIL_PRICE
    for slot in range(len(orders)):
        order = orders[slot]
        if order.order_id != 0:
            book = quoted[order.instrument]
            if order.side == Side.BUY:
                book.bid = max(book.bid, order.price)
            elif book.ask == NIL_PRICE or order.price < book.ask:
                book.ask = order.price
