"""Trades at settlement as rows: what each side waits for, and the price that it came to.

A trade at settlement stands in the month at a mark plus its offset until that day's settlement is
known. The trade in the month is numbered next to the trade in the book that it comes from.
"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from clearing.directory import Directory
from clearing.store.selection import Row, words_of
from engine.jit import Table
from engine.schema import NOT_HELD, Did, Form, Side


class _Waiting(NamedTuple):
    """One side of a trade at settlement. Prices in price units."""

    trade_id: int
    account: int
    instrument: int  # The month's.
    side: int
    price: int  # That it stands in at.
    offset: int
    quantity: int


class Pricing:
    """Which sides of trades wait for their price. Reads a directory that its owner keeps."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._known = 0  # Instruments looked at.
        self._books = np.zeros(0, np.int64)
        self._waiting: dict[int, list[_Waiting]] = defaultdict(list)  # By the book's number.

    def note(self, events: Table) -> None:
        """Remember the trades at settlement among events, which hold whole commands."""
        self._find_books()
        if not len(self._books):
            return
        filled = events[events["kind"] == Did.FILLED]
        is_in_book = np.isin(filled["instrument"], self._books) & (filled["flags"] & NOT_HELD > 0)
        if not is_in_book.any():
            return
        held = {(int(row["trade_id"]), int(row["side"])): row for row in filled[~is_in_book]}
        for row in filled[is_in_book]:
            side, offset, lots = int(row["side"]), int(row["price"]), int(row["quantity"])
            leg = held[int(row["trade_id"]) + 1, side]
            place = int(leg["trade_id"]), int(leg["account"]), int(leg["instrument"])
            waiting = _Waiting(*place, side, int(leg["price"]), offset, lots)
            self._waiting[int(row["instrument"])].append(waiting)

    def priced(self, events: Table, date: int) -> list[Row]:
        """Return a row of `reviews` for each side that PRICED events give its price."""
        chosen = events[(events["kind"] == Did.PRICED) & (events["account"] == 0)]
        return [row for event in chosen for row in self._priced(event, date)]

    def _priced(self, event: Table, date: int) -> list[Row]:
        waiting = self._waiting.pop(int(event["instrument"]), [])
        settlement, did = int(event["price"]), words_of(Did.PRICED)
        return [
            (
                *(int(event["seq"]), n, int(event["time"]), date, one.account),
                *(one.trade_id, one.instrument, words_of(Side(one.side)), did),
                *(settlement + one.offset, one.price, one.quantity, 0, 0),
            )
            for n, one in enumerate(waiting)
        ]

    def _find_books(self) -> None:
        """Look at the instruments that are new."""
        instruments = self._directory.instruments
        new = [each.number for each in instruments[self._known :] if each.form == Form.TAS]
        self._known = len(instruments)
        self._books = np.append(self._books, np.array(new, np.int64))
