"""Backups of an exchange's folder, also of one that is served: its journal, and a snapshot.

A backup is a folder that `verify` reads: `journal/`, whole frames alone, and `snapshot`, the
engine's state after the last of them. Keys stay where they are: secrets are in no backup.
Both ways everything is built beside the target, proven by a replay, and named at the end.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from clearing.house import House
from clearing.venue import Venue
from clearing.verify import Verification, figures
from engine.disk import Disk
from engine.exchange import Exchange
from engine.journal import JournalError
from engine.pieces import is_zero
from engine.seals import sealed_in
from engine.snapshot import Snapshot, SnapshotError, differing, parts, unpack
from engine.state import Sizes
from engine.survey import Survey, seals, segment_name, segment_names, survey

Progress = Callable[[int, int], object]  # Rows replayed, of so many in all.

_JOURNAL = "journal"
_SNAPSHOT = "snapshot"
_UNFINISHED = ".new"  # Ends the name of a folder until it is whole.
_ATTEMPTS = 3
_CHUNK = 1 << 20


class BackupError(Exception):
    """Nothing was backed up or restored, and nothing half-made was left. One sentence."""


class Copied(msgspec.Struct, frozen=True):
    """What a new backup holds, or a restored folder."""

    folder: str
    files: int  # Of the journal.
    frames: int
    rows: int
    state_hash: str
    event_hash: str
    ledger_hash: str


class _Copy(Disk):
    """A journal's files as they stand in a copy of its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, directory: Path) -> list[str]:
        """Return the names in the copy."""
        return super().names(self._folder)

    def size(self, path: Path) -> int:
        """Return how many bytes the copy of a file has."""
        return super().size(self._folder / path.name)

    def read(self, path: Path, offset: int, size: int) -> bytes:
        """Return what stands in the copy of a file from `offset` on."""
        return super().read(self._folder / path.name, offset, size)


def back_up(directory: Path, to: Path, progress: Progress) -> Copied:
    """Copy the journal of an exchange's or a run's folder, which may be in use, to a new folder.

    All that was durable before the call is in it. Raises BackupError, or JournalError where the
    journal is damaged or its replay differs.
    """
    source = directory / _JOURNAL if (directory / _JOURNAL).is_dir() else directory
    with _built(to) as folder:
        copy = folder / _JOURNAL
        found = _copied(source, copy)
        venue = _replayed(source, copy, found.seq, progress, Sizes())
        made = figures(venue)
        _write(folder / _SNAPSHOT, parts(snapshot_of(venue, made)))
    return _report(to, found, made)


def restore(backup: Path, to: Path, progress: Progress) -> Copied:
    """Copy a backup to a new folder, to be served, if its journal makes what its snapshot holds.

    Raises BackupError, or JournalError where the backup's journal is damaged.
    """
    snapshot = _read(backup / _SNAPSHOT)
    source = backup / _JOURNAL
    with _built(to) as folder:
        copy = folder / _JOURNAL
        found = _copied(source, copy)
        if found.torn:
            raise BackupError(found.torn)
        for number, size in enumerate(found.sizes, 1):
            _allocate(copy / segment_name(number), size)
        venue = _replayed(source, copy, found.seq, progress, snapshot.sizes)
        made = figures(venue)
        _compare(backup, snapshot, snapshot_of(venue, made))
    return _report(to, found, made)


