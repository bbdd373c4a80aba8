"""Our kernel as a candidate engine of `tracebook-conformance`: NDJSON in, NDJSON out.

The adapter holds no book: price, queue and quantity come from `State`. What it maps:

| theirs | ours |
|---|---|
| symbol | an instrument with the ladder 1 to 16,384 ticks, always open |
| owner | an account; no order has an SMP id; no margin (no rate, no mark), no guards |
| quantity 1 | 10^10 lots: the most at which the kernel's 2^40 lots an order are 100 units |
| order id | the tag, by which an order is found in `State` |
| MARKET, IOC, FOK | fill-and-kill at the ladder's end, fill-and-kill, fill-or-kill |
| replace | enter, then cancel the old: a refused replace leaves it, the new stands behind it |
| reduce | our replace to a lower quantity; to nothing: cancel |
| clear | an operator's cancel of each order |

Run: `python -m tests.tracebook_adapter`.
"""

import os
import sys
from collections.abc import Iterator
from decimal import Decimal

import numpy as np
from tracebook.conformance.model import (
    BookSnapshot,
    BookState,
    ConformanceConfig,
    EngineMetadata,
    Observation,
    Outcome,
    RestingOrder,
    TradeFill,
    canonical_decimal,
)
from tracebook.conformance.protocol import serve_stdio
from tracebook.core.order import OrderSide, OrderType, SelfTradePolicy
from tracebook.events import MarketEvent

from engine.exchange import Exchange
from engine.hashes import list_orders
from engine.jit import Row, Table
from engine.layout import EVENT
from engine.rows import Batch
from engine.schema import SLOT_BITS, Did, Flag, Form, Kind, Phase, Role, Side, Tif
from engine.state import Sizes

LOTS = Decimal(10**10)  # Of a unit of quantity.
LOW, HIGH = 1, 1 << 14
LOTS_MAX = 1 << 40
SIZES = Sizes(
    orders=1 << 12, levels=1 << 19, instruments=8, products=1, accounts=1 << 9, positions=1 << 11
)
_TIFS = {OrderType.LIMIT: Tif.GTC, OrderType.FOK: Tif.FOK}
_NOTHING = np.zeros(0, EVENT)
_REFUSED = {"replace": "INVALID_REPLACEMENT", "cancel": "INVALID_CANCEL"}


