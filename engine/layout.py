"""The two record layouts: COMMAND, 128 bytes, and EVENT, 96 bytes; sizes asserted.

Both are little-endian without hidden padding, so a file of rows is the array in
memory. A command is a head of 48 bytes and a body of 80; the body is read
through one dtype per family over the same bytes. Units: engine/schema.py.
"""

import numpy as np

Fields = list[tuple[str, str]]

_HEAD: Fields = [
    ("seq", "<i8"),  # Position in the journal, from 1. Stamped by the exchange.
    ("time", "<i8"),  # Stamped by the exchange; the kernel has no other clock.
    ("received", "<i8"),  # When the gateway read the frame.
    ("account", "<i4"),
    ("instrument", "<i4"),
    ("session", "<i4"),  # Echoed in every event, so that its answers find their way.
    ("key", "<i4"),
    ("text", "<u4"),  # Offset in the frame's text; 0: none.
    ("kind", "u1"),
    ("version", "u1"),
    ("flags", "<u2"),
]

_ORDER: Fields = [
    ("order_id", "<i8"),
    ("tag", "<i8"),  # The participant's own number, echoed in every event.
    ("price", "<i8"),
    ("trigger", "<i8"),
    ("quantity", "<i8"),
    ("display", "<i8"),
    ("minimum", "<i8"),
    ("smp_id", "<i4"),
    ("expiry", "<i4"),
    ("protection", "<i4"),  # In price units; 0: the instrument's default.
    ("give_up", "<i4"),
    ("side", "u1"),
    ("type", "u1"),
    ("tif", "u1"),
    ("smp_rule", "u1"),
    ("capacity", "u1"),
    ("spare", "S3"),
]

_MONEY: Fields = [
    ("other", "<i4"),
    ("product", "<i4"),
    ("value", "<i8"),
    ("value_2", "<i8"),
    ("value_3", "<i8"),
    ("numerator", "<i4"),
    ("denominator", "<i4"),
    ("batch", "<i8"),
    ("source", "<i8"),
    ("revision", "<i4"),
    ("code", "<i4"),
    ("spare", "S16"),
]

_OBSERVE: Fields = [
    ("price_micro", "<i8"),
    ("gpu_hours_milli", "<i8"),
    ("traded", "<i8"),  # When the price was made.
    ("row", "<i8"),  # Its place in the feed it came from.
    ("provider", "<i4"),
    ("region", "<i4"),
    ("seller", "<i4"),
    ("buyer", "<i4"),
    ("ram_gb", "<i4"),
    ("model", "<i2"),
    ("gpu_count", "<i2"),
    ("memory_gb", "<i2"),
    ("vcpus", "<i2"),
    ("form", "u1"),
    ("term", "u1"),
    ("interconnect", "u1"),
    ("tier", "u1"),
    ("spare", "S16"),
]

_LISTING: Fields = [
    ("product", "<i4"),
    ("ratio", "<i4"),  # LEG: lots of the leg a lot of the spread; below 0: sold.
    ("low", "<i8"),  # The ladder: prices low, low + tick, ..., high.
    ("high", "<i8"),
    ("tick", "<i8"),
    ("value", "<i8"),  # Micro-dollars that one price unit of one lot is worth.
    ("clip", "<i8"),  # The most lots an order may have.
    ("position_max", "<i8"),  # The most lots an account may come to hold, long or short.
    ("protection", "<i4"),  # Default protection points, in price units.
    ("month", "<i4"),  # yyyymm.
    ("expiry", "<i4"),  # Trade date of the last trading day.
    ("strike", "<i4"),
    ("form", "u1"),
    ("legs", "u1"),  # How many LEG rows follow; 0: an outright.
    ("block", "<u2"),  # The least lots of a block trade; 0: 1.
    ("implied", "u1"),  # 1: takes part in implied prices.
    ("spare", "S3"),
]

_RISK: Fields = [
    ("part", "<i4"),
    ("filler", "<i4"),
    ("loss_0", "<i8"),
    ("loss_1", "<i8"),
    ("loss_2", "<i8"),
    ("loss_3", "<i8"),
    ("loss_4", "<i8"),
    ("loss_5", "<i8"),
    ("loss_6", "<i8"),
    ("loss_7", "<i8"),
    ("spare", "S8"),
]

# The same 128 bytes, read through each family.
ORDER = np.dtype(_HEAD + _ORDER)
MONEY = np.dtype(_HEAD + _MONEY)
OBSERVE = np.dtype(_HEAD + _OBSERVE)
LISTING = np.dtype(_HEAD + _LISTING)
RISK = np.dtype(_HEAD + _RISK)
COMMAND = ORDER  # What buffers are declared as.

EVENT = np.dtype(
    [
        ("seq", "<i8"),  # The command that caused this event.
        ("time", "<i8"),
        ("order_id", "<i8"),
        ("tag", "<i8"),
        ("price", "<i8"),
        ("quantity", "<i8"),  # FILLED: of this fill. RESTED, CANCELED: what was left.
        ("leaves", "<i8"),  # What is left of the order after this event.
        ("trade_id", "<i8"),  # FILLED: the same in both rows of a trade.
        ("other", "<i8"),
        ("account", "<i4"),
        ("instrument", "<i4"),
        ("session", "<i4"),
        ("n", "<u4"),  # Place within the command, from 0.
        ("kind", "u1"),  # A Did.
        ("side", "i1"),
        ("reason", "u1"),
        ("role", "u1"),
        ("flags", "<u4"),
    ]
)

assert {family.itemsize for family in (ORDER, MONEY, OBSERVE, LISTING, RISK)} == {128}
assert EVENT.itemsize == 96
