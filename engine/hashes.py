"""The three hashes by which two runs are compared: SHA-256 cut to 128 bits.

Each is over little-endian int64, or over the bytes of EVENT rows, and depends on
what happened alone: not on slots, on array sizes or on how rows were grouped.
"""

import hashlib

import numpy as np

from engine.book import below, head_of
from engine.jit import Table, entry
from engine.state import State

SIZE = 16  # Bytes.
_NONE = np.uint64(0)
_ORDER_FIELDS = 7


def digest(*parts: bytes | memoryview) -> bytes:
    """Return the first 16 bytes of the SHA-256 of all parts, one after the other."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part)
    return sha.digest()[:SIZE]


def event_chain(previous: bytes, events: Table) -> bytes:
    """Return the chain after a frame whose events these are: EVENT or bytes, contiguous."""
    return digest(previous, events.view(np.uint8).data)


def state_hash(state: State) -> str:
    """Return the hash of what the state means, in lower-case hex.

    Per instrument, ascending: phase, last, settlement; then its orders, bids, asks,
    stops to buy and stops to sell, each in priority: order_id, account, side,
    price, leaves, shown, trigger.
    Then every position that is not flat, by account and instrument: account,
    instrument, long, short.
    """
    sha = hashlib.sha256()
    rows = np.empty((int(state.totals[0]["live"]), _ORDER_FIELDS), np.int64)
    for index in range(int(state.totals[0]["instruments"])):
        instrument = state.instruments[index]
        head = [instrument["phase"], instrument["last"], instrument["settlement"]]
        sha.update(np.array(head, "<i8").tobytes())
        sha.update(rows[: list_orders(state, index, rows)].astype("<i8").tobytes())
    sha.update(list_positions(state).astype("<i8").tobytes())
    return sha.digest()[:SIZE].hex()


def list_positions(state: State) -> Table:
    """Return (account, instrument, long, short) of every position that is not flat, ascending."""
    used = state.positions[1 : int(state.totals[0]["positions"])]
    held = used[used["net"] != 0]
    held = held[np.lexsort((held["instrument"], held["account"]))]
    net = held["net"]
    columns = (held["account"], held["instrument"], np.maximum(net, 0), np.maximum(-net, 0))
    return np.column_stack(columns).astype(np.int64)


@entry
def list_orders(state: State, index: int, rows: Table) -> int:
    """Write an instrument's orders, ladder by ladder in priority, into `rows`; return how many.

    rows: int64, shape (n, 7), n at least the orders in the book; overwritten from the start.
    """
    count = 0
    for number in range(4):
        side = state.sides[index, number]
        rank = side.best
        while rank != _NONE:
            slot = head_of(state, side, rank)
            while slot != _NONE:
                order = state.orders[slot]
                rows[count, 0] = order.order_id
                rows[count, 1] = order.account
                rows[count, 2] = order.side
                rows[count, 3] = order.price
                rows[count, 4] = order.leaves
                rows[count, 5] = order.shown
                rows[count, 6] = order.trigger
                count += 1
                slot = np.uint64(order.next)
            rank = below(state, side, rank)
    return count
