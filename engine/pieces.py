"""A segment's file as it is read: a piece at a time, so that its memory is used again."""

import pathlib

from engine.disk import Disk

PIECE = 1 << 20  # Bytes, and a multiple of every frame's alignment.


class Pieces:
    """One file, of which one piece is at hand: `content`, which begins at `first`.

    size: of the file when it was opened. Every method raises OSError.
    """

    def __init__(self, disk: Disk, path: pathlib.Path) -> None:
        self._disk = disk
        self._path = path
        self.size = disk.size(path)
        self.first = 0
        self.content = b""

    def read_on(self, offset: int) -> bool:
        """Have more at hand from `offset` on than before; False: there is no more."""
        if offset != self.first:
            size = PIECE
        elif offset + len(self.content) < self.size:
            size = max(PIECE, 2 * len(self.content))
        else:
            return False
        self.first, self.content = offset, self._read(offset, size)
        return True

    def whole(self) -> bytes:
        """Return all of the file."""
        return self._read(0, self.size)

    def is_zero(self, offset: int) -> bool:
        """Whether nothing but zeros stands from `offset` on."""
        places = range(offset, self.size, PIECE)
        return all(is_zero(self._read(place, PIECE)) for place in places)

    def _read(self, offset: int, size: int) -> bytes:
        return self._disk.read(self._path, offset, min(size, self.size - offset))


def is_zero(content: bytes) -> bool:
    """Whether nothing but zeros stands there."""
    return content == bytes(len(content))
