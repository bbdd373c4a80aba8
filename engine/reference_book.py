"""One instrument's book and the price of its opening auction, said plainly.

Part of the reference: for readers, and the tests' oracle. It knows prices,
queues, triggers and the auction's rule; it knows no account, no money and no command.
"""

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sortedcontainers import SortedDict

from engine.schema import NIL_PRICE, Side

LADDERS = range(4)  # Bids, asks, stops to buy, stops to sell.


@dataclass(slots=True)
class Order:
    """An order in its life. Quantities in lots, `price` and `trigger` in price units."""

    order_id: int
    tag: int
    session: int
    account: int
    instrument: int
    side: int
    type: int
    tif: int
    expiry: int  # Trade date; 0: none.
    smp_id: int  # 0: none.
    smp_rule: int
    price: int
    leaves: int
    display: int  # The most it shows; 0: all.
    trigger: int  # Of a stop, elected or not; 0: none.
    waits: bool  # Whether it is a stop that is not elected yet.
    shown: int = 0
    filled: int = 0
    is_quote: bool = False

    def ladder(self) -> int:
        """Return the ladder that it stands on."""
        return self.side + 2 if self.waits else self.side

    def rung(self) -> int:
        """Return the price by which its ladder orders it."""
        return self.trigger if self.waits else self.price

    def show(self) -> None:
        """Show as much as the display quantity allows."""
        self.shown = min(self.display or self.leaves, self.leaves)

    def is_reached_by(self, price: int) -> bool:
        """Whether a trade at this price elects it."""
        return price >= self.trigger if self.side == Side.BUY else price <= self.trigger


class Book:
    """Four ladders; of each its prices, nearest first; at each price its orders, oldest first."""

    def __init__(self) -> None:
        bids: SortedDict[int, dict[int, Order]] = SortedDict(operator.neg)
        asks: SortedDict[int, dict[int, Order]] = SortedDict()
        to_buy: SortedDict[int, dict[int, Order]] = SortedDict()
        to_sell: SortedDict[int, dict[int, Order]] = SortedDict(operator.neg)
        self.ladders = (bids, asks, to_buy, to_sell)

    def add(self, order: Order) -> None:
        """Put an order at the back of the queue at its price, or its trigger."""
        queue = self.ladders[order.ladder()].setdefault(order.rung(), {})
        queue[order.order_id] = order

    def remove(self, order: Order) -> None:
        """Take an order out of its queue; a price without orders is gone."""
        queues = self.ladders[order.ladder()]
        del queues[order.rung()][order.order_id]
        if not queues[order.rung()]:
            del queues[order.rung()]

    def best(self, side: int) -> int:
        """Return the best price of a side; NIL_PRICE where it is empty."""
        queues = self.ladders[side]
        return queues.peekitem(0)[0] if queues else NIL_PRICE

    def by_priority(self, ladder: int) -> Iterator[Order]:
        """Yield a ladder's orders, nearest price first, oldest first."""
        for queue in self.ladders[ladder].values():
            yield from queue.values()

    def first(self, ladder: int) -> list[Order]:
        """Return the order of a ladder whose turn is next, as a list of one, or of none."""
        return next(([order] for order in self.by_priority(ladder)), [])

    def stops(self) -> Iterator[Order]:
        """Yield the stops that wait: those to buy, then those to sell."""
        for side in Side:
            yield from self.by_priority(side + 2)


def reaches(side: int, limit: int, price: int) -> bool:
    """Whether an order of `side` with this limit trades at `price`."""
    return price <= limit if side == Side.BUY else price >= limit


def auction_price(book: Book, tick: int, anchor: int) -> tuple[int, int]:
    """Return the price at which the book would open, and the lots that would trade there.

    The stops that the price elects join, and may move it, until it elects no more.
    """
    elected = list[Order]()
    while True:
        price, lots = balance(book, elected, tick, anchor)
        waiting = (stop for stop in book.stops() if not any(stop is one for one in elected))
        more = [stop for stop in waiting if stop.is_reached_by(price)]
        if lots == 0 or not more:
            return price, lots
        elected += more


def balance(book: Book, elected: list[Order], tick: int, anchor: int) -> tuple[int, int]:
    """Return price and quantity of the auction of a book and of stops as if they were in it.

    anchor: the price that decides last, NIL_PRICE for none. Where nothing crosses, (0, 0).
    Source: engine/README.md, the opening price.
    """
    bids, asks = (
        lots_by_price([*book.by_priority(side), *(stop for stop in elected if stop.side == side)])
        for side in Side
    )
    if not bids or not asks or max(bids) < min(asks):
        return 0, 0
    matched, surplus = {}, {}
    for price in range(min(asks), max(bids) + 1, tick):
        buying = sum(lots for limit, lots in bids.items() if limit >= price)
        selling = sum(lots for limit, lots in asks.items() if limit <= price)
        matched[price] = min(buying, selling)
        surplus[price] = buying - selling
    most = max(matched.values())
    prices = [price for price in matched if matched[price] == most]
    least = min(abs(surplus[price]) for price in prices)
    prices = [price for price in prices if abs(surplus[price]) == least]
    return decide(prices, surplus, anchor), most


def lots_by_price(orders: Iterable[Order]) -> dict[int, int]:
    """Return what orders hold in lots, hidden ones too, by price."""
    lots = dict[int, int]()
    for order in orders:
        lots[order.price] = lots.get(order.price, 0) + order.leaves
    return lots


def decide(prices: list[int], surplus: dict[int, int], anchor: int) -> int:
    """Return one of the prices that match the same quantity with the same surplus."""
    if all(surplus[price] > 0 for price in prices):
        return max(prices)
    if all(surplus[price] < 0 for price in prices):
        return min(prices)
    if anchor == NIL_PRICE:
        return max(prices)
    return min(prices, key=lambda price: (abs(price - anchor), -price))
