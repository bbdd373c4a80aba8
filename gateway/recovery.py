"""Opens a venue's folder: takes its lock, replays its journal, founds it where it is new.

And passes over a row with which it cannot be opened.
"""

import contextlib
import fcntl
import itertools
import os
from collections.abc import Callable, Collection
from pathlib import Path

from clearing.directory import Directory
from clearing.house import House
from clearing.venue import Venue, journal_in, proven
from clearing.verify import Verification, figures
from engine.disk import Disk
from engine.exchange import Exchange, Outcome
from engine.frame import Frame
from engine.rows import Batch
from engine.seals import sealed_in
from engine.skips import MISTAKES, AssertedError, Passing, is_skip
from engine.survey import Survey

# The rows that an exchange still lacks to be what it should, and their venue time (ns).
Founding = Callable[[Directory], tuple[Batch, int]]

_LOCK = "lock"
_JOURNAL = "journal"


Progress = Callable[[int, int], object]  # Rows replayed, of so many in all.


class BusyError(Exception):
    """Another process has the folder. One sentence."""


class RecoveryError(Exception):
    """Nothing was passed over, and the folder is as it was. One sentence."""


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


def pass_over(directory: Path, seqs: Collection[int], why: str, progress: Progress) -> Verification:
    """Pass over the rows that the house cannot take in, by a SKIP row each; return what there is.

    directory: an exchange's or a run's. seqs: every such row, and no other. why: stands in the
    journal with them. Raises RecoveryError; JournalError where the journal is not sound, or open
    in another process.
    """
    folder, count = journal_in(directory), proven(directory)
    passing = Passing(why=why)

    def watch(outcome: Outcome) -> None:
        progress(outcome.frame.last, count)

    while at_fault := _at_fault(folder, passing, watch):
        chosen = [seq for seq in seqs if seq in at_fault and seq not in passing.seqs]
        if not chosen:
            what = f"the house cannot take in {_named(at_fault)}"
            raise RecoveryError(f"{what}: that is what has to be passed over")
        passing = Passing(passing.seqs.union(chosen[:1]), why)
    needless = sorted(set(seqs) - passing.seqs)
    if needless:
        raise RecoveryError(f"the house can take in seq {needless[0]}: it is not passed over")
    with contextlib.closing(Venue.open(folder, passing=passing)) as venue:
        return figures(venue)


def _at_fault(folder: Path, passing: Passing, watch: Callable[[Outcome], object]) -> range:
    """Return the row that the house cannot take in, or all of a frame's; empty: there is none.

    Raises RecoveryError where rows behind it were acknowledged.
    """
    disk = Disk()
    try:
        venue = Venue(Exchange(sealed=sealed_in(folder)), House())
        venue.replay(Survey(folder, disk).read(), watch, passing=passing)
    except AssertedError as asserted:
        frame = asserted.frame
    else:
        return range(0)
    if any(each.seq > frame.last and not is_skip(each) for each in Survey(folder, disk).read()):
        raise RecoveryError(
            f"{folder}: rows behind seq {frame.last} were acknowledged, so none before is passed "
            "over; the release that wrote them can take them in"
        )
    return _narrowed(folder, frame)


def _narrowed(folder: Path, frame: Frame) -> range:
    """Return the row of the last frame at which the house makes its mistake, or all of them.

    frame: as it is applied.
    """
    venue = Venue(Exchange(sealed=sealed_in(folder)), House())
    frames = Survey(folder, Disk()).read()
    venue.replay(itertools.takewhile(lambda each: each.seq < frame.seq, frames))
    for place, seq in enumerate(range(frame.seq, frame.last + 1)):
        rows, chain = frame.commands[place : place + 1], venue.exchange.chain
        try:
            venue.house.fold(venue.exchange.replay(frame._replace(commands=rows, event_hash=chain)))
        except MISTAKES:
            return range(seq, seq + 1)
    return range(frame.seq, frame.last + 1)


def _named(rows: range) -> str:
    return f"seq {rows[0]}" if len(rows) == 1 else f"a row of seq {rows[0]} to {rows[-1]}"
