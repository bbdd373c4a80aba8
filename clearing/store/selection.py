"""Events to rows of tables: numpy chooses before a row becomes an object."""

import enum
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearing.ledger import Book, Entry
from clearing.positions import Positions
from engine.jit import Table
from engine.layout import EVENT, ORDER
from engine.reasons import Reason
from engine.schema import NOT_HELD, AccountType, Did, Kind, Role, Side, Tif, Type

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]  # By the table's name.

_HEAD = ("seq", "n", "time")


def words_of(code: enum.IntEnum) -> str:
    """Return how a code stands in a table."""
    return code.name.lower()


def _words(codes: type[enum.IntEnum]) -> NDArray[np.object_]:
    """Return the words of codes, to be indexed by them; "" where there is no such code."""
    words = np.full(256, "", np.object_)
    for code in codes:
        words[code.value] = words_of(code)
    return words


SIDES, TYPES, TIFS = _words(Side), _words(Type), _words(Tif)
DIDS, REASONS, ROLES = _words(Did), _words(Reason), _words(Role)
BOOKS, ENTRIES = _words(Book), _words(Entry)

_CHANGES = np.zeros(256, np.bool_)
_CHANGES[[Did.CANCELED, Did.REPLACED, Did.TRIGGERED, Did.REJECTED]] = True


class Chunk(NamedTuple):
    """Frames that follow one another, of one trade date."""

    commands: Table  # COMMAND, consecutive numbers.
    events: Table  # EVENT.
    date: int


def tuples(*columns: Any) -> list[Row]:
    """Return the rows of columns, arrays or single values, as plain Python values."""
    count = max(len(column) for column in columns if isinstance(column, np.ndarray))
    values = (c.tolist() if isinstance(c, np.ndarray) else [c] * count for c in columns)
    return list(zip(*values, strict=True))


def histories(chunk: Chunk, positions: Positions) -> Rows:
    """Return what a chunk's events say of orders, trades and reviews.

    positions: know every contract and account that the chunk names.
    """
    kinds = chunk.events["kind"]
    return {
        "orders": _orders(chunk, chunk.events[kinds == Did.ENTERED]),
        "changes": _changes(chunk, chunk.events[_CHANGES[kinds]]),
        "trades": _trades(chunk, chunk.events[kinds == Did.FILLED], positions),
        "reviews": _reviews(
            chunk, chunk.events[(kinds == Did.BUSTED) | (kinds == Did.ADJUSTED)], positions
        ),
    }


def _orders(chunk: Chunk, entered: Table) -> list[Row]:
    asked = chunk.commands.view(ORDER)[entered["seq"] - int(chunk.commands[0]["seq"])]
    is_quote = asked["kind"] == Kind.QUOTE
    return tuples(
        *_head(chunk, entered),
        *_fields(entered, "order_id", "tag", "instrument"),
        SIDES[entered["side"]],
        TYPES[np.where(is_quote, Type.LIMIT, asked["type"])],
        TIFS[np.where(is_quote, Tif.DAY, asked["tif"])],
        *_fields(entered, "price", "other", "quantity"),
    )


def _changes(chunk: Chunk, changed: Table) -> list[Row]:
    return tuples(
        *_head(chunk, changed),
        *_fields(changed, "order_id", "tag", "instrument"),
        *(DIDS[changed["kind"]], REASONS[changed["reason"]]),
        *_fields(changed, "price", "quantity", "leaves"),
    )


def _trades(chunk: Chunk, filled: Table, positions: Positions) -> list[Row]:
    held = (filled["flags"] & NOT_HELD) == 0
    return tuples(
        *_head(chunk, filled),
        *_fields(filled, "trade_id", "order_id", "instrument"),
        SIDES[filled["side"]],
        *_fields(filled, "price", "quantity", "leaves"),
        ROLES[filled["role"]],
        held.astype(np.int64),
        np.where(held, filled["quantity"] * fees(filled, positions), 0),
        np.where(held, _premium(filled, filled["price"], positions), 0),
    )


def _reviews(chunk: Chunk, reviewed: Table, positions: Positions) -> list[Row]:
    """Return rows whose premium and fee are what the desk gave back, and took anew."""
    is_bust = reviewed["kind"] == Did.BUSTED
    undone = np.where(is_bust, reviewed["price"], reviewed["other"])
    again = np.where(is_bust, 0, _premium(reviewed, reviewed["price"], positions))
    return tuples(
        *_head(chunk, reviewed),
        *_fields(reviewed, "trade_id", "instrument"),
        *(SIDES[reviewed["side"]], DIDS[reviewed["kind"]]),
        *_fields(reviewed, "price"),
        undone,
        *_fields(reviewed, "quantity"),
        np.where(is_bust, -reviewed["quantity"] * fees(reviewed, positions), 0),
        again - _premium(reviewed, undone, positions),
    )


def fees(filled: Table, positions: Positions) -> NDArray[np.int64]:
    """Return what a lot of each fill costs its side, as `clearing.positions` counts it."""
    contracts = positions.contracts[filled["instrument"]]
    is_member = positions.holders["type"][filled["account"]] == AccountType.MEMBER
    ordinary = np.where(is_member, contracts["fee_member"], contracts["fee_other"])
    block = np.where(is_member, contracts["block_fee_member"], contracts["block_fee_other"])
    due = np.where(filled["role"] == Role.BLOCK, block, ordinary)
    chosen: NDArray[np.int64] = np.where(filled["role"] == Role.ASSIGNED, 0, due)
    return chosen


def _premium(events: Table, prices: NDArray[np.int64], positions: Positions) -> NDArray[np.int64]:
    """Return what each side was paid for lots at prices; 0 where the contract is not paid for."""
    contracts = positions.contracts[events["instrument"]]
    sold = np.where(events["side"] == Side.SELL, 1, -1) * events["quantity"]
    amounts: NDArray[np.int64] = sold * prices * contracts["value"] * contracts["paid"]
    return amounts


def _head(chunk: Chunk, events: Table) -> Sequence[Any]:
    return *_fields(events, *_HEAD), chunk.date, events["account"]


def _fields(events: Table, *names: str) -> list[Any]:
    assert events.dtype == EVENT
    return [events[name] for name in names]
