"""Order flows of real venues: reads the neutral schema, a NumPy archive, and trusts none of it.

A flow is rows of one instrument in the venue's order. It alone knows the file's form.
"""

import enum
import pathlib
import zipfile
import zlib
from typing import NamedTuple

import numpy as np

from engine.jit import Table

_COLUMNS = {
    "ts_ns": np.dtype(np.int64),
    "type": np.dtype(np.uint8),
    "order_id": np.dtype(np.int64),
    "side": np.dtype(np.int8),
    "price_ticks": np.dtype(np.int64),
    "qty": np.dtype(np.int64),
    "flags": np.dtype(np.uint8),
    "seq": np.dtype(np.int64),
}


class Says(enum.IntEnum):
    """What a row of a flow reports: its `type`."""

    ADD = 1
    CANCEL = 2
    MODIFY = 3  # Absolute: `price` and `quantity` are what stands afterwards.
    EXECUTE = 4  # An order was filled; the book changes by the row that follows.
    TRADE = 5  # Names the aggressor; side 0 is an auction.
    CLEAR = 6


class Flow(NamedTuple):
    """The rows of a flow, column by column. Every column has shape (n,)."""

    time: Table  # int64: nanoseconds since the epoch, never falling.
    says: Table  # uint8: a Says.
    order_id: Table  # int64: the venue's own number.
    side: Table  # int8: +1 bid, -1 ask, 0 neither.
    price: Table  # int64: ticks.
    quantity: Table  # int64: lots.
    flags: Table  # uint8: bit 0 marks the starting snapshot, bit 1 the last row of an event.
    seq: Table  # int64: the venue's own; repeats.
    tick_size: float  # What one tick is in the venue's money.

    @property
    def is_tape(self) -> bool:
        """Whether the rows hold outcomes; otherwise they are orders."""
        return bool(((self.says == Says.EXECUTE) | (self.says == Says.TRADE)).any())


def read_flow(path: pathlib.Path) -> Flow:
    """Return the flow in a file. Raises ValueError naming what is wrong, OSError where unread."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, AttributeError):
        raise ValueError(f"{path} is no NumPy archive (npz) of plain arrays") from None
    return check_flow(arrays, str(path))


def check_flow(arrays: dict[str, Table], name: str) -> Flow:
    """Return named arrays as a flow. Raises ValueError; `name` begins its sentence."""
    missing = [column for column in (*_COLUMNS, "tick_size") if column not in arrays]
    if missing:
        raise ValueError(f"{name} lacks {', '.join(missing)}")
    columns = [arrays[column] for column in _COLUMNS]
    for (column, dtype), array in zip(_COLUMNS.items(), columns, strict=True):
        if array.dtype != dtype:
            raise ValueError(f"{name}: {column} is {array.dtype}, not {dtype}")
        if array.ndim != 1 or len(array) != len(columns[0]):
            raise ValueError(f"{name}: {column} has shape {array.shape}, not {columns[0].shape}")
    if len(columns[0]) == 0:
        raise ValueError(f"{name} has no rows")
    tick = arrays["tick_size"]
    if tick.shape != () or tick.dtype.kind not in "fiu" or not 0 < tick < np.inf:
        raise ValueError(f"{name}: tick_size is not one positive number")
    flow = Flow._make([*columns, float(tick)])
    _check_values(flow, name)
    return flow


def _check_values(flow: Flow, name: str) -> None:
    """Raise ValueError at the first row that can mean nothing."""
    wrong = {
        "type is not 1 to 6": (flow.says < Says.ADD) | (flow.says > Says.CLEAR),
        "side is not -1, 0 or 1": np.abs(flow.side.astype(np.int64)) > 1,
        "qty is below 0": flow.quantity < 0,
        "ts_ns is before the row before": np.diff(flow.time, prepend=flow.time[:1]) < 0,
    }
    for sentence, rows in wrong.items():
        if rows.any():
            raise ValueError(f"{name}: in row {int(rows.argmax())} {sentence}")
