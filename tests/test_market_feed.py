"""From published events alone come the engine's books, queues, statistics and positions.

Random commands drive the kernel; a view folds what it tells, and readers of two channels
rebuild the book from messages as a client would.
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pytest

from clearing.terms import ProductTerms, encode_terms
from engine.exchange import Outcome
from engine.frame import NO_HASH, Frame
from engine.jit import Table
from engine.rows import Batch
from engine.scene import Kernel
from engine.schema import NIL, NIL_PRICE, Did, Kind, Origin, Phase, Role, Side
from engine.state import State
from gateway.book_channels import BookChannel, OrdersChannel
from gateway.codec import SIDES, decimal
from gateway.public import ticker_fields
from gateway.view import Changes, View
from tests.random_commands import draw
from tests.random_source import ROOMY, Source
from tests.test_gateway_view import compare

COMMANDS = 6_000
FOLLOWED = 6  # Instruments whose channels are read.


class BookReader:
    """A client's book by price, built of messages alone."""

    def __init__(self) -> None:
        self.change_id = -1
        self.sides: dict[str, dict[Decimal, int]] = {"bids": {}, "asks": {}}
        self.implied: tuple[Any, ...] = ()

    def take(self, message: Any) -> None:
        """Take in a message; the chain of change ids has no gap."""
        assert message.type == "snapshot" or message.prev_change_id == self.change_id
        self.change_id = message.change_id
        for name, side in self.sides.items():
            for _, price, lots in getattr(message, name):
                side[price] = lots
                if not lots:
                    del side[price]
        bid = message.implied_bid, message.implied_bid_amount
        self.implied = (*bid, message.implied_ask, message.implied_ask_amount)


class OrdersReader:
    """A client's queues, built of messages alone: orders by side and price, first come first."""

    def __init__(self) -> None:
        self.change_id = -1
        self.orders: dict[str, tuple[str, Decimal, int]] = {}

    def take(self, message: Any) -> None:
        """Take in a message; the chain of change ids has no gap."""
        assert message.type == "snapshot" or message.prev_change_id == self.change_id
        self.change_id = message.change_id
        for action, side, order_id, price, lots in message.orders:
            assert (action == "add") == (order_id not in self.orders)
            if action == "delete":
                del self.orders[order_id]
            else:
                self.orders[order_id] = side, price, lots

    def queues(self) -> dict[tuple[str, Decimal], list[tuple[int, int]]]:
        """Return (order id, lots shown) in the order of each queue."""
        found: dict[tuple[str, Decimal], list[tuple[int, int]]] = defaultdict(list)
        for order_id, (side, price, lots) in self.orders.items():
            found[side, price].append((int(order_id), lots))
        return found


class Line(NamedTuple):
    """A channel and who reads it."""

    channel: Any
    reader: Any


class Rig:
    """An exchange under random commands, a view of it, and readers of its channels."""

    def __init__(self, seed: int) -> None:
        self.source = Source(seed, ROOMY)
        self.kernel = Kernel(ROOMY.sizes)
        self.view = View()
        self.told: list[Table] = []
        self.lines: dict[int, tuple[Line, Line]] = {}
        self.apply(self.source.opening())

    @property
    def state(self) -> State:
        """What the kernel has become."""
        return self.kernel.state

    def apply(self, rows: Table) -> None:
        """Let kernel, reference and view take in rows that the source drew."""
        events = self.kernel.apply(rows)
        self.source.reference.apply(rows)
        self.told.append(events)
        changes = self.view.fold(Outcome(framed(rows), events))
        for book, orders in self.lines.values():
            flush(book, self.view, changes)
            flush(orders, self.view, changes)
        for number in range(len(self.lines), min(FOLLOWED, len(self.view.markets))):
            self.follow(number)

    def follow(self, number: int) -> None:
        """Subscribe to an instrument's book, by price and order by order."""
        book = Line(BookChannel(self.view, number, is_raw=True), BookReader())
        orders = Line(OrdersChannel(self.view, number), OrdersReader())
        self.lines[number] = book, orders
        for channel, reader in self.lines[number]:
            for message in channel.first(self.view):
                reader.take(message)


def framed(rows: Table) -> Frame:
    """Return rows as a frame in which each product has terms, and nothing else a text."""
    batch, commands = Batch(), rows.copy()
    batch.money(Kind.PRODUCT, text=encode_terms(ProductTerms(model="H100", rates=(Decimal(9),))))
    is_product = commands["kind"] == Kind.PRODUCT
    commands["text"] = np.where(is_product, batch.rows["text"][0], 0)
    return Frame(Origin.PARTICIPANT, commands, batch.text, NO_HASH)


def flush(line: Line, view: View, changes: Changes) -> None:
    """Let a channel take in changes, and its reader what it sends."""
    if line.channel.take(changes):
        for message in line.channel.flush(view):
            line.reader.take(message)


