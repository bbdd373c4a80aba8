"""Seals an exchange's folder, so that a release of other rules can go on from where it stands."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from clearing.venue import Venue, journal_in, proven
from clearing.verify import figures
from engine.exchange import Outcome
from engine.jit import Table
from engine.schema import RULES
from engine.seals import content_of
from engine.survey import Seal
from gateway.backup import snapshot_of, sync_names

Progress = Callable[[int, int], object]  # Rows replayed, of so many in all.


class Upgraded(msgspec.Struct, frozen=True):
    """What a folder's seal holds."""

    seal: str  # Its file.
    rules: int
    rows: int
    events: int
    state_hash: str
    event_hash: str
    ledger_hash: str


def upgrade(directory: Path, progress: Progress) -> Upgraded:
    """Replay the journal of an exchange's or a run's folder, and seal what it came to.

    Nobody may have it open. Raises JournalError where the journal is not sound, or is open
    elsewhere; OSError where there is no room: then nothing is sealed.
    """
    folder, count = journal_in(directory), proven(directory)
    events: list[Table] = []

    def watch(outcome: Outcome) -> None:
        events.append(outcome.events)
        progress(outcome.frame.last, count)

    with contextlib.closing(Venue.open(folder, watch=watch)) as venue:
        made, seal = figures(venue), Seal(RULES, venue.exchange.seq)
        _write(folder / seal.name, list(content_of(snapshot_of(venue, made), events)))
    hashes = made.state_hash, made.event_hash, made.ledger_hash
    rows, told = seal.seq, sum(map(len, events))
    return Upgraded(str(folder / seal.name), RULES, rows, told, *hashes)


def _write(path: Path, content: list[bytes | memoryview]) -> None:
    """Give a file its name once it is whole and kept."""
    unfinished = path.with_name(f"{path.name}.new")
    try:
        with unfinished.open("wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    sync_names(path.parent)
