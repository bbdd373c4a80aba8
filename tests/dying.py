"""Processes that end in the middle of copying or playing an exchange, as if killed from outside."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from engine.disk import Disk
from tests.random_defaults import opened, play


def die_at(row: int, copying: Callable[..., object], source: Path, target: Path) -> None:
    """Copy, and be killed once so many rows are done."""

    def progress(done: int, _count: int) -> None:
        if done >= row:
            os.kill(os.getpid(), signal.SIGKILL)

    copying(source, target, progress)


class DyingDisk(Disk):
    """A disk that kills its process in the middle of a write."""

    def __init__(self, fatal: int) -> None:
        """Count writes from 1; the one with this number is cut off after half of its bytes."""
        self._left = fatal

    def write(self, file: int, offset: int, content: memoryview) -> int:
        """Write, or write half and die."""
        self._left -= 1
        if self._left == 0:
            super().write(file, offset, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(file, offset, content)


def die_playing(fatal: int, folder: Path, seed: int, days: int) -> None:
    """Play days in which accounts default into a folder, and be killed in one of its writes."""
    play(opened(folder, DyingDisk(fatal)), seed, days)
