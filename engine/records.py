"""Rows beside the main ones of the state: owners, protections, trades, premiums, spans."""

import numpy as np

OWNER = np.dtype([("firm", "<i4"), ("spare", "S4")])

# What all accounts of an owner have together in an instrument.
STAKE = np.dtype(
    [
        ("account", "<u4"),  # The owner's number; so named as its table reads it.
        ("instrument", "<u4"),
        ("net", "<i8"),
        ("buys", "<i8"),  # Working lots.
        ("sells", "<i8"),
        ("leg_buys", "<i8"),
        ("leg_sells", "<i8"),
    ]
)

# What an account's quotes in a product may fill before they are taken out.
PROTECTION = np.dtype(
    [
        ("lots", "<i8"),  # The most of a window; 0: any.
        ("window", "<i8"),  # Nanoseconds.
        ("since", "<i8"),  # When the window began: its first fill.
        ("counted", "<i8"),  # Lots that filled in it.
        ("breached", "u1"),  # 1: by the command at hand; 2: until the account resets it.
        ("spare", "S7"),
    ]
)

# A trade that may yet be busted or adjusted.
TRADE = np.dtype(
    [
        ("trade_id", "<i8"),  # 0: none.
        ("price", "<i8"),
        ("quantity", "<i8"),
        ("fair", "<i8"),  # What its instrument was worth before it.
        ("instrument", "<i4"),
        ("buyer", "<i4"),
        ("seller", "<i4"),
        ("busted", "u1"),  # 1: not to be reviewed any more; of a spread's block from the start.
        ("block", "u1"),  # 1: reported by the exchange's desk, and charged as that.
        ("spare", "S2"),
    ]
)

# Beside a position, where a premium is paid: sums over its working lots, micro-dollars.
PREMIUM = np.dtype(
    [
        ("paying", "<i8"),  # Of buys: the premium, of each lot at most the instrument's need.
        ("earning", "<i8"),  # Of sells likewise.
        ("excess", "<i8"),  # Of buys: what the premium has beyond the need.
    ]
)

# What traded in a stretch of time: a bucket of a ring.
SPAN = np.dtype(
    [
        ("number", "<i8"),  # One more than time // width; 0: nothing.
        ("low", "<i8"),
        ("high", "<i8"),
    ]
)
BUCKETS = 20  # Of the window in which velocity is measured.
LOOK_BACK = 60  # Buckets of the circuit breaker.
