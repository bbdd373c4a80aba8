"""One instrument's book and the price of its opening auction, said plainly.

Part of the reference: for readers, and the tests' oracle. It knows prices,
queues and the auction's rule; it knows no account, no money and no command.
"""

import operator
from collections.abc import Iterator
from dataclasses import dataclass

from sortedcontainers import SortedDict

from engine.schema import NIL_PRICE, Side


@dataclass(slots=True)
class Order:
    """An order in its life. Quantities in lots, `price` in price units."""

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
    filled: int = 0


class Book:
    """Two sides; of each its prices, best first; at each price its orders, oldest first."""

    def __init__(self) -> None:
        bids: SortedDict[int, dict[int, Order]] = SortedDict(operator.neg)
        asks: SortedDict[int, dict[int, Order]] = SortedDict()
        self.queues = {Side.BUY: bids, Side.SELL: asks}

    def add(self, order: Order) -> None:
        """Put an order at the back of the queue at its price."""
        queue = self.queues[Side(order.side)].setdefault(order.price, {})
        queue[order.order_id] = order

    def remove(self, order: Order) -> None:
        """Take an order out of its queue; a price without orders is gone."""
        queues = self.queues[Side(order.side)]
        del queues[order.price][order.order_id]
        if not queues[order.price]:
            del queues[order.price]

    def best(self, side: int) -> int:
        """Return the best price of a side; NIL_PRICE where it is empty."""
        queues = self.queues[Side(side)]
        return queues.peekitem(0)[0] if queues else NIL_PRICE

    def first(self, side: int) -> Order:
        """Return the order of a side that trades next. The side is not empty."""
        return next(self.by_priority(side))

    def by_priority(self, side: int) -> Iterator[Order]:
        """Yield a side's orders, best price first, oldest first."""
        for queue in self.queues[Side(side)].values():
            yield from queue.values()

    def lots(self, side: int) -> dict[int, int]:
        """Return what a side holds in lots, by price."""
        return {
            price: sum(order.leaves for order in queue.values())
            for price, queue in self.queues[Side(side)].items()
        }


def reaches(side: int, limit: int, price: int) -> bool:
    """Whether an order of `side` with this limit trades at `price`."""
    return price <= limit if side == Side.BUY else price >= limit


def auction_price(book: Book, tick: int, anchor: int) -> tuple[int, int]:
    """Return the price at which the book would open, and the lots that would trade there.

    anchor: the price that decides last, NIL_PRICE for none. Where nothing crosses, (0, 0).
    Source: engine/README.md, the opening price.
    """
    bids, asks = book.lots(Side.BUY), book.lots(Side.SELL)
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


def decide(prices: list[int], surplus: dict[int, int], anchor: int) -> int:
    """Return one of the prices that match the same quantity with the same surplus."""
    if all(surplus[price] > 0 for price in prices):
        return max(prices)
    if all(surplus[price] < 0 for price in prices):
        return min(prices)
    if anchor == NIL_PRICE:
        return max(prices)
    return min(prices, key=lambda price: (abs(price - anchor), -price))
