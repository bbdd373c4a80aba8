"""The journal: every frame that ever happened, appended once and never changed.

One thread appends; `sync` may be called from another.
"""

import contextlib
import enum
import pathlib
import threading
from collections.abc import Iterator

from engine.disk import Disk
from engine.frame import Frame, frame_bytes, frame_hash, pack
from engine.segments import SEGMENT_BYTES, JournalFullError, Segments
from engine.survey import JournalError, Reader, Survey, look_away

__all__ = ["Durability", "Frame", "Journal", "JournalError", "JournalFullError", "NoJournal"]


class Durability(enum.StrEnum):
    """What a synced frame survives."""

    FSYNC = "fsync"  # A loss of power.
    OS = "os"  # The end of this process.
    NONE = "none"  # Nothing, until the segment is full or the journal is closed.


class Journal:
    """A directory of frames that this process alone appends to.

    seq: of the last row. torn: what was cut off on opening, as a sentence; "" if nothing was.
    """

    def __init__(
        self,
        directory: pathlib.Path,
        disk: Disk = Disk(),
        durability: str = Durability.FSYNC,
        segment_bytes: int = SEGMENT_BYTES,
        reader: Reader = look_away,
    ) -> None:
        """Lock the directory, which may be new, read it once, and cut a torn tail off.

        reader: is given every frame on the way, proven whole and in order.
        Raises JournalError where another process holds it, or it is damaged or foreign.
        """
        self._directory = directory
        self._disk = disk
        self._durability = Durability(durability)
        self._buffer = bytearray()  # NONE: what is not written yet.
        self._mutex = threading.Lock()  # Held while a segment is synced or exchanged.
        self._broken = ""
        self.seq = 0
        with self._breaking(), contextlib.ExitStack() as undo:
            self._segments = Segments(directory, disk, segment_bytes, reader)
            undo.callback(self._segments.close)
            if self._durability is Durability.FSYNC:
                self._segments.sync_all()
            undo.pop_all()
        found = self._segments.found
        self.torn = found.torn
        self.seq = found.seq
        self._hash = found.hash  # Of the last frame.
        self._kept = found.seq  # FSYNC: every row up to this one survives a loss of power.

    @classmethod
    def open(
        cls,
        directory: pathlib.Path,
        disk: Disk = Disk(),
        durability: str = Durability.FSYNC,
        segment_bytes: int = SEGMENT_BYTES,
        reader: Reader = look_away,
    ) -> "Journal":
        """Return the journal of a directory: the same as calling the class."""
        return cls(directory, disk, durability, segment_bytes, reader)

    @property
    def is_full(self) -> bool:
        """Whether the disk is: new orders should be refused while what is left serves cancels."""
        return self._segments.is_full

    def reserve(self, size: int) -> None:
        """Make sure that a frame of so many bytes has room.

        Raises JournalFullError where no segment can be made for it: nothing happened.
        Raises JournalError after any other failure: it is not known what the disk holds.
        """
        self._assert_sound()
        with self._breaking():
            self._make_room(size)

    def append(self, frame: Frame) -> None:
        """Write a frame behind the last one. It is kept once a later `sync` has returned.

        Raises JournalFullError where no segment can be made for it: nothing happened.
        Raises JournalError after any other failure: it is not known what the disk holds.
        """
        self._assert_sound()
        assert frame.seq == self.seq + 1
        with self._breaking():
            self._make_room(frame_bytes(frame.commands, frame.text))
            kept = self._kept if self._durability is Durability.FSYNC else self.seq
            packed = pack(frame, self._hash, kept, self._segments.room)
            if self._durability is Durability.NONE:
                self._buffer += packed
            else:
                self._segments.write(packed)
        self._hash = frame_hash(packed)
        self.seq = frame.last

    def sync(self) -> None:
        """Return once every frame appended before this call is as safe as was asked for.

        Raises JournalError where that failed; it is never tried again.
        """
        with self._mutex:
            self._assert_sound()
            seq = self.seq
            if self._durability is Durability.FSYNC and seq > self._kept:
                with self._breaking():
                    self._segments.sync()
                self._kept = seq

    def frames(self) -> Iterator[Frame]:
        """Return every frame from the first, proven whole and in order."""
        with self._breaking():
            self._flush()
        return Survey(self._directory, self._disk).read()

    def close(self) -> None:
        """Write and sync what is left, and let others open the directory."""
        try:
            if not self._broken:
                with self._breaking():
                    self._flush()
                self.sync()
        finally:
            self._broken = self._broken or "it was closed"
            self._segments.close()

    def _make_room(self, size: int) -> None:
        """Go on in the next segment where a frame does not fit; this one is kept first."""
        if self._segments.has_room(len(self._buffer) + size):
            self._segments.reserve()
            return
        self._flush()
        self.sync()
        with self._mutex:
            self._segments.roll(size)

    def _flush(self) -> None:
        if self._buffer:
            self._segments.write(bytes(self._buffer))
            self._buffer.clear()

    def _assert_sound(self) -> None:
        if self._broken:
            raise JournalError(f"{self._directory} takes no more frames: {self._broken}")

    @contextlib.contextmanager
    def _breaking(self) -> Iterator[None]:
        """Turn a failure of the disk into the journal's end."""
        try:
            yield
        except OSError as error:
            self._broken = f"the disk failed after seq {self.seq}: {error}"
            raise JournalError(f"{self._directory}: {self._broken}") from error


class NoJournal:
    """Keeps nothing: for simulations and tests that need no file."""

    torn = ""
    is_full = False

    def reserve(self, size: int) -> None:
        """Return at once: nothing takes room."""

    def append(self, frame: Frame) -> None:
        """Forget the frame."""

    def sync(self) -> None:
        """Return at once."""

    def frames(self) -> Iterator[Frame]:
        """Return nothing."""
        return iter(())

    def close(self) -> None:
        """Return at once."""