class Adapter:
    """One comparison's exchange. Names are all it remembers: of symbols and of owners."""

    metadata = EngineMetadata("cfx", "0.1.0", "Python")

    def __init__(self, config: ConformanceConfig) -> None:
        """Open an exchange of one product, without any instrument. Raises ValueError."""
        if config.matching_algorithm != "fifo" or config.self_trade_policy != SelfTradePolicy.NONE:
            raise ValueError("this adapter maps fifo without self-trade prevention only")
        self._config = config
        self._exchange = Exchange(sizes=SIZES)
        self._symbols: list[str] = []
        self._owners = [0]  # By account; 0 is the clearing house.
        batch = Batch()
        batch.money(Kind.PRODUCT, product=0)
        self._submit(batch)

    def apply(self, event: MarketEvent, index: int) -> Observation:
        """Play one event; return what came of it."""
        reason, events = self._play(event)
        if not reason and (events["kind"] == Did.REJECTED).any():
            reason = _REFUSED.get(event.op, "INVALID_ORDER")
        outcome = Outcome("rejected", reason) if reason else Outcome("applied")
        state = self.snapshot()
        fills = tuple(self._trades(events, event.symbol))
        return Observation(index, outcome, fills, state.digest(), state.order_count)

    def snapshot(self) -> BookState:
        """Return every resting order, by priority."""
        books = []
        for symbol in sorted(self._symbols):
            orders = self._resting(self._symbols.index(symbol))
            bids, asks = (
                tuple(self._shown(order) for order in orders[orders["side"] == side])
                for side in Side
            )
            books.append(BookSnapshot(symbol, bids, asks))
        return BookState(tuple(books))

    def close(self) -> None:
        """There is nothing to close."""

    def _play(self, event: MarketEvent) -> tuple[str, Table]:
        """Return why the event names what is not there, or "", and the EVENT rows."""
        if event.op in ("new", "clear"):
            number = self._instrument(event.symbol)
        elif event.symbol in self._symbols:
            number = self._symbols.index(event.symbol)
        else:
            return "ORDER_NOT_ACTIVE", _NOTHING
        if event.op == "clear":
            return "", self._cancel(self._resting(number))
        order = self._find(number, event.order_id or 0)
        if event.op == "new":
            if len(order):
                return "DUPLICATE_ORDER_ID", _NOTHING
            return "", self._enter(number, event)
        if not len(order):
            return "ORDER_NOT_ACTIVE", _NOTHING
        if event.op == "cancel":
            return "", self._cancel(order)
        if event.op == "reduce":
            return "", self._reduce(order, event)
        return "", self._replace(order, event)

    def _enter(self, number: int, event: MarketEvent) -> Table:
        side = Side.BUY if event.side == OrderSide.BUY else Side.SELL
        if event.order_type == OrderType.MARKET:
            price = HIGH if side == Side.BUY else LOW
        else:
            price = self._ticks(event.price or 0.0)
        batch = Batch()
        batch.enter(
            self._account(event.owner),
            number,
            side,
            self._lots(event.quantity or 0.0),
            price,
            tif=_TIFS.get(event.order_type, Tif.FAK),
            tag=event.order_id or 0,
        )
        return self._submit(batch)

    def _cancel(self, orders: Table) -> Table:
        batch = Batch()
        for order in orders:
            account, number = int(order["account"]), int(order["instrument"])
            batch.cancel(account, number, int(order["order_id"]), flags=Flag.OPERATOR)
        return self._submit(batch) if len(orders) else _NOTHING

    def _reduce(self, order: Table, event: MarketEvent) -> Table:
        left = int(order["leaves"][0]) - self._lots(event.quantity or 0.0)
        if left == 0:
            return self._cancel(order)
        account, number, order_id, price = _named(order)
        batch = Batch()
        batch.replace(account, number, order_id, left, price)
        return self._submit(batch)

    def _replace(self, order: Table, event: MarketEvent) -> Table:
        account, number, _, price = _named(order)
        lots = int(order["leaves"][0])
        if event.price is not None:
            price = self._ticks(event.price)
        if event.quantity is not None:
            lots = self._lots(event.quantity)
        batch = Batch()
        side, tag = int(order["side"][0]), int(order["tag"][0])
        batch.enter(account, number, side, lots, price, tif=Tif.GTC, tag=tag)
        events = self._submit(batch)
        if not (events["kind"] == Did.REJECTED).any():
            self._cancel(order)
        return events

    def _instrument(self, symbol: str) -> int:
        """Return the instrument of a symbol, listed and opened at its first sight."""
        if symbol not in self._symbols:
            number = len(self._symbols)
            batch = Batch()
            batch.listing(
                number,
                0,
                symbol,
                low=LOW,
                high=HIGH,
                tick=1,
                value=1,
                clip=LOTS_MAX,
                position_max=LOTS_MAX,
                protection=0,
                month=0,
                expiry=0,
                form=Form.FUTURE,
            )
            batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN)
            self._submit(batch)
            self._symbols.append(symbol)
        return self._symbols.index(symbol)

    def _account(self, owner: int) -> int:
        """Return the account of an owner, opened at its first sight."""
        if owner not in self._owners[1:]:
            number = len(self._owners)
            batch = Batch()
            batch.money(Kind.OPEN_OWNER, other=number)
            batch.money(Kind.OPEN_ACCOUNT, account=number, other=number)
            self._submit(batch)
            self._owners.append(owner)
        return self._owners.index(owner, 1)

    def _find(self, number: int, tag: int) -> Table:
        """Return the live order of a tag, as a copy of its slot; no row where there is none."""
        orders = self._exchange.state.orders
        named = (orders["tag"] == tag) & (orders["instrument"] == number)
        live: Table = orders[named & (orders["order_id"] != 0)]
        return live

    def _resting(self, number: int) -> Table:
        """Return copies of the slots of all an instrument's orders, bids then asks."""
        state = self._exchange.state
        rows = np.empty((int(state.totals[0]["live"]), 7), np.int64)
        count = list_orders(state, number, rows)
        orders: Table = state.orders[rows[:count, 0] & ((1 << SLOT_BITS) - 1)]
        return orders

    def _trades(self, events: Table, symbol: str) -> Iterator[TradeFill]:
        """Yield the trades of EVENT rows: two rows each, the taker's first."""
        if not len(events):
            return
        for taker, maker in zip(
            events[events["role"] == Role.TAKER], events[events["role"] == Role.MAKER], strict=True
        ):
            pair = (taker, maker) if taker["side"] == Side.BUY else (maker, taker)
            buyer, seller = (int(fill["tag"]) for fill in pair)
            price, quantity = self._price(taker["price"]), self._quantity(taker["quantity"])
            yield TradeFill(symbol, buyer, seller, price, quantity)

    def _shown(self, order: Row) -> RestingOrder:
        return RestingOrder(
            order_id=int(order["tag"]),
            price=self._price(order["price"]),
            remaining_quantity=self._quantity(order["leaves"]),
            owner=self._owners[order["account"]],
        )

    def _ticks(self, price: float) -> int:
        return round(price / self._config.tick_size)

    def _price(self, ticks: int) -> str:
        return canonical_decimal(int(ticks) * Decimal(str(self._config.tick_size)))

    def _lots(self, quantity: float) -> int:
        return round(Decimal(str(quantity)) * LOTS)

    def _quantity(self, lots: int) -> str:
        return canonical_decimal(int(lots) / LOTS, self._config.quantity_decimal_places)

    def _submit(self, batch: Batch) -> Table:
        return self._exchange.submit(batch, 0).events


def _named(order: Table) -> tuple[int, int, int, int]:
    """Return account, instrument, order id and price of an order's slot."""
    slot = order[0]
    account, instrument = int(slot["account"]), int(slot["instrument"])
    return account, instrument, int(slot["order_id"]), int(slot["price"])


if __name__ == "__main__":
    status = serve_stdio(Adapter)
    sys.stdout.flush()
    os._exit(status)  # At once: the suite kills who takes half a second to end.