@contextlib.contextmanager
def _built(to: Path) -> Iterator[Path]:
    """Yield a folder beside a new or empty one, whose name it gets if all goes well.

    Raises BackupError, also for what the disk raises meanwhile.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise BackupError(f"{to} is there already and is not an empty folder")
    target = to.resolve()
    folder = target.with_name(target.name + _UNFINISHED)
    disk = Disk()
    with contextlib.ExitStack() as always:
        try:
            always.callback(disk.close, disk.lock(folder))
            _clear(folder)
            with contextlib.ExitStack() as undo:
                undo.callback(shutil.rmtree, folder, ignore_errors=True)
                (folder / _JOURNAL).mkdir()
                yield folder
                _sync(folder)
                os.rename(folder, target)
                undo.pop_all()
            sync_names(target.parent)
        except BlockingIOError:
            raise BackupError(f"{folder} is being made by another process") from None
        except OSError as error:
            raise BackupError(f"{to} was not made: {error}") from error


def _clear(folder: Path) -> None:
    """Remove what an attempt that was killed left, and nothing else. Raises BackupError."""
    for path in folder.iterdir():
        if path.name == _JOURNAL and path.is_dir():
            shutil.rmtree(path)
        elif path.name == _SNAPSHOT:
            path.unlink()
        else:
            raise BackupError(f"{path} is in the way: {folder} is where it would be built")


def _copied(source: Path, copy: Path) -> Survey:
    """Copy a journal's whole frames; return what it was found to hold.

    A server may write meanwhile: what looks damaged then is whole when it is read again.
    Raises JournalError where it stays damaged, BackupError where there is no journal.
    """
    for attempt in range(_ATTEMPTS):
        _copy_files(source, copy)
        try:
            found = survey(source, _Copy(copy))
        except JournalError:
            if attempt + 1 < _ATTEMPTS:
                continue
            raise
        if not found.frames:
            raise BackupError(f"{source} holds no journal")
        _cut(copy, found)
        return found
    raise AssertionError


def _copy_files(source: Path, copy: Path) -> None:
    """Copy the last file first: then no file lacks a frame that a later one follows."""
    disk = Disk()
    names = segment_names(source, disk)
    for name in (*(seal.name for seal in seals(source, disk)[1:]), *reversed(names)):
        with (source / name).open("rb", buffering=0) as old, (copy / name).open("wb") as new:
            while chunk := old.read(_CHUNK):
                if is_zero(chunk):
                    new.seek(len(chunk), os.SEEK_CUR)
                else:
                    new.write(chunk)
            new.truncate()


def _cut(copy: Path, found: Survey) -> None:
    """Leave whole frames alone in a copy, and files of the size that they say."""
    last = found.segment if found.offset else found.segment - 1
    for number in range(last + 1, len(found.sizes) + 1):
        (copy / segment_name(number)).unlink()
    del found.sizes[last:]
    if found.offset:
        os.truncate(copy / segment_name(last), found.offset)
        os.truncate(copy / segment_name(last), found.room)
        found.sizes[-1] = found.room


def _allocate(path: Path, size: int) -> None:
    """Give a copy all the room that it will be written in: the disk may be full later."""
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, size)


def _replayed(source: Path, copy: Path, rows: int, progress: Progress, sizes: Sizes) -> Venue:
    venue = Venue(Exchange(sizes=sizes, sealed=sealed_in(copy)), House())
    frames = Survey(source, _Copy(copy)).read()
    venue.replay(frames, lambda outcome: progress(outcome.frame.last, rows))
    return venue


def snapshot_of(venue: Venue, made: Verification) -> Snapshot:
    """Return the engine of a venue with its hashes. made: the venue's figures."""
    exchange = venue.exchange
    hashes = made.state_hash, exchange.chain, venue.house.ledger.hash()
    return Snapshot(exchange.seq, exchange.time, *hashes, exchange.sizes, exchange.state)


def _compare(backup: Path, kept: Snapshot, made: Snapshot) -> None:
    """Raise BackupError, naming what differs, unless two snapshots are the same."""
    for name in ("seq", "time", "state_hash", "event_hash", "ledger_hash"):
        ours, theirs = getattr(made, name), getattr(kept, name)
        if ours != theirs:
            what = f"its journal gives {name} {_shown(ours)}, its snapshot says {_shown(theirs)}"
            raise BackupError(f"{backup} is not one backup: {what}")
    array = differing(made.state, kept.state)
    if array:
        raise BackupError(f"{backup} is not one backup: its journal gives other {array}")


def _shown(figure: str | int | bytes) -> str:
    return figure.hex() if isinstance(figure, bytes) else str(figure)


def _read(path: Path) -> Snapshot:
    try:
        return unpack(path.read_bytes())
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error}") from None
    except SnapshotError as error:
        raise BackupError(f"{path} {error}") from None


def _write(path: Path, content: Iterator[bytes | memoryview]) -> None:
    with path.open("wb") as file:
        file.writelines(content)


def _sync(folder: Path) -> None:
    """Return once a folder and all in it survive a loss of power."""
    for inner, _, names in os.walk(folder):
        for name in names:
            with (Path(inner) / name).open("rb") as file:
                os.fsync(file.fileno())
        sync_names(Path(inner))


def sync_names(folder: Path) -> None:
    """Return once the names in a folder survive a loss of power."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _report(to: Path, found: Survey, made: Verification) -> Copied:
    hashes = made.state_hash, made.event_hash, made.ledger_hash
    return Copied(str(to), len(found.sizes), found.frames, found.seq, *hashes)
