"""The engine's whole state: a few record arrays, allocated once.

Place 0 of `orders`, `levels`, `positions` and `stakes` is never used, so 0 means "none" in
every link and fresh arrays are an empty exchange. Snapshots are the arrays' bytes.
"""

from typing import NamedTuple

import numpy as np

from engine.jit import Records
from engine.ladders import LEVEL, PATH, SIDE, TOP, order_slots
from engine.records import BUCKETS, LOOK_BACK, OWNER, PREMIUM, PROTECTION, SPAN, STAKE, TRADE
from engine.schema import LEGS_MAX, NIL, NIL_PRICE, PATHS_MAX

INSTRUMENT = np.dtype(
    [
        ("low", "<i8"),
        ("high", "<i8"),
        ("tick", "<i8"),
        ("value", "<i8"),
        ("clip", "<i8"),
        ("position_max", "<i8"),
        ("protection", "<i8"),
        ("rate", "<i8"),  # Maintenance margin of one lot, micro-dollars. A spread's: see `legs.py`.
        ("need", "<i8"),  # Where a premium is paid: what a lot sold needs, micro-dollars.
        ("mark", "<i8"),  # NIL_PRICE: none. A spread's: the sum over its legs.
        ("settlement", "<i8"),  # Market settlement; NIL_PRICE: none. A spread's: from its legs'.
        ("last", "<i8"),  # Last trade; NIL_PRICE: none.
        ("traded", "<i8"),  # The command of the last trade in its own book; 0: none.
        ("legs", "<i8"),  # 0: an outright.
        ("known", "<i8"),  # Legs listed so far: all, before it takes orders.
        ("divisor", "<i8"),  # Of a spread at p the legs' prices, times ratio, sum to divisor x p.
        ("far_rate", "<i8"),  # Of a lot's legs in `far_product`.
        ("paths", "<i8"),  # By which orders of two others make its implied prices.
        ("next_traded", "<u8"),  # Behind it in the queue of `first_traded`.
        ("indicative", "<i8"),  # The auction as last published.
        ("indicative_lots", "<i8"),  # 0: no cross.
        ("live", "<i8"),  # Orders in its four ladders.
        ("refills", "<i8"),  # Refills that their hidden lots will take.
        ("trade_low", "<i8"),  # Of the trades whose stops are not elected yet.
        ("trade_high", "<i8"),  # Below `trade_low`: there are none.
        ("fair", "<i8"),  # What it was worth when its last trades began; NIL_PRICE: unknown.
        ("block", "<i8"),  # The least lots of a block trade.
        ("resume", "<i8"),  # When its halt ends; 0: none is pending.
        ("limit_low", "<i8"),  # What today's limits leave of the ladder.
        ("limit_high", "<i8"),
        # Where a guard watches: lowest and highest of its windows (engine/windows.py).
        ("fast_low", "<i8"),
        ("fast_high", "<i8"),
        ("fast_until", "<i8"),  # Time at which they are to be found anew.
        ("slow_low", "<i8"),
        ("slow_high", "<i8"),
        ("variant", "<i8"),
        ("slow_until", "<i8"),
        ("holders", "<u4"),  # First of its `positions`, linked by `next`.
        ("product", "<u4"),
        ("far_product", "<u4"),  # An inter-commodity spread's second product; else `product`.
        ("expiry", "<i4"),
        ("month", "<i4"),
        ("date", "<i4"),  # Trade date of its phase.
        ("form", "u1"),
        ("phase", "u1"),
        ("halted", "u1"),  # Reason of the halt that `resume` ends.
        ("breach", "u1"),  # Guard that its order at hand came up against; NONE between orders.
        ("premium", "u1"),  # Whether its price is paid at the trade.
        ("is_stale", "u1"),  # Whether its settlement is newer than its last trade.
        ("implied", "u1"),  # 1: takes part in implied prices.
        ("touched", "u1"),  # 1: in `touched`.
    ]
)

# What a lot of a spread consists of.
LEG = np.dtype(
    [
        ("instrument", "<i8"),
        ("ratio", "<i8"),  # Lots; below 0: sold.
        ("price", "<i8"),  # Of the trade at hand.
        ("low", "<i8"),  # The least and the most that it may be.
        ("high", "<i8"),
        ("trade_id", "<i8"),
    ]
)

