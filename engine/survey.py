"""Reads a journal's segments and judges what stands after the last whole frame.

A *torn tail* is what a crash may leave: nothing that was promised to be kept is
missing. Anything else that is not a sound frame in its place is refused.
"""

import pathlib
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from engine.disk import Disk
from engine.frame import (
    HEADER_BYTES,
    MAGIC,
    NO_HASH,
    DamagedError,
    ForeignError,
    Frame,
    Header,
    unpack,
)
from engine.pieces import Pieces

Reader = Callable[[Iterator[Frame]], object]

_NAME = re.compile(r"journal-(\d{6,})")
_SEAL = re.compile(r"sealed-(\d+)-(\d+)")


class JournalError(Exception):
    """The journal cannot be read or written. One sentence: file, offset, seq, what is wrong."""


class Seal(NamedTuple):
    """Up to where a release sealed a journal, and the rules that it played; seq 0: nowhere."""

    rules: int
    seq: int

    @property
    def name(self) -> str:
        """The name of its file, in the journal's directory."""
        return f"sealed-{self.rules}-{self.seq:012d}"


class Survey:
    """Yields the sound frames of a journal, in order; then tells where and how they end."""

    def __init__(self, directory: pathlib.Path, disk: Disk) -> None:
        self.frames = 0
        self.seq = 0  # Of the last row.
        self.hash = NO_HASH  # Of the last frame.
        self.segment = 0  # Number of the segment that the last frame stands in, from 1.
        self.offset = 0  # Where that frame ends.
        self.room = 0  # Bytes that segment was given.
        self.sizes: list[int] = []  # Bytes of each segment's file.
        self.torn = ""  # What is wrong with the tail, as a sentence; "" if nothing is.
        self._directory = directory
        self._disk = disk
        self._name = ""
        self._seal = Seal(0, 0)

    def read(self) -> Iterator[Frame]:
        """Yield each frame. Raises JournalError where the journal is damaged or foreign."""
        names = segment_names(self._directory, self._disk)
        self._seal = seals(self._directory, self._disk)[-1]
        for number, name in enumerate(names, 1):
            try:
                yield from self._file(number, name)
            except OSError as error:
                raise JournalError(f"{self._directory / name} cannot be read: {error}") from error

    def _file(self, number: int, name: str) -> Iterator[Frame]:
        pieces = Pieces(self._disk, self._directory / name)
        self.sizes.append(pieces.size)
        if self.torn:
            if not pieces.is_zero(0):
                raise self._error(f"the frame is damaged, and {name} follows: {self.torn}")
        elif number == 1 or not pieces.is_zero(0):
            self.segment, self.offset, self.room, self._name = number, 0, 0, name
            yield from self._segment(pieces)

    def _segment(self, pieces: Pieces) -> Iterator[Frame]:
        while self._has_more(pieces):
            try:
                header, frame = unpack(pieces.content, self.offset - pieces.first, *self._seal)
            except ForeignError as foreign:
                raise self._error(f"the frame {foreign}") from None
            except DamagedError as damaged:
                if pieces.read_on(self.offset):  # The piece ended within the frame.
                    continue
                self._judge(pieces, str(damaged))
                return
            self._follow(header)
            yield frame
        if not pieces.is_zero(self.offset):
            self._judge(pieces, "bytes follow that belong to no frame")
        elif pieces.size < max(self.room, HEADER_BYTES):
            self.torn = self._sentence(f"the file ends after {pieces.size} of {self.room} bytes")

    def _has_more(self, pieces: Pieces) -> bool:
        """Whether anything but zeros stands where the next frame would begin."""
        place = self.offset - pieces.first
        begun = pieces.content[place : place + len(MAGIC)]
        if begun == MAGIC:
            return True
        if (place or not begun) and pieces.read_on(self.offset):
            begun = pieces.content[: len(MAGIC)]
        return any(begun)

    def _follow(self, header: Header) -> None:
        """Step over a whole frame, if it is the next one."""
        if header.previous != self.hash or header.seq != self.seq + 1:
            raise self._error(f"the frame of seq {header.seq} does not follow the frame before")
        self.frames += 1
        self.seq += header.rows
        self.hash = header.hash
        self.offset += header.size
        self.room = header.room

    def _judge(self, pieces: Pieces, what: str) -> None:
        """Call a tail torn, unless a frame behind it proves that what is broken was kept."""
        content = pieces.whole()
        if self.frames == 0 and not MAGIC.startswith(content[: len(MAGIC)].rstrip(b"\0")):
            raise self._error(f"the file begins with {content[:8]!r}: this is no cfx journal")
        place = content.find(MAGIC, self.offset + 1)
        while place >= 0:
            if _kept(content, place, self._seal) > self.seq:
                raise self._error(f"the frame is damaged, and one at {place} follows: {what}")
            place = content.find(MAGIC, place + 1)
        self.torn = self._sentence(f"the tail is torn: {what}")

    def _error(self, what: str) -> JournalError:
        return JournalError(self._sentence(what))

    def _sentence(self, what: str) -> str:
        path = self._directory / self._name
        return f"{path} offset {self.offset}, frame {self.frames + 1}, seq {self.seq + 1}: {what}"


def look_away(_frames: Iterator[Frame]) -> None:
    """Leave the frames to whoever reads on."""


def survey(directory: pathlib.Path, disk: Disk, reader: Reader = look_away) -> Survey:
    """Read a whole journal, once, and return where and how it ends.

    reader: is given the frames on the way.
    Raises JournalError where it is damaged, foreign or missing.
    """
    found = Survey(directory, disk)
    frames = found.read()
    reader(frames)
    for _ in frames:
        pass
    return found


def segment_names(directory: pathlib.Path, disk: Disk) -> list[str]:
    """Return the journal's files, in order. Raises JournalError where one is missing."""
    try:
        names = [name for name in disk.names(directory) if _NAME.fullmatch(name)]
    except OSError as error:
        raise JournalError(f"{directory} cannot be read: {error}") from error
    for number, name in enumerate(names, 1):
        if name != segment_name(number):
            raise JournalError(f"{directory / segment_name(number)} is missing, {name} follows")
    return names


def seals(directory: pathlib.Path, disk: Disk) -> list[Seal]:
    """Return the seals of a journal, the last one last; before them one that seals nothing.

    Raises JournalError where its directory is there and cannot be read.
    """
    try:
        found = filter(None, map(_SEAL.fullmatch, disk.names(directory)))
    except FileNotFoundError:
        return [Seal(0, 0)]
    except OSError as error:
        raise JournalError(f"{directory} cannot be read: {error}") from error
    sealed = [Seal(int(each[1]), int(each[2])) for each in found]
    return sorted([Seal(0, 0), *sealed], key=lambda seal: seal.seq)


def segment_name(number: int) -> str:
    """Return the name of the n-th segment, from 1."""
    return f"journal-{number:06d}"


def _kept(content: bytes, place: int, seal: Seal) -> int:
    """Return up to which row a frame says all was kept; -1 where no whole frame stands."""
    try:
        return unpack(content, place, *seal)[0].kept
    except (DamagedError, ForeignError):
        return -1
