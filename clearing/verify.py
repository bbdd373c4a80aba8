"""Judges a journal without changing it: every byte, every hash, and every answer of the house."""

import pathlib
from typing import NamedTuple

from clearing.house import House
from clearing.venue import Venue, journal_in
from engine.disk import Disk
from engine.exchange import Exchange
from engine.frame import Frame
from engine.hashes import state_hash
from engine.journal import JournalError
from engine.seals import sealed_in
from engine.state import Sizes
from engine.survey import Survey, survey


class Verification(NamedTuple):
    """What a journal was found to hold. Hashes are "" unless it is sound."""

    ok: bool
    frames: int
    rows: int
    state_hash: str
    event_hash: str
    ledger_hash: str
    ledger_sum_micro: int
    position_sum: int
    finding: str  # Why it is refused or torn, or what differs, as a sentence; "" for nothing.


def verify(
    directory: pathlib.Path,
    disk: Disk = Disk(),
    sizes: Sizes = Sizes(),
    *,
    recompute: bool = False,
) -> Verification:
    """Return what the journal of an exchange's or a run's folder holds.

    recompute: also compute the figures again that entered it as input. Where they differ the
    journal is still sound; the finding names the first.
    """
    folder = journal_in(directory)
    try:
        found = survey(folder, disk)
        if found.torn:
            return _refused(found.frames, found.seq, found.torn)
        venue = Venue(Exchange(sizes=sizes, sealed=sealed_in(folder, disk)), House())
        doubts = _Doubts()
        venue.replay(Survey(folder, disk).read(), doubt=doubts if recompute else None)
    except JournalError as error:
        return _refused(0, 0, str(error))
    if not found.frames:
        return _refused(0, 0, f"{folder} holds no journal")
    finding = doubts.finding
    return figures(venue)._replace(frames=found.frames, rows=found.seq, finding=finding)


class _Doubts:
    """What was computed again and came out differently."""

    def __init__(self) -> None:
        self._differing: list[int] = []

    def __call__(self, frame: Frame, again: Frame) -> None:
        """Compare a frame with itself as computed again."""
        if (frame.commands.tobytes(), frame.text) != (again.commands.tobytes(), again.text):
            self._differing.append(frame.seq)

    @property
    def finding(self) -> str:
        """Which frames differ, as a sentence; "" for none."""
        if not self._differing:
            return ""
        first, count = self._differing[0], len(self._differing)
        return f"seq {first}: computed again, {count} frame(s) of input figures differ, this first"


def figures(venue: Venue) -> Verification:
    """Return the hashes and sums of a venue as it stands; frames and rows as replayed."""
    house = venue.house
    return Verification(
        ok=True,
        frames=0,
        rows=venue.exchange.seq,
        state_hash=state_hash(venue.exchange.state),
        event_hash=venue.exchange.chain.hex(),
        ledger_hash=house.ledger.hash().hex(),
        ledger_sum_micro=house.ledger.total(),
        position_sum=int(house.positions.holdings["net"].sum()),
        finding="",
    )


def _refused(frames: int, rows: int, finding: str) -> Verification:
    return Verification(False, frames, rows, "", "", "", 0, 0, finding)