PRODUCT = np.dtype(
    [
        ("charge", "<i8"),  # The largest calendar charge of a spread, micro-dollars.
        # Its guards; 0: off.
        ("band", "<i8"),  # Price units either side of the reference.
        ("daily", "<i8"),  # Price units either side of the market settlement.
        ("breaker", "<i8"),  # 1/10,000 of the market settlement.
        ("points", "<i8"),  # Price units in a window that are too fast.
        ("bucket", "<i8"),  # ns of one of the window's buckets.
        ("width", "<i8"),  # ns of a bucket of the breaker's look-back.
        ("halt", "<i8"),  # ns that a breach stops trading for.
        ("lead", "<i4"),  # The instrument whose breach stops them all; NIL: none.
        ("spare", "S4"),
    ]
)

ACCOUNT = np.dtype(
    [
        ("equity", "<i8"),  # Cash as of the last mark, variation paid.
        ("open", "<i8"),  # Variation since that is not yet paid.
        ("bounds", "<i8"),  # Sum of its exposures' bounds, at maintenance.
        ("reserves", "<i8"),
        ("initial_percent", "<i8"),
        ("credits", "<i8"),  # Sum of its exposures' credits: taken off `bounds`.
        ("owner", "<u4"),
        ("standing", "u1"),
        ("type", "u1"),
        ("killed", "u1"),
        ("spare", "S1"),
    ]
)

# What an account has at stake in a product.
EXPOSURE = np.dtype(
    [
        ("net", "<i8"),  # Money: sum of net lots x the contract's own rate.
        ("buys", "<i8"),  # Money: working buys x rate.
        ("sells", "<i8"),
        ("longs", "<i8"),  # Lots: sum over contracts of the most that each can come to be long.
        ("shorts", "<i8"),
        ("bound", "<i8"),
        ("credit", "<i8"),  # What the house grants for what is held: engine/credits.py.
        ("is_credited", "<i8"),  # 1: the account has credits, of whichever product.
    ]
)

POSITION = np.dtype(
    [
        ("account", "<u4"),
        ("instrument", "<u4"),
        ("net", "<i8"),
        ("cost", "<i8"),  # Price units x lots: what `net` was marked or traded at.
        ("buys", "<i8"),  # Working lots of its own book.
        ("sells", "<i8"),
        ("leg_buys", "<i8"),  # Lots that working spreads could add.
        ("leg_sells", "<i8"),
        ("next", "<u4"),  # The instrument's next holder.
        ("bid", "<u4"),  # Order slots of its quote; what stands there may be another order.
        ("ask", "<u4"),
        ("stake", "<u4"),  # Place in `stakes`; 0: the account has no owner.
    ]
)

TOTALS = np.dtype(
    [
        ("orders", "<i8"),  # Orders accepted so far.
        ("trades", "<i8"),
        ("free", "<u8"),  # First slot that was given back; 0: none.
        ("fresh", "<u8"),  # Slots below this were in use at some time.
        ("levels", "<u8"),  # Places in use, likewise.
        ("words", "<u8"),
        ("positions", "<u8"),
        ("stakes", "<u8"),
        ("accounts", "<i8"),
        ("owners", "<i8"),
        ("products", "<i8"),
        ("instruments", "<i8"),
        ("live", "<i8"),  # Orders in all ladders.
        ("quotes", "<i8"),  # Of them the sides of quotes.
        ("breaches", "<i8"),  # Protections that the command at hand has breached.
        ("refills", "<i8"),
        ("implied", "<i8"),  # Instruments with paths.
        ("touched", "<i8"),  # Of them, those whose book the command has changed.
        ("stale", "<i8"),  # 1: `stale` has a bit.
        ("first_traded", "<u8"),  # Whose stops are elected next: its index + 1; 0: none.
        ("last_traded", "<u8"),
        ("reached", "<i8"),  # Lots to which the side that `exceeds` last looked at could come.
        ("required", "<i8"),  # The two numbers that the last refusal compared.
        ("available", "<i8"),
        ("next_deadline", "<i8"),  # The end of a halt, the earliest.
        ("seq", "<i8"),  # Of the command at hand, or the last.
        ("time", "<i8"),  # Likewise.
    ]
)


