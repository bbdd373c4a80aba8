"""The engine's state as bytes and back: what differs from an empty exchange, under three hashes.

A snapshot says up to which row it stands, and what the journal up to that row hashes to.
It is read only by the release whose arrays have the layout of those that it holds.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine.hashes import SIZE as HASH_BYTES
from engine.hashes import digest
from engine.jit import Table
from engine.schema import RULES
from engine.state import Sizes, State, new_state

MAGIC = b"cfxstate"
FORMAT = 1  # Raised when the layout of the header changes.

_HEADER = struct.Struct("<8s2I16s3q16s16s16s")
_SIZES = struct.Struct(f"<{len(Sizes._fields)}q")
_LENGTHS = struct.Struct(f"<{len(State._fields)}q")
_HEAD_BYTES = _HEADER.size + _SIZES.size + _LENGTHS.size
_CHUNK = 1 << 20  # Bytes that are compared at a time.


class SnapshotError(Exception):
    """What was read is no snapshot of this release. Says in one clause why not."""


class Snapshot(NamedTuple):
    """A state, where in the journal it stands, and the hashes of all before."""

    seq: int  # Of the last row.
    time: int  # Of that row, ns.
    state_hash: str
    event_hash: bytes  # Event chain after that row's frame.
    ledger_hash: bytes  # Of the clearing house, if there is one.
    sizes: Sizes  # That the state was made with.
    state: State


class _Head(NamedTuple):
    """What stands before the arrays, in the order of its bytes."""

    magic: bytes
    format: int
    rules: int
    layout: bytes
    seq: int
    time: int
    content: int  # Bytes of the arrays.
    state_hash: bytes
    event_hash: bytes
    ledger_hash: bytes


def layout_hash() -> bytes:
    """Return 16 bytes that stand for the names and fields of a state's arrays."""
    described = zip(State._fields, new_state(Sizes(1, 1, 1, 1, 1, 1, 1)), strict=True)
    fields = [f"{name} {array.dtype.descr} {array.ndim}" for name, array in described]
    return digest("\n".join((*Sizes._fields, *fields)).encode())


def parts(snapshot: Snapshot) -> Iterator[bytes | memoryview]:
    """Yield a snapshot's bytes piece by piece; they are valid while the state does not change."""
    empty = new_state(snapshot.sizes)
    used = [_used(*pair) for pair in zip(snapshot.state, empty, strict=True)]
    lengths = [len(each) for each in used]
    hashes = bytes.fromhex(snapshot.state_hash), snapshot.event_hash, snapshot.ledger_hash
    place = snapshot.seq, snapshot.time, sum(lengths)
    head = b"".join(
        (
            _HEADER.pack(MAGIC, FORMAT, RULES, layout_hash(), *place, *hashes),
            _SIZES.pack(*snapshot.sizes),
            _LENGTHS.pack(*lengths),
        )
    )
    yield digest(head, *used)
    yield head
    yield from used


def unpack(content: bytes, rules: int = 0) -> Snapshot:
    """Return the snapshot that these bytes are, proven whole.

    rules: that it was made under; 0: this release's. Raises SnapshotError where they are cut off,
    damaged, of another layout or other rules.
    """
    head = _head(content)
    first = HASH_BYTES + _HEAD_BYTES
    if len(content) != first + head.content:
        raise SnapshotError(f"has {len(content)} bytes, its header says {first + head.content}")
    if digest(memoryview(content)[HASH_BYTES:]) != content[:HASH_BYTES]:
        raise SnapshotError("is damaged: its bytes do not match its hash")
    if head.rules != (rules or RULES):
        raise SnapshotError(f"was made under rules {head.rules}, this release plays {RULES}")
    if head.layout != layout_hash():
        raise SnapshotError("holds arrays of another layout: another release made it")
    sizes = Sizes(*_SIZES.unpack_from(content, HASH_BYTES + _HEADER.size))
    lengths = _LENGTHS.unpack_from(content, HASH_BYTES + _HEADER.size + _SIZES.size)
    state, offset = new_state(sizes), first
    for array, length in zip(state, lengths, strict=True):
        _bytes_of(array)[:length] = np.frombuffer(content, np.uint8, length, offset)
        offset += length
    hashes = head.state_hash.hex(), head.event_hash, head.ledger_hash
    return Snapshot(head.seq, head.time, *hashes, sizes, state)


def differing(one: State, other: State) -> str:
    """Return the name of the first array that two states of the same sizes differ in; "": none."""
    for name, ours, theirs in zip(State._fields, one, other, strict=True):
        if not np.array_equal(_bytes_of(ours), _bytes_of(theirs)):
            return name
    return ""


def _head(content: bytes) -> _Head:
    if content[HASH_BYTES : HASH_BYTES + len(MAGIC)] != MAGIC:
        raise SnapshotError("is no snapshot of cfx")
    if len(content) < HASH_BYTES + _HEAD_BYTES:
        raise SnapshotError(f"is cut off after {len(content)} bytes")
    head = _Head(*_HEADER.unpack_from(content, HASH_BYTES))
    if head.format != FORMAT:
        raise SnapshotError(f"is of format {head.format}, this release reads format {FORMAT}")
    return head


def _used(array: Table, empty: Table) -> memoryview:
    """Return an array's bytes up to the last one in which it differs from an empty exchange's."""
    ours, theirs = _bytes_of(array), _bytes_of(empty)
    for first in range((len(ours) - 1) // _CHUNK * _CHUNK, -1, -_CHUNK):
        chunk = slice(first, first + _CHUNK)
        differing = np.flatnonzero(ours[chunk] != theirs[chunk])
        if len(differing):
            return ours[: first + int(differing[-1]) + 1].data
    return ours[:0].data


def _bytes_of(array: Table) -> Table:
    """Return an array's own bytes, shape (n,)."""
    return array.reshape(-1).view(np.uint8)
