"""Applies the frames of a journal again, and proves that exchange and house come to the same.

Participants' orders are taken in by the run, however small their frames were. A frame with an
event that the house may answer ends its part of a run: the answer has to be the next frame.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from clearing.booking import FIRST_MONEY
from clearing.house import House
from engine.ahead import ahead
from engine.exchange import Exchange, Outcome
from engine.frame import Frame
from engine.hashes import digest
from engine.jit import Table
from engine.journal import JournalError
from engine.rows import Batch
from engine.runs import Run, divided, runs
from engine.schema import Origin
from engine.skips import MISTAKES, AssertedError, Passing, is_skip

Doubt = Callable[[Frame, Frame], object]  # Is given a CALC frame, and it as computed here.

_NOTHING = Batch()
_AT_ONCE = 4  # Runs that are read ahead together.


class Replay:
    """One replay of a journal, by an exchange and its house."""

    def __init__(
        self,
        exchange: Exchange,
        house: House,
        watch: Callable[[Outcome], object],
        doubt: Doubt | None = None,
    ) -> None:
        self._exchange = exchange
        self._house = house
        self._watch = watch
        self._doubt = doubt
        self._awaited = _NOTHING  # The house's answer to the frame before.

    def play(self, frames: Iterable[Frame], passing: Passing) -> Batch:
        """Apply frames, read ahead in another thread; return the answer that is still to come.

        Raises JournalError where a frame is not what has to follow, and AssertedError where the
        house cannot take a frame in.
        """
        try:
            for run in ahead(runs(frames, passing.seqs, self._exchange.is_sealed), _AT_ONCE):
                if is_skip(run.original):
                    self._watch(self._exchange.replay(run.original))
                else:
                    self._apply(run)
        finally:
            self._exchange.prove()  # Other events come first, whatever the house made of them.
        return self._awaited

    def _apply(self, run: Run) -> None:
        self._compare(run.original)
        if self._doubt is not None and run.original.origin == Origin.CALC:
            again = self._exchange.stamp(self._house.calculate(), self._exchange.time, Origin.CALC)
            self._doubt(run.original, again)
        events = self._exchange.apply(run.whole)
        if len(run.frames) == 1:
            self._take(run, events)
            return
        for part, caused in divided(run, events, may_answer(self._house, events)):
            self._compare(part.original)
            self._take(part, caused)

    def _take(self, run: Run, events: Table) -> None:
        """Let the house take in frames that were applied, and keep what it answers."""
        outcomes = self._exchange.follow(run.frames, events)
        try:
            self._awaited = folded(self._house, Outcome(run.whole, events))
        except MISTAKES as mistake:
            raise AssertedError(run.whole, mistake) from mistake
        for outcome in outcomes:
            self._watch(outcome)

    def _compare(self, frame: Frame) -> None:
        """Raise JournalError unless a frame of the journal is what comes next.

        What is sealed may have been answered otherwise; but the books have to agree.
        """
        if self._exchange.is_sealed(frame):
            if frame.origin == Origin.HOUSE:
                self._compare_ledger(frame)
            return
        expected = Origin.HOUSE if len(self._awaited) else Origin.PARTICIPANT
        if self._house.calculates:
            expected = Origin.CALC
        if frame.origin != expected:
            raise JournalError(
                f"seq {frame.seq}: a frame of {Origin(frame.origin).name} stands where "
                f"one of {expected.name} has to follow"
            )
        if expected == Origin.HOUSE:
            self._compare_ledger(frame)
            now = self._exchange.time
            answer = self._exchange.stamp(self._awaited, now, Origin.HOUSE, frame.ledger_hash)
            _compare_rows(frame, answer)

    def _compare_ledger(self, frame: Frame) -> None:
        ledger_hash = self._house.ledger.hash()
        if ledger_hash != frame.ledger_hash:
            raise JournalError(
                f"seq {frame.seq}: the ledger hashes to {ledger_hash.hex()}, "
                f"the journal says {frame.ledger_hash.hex()}"
            )


def folded(house: House, outcome: Outcome) -> Batch:
    """Let the house take in a frame; return its answer, empty where a CALC frame is next."""
    house.fold(outcome)
    return _NOTHING if house.calculates else house.answer()


def may_answer(house: House, events: Table) -> NDArray[np.bool_]:
    """Return which events of participants' orders a house may answer; others it only counts.

    events: EVENT, shape (n,), as is what is returned.
    """
    may: NDArray[np.bool_] = events["kind"] >= FIRST_MONEY
    if house.calls.open:
        may |= np.isin(events["account"], list(house.calls.open))
    if house.grants.credits:
        may |= house.grants.may_end(events)
    return may


def _compare_rows(frame: Frame, answer: Frame) -> None:
    """Raise JournalError, naming the first row that differs, unless both hold the same bytes."""
    theirs = digest(frame.commands.tobytes(), frame.text)
    ours = digest(answer.commands.tobytes(), answer.text)
    if ours == theirs:
        return
    common = min(len(frame.commands), len(answer.commands))
    pairs = zip(frame.commands[:common], answer.commands[:common], strict=True)
    same = [one.tobytes() == other.tobytes() for one, other in pairs]
    place = same.index(False) if False in same else common
    raise JournalError(
        f"seq {frame.seq + place}: the house's answer of {len(answer.commands)} rows hashes to "
        f"{ours.hex()}, the journal's of {len(frame.commands)} to {theirs.hex()}"
    )
