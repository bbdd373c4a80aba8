"""What a release leaves to a newer one: every event so far, and the engine's state after them.

A release of other rules applies no row again that is sealed: what was acknowledged and paid stands
as it was told, and the engine goes on from the state that it ended in.
"""

import pathlib
import struct
from collections.abc import Iterator, Sequence

import numpy as np

from engine.disk import Disk
from engine.frame import Frame
from engine.hashes import SIZE as HASH_BYTES
from engine.hashes import digest
from engine.jit import Table
from engine.layout import EVENT
from engine.schema import RULES
from engine.snapshot import Snapshot, SnapshotError, parts, unpack
from engine.survey import JournalError, Seal, seals

_COUNT = struct.Struct("<q")  # Of events. Before it stands the hash of all that follows.


class Sealed:
    """The sealed part of a journal that other rules were played by.

    seq: of its last row. snapshot: the engine after it.
    """

    def __init__(self, content: bytes, seal: Seal) -> None:
        """Take in a seal's file. Raises SnapshotError where it cannot be used."""
        if digest(memoryview(content)[HASH_BYTES:]) != content[:HASH_BYTES]:
            raise SnapshotError("is damaged: its bytes do not match its hash")
        first = HASH_BYTES + _COUNT.size
        (count,) = _COUNT.unpack_from(content, HASH_BYTES)
        self.seq = seal.seq
        self._events = np.frombuffer(content, EVENT, count, first)
        self._seqs = np.ascontiguousarray(self._events["seq"])
        self.snapshot = unpack(content[first + self._events.nbytes :], seal.rules)

    def covers(self, frame: Frame) -> bool:
        """Whether a frame is sealed."""
        return frame.last <= self.seq

    def events_of(self, frame: Frame) -> Table:
        """Return what a frame caused: EVENT, shape (n,)."""
        first, end = np.searchsorted(self._seqs, (frame.seq, frame.last + 1))
        return self._events[first:end]


def content_of(snapshot: Snapshot, events: Sequence[Table]) -> Iterator[bytes | memoryview]:
    """Yield the bytes of a seal: of every frame's events in order, and the state after them."""
    count = sum(len(each) for each in events)
    body = [each.view(np.uint8).data for each in events if len(each)]
    rest = (_COUNT.pack(count), *body, *parts(snapshot))
    yield digest(*rest)
    yield from rest


def sealed_in(directory: pathlib.Path, disk: Disk = Disk()) -> Sealed | None:
    """Return what of a journal is sealed and was played by other rules; None: nothing.

    Raises JournalError where a seal cannot be used.
    """
    seal = [each for each in seals(directory, disk) if each.rules != RULES][-1]
    if not seal.seq:
        return None
    try:
        path = directory / seal.name
        return Sealed(disk.read(path, 0, disk.size(path)), seal)
    except OSError as error:
        raise JournalError(f"{directory / seal.name} cannot be read: {error}") from error
    except SnapshotError as error:
        raise JournalError(f"{directory / seal.name} {error}") from error