class State(NamedTuple):
    """Every array that the kernel reads and writes."""

    orders: Records  # ORDER_SLOT, shape (order_max + 1,).
    levels: Records  # LEVEL, shape (level_max + 1,): all ladders, side after side.
    words: Records  # uint64: which levels hold an order, 64 a word, in three tiers.
    sides: Records  # SIDE, shape (instrument_max, 4): bids, asks, stops to buy, stops to sell.
    instruments: Records  # INSTRUMENT, shape (instrument_max,).
    legs: Records  # LEG, shape (instrument_max, LEGS_MAX).
    paths: Records  # PATH, shape (instrument_max, PATHS_MAX).
    tops: Records  # TOP, shape (2 x instrument_max,): see `tops.py`.
    touched: Records  # uint32, shape (instrument_max,): instruments; `totals.touched` of them.
    stale: Records  # uint64: of the sides whose implied price is to be told anew, 64 a word.
    products: Records  # PRODUCT, shape (product_max,).
    accounts: Records  # ACCOUNT, shape (account_max,); 0 is the clearing house.
    exposures: Records  # EXPOSURE, shape (account_max, product_max).
    positions: Records  # POSITION, shape (position_max + 1,).
    premiums: Records  # PREMIUM, by place in `positions`.
    protections: Records  # PROTECTION, shape (account_max, product_max).
    trades: Records  # TRADE, shape (a power of two,): a ring, by trade id.
    table: Records  # uint32: open addressing, (account, instrument) to a place in `positions`.
    owners: Records  # OWNER, shape (account_max,); 0 is nobody.
    stakes: Records  # STAKE, shape (position_max + 1,): there are never more than positions.
    spans: Records  # SPAN, shape (instrument_max, BUCKETS + LOOK_BACK): two rings of each.
    stake_table: Records  # uint32: likewise, (owner, instrument) to a place in `stakes`.
    totals: Records  # TOTALS, shape (1,).


class Sizes(NamedTuple):
    """How much an exchange can hold. Hashes and order ids do not depend on it."""

    orders: int = 1 << 17
    levels: int = 1 << 22
    instruments: int = 1 << 11
    products: int = 8
    accounts: int = 1 << 12
    positions: int = 1 << 16
    trades: int = 1 << 16  # Rounded up to a power of two.


def new_state(sizes: Sizes = Sizes()) -> State:
    """Return an exchange without instruments and with one account: 0, the clearing house."""
    instruments = np.zeros(sizes.instruments, INSTRUMENT)
    for name in ("mark", "settlement", "last"):
        instruments[name] = NIL_PRICE
    tops = np.zeros(2 * sizes.instruments, TOP)
    tops["path_price"] = NIL_PRICE
    instruments["trade_low"], instruments["trade_high"] = -NIL_PRICE, NIL_PRICE
    products = np.zeros(sizes.products, PRODUCT)
    products["lead"] = NIL
    totals = np.zeros(1, TOTALS)
    for name in ("fresh", "levels", "positions", "stakes", "accounts", "owners"):
        totals[name] = 1
    totals["next_deadline"] = np.iinfo(np.int64).max
    entries = 1 << (4 * sizes.positions - 1).bit_length()
    return State(
        orders=order_slots(sizes.orders + 1),
        levels=np.zeros(sizes.levels + 1, LEVEL),
        words=np.zeros(sizes.levels // 32 + 16 * sizes.instruments, np.uint64),
        sides=np.zeros((sizes.instruments, 4), SIDE),
        instruments=instruments,
        legs=np.zeros((sizes.instruments, LEGS_MAX), LEG),
        paths=np.zeros((sizes.instruments, PATHS_MAX), PATH),
        tops=tops,
        touched=np.zeros(sizes.instruments, np.uint32),
        stale=np.zeros(sizes.instruments // 32 + 1, np.uint64),
        products=products,
        accounts=np.zeros(sizes.accounts, ACCOUNT),
        exposures=np.zeros((sizes.accounts, sizes.products), EXPOSURE),
        positions=np.zeros(sizes.positions + 1, POSITION),
        premiums=np.zeros(sizes.positions + 1, PREMIUM),
        protections=np.zeros((sizes.accounts, sizes.products), PROTECTION),
        trades=np.zeros(1 << (sizes.trades - 1).bit_length(), TRADE),
        table=np.zeros(entries, np.uint32),
        owners=np.zeros(sizes.accounts, OWNER),
        stakes=np.zeros(sizes.positions + 1, STAKE),
        spans=np.zeros((sizes.instruments, BUCKETS + LOOK_BACK), SPAN),
        stake_table=np.zeros(entries, np.uint32),
        totals=totals,
    )
