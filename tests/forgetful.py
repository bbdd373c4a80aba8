"""A disk in memory that forgets what was not synced, and fails when it is told to."""

import errno
import pathlib
import random
from dataclasses import dataclass, field

from engine.disk import Disk

SECTOR = 512


@dataclass
class Content:
    """A file: what is read from it, and what of it would survive a loss of power."""

    now: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)

    def sync(self) -> None:
        self.kept = bytearray(self.now)

    def lose(self, rng: random.Random | None) -> None:
        """Go back to what was synced; with `rng`, each sector written since may stay."""
        left = bytearray(self.kept)
        for start in range(0, len(self.now) if rng else 0, SECTOR):
            sector = self.now[start : start + SECTOR]
            assert rng
            if sector != self.kept[start : start + SECTOR] and rng.random() < 0.5:
                left.extend(bytes(max(0, start + len(sector) - len(left))))
                left[start : start + len(sector)] = sector
        self.now, self.kept = left, bytearray(left)


class ForgetfulDisk(Disk):
    """One directory of files. Every method counts as one call."""

    def __init__(self) -> None:
        self.calls = 0
        self.syncs = 0
        self.fail_at = 0  # The call that fails; 0: none does.
        self.failure = errno.EIO
        self.fails_for_ever = False
        self.free = 1 << 40  # Bytes.
        self.short = False  # Whether the failing write writes half before it fails.
        self._names: dict[str, Content] = {}
        self._kept_names: dict[str, Content] = {}
        self._open: dict[int, Content] = {}
        self._number = 0
        self._directory = -1

    def lose_power(self, rng: random.Random | None = None) -> None:
        """Close all files and forget what was not synced, or with `rng` some of it."""
        self._open.clear()
        self._directory = -1
        names = self._kept_names
        if rng and rng.random() < 0.5:
            names = self._names
        self._names, self._kept_names = dict(names), dict(names)
        for content in self._names.values():
            content.lose(rng)

    def kill(self) -> None:
        """Close all files as the end of the process does; what was written stays."""
        self._open.clear()
        self._directory = -1

    def file(self, name: str) -> bytearray:
        """What stands in a file, to be spoiled by a test."""
        return self._names[name].now

    def put(self, name: str, content: bytes) -> None:
        """Set a file, synced."""
        self._names[name] = self._kept_names[name] = Content(bytearray(content), bytearray(content))

    def lock(self, directory: pathlib.Path) -> int:
        self._count()
        if self._directory >= 0:
            raise BlockingIOError(errno.EAGAIN, "locked")
        self._directory = self._take(Content())
        return self._directory

    def names(self, directory: pathlib.Path) -> list[str]:
        self._count()
        return sorted(self._names)

    def create(self, path: pathlib.Path) -> int:
        self._count()
        if path.name in self._names:
            raise FileExistsError(errno.EEXIST, "exists", path.name)
        self._names[path.name] = Content()
        return self._take(self._names[path.name])

    def open(self, path: pathlib.Path) -> int:
        self._count()
        return self._take(self._names[path.name])

    def size(self, path: pathlib.Path) -> int:
        self._count()
        return len(self._names[path.name].now)

    def read(self, path: pathlib.Path, offset: int, size: int) -> bytes:
        self._count()
        return bytes(self._names[path.name].now[offset : offset + size])

    def allocate(self, file: int, size: int) -> None:
        self._count()
        content = self._open[file].now
        added = max(0, size - len(content))
        if added > self.free:
            raise OSError(errno.ENOSPC, "no space left")
        self.free -= added
        content.extend(bytes(added))

    def truncate(self, file: int, size: int) -> None:
        self._count()
        del self._open[file].now[size:]

    def write(self, file: int, offset: int, content: memoryview) -> int:
        fails = self._is_due()
        now = self._open[file].now
        count = len(content) // 2 if fails else len(content)
        if not fails or self.short:
            now.extend(bytes(max(0, offset + count - len(now))))
            now[offset : offset + count] = content[:count]
        if fails and self.short and not self.fails_for_ever:
            self.calls += 1
            return count
        self._count()
        return count

    def sync(self, file: int) -> None:
        self._count()
        self.syncs += 1
        self._open[file].sync()

    def sync_directory(self, directory: int) -> None:
        self._count()
        assert directory == self._directory
        self._kept_names = dict(self._names)

    def rename(self, path: pathlib.Path, name: str) -> None:
        self._count()
        self._names[name] = self._names.pop(path.name)

    def remove(self, path: pathlib.Path) -> None:
        self._count()
        self.free += len(self._names.pop(path.name).now)

    def close(self, file: int) -> None:
        self._open.pop(file, None)
        if file == self._directory:
            self._directory = -1

    def _take(self, content: Content) -> int:
        self._number += 1
        self._open[self._number] = content
        return self._number

    def _is_due(self) -> bool:
        due = self.fail_at and self.calls + 1 >= self.fail_at
        return bool(due and (self.fails_for_ever or self.calls + 1 == self.fail_at))

    def _count(self) -> None:
        fails = self._is_due()
        self.calls += 1
        if fails:
            raise OSError(self.failure, "planted failure")
