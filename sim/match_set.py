"""Sets a book to what a tape says after an event, by commands alone.

An order that the tape kept in its place keeps it here, also where the kernel had filled it:
the queue of its price is then entered anew, in the tape's order.
"""

from collections import Counter

from engine.rows import Batch
from sim.match_book import (
    Book,
    Resting,
    add_cancel,
    add_cancel_all,
    add_enter,
    add_replace,
)
from sim.match_event import Event


def set_book(book: Book, event: Event, before: dict[int, Resting]) -> None:
    """Make the book what the tape says.

    before: the makers that the kernel filled, in order of the fills, as they rested before.
    """
    if event.clears:
        before = {}
        batch = Batch(1)
        add_cancel_all(batch)
        book.apply(batch.rows)
    executed = _executed(event)
    wanted = {name: _after(order, executed[name]) for name, order in before.items()} | event.said
    back, disputed = [], dict[tuple[int, int], None]()
    batch = Batch()
    for name, order in wanted.items():
        live = book.find(name)
        had = before.get(name) or live
        if order.quantity == 0:
            if live:
                add_cancel(batch, name)
        elif had is None or not _keeps_place(order, had, executed[name]):
            back.append(order)
        elif live is None or live.quantity < order.quantity:
            disputed[order.side, order.price] = None
        elif live.quantity > order.quantity:
            add_replace(batch, order)
    _apply(book, batch)
    moved = {order.name for order in back}
    kept = [wanted[name] for name in before if name not in moved]
    for side, price in disputed:
        _renew_queue(book, side, price, kept)
    _send_to_back(book, back)


def _keeps_place(order: Resting, had: Resting, executed: int) -> bool:
    """Whether a venue would leave the order in its place: it is not moved and not refilled."""
    return order.price == had.price and order.quantity <= had.quantity - executed


def _after(order: Resting, executed: int) -> Resting:
    """Return an order that the tape says nothing else of, without what the venue filled."""
    return order._replace(quantity=max(order.quantity - executed, 0))


def _executed(event: Event) -> Counter[int]:
    """Return the lots that the venue filled of each order."""
    lots: Counter[int] = Counter()
    for row in event.executions:
        lots[row.name] += row.quantity
    return lots


def _renew_queue(book: Book, side: int, price: int, kept: list[Resting]) -> None:
    """Enter a price's queue anew: the kept that stood there at the front, then who rests."""
    front = [
        order for order in kept if order.quantity and (order.side, order.price) == (side, price)
    ]
    names = {order.name for order in front}
    queue = book.queue(side, price)
    batch = Batch()
    for order in queue:
        add_cancel(batch, order.name)
    for order in (*front, *(order for order in queue if order.name not in names)):
        add_enter(batch, order)
    _apply(book, batch)


def _send_to_back(book: Book, orders: list[Resting]) -> None:
    """Put orders at the back of their queues, new ones and those that rest elsewhere."""
    batch = Batch()
    for order in orders:
        live = book.find(order.name)
        if live and (live.price != order.price or live.quantity < order.quantity):
            add_replace(batch, order)
        else:
            if live:
                add_cancel(batch, order.name)
            add_enter(batch, order)
    _apply(book, batch)


def _apply(book: Book, batch: Batch) -> None:
    if len(batch):
        book.apply(batch.rows)