def queues_of(state: State, number: int) -> dict[tuple[str, Decimal], list[tuple[int, int]]]:
    """Return (order id, lots shown) in the order of each queue of the kernel."""
    found: dict[tuple[str, Decimal], list[tuple[int, int]]] = {}
    orders = state.orders
    resting = orders[(orders["order_id"] != 0) & (orders["ladder"] <= Side.SELL)]
    for level in set(resting[resting["instrument"] == number]["level"].tolist()):
        queue, slot = [], int(state.levels[level]["head"])
        first = orders[slot]
        while slot:
            queue.append((int(orders[slot]["order_id"]), int(orders[slot]["shown"])))
            slot = int(orders[slot]["next"])
        found[SIDES[first["side"]], decimal(int(first["price"]))] = queue
    return found


def compare_readers(rig: Rig) -> None:
    """What clients rebuilt from messages is the kernel's book, and its queues."""
    for number, (book, orders) in rig.lines.items():
        queues = queues_of(rig.state, number)
        assert orders.reader.queues() == queues
        for side, name in zip(SIDES, ("bids", "asks"), strict=True):
            levels = {
                price: sum(lots for _, lots in queue)
                for (of, price), queue in queues.items()
                if of == side
            }
            assert book.reader.sides[name] == levels
            best = max(levels, default=None) if side == "buy" else min(levels, default=None)
            quoted = ticker_fields(rig.view, rig.view.directory.instruments[number])
            assert quoted[f"best_{name[:-1]}_price"] == best
            assert quoted[f"best_{name[:-1]}_amount"] == (levels[best] if best is not None else 0)
        fresh = OrdersChannel(rig.view, number).first(rig.view)[0]
        assert sorted(fresh.orders) == sorted(
            ("add", side, order_id, price, lots)
            for order_id, (side, price, lots) in orders.reader.orders.items()
        )


def compare_implied(rig: Rig) -> None:
    """The best implied prices, beside the books of explicit orders, are the kernel's too."""
    for number, (book, _) in rig.lines.items():
        told: list[Decimal | int | None] = []
        for top in rig.state.tops[2 * number : 2 * number + 2]:
            lots = int(top["implied_lots"])
            told += [decimal(int(top["implied"])) if lots else None, lots]
        assert book.reader.implied == tuple(told)


def compare_figures(rig: Rig) -> None:
    """Indicative prices are the kernel's, where there are any."""
    for market in rig.view.markets:
        row = rig.state.instruments[market.terms.number]
        if market.phase in (Phase.PRE_OPEN, Phase.NO_CANCEL) and row["indicative_lots"]:
            shown = market.indicative, market.indicative_lots
            assert shown == (row["indicative"], row["indicative_lots"])


def compare_statistics(rig: Rig) -> None:
    """Open, high, low, close, volume and turnover are those of the book's own trades."""
    events = np.concatenate(rig.told)
    prints = events[(events["kind"] == Did.FILLED) & (events["instrument"] != NIL)]
    of_taker = (prints["role"] == Role.TAKER) | (prints["role"] == Role.IMPLIED)
    prints = prints[of_taker | ((prints["role"] == Role.AUCTION) & (prints["side"] == Side.BUY))]
    assert len(prints) > 100
    for market in rig.view.markets:
        mine = prints[prints["instrument"] == market.terms.number]
        day = market.day(rig.view.time)
        if not len(mine):
            assert day.open == NIL_PRICE
            continue
        prices = mine["price"]
        assert (day.open, day.close) == (prices[0], prices[-1])
        assert (day.high, day.low) == (prices.max(), prices.min())
        assert day.lots == mine["quantity"].sum()
        assert day.cost == (prices * mine["quantity"]).sum()


@pytest.mark.parametrize("seed", [11, 12])
def test_everything_published_is_rebuilt_from_events(seed: int) -> None:
    rig = Rig(seed)
    for number in range(COMMANDS):
        rig.apply(draw(rig.source))
        if number % 200 == 0:
            compare(rig.view, rig.state)
            compare_readers(rig)
            compare_implied(rig)
            compare_figures(rig)
    compare(rig.view, rig.state)
    compare_readers(rig)
    compare_implied(rig)
    compare_statistics(rig)


def test_the_lots_in_front_of_an_order_are_known() -> None:
    rig, batch = Rig(13), Batch()
    low = rig.source.world.market.instruments[0].low
    for account, quantity in ((1, 5), (2, 3), (3, 1)):
        batch.enter(account, 0, Side.BUY, quantity, low)
    rig.apply(rig.source.stamp(batch))
    queue = max(queues_of(rig.state, 0).values(), key=len)
    queues = rig.lines[0][1].channel._queues
    ahead = [queues.ahead(order_id) for order_id, _ in queue]
    lots = [shown for _, shown in queue]
    assert lots == [5, 3, 1]
    assert ahead == [sum(lots[:place]) for place in range(len(lots))]
