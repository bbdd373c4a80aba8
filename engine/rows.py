"""Rows from Python: a batch of COMMAND rows with their text, and texts back out of it.

A row is written as one tuple: five times faster than field by field.
"""

import struct
from collections.abc import Iterable, Mapping

import numpy as np

from engine.jit import Table
from engine.layout import COMMAND, LISTING, MONEY, OBSERVE
from engine.schema import NIL, VERSION, Flag, Kind, Tif, Type

_LENGTH = struct.Struct("<H")
TEXT_MAX = 65_535  # Bytes of one text.
_NONE = np.zeros(0, COMMAND)  # Of all batches that stay empty: the house asks many a frame.


class Batch:
    """Rows that will be one frame, in order."""

    def __init__(self, room: int = 0) -> None:
        self._buffer = np.zeros(room, COMMAND) if room else _NONE
        self._count = 0
        self._text = bytearray()

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> Table:
        """The COMMAND rows so far, unstamped: a view, valid until the next row is added."""
        return self._buffer[: self._count]

    @property
    def text(self) -> bytes:
        """The text that the rows' `text` offsets point into."""
        return bytes(self._text)

    def enter(
        self,
        account: int,
        instrument: int,
        side: int,
        quantity: int,
        price: int = 0,
        *,
        type: int = Type.LIMIT,
        tif: int = Tif.DAY,
        tag: int = 0,
        trigger: int = 0,
        display: int = 0,
        minimum: int = 0,
        protection: int = 0,
        expiry: int = 0,
        smp_id: int = 0,
        smp_rule: int = 0,
        flags: int = 0,
        session: int = 0,
        key: int = 0,
        received: int = 0,
        text: str = "",
    ) -> None:
        """Add an order. `price` is ignored for market types."""
        head = self._head(Kind.ENTER, account, instrument, session, key, received, flags, text)
        sizes = (0, tag, price, trigger, quantity, display, minimum)
        self._next()[()] = (
            *head,
            *sizes,
            *(smp_id, expiry, protection, 0),
            *(side, type, tif, smp_rule, 0, b""),
        )

    def replace(
        self,
        account: int,
        instrument: int,
        order_id: int,
        quantity: int,
        price: int,
        *,
        tag: int = 0,
        trigger: int = 0,
        flags: int = 0,
        session: int = 0,
        key: int = 0,
        received: int = 0,
    ) -> None:
        """Add a change of an order's price, or of what is left of it (of its total: IN_FLIGHT).

        trigger: of a stop that is not elected yet; 0 keeps it.
        """
        head = self._head(Kind.REPLACE, account, instrument, session, key, received, flags, "")
        body = (order_id, tag, price, trigger, quantity, 0, 0, *(0,) * 9, b"")
        self._next()[()] = (*head, *body)

    def cancel(
        self,
        account: int,
        instrument: int,
        order_id: int,
        *,
        tag: int = 0,
        flags: int = 0,
        session: int = 0,
        key: int = 0,
        received: int = 0,
    ) -> None:
        """Add a cancel of one order."""
        head = self._head(Kind.CANCEL, account, instrument, session, key, received, flags, "")
        self._next()[()] = (*head, order_id, tag, *(0,) * 14, b"")

    def cancel_all(
        self,
        account: int,
        instrument: int = NIL,
        *,
        product: int = NIL,
        side: int = NIL,
        flags: int = 0,
        session: int = 0,
    ) -> None:
        """Add a cancel of an account's orders: of an instrument, a product, a side, or of all."""
        self.money(
            Kind.CANCEL_ALL,
            account=account,
            instrument=instrument,
            product=product,
            code=0 if side == NIL else side + 1,
            session=session,
            flags=flags,
        )

    def desk(
        self,
        kind: int,
        trade_id: int = 0,
        *,
        buyer: int = 0,
        seller: int = 0,
        instrument: int = NIL,
        quantity: int = 0,
        price: int = 0,
        tag: int = 0,
        session: int = 0,
        key: int = 0,
        text: str = "",
    ) -> None:
        """Add what only the desk and the house may: BLOCK, ASSIGN, a BUST or ADJUST of a trade."""
        head = self._head(kind, buyer, instrument, session, key, 0, Flag.OPERATOR, text)
        sizes = (trade_id, tag, price, 0, quantity, 0, 0)
        self._next()[()] = (*head, *sizes, 0, 0, 0, seller, *(0,) * 5, b"")

    def money(
        self,
        kind: int,
        *,
        account: int = 0,
        instrument: int = NIL,
        other: int = 0,
        product: int = NIL,
        value: int = 0,
        value_2: int = 0,
        value_3: int = 0,
        numerator: int = 0,
        denominator: int = 0,
        batch: int = 0,
        code: int = 0,
        source: int = 0,
        revision: int = 0,
        key: int = 0,
        session: int = 0,
        flags: int = 0,
        text: str = "",
    ) -> None:
        """Add a row of the MONEY family."""
        head = self._head(kind, account, instrument, session, key, 0, flags, text)
        values = (other, product, value, value_2, value_3, numerator, denominator, batch)
        self._next().view(MONEY)[()] = (*head, *values, source, revision, code, b"")

    def listing(
        self,
        instrument: int,
        product: int,
        name: str,
        *,
        low: int,
        high: int,
        tick: int,
        value: int,
        clip: int,
        position_max: int,
        protection: int,
        month: int,
        expiry: int,
        form: int,
        strike: int = 0,
        legs: int = 0,
        block: int = 0,
        implied: int = 0,
    ) -> None:
        """Add a LIST row. Prices and `protection` in price units, `value` in micro-dollars.

        legs: how many LEG rows follow.
        """
        head = self._head(Kind.LIST, 0, instrument, 0, 0, 0, 0, name)
        body = (product, 0, low, high, tick, value, clip, position_max)
        dates = (protection, month, expiry, strike)
        self._next().view(LISTING)[()] = (*head, *body, *dates, form, legs, block, implied, b"")

    def leg(self, instrument: int, ratio: int) -> None:
        """Add the next leg of the spread listed last: lots a lot of the spread; below 0: sold."""
        head = self._head(Kind.LEG, 0, instrument, 0, 0, 0, 0, "")
        self._next().view(LISTING)[()] = (*head, NIL, ratio, *(0,) * 14, b"")

    def observe(self, rows: Table, names: Mapping[int, str] | None = None) -> None:
        """Add OBSERVE rows whose bodies are filled in; heads are written here.

        names: by place in `rows`, the name of a provider whose number is new.
        """
        added = rows.astype(OBSERVE, copy=True)
        added["kind"], added["version"] = Kind.OBSERVE, VERSION
        added["instrument"], added["text"] = NIL, 0
        for place, name in (names or {}).items():
            added["text"][place] = self._write(name)
        self.extend(added.view(COMMAND))

    def extend(self, rows: Table) -> None:
        """Add finished COMMAND rows; their text offsets point into this batch."""
        self._reserve(len(rows))
        self._buffer[self._count : self._count + len(rows)] = rows
        self._count += len(rows)

    def _next(self) -> Table:
        self._reserve(1)
        self._count += 1
        return self._buffer[self._count - 1 : self._count]

    def _reserve(self, count: int) -> None:
        if self._count + count > len(self._buffer):
            grown = np.zeros(max(16, 2 * len(self._buffer), self._count + count), COMMAND)
            grown[: self._count] = self._buffer[: self._count]
            self._buffer = grown

    def _head(
        self,
        kind: int,
        account: int,
        instrument: int,
        session: int,
        key: int,
        received: int,
        flags: int,
        text: str,
    ) -> tuple[int, ...]:
        offset = self._write(text) if text else 0
        return (0, 0, received, account, instrument, session, key, offset, kind, VERSION, flags)

    def _write(self, text: str) -> int:
        encoded = text.encode()
        assert len(encoded) <= TEXT_MAX
        if not self._text:
            self._text.append(0)
        offset = len(self._text)
        self._text += _LENGTH.pack(len(encoded)) + encoded
        return offset


def text_at(text: bytes, offset: int) -> str:
    """Return the text that stands at a row's `text` offset; "" at 0.

    Raises ValueError where the offset or the length points outside.
    """
    if offset == 0:
        return ""
    end = offset + _LENGTH.size
    if end > len(text):
        raise ValueError(f"text offset {offset} is outside of {len(text)} bytes")
    length = _LENGTH.unpack_from(text, offset)[0]
    if end + length > len(text):
        raise ValueError(f"text at {offset} is longer than what follows it")
    return text[end : end + length].decode()


def join(batches: Iterable[Batch]) -> Batch:
    """Return one batch with the rows of all, their text offsets moved along."""
    joined = Batch()
    for batch in batches:
        rows = batch.rows.copy()
        text = batch.text
        if text:
            if not joined._text:
                joined._text.append(0)
            rows["text"][rows["text"] > 0] += len(joined._text) - 1
            joined._text += text[1:]
        joined.extend(rows)
    return joined
