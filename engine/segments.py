"""The journal's files: made at full size, filled one after the other, held by one process.

A segment has its full size before it has its name, so a shorter one was cut by
somebody else; and the next is made while this one has room, so a full disk shows early.
"""

import contextlib
import errno
import pathlib

from engine.disk import Disk
from engine.survey import JournalError, Reader, Survey, segment_name, survey

SEGMENT_BYTES = 64 << 20
_UNFINISHED = ".new"  # Ends the name of a segment that has not got its full size yet.
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class JournalFullError(JournalError):
    """There is no room for the next segment. The journal is sound, and can be read."""


class Segments:
    """A locked directory of segments, and the place in one of them where the next frame goes.

    found: how the journal was found to end on opening; room: bytes of the segment that is
    written; is_full: whether the next one could not be made. Every method raises OSError.
    """

    def __init__(
        self, directory: pathlib.Path, disk: Disk, segment_bytes: int, reader: Reader
    ) -> None:
        """Lock the directory, read what it holds and stand behind the last sound frame.

        reader: is given the frames on the way.
        Raises JournalError where another process holds it, or it is damaged or foreign.
        """
        self._directory = directory
        self._disk = disk
        self._segment_bytes = segment_bytes
        self.is_full = False
        with contextlib.ExitStack() as undo:
            self._lock = self._take_lock()
            undo.callback(disk.close, self._lock)
            self._remove_unfinished()
            self.found = survey(directory, disk, reader)
            self._sizes = self.found.sizes  # Bytes of each segment.
            if not self._sizes:
                self._create(segment_bytes)
            self._number = max(self.found.segment, 1)  # Of the segment that is written.
            self._offset = self.found.offset
            self.room = self.found.room or self._sizes[self._number - 1]
            self._file = disk.open(self._path(self._number))
            undo.callback(disk.close, self._file)
            self._cut(self.found)
            undo.pop_all()

    def has_room(self, size: int) -> bool:
        """Whether `size` bytes more fit into the segment."""
        return self._offset + size <= self.room

    def write(self, content: bytes) -> None:
        """Write behind what was written last."""
        rest = memoryview(content)
        while rest:
            written = self._disk.write(self._file, self._offset, rest)
            self._offset += written
            rest = rest[written:]

    def sync(self) -> None:
        """Return once what was written to this segment survives a loss of power."""
        self._disk.sync(self._file)

    def sync_all(self) -> None:
        """Return once every segment, whoever wrote it, survives a loss of power."""
        for number in range(1, len(self._sizes) + 1):
            file = self._disk.open(self._path(number))
            try:
                self._disk.sync(file)
            finally:
                self._disk.close(file)
        self._disk.sync_directory(self._lock)

    def reserve(self) -> None:
        """Make the next segment, once this one is half full; note whether the disk is."""
        if len(self._sizes) > self._number:
            self.is_full = False
        elif self.is_full or 2 * self._offset > self.room:
            with contextlib.suppress(JournalFullError):
                self._create(self._segment_bytes)

    def roll(self, size: int) -> None:
        """Go on in a later segment that has room for `size` bytes.

        Raises JournalFullError where there is none: nothing changed.
        """
        if not any(room >= size for room in self._sizes[self._number :]):
            self._create(max(size, self._segment_bytes))
        number = self._number + 1
        while self._sizes[number - 1] < size:
            number += 1
        file = self._disk.open(self._path(number))
        self._disk.close(self._file)
        self._file = file
        self._number, self._offset, self.room = number, 0, self._sizes[number - 1]

    def close(self) -> None:
        """Let others open the directory."""
        if self._lock >= 0:
            self._disk.close(self._file)
            self._disk.close(self._lock)
        self._lock = -1

    def _take_lock(self) -> int:
        try:
            return self._disk.lock(self._directory)
        except BlockingIOError:
            raise JournalError(f"{self._directory} is open in another process") from None

    def _remove_unfinished(self) -> None:
        for name in self._disk.names(self._directory):
            if name.endswith(_UNFINISHED):
                self._disk.remove(self._directory / name)

    def _cut(self, found: Survey) -> None:
        """Leave zeros behind the last sound frame where a torn tail follows it."""
        if not found.torn:
            return
        self.room = max(self.room, self._segment_bytes)
        self._disk.truncate(self._file, self._offset)
        self._disk.allocate(self._file, self.room)
        self._disk.sync(self._file)
        self._sizes[self._number - 1] = self.room

    def _create(self, size: int) -> None:
        """Add a segment of zeros."""
        path = self._path(len(self._sizes) + 1)
        unfinished = path.with_name(path.name + _UNFINISHED)
        file = self._disk.create(unfinished)
        try:
            self._disk.allocate(file, size)
            self._disk.sync(file)
        except OSError as error:
            self._disk.remove(unfinished)
            if error.errno not in _DISK_FULL:
                raise
            self.is_full = True
            raise JournalFullError(f"{path} has no room: {error}") from error
        finally:
            self._disk.close(file)
        self._disk.rename(unfinished, path.name)
        self._disk.sync_directory(self._lock)
        self._sizes.append(size)
        self.is_full = False

    def _path(self, number: int) -> pathlib.Path:
        return self._directory / segment_name(number)
