"""The rows that books are made of: orders, price levels, and the sides that levels stand on."""

import numpy as np

from engine.jit import Table

# What finds, links and cancels an order stands in its first half: one line of memory.
ORDER_SLOT = np.dtype(
    [
        ("order_id", "<i8"),  # 0 while the slot is free.
        ("tag", "<i8"),
        ("price", "<i8"),
        ("leaves", "<i8"),  # What is left to trade.
        ("level", "<u4"),  # Place in `levels`.
        ("prev", "<u4"),
        ("next", "<u4"),  # Free slots: the next free slot.
        ("position", "<u4"),  # Place in `positions`.
        ("instrument", "<u4"),
        ("account", "<u4"),
        ("session", "<i4"),
        ("side", "u1"),
        ("is_whole", "u1"),  # 1: it shows all that is left, and is no side of a quote.
        ("tif", "u1"),
        ("ladder", "u1"),  # Its place in `sides`: the book's side, or a stop's.
        ("display", "<i8"),  # The most lots it shows; 0: all.
        ("shown", "<i8"),  # What of it the book displays.
        ("reserve", "<i8"),  # Micro-dollars a lot: its limit's loss against the mark, or premium.
        ("filled", "<i8"),
        ("trigger", "<i8"),  # Of a stop, elected or not.
        ("smp_id", "<i4"),
        ("expiry", "<i4"),
        ("type", "u1"),
        ("smp_rule", "u1"),
        ("quote", "u1"),  # 1: a side of a quote.
        ("spare", "S13"),
    ]
)
_LINE = 64  # Bytes that memory is fetched by.
assert ORDER_SLOT.itemsize == 2 * _LINE

LEVEL = np.dtype([("head", "<u4"), ("tail", "<u4"), ("lots", "<i8"), ("shown", "<i8")])

# A side's prices are counted by rank: 1 is the farthest from the market, `ranks` the nearest,
# so that the best price of either side is its greatest rank, and 0 is an empty side.
SIDE = np.dtype(
    [
        ("best", "<u8"),  # Rank of the best price; 0: none.
        ("ranks", "<u8"),
        ("first", "<u8"),  # Level of rank r is `first + r`.
        ("words", "<u8"),  # Where its bitmap begins in `words`: three tiers.
        ("middle", "<u8"),
        ("top", "<u8"),
    ]
)

# What the best level of a side shows while its book is open, and the implied price beside it.
TOP = np.dtype(
    [
        ("price", "<i8"),
        ("lots", "<i8"),  # 0: nothing; then the price is 0 too.
        ("path_price", "<i8"),  # Best implied price as of the last command; NIL_PRICE: none.
        ("implied", "<i8"),  # Implied price as last told: where it does not lock the book.
        ("implied_lots", "<i8"),  # 0: none.
    ]
)

# A way to an implied price: each end is 2 x instrument, and 1 more where the instrument is sold.
PATH = np.dtype([("one", "<u4"), ("two", "<u4")])


def order_slots(count: int) -> Table:
    """Return empty order slots, each on two lines of memory. Shape (count,)."""
    room = np.zeros((count + 1) * ORDER_SLOT.itemsize, np.uint8)
    first = -room.ctypes.data % _LINE
    return room[first : first + count * ORDER_SLOT.itemsize].view(ORDER_SLOT)
