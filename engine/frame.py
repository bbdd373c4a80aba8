"""One frame as bytes: a header of 128 bytes, its COMMAND rows, its text.

Frames begin at multiples of 128 bytes, so a header lies within one sector: a loss
of power leaves it whole or not at all. All numbers are little-endian.
"""

import struct
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from engine.hashes import SIZE as HASH_BYTES
from engine.hashes import digest
from engine.jit import Table
from engine.layout import COMMAND
from engine.schema import RULES

MAGIC = b"cfxframe"
FORMAT = 1  # Raised when the layout of a frame changes.
NO_HASH = bytes(HASH_BYTES)

_HEADER = struct.Struct("<8s5I4x3q16s16s16s8x16s")
HEADER_BYTES = _HEADER.size
_HASHED = HEADER_BYTES - HASH_BYTES  # The hash stands last and covers all before and after it.

assert HEADER_BYTES == 128 == COMMAND.itemsize


class Frame(NamedTuple):
    """Rows that entered together, and the hashes that tie them to what came before."""

    origin: int  # An Origin.
    commands: Table  # COMMAND, shape (n,), n > 0, stamped, read-only.
    text: bytes  # What the rows' `text` offsets point into.
    event_hash: bytes  # Event chain after the previous frame.
    ledger_hash: bytes = NO_HASH  # Where this frame closed a cycle.

    @property
    def seq(self) -> int:
        """The sequence number of the first row."""
        return int(self.commands["seq"][0])

    @property
    def last(self) -> int:
        """The sequence number of the last row."""
        return self.seq + len(self.commands) - 1


class Header(NamedTuple):
    """A frame's header, in the order of its bytes."""

    magic: bytes
    format: int
    rules: int
    origin: int
    rows: int
    text_bytes: int
    seq: int  # Of the first row.
    kept: int  # Every row up to this one was safe when the frame was written.
    room: int  # Bytes of the segment that the frame stands in.
    previous: bytes  # Hash of the previous frame.
    event_hash: bytes
    ledger_hash: bytes
    hash: bytes  # SHA-256, cut to 16 bytes, of the frame without this field.

    @property
    def size(self) -> int:
        """Bytes of the whole frame."""
        return _size(self.rows, self.text_bytes)


class DamagedError(Exception):
    """What stands there is no whole frame. Says in one clause why not."""


class ForeignError(Exception):
    """What stands there was written by another program or release. Says so in one clause."""


def copied(rows: Table) -> Table:
    """Return a copy of COMMAND or EVENT rows: as words, since numpy copies fields one by one."""
    return rows.view(np.int64).copy().view(rows.dtype)


def frozen(rows: Table) -> Table:
    """Return the same rows, read-only."""
    view = rows.view()
    view.flags.writeable = False
    return view


def frame_bytes(rows: Table, text: bytes) -> int:
    """Return how many bytes a frame of these rows and this text takes in the journal."""
    return _size(len(rows), len(text))


def first_rows(frames: Sequence[Frame]) -> list[int]:
    """Return the place of each frame's first row among the rows of all."""
    return [0, *accumulate(len(frame.commands) for frame in frames[:-1])]


def pack(frame: Frame, previous: bytes, kept: int, room: int) -> bytes:
    """Return a frame as the journal's bytes; its hash is what `frame_hash` finds in them."""
    head = _HEADER.pack(
        *(MAGIC, FORMAT, RULES, frame.origin, len(frame.commands), len(frame.text)),
        *(frame.seq, kept, room, previous, frame.event_hash, frame.ledger_hash, NO_HASH),
    )[:_HASHED]
    size = frame_bytes(frame.commands, frame.text)
    padding = bytes(size - HEADER_BYTES - frame.commands.nbytes - len(frame.text))
    body = frame.commands.view(np.uint8).data, frame.text, padding
    return b"".join((head, digest(head, *body), *body))


def frame_hash(packed: bytes) -> bytes:
    """Return the hash that a packed frame carries."""
    return packed[_HASHED:HEADER_BYTES]


def unpack(
    content: bytes, offset: int, sealed_rules: int = RULES, sealed_seq: int = 0
) -> tuple[Header, Frame]:
    """Return the frame at `offset`, proven whole. Its rows are a view of `content`.

    sealed_rules, sealed_seq: frames up to this row may be of these rules, or of older ones.
    Raises DamagedError, or ForeignError where the format or the rules are not this release's.
    """
    header = _header(content, offset)
    end = offset + header.size
    if header.rows == 0 or end > len(content):
        raise DamagedError(f"it claims {header.rows} rows and {header.text_bytes} bytes of text")
    view = memoryview(content)
    head, body = view[offset : offset + _HASHED], view[offset + HEADER_BYTES : end]
    if digest(head, body) != header.hash:
        raise DamagedError("its bytes do not match its hash")
    is_sealed = header.rules <= sealed_rules and header.seq <= sealed_seq
    if header.rules != RULES and not is_sealed:
        raise ForeignError(
            f"was written under rules {header.rules}, this release plays rules {RULES}: "
            "`cfx upgrade` of the release that wrote it lets a newer one go on from there"
        )
    commands = np.frombuffer(content, COMMAND, header.rows, offset + HEADER_BYTES)
    text = bytes(body[commands.nbytes : commands.nbytes + header.text_bytes])
    return header, Frame(header.origin, commands, text, header.event_hash, header.ledger_hash)


def _header(content: bytes, offset: int) -> Header:
    if offset + HEADER_BYTES > len(content):
        raise DamagedError("its header is cut off")
    header = Header(*_HEADER.unpack_from(content, offset))
    if header.magic != MAGIC:
        raise DamagedError(f"it begins with {header.magic!r}, not with {MAGIC!r}")
    if header.format == 0:
        raise DamagedError("its header is half written")
    if header.format != FORMAT:
        raise ForeignError(f"is of format {header.format}, this release reads format {FORMAT}")
    return header


def _size(rows: int, text_bytes: int) -> int:
    return HEADER_BYTES + rows * COMMAND.itemsize + text_bytes + -text_bytes % HEADER_BYTES
