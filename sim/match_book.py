"""One real book of the kernel for somebody else's orders: no margin, one account, one instrument.

It alone turns the numbers of a flow's orders into the kernel's, and back. What rests, at
which price and in which place, it asks of the state; it keeps no book of its own.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine.hashes import list_orders
from engine.jit import Table
from engine.kernel import step
from engine.layout import COMMAND, EVENT
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import SLOT_BITS, VERSION, Did, Form, Kind, Phase, Tif, Type
from engine.state import Sizes, State, new_state
from engine.views import views

ACCOUNT, INSTRUMENT, PRODUCT = 1, 0, 0
RANKS_MAX = 131_071
_STAKE = 1 << 54  # The kernel's bound on lots x ladder x value; see engine/listing.py.
_LOTS_MAX = 1 << 40
_SLOTS_MAX = (1 << SLOT_BITS) - 1
_EVENTS = 1 << 17
_SLOT_MASK = (1 << SLOT_BITS) - 1
_ENTERED, _FILLED, _REJECTED = (int(did) for did in (Did.ENTERED, Did.FILLED, Did.REJECTED))


class Resting(NamedTuple):
    """An order that rests in the book."""

    name: int
    side: int
    price: int
    quantity: int


class Book:
    """A kernel state with one open instrument.

    An order's name is a small number from 0; it travels as its tag, less one. `ids` holds, by
    name, the order id that the kernel gave last, or 0, which the kernel knows no order by.
    """

    def __init__(self, prices: Table, names: int, orders: int, phase: Phase) -> None:
        """Begin empty. prices: what the ladder is to cover. orders: the most at one time."""
        low, high = _ladder(prices)
        ranks = high - low + 1
        sizes = Sizes(
            orders=min(orders + 1, _SLOTS_MAX),
            levels=4 * ranks + 2,
            instruments=1,
            products=1,
            accounts=2,
            positions=2,
        )
        self.state: State = new_state(sizes)
        self.ids = np.zeros(names, np.int64)
        self.commands = 0
        self.lots = 0
        self.rejected: Counter[str] = Counter()
        self._seq = 0
        self._events = np.zeros(_EVENTS, EVENT)
        self._found(low, high, phase)

    def apply(self, rows: Table) -> Table:
        """Give rows to the kernel, in place stamped and with their order ids; return EVENT rows.

        The events are valid until the next call.
        """
        self.commands += len(rows)
        rows["order_id"] = self.ids[rows["tag"] - 1]
        events = self._step(rows)
        kinds = events["kind"]
        entered = kinds == _ENTERED
        self.ids[events["tag"][entered] - 1] = events["order_id"][entered]
        refused = kinds == _REJECTED
        if refused.any():
            codes = events["reason"][refused].tolist()
            self.rejected.update(Reason(code).name for code in codes)
        return events

    def change_phase(self, phase: Phase) -> Table:
        """Move the instrument to a phase; return EVENT rows, valid until the next call."""
        batch = Batch(1)
        batch.money(Kind.PHASE, instrument=INSTRUMENT, code=phase)
        return self._step(batch.rows)

    def find(self, name: int) -> Resting | None:
        """Return a resting order, as it stands; None where no such order rests."""
        order_id = int(self.ids[name])
        order = self.state.orders[order_id & _SLOT_MASK]
        if order_id == 0 or order["order_id"] != order_id:
            return None
        return Resting(name, int(order["side"]), int(order["price"]), int(order["leaves"]))

    def queue(self, side: int, price: int) -> list[Resting]:
        """Return the orders that rest at a price, oldest first."""
        return [order for order in self.resting() if (order.side, order.price) == (side, price)]

    def resting(self) -> Iterator[Resting]:
        """Yield every resting order, bids then asks by priority."""
        rows = np.empty((int(self.state.totals[0]["live"]), 7), np.int64)
        list_orders(self.state, INSTRUMENT, rows)
        slots = rows[:, 0] & _SLOT_MASK
        names = (self.state.orders["tag"][slots] - 1).tolist()
        for name, (side, price, leaves) in zip(names, rows[:, 2:5].tolist(), strict=True):
            yield Resting(name, side, price, leaves)

    def _found(self, low: int, high: int, phase: Phase) -> None:
        lots = min(_STAKE // max(high - low, 1), _LOTS_MAX)
        batch = Batch()
        batch.money(Kind.PRODUCT, product=PRODUCT)
        batch.listing(
            INSTRUMENT,
            PRODUCT,
            "",
            low=low,
            high=high,
            tick=1,
            value=1,
            clip=lots,
            position_max=lots,
            protection=high - low,
            month=0,
            expiry=0,
            form=Form.FUTURE,
        )
        batch.money(Kind.OPEN_OWNER, other=1)
        batch.money(Kind.OPEN_ACCOUNT, account=ACCOUNT, other=1)
        batch.money(Kind.PHASE, instrument=INSTRUMENT, code=phase)
        for event in self._step(batch.rows):
            if event["kind"] == Did.REJECTED:
                reason = Reason(int(event["reason"])).name
                raise ValueError(f"the engine has no ladder from {low} to {high} ticks: {reason}")

    def _step(self, rows: Table) -> Table:
        rows["seq"] = np.arange(self._seq + 1, self._seq + 1 + len(rows))
        self._seq += len(rows)
        families = views(rows)
        done, count, room = step(self.state, families, 0, self._events)
        parts = []
        while room > 0:
            parts.append(self._events[:count].copy())
            if room > len(self._events):
                self._events = np.zeros(1 << room.bit_length(), EVENT)
            done, count, room = step(self.state, families, done, self._events)
        events = self._events[:count]
        if parts:
            events = np.concatenate((*parts, events))
        self.lots += int(events["quantity"][events["kind"] == _FILLED].sum()) // 2
        return events


def new_rows(count: int) -> Table:
    """Return COMMAND rows of the book's account, all limit orders of the day."""
    rows = np.zeros(count, COMMAND)
    rows["kind"], rows["version"] = Kind.ENTER, VERSION
    rows["account"], rows["instrument"] = ACCOUNT, INSTRUMENT
    rows["type"], rows["tif"] = Type.LIMIT, Tif.DAY
    return rows


def add_enter(batch: Batch, order: Resting, type: int = Type.LIMIT, tif: int = Tif.DAY) -> None:
    """Add the entry of an order."""
    _, side, price, quantity = order
    tag = order.name + 1
    batch.enter(ACCOUNT, INSTRUMENT, side, quantity, price, type=type, tif=tif, tag=tag)


def add_replace(batch: Batch, order: Resting) -> None:
    """Add the change of a resting order to a new price and what is to be left of it."""
    batch.replace(ACCOUNT, INSTRUMENT, 0, order.quantity, order.price, tag=order.name + 1)


def add_cancel(batch: Batch, name: int) -> None:
    """Add the cancel of a resting order."""
    batch.cancel(ACCOUNT, INSTRUMENT, 0, tag=name + 1)


def add_cancel_all(batch: Batch) -> None:
    """Add the cancel of all that rests."""
    batch.cancel_all(ACCOUNT, INSTRUMENT)


def side_of(sign: int) -> int:
    """Return the kernel's side of a flow's."""
    return int(sign <= 0)


def _ladder(prices: Table) -> tuple[int, int]:
    """Return the lowest and the highest price; of a wide flow a window around its middle."""
    low, high = int(prices.min()), int(prices.max())
    if high - low < RANKS_MAX:
        return low, high
    low = int(np.sort(prices)[len(prices) // 2]) - RANKS_MAX // 2
    return low, low + RANKS_MAX - 1
