"""Opens a venue's folder: takes its lock, replays its journal, founds it where it is new."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from clearing.directory import Directory
from clearing.venue import Venue
from engine.exchange import Outcome
from engine.rows import Batch

# The rows that an exchange still lacks to be what it should, and their venue time (ns).
Founding = Callable[[Directory], tuple[Batch, int]]

_LOCK = "lock"
_JOURNAL = "journal"


class BusyError(Exception):
    """Another process has the folder. One sentence."""


class Lock:
    """One process's hold of a folder; the end of the process frees it."""

    def __init__(self, directory: Path) -> None:
        """Take the folder, which is made where it is missing. Raises BusyError."""
        directory.mkdir(parents=True, exist_ok=True)
        self._file = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise BusyError(f"{directory} is served by another process") from None

    def release(self) -> None:
        """Let others take the folder."""
        os.close(self._file)


def recover(directory: Path, durability: str, watch: Callable[[Outcome], object]) -> Venue:
    """Return the venue of a folder; `watch` has seen every outcome of its journal, in order.

    An answer of the house that the file ends before is produced and appended first.
    Raises JournalError where the journal is damaged or its replay differs.
    """
    return Venue.open(directory / _JOURNAL, durability=durability, watch=watch)


def is_founded(directory: Path) -> bool:
    """Whether a folder holds an exchange."""
    return (directory / _JOURNAL).is_dir()


def complete(
    venue: Venue, known: Directory, founding: Founding, watch: Callable[[Outcome], object]
) -> None:
    """Add the rows that a venue lacks; they are durable, and `watch` has seen them, on return."""
    batch, now = founding(known)
    if not len(batch):
        return
    outcomes = venue.submit(batch, now)
    venue.sync()
    for outcome in outcomes:
        watch(outcome)
