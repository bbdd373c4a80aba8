"""Rows that recovery passes over: how the journal says so, and what is applied in their place.

A row that the clearing house cannot take in without a mistake of ours would stop every replay at
its frame. SKIP rows, in frames right behind that one, name such rows: wherever it is replayed, a
row that lets time pass and does nothing else is applied in the place of each.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from engine.frame import Frame, copied, frozen
from engine.journal import JournalError
from engine.layout import MONEY
from engine.rows import Batch
from engine.schema import VERSION, Kind

_SKIP = int(Kind.SKIP)
MISTAKES = (AssertionError, ArithmeticError, LookupError, ValueError)  # What a mistake raises.


class AssertedError(JournalError):
    """The house cannot take in a frame. frame: as it was applied."""

    def __init__(self, frame: Frame, mistake: Exception) -> None:
        self.frame = frame
        what = f"{type(mistake).__name__} {mistake}".strip()
        super().__init__(
            f"seq {frame.seq} to {frame.last}: the house cannot take in this frame ({what}); "
            "`cfx recover DIR --skip SEQ` passes over a row of it"
        )


class Passing(NamedTuple):
    """Rows of the journal's last frame that are to be passed over from now on, and why."""

    seqs: frozenset[int] = frozenset()
    why: str = ""

    def rows(self) -> Batch:
        """Return the SKIP rows that say so."""
        batch = Batch()
        for seq in sorted(self.seqs):
            batch.money(Kind.SKIP, value=seq, text=self.why)
        return batch


def is_skip(frame: Frame) -> bool:
    """Whether a frame says what is passed over in the one before, and nothing else."""
    kinds = frame.commands["kind"]
    return bool(kinds[0] == _SKIP) and bool((kinds == _SKIP).all())


def followed(
    frames: Iterable[Frame], passing: frozenset[int] = frozenset()
) -> Iterator[tuple[Frame, Frame]]:
    """Yield each frame of a journal, and what is applied of it: itself, or less.

    passing: rows that no SKIP row names yet. Raises JournalError where a SKIP row names a row
    that does not stand in the frame before.
    """
    group: list[Frame] = []
    for frame in frames:
        if group and not is_skip(frame):
            yield from _passed(group, passing)
            group = []
        group.append(frame)
    if group:
        yield from _passed(group, passing)


def _passed(group: list[Frame], passing: frozenset[int]) -> Iterator[tuple[Frame, Frame]]:
    """Yield a frame as it is applied, and the SKIP frames behind it as they are."""
    first, *skips = group
    if not (skips or passing or is_skip(first)):
        yield first, first
        return
    named = [int(row["value"]) for skip in skips for row in skip.commands.view(MONEY)]
    outside = [seq for seq in named if not first.seq <= seq <= first.last]
    if outside or is_skip(first):
        seq = skips[0].seq if skips else first.seq
        raise JournalError(f"seq {seq}: passes over a row that is not in the frame before")
    yield first, _without(first, passing.union(named))
    yield from ((skip, skip) for skip in skips)


def _without(frame: Frame, seqs: frozenset[int]) -> Frame:
    """Return a frame in which some rows only let time pass."""
    chosen = np.isin(frame.commands["seq"], list(seqs)) if seqs else np.False_
    if not chosen.any():
        return frame
    rows = copied(frame.commands)
    rows["kind"][chosen] = Kind.TIME
    rows["version"][chosen] = VERSION
    return frame._replace(commands=frozen(rows))
