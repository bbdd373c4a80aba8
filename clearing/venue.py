"""The venue: exchange and clearing house as one, with the calendar, and their recovery.

The only module of clearing that knows `engine.exchange`. The house's answer follows the frame
that it answers at once, before any participant's row, and again until the house is silent.
"""

import contextlib
import datetime
import itertools
import pathlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from clearing.calendar import Due, next_business_day, rows, times, trade_date
from clearing.ending import ending
from clearing.guards import add_changes
from clearing.house import House
from clearing.replay import Doubt, Replay, folded
from engine.disk import Disk
from engine.exchange import Exchange, Outcome
from engine.frame import Frame
from engine.journal import Durability, Journal, JournalError, JournalFullError
from engine.rows import Batch
from engine.schema import Kind, Origin, Phase
from engine.seals import sealed_in
from engine.skips import Passing
from engine.state import Sizes
from engine.survey import Survey, survey

JOURNAL = "journal"  # The folder of an exchange's, or of a run's, journal.
ROUNDS = 8  # The most answers to one frame.
NEVER = int(np.iinfo(np.int64).max)

_NOTHING = Batch()


def _look_away(_outcome: Outcome) -> None:
    """Pass over an outcome."""


class Venue:
    """One exchange with its clearing house. Time and chance come from whoever drives it."""

    def __init__(self, exchange: Exchange, house: House) -> None:
        self.exchange = exchange
        self.house = house
        self.recovered = 0  # Rows that were replayed.
        self._agenda: list[tuple[int, datetime.date, Due]] = []  # What is due next, last.

    @classmethod
    def open(
        cls,
        directory: pathlib.Path | None = None,
        disk: Disk = Disk(),
        durability: str = Durability.FSYNC,
        sizes: Sizes = Sizes(),
        watch: Callable[[Outcome], object] = _look_away,
        passing: Passing = Passing(),
    ) -> "Venue":
        """Return the venue whose journal lies in a directory, which may be new; None: in memory.

        Replays it as it is read, reproduces the house's frames byte for byte, and appends an
        answer that the file ends before. `watch` is shown each outcome, in order; all are kept
        when this returns. passing: rows of the last frame that are passed over from now on.
        Raises JournalError where something differs: nothing was appended.
        """
        if directory is None:
            return cls(Exchange(sizes=sizes), House())
        with contextlib.ExitStack() as undo:
            venue = cls(Exchange(sizes=sizes, sealed=sealed_in(directory, disk)), House())
            awaited: list[Batch] = []

            def replay(frames: Iterator[Frame]) -> None:
                awaited.append(venue.replay(frames, watch, passing=passing))

            venue.exchange.journal = Journal.open(directory, disk, durability, reader=replay)
            undo.callback(venue.close)
            answers = venue._pass_over(passing) + venue._answer(awaited[0])
            venue.sync()
            for outcome in answers:
                watch(outcome)
            undo.pop_all()
        return venue

    def submit(self, batch: Batch, now: int) -> list[Outcome]:
        """Submit participants' rows, then the house's answers; return all frames' outcomes.

        Raises JournalFullError where the first frame found no room: nothing happened.
        Raises JournalError where an answer found none: then this venue has to be opened anew.
        """
        outcome = self.exchange.submit(batch, now)
        return [outcome, *self._answer(folded(self.house, outcome))]

    def tick(self, now: int) -> list[Outcome]:
        """Submit what is due up to `now`, in order, each at its own time.

        The calendar's rows, and a TIME row where the engine or the house waits for time alone:
        halts end so, and liquidations go on.
        """
        outcomes = []
        while (due_time := self.next_due()) <= now:
            if self._deadline() == due_time:
                batch = Batch()
                batch.money(Kind.TIME)
                outcomes += self.submit(batch, due_time)
                continue
            time, date, due = self._agenda[-1]
            directory = self.house.directory
            ended = ending(self.house, date, due)
            batch = rows(date, time, due, len(directory.products), ended)
            if due.is_late or Phase.CLOSE in due.phases:
                add_changes(batch, directory, date, due.is_late)
            if len(batch):
                outcomes += self.submit(batch, time)
            self._agenda.pop()
        return outcomes

    def next_due(self) -> int:
        """Return when the calendar, or a deadline, is next due; NEVER: neither."""
        if not self.house.calendar_time:
            return self._deadline()
        if not self._agenda:
            self._plan()
        return min(self._agenda[-1][0], self._deadline())

    def _deadline(self) -> int:
        """Return when the engine, or the house, next waits for time alone."""
        return min(self.exchange.deadline, self.house.defaults.deadline)

    def sync(self) -> None:
        """Return once every frame so far is kept. Any thread may call it."""
        self.exchange.sync()

    def close(self) -> None:
        """Keep what was submitted, and let others open the directory."""
        self.exchange.close()

    def replay(
        self,
        frames: Iterable[Frame],
        watch: Callable[[Outcome], object] = _look_away,
        doubt: Doubt | None = None,
        passing: Passing = Passing(),
    ) -> Batch:
        """Apply frames of a journal again; return the house's answer that is still to come.

        They are read ahead, in another thread.
        doubt: given each CALC frame, and as it would be computed here and now. passing: rows
        that are passed over beside those that the journal names.
        Raises JournalError where a frame of the house differs from what the house answers, and
        AssertedError where the house cannot take a frame in.
        """
        before = self.exchange.seq
        awaited = Replay(self.exchange, self.house, watch, doubt).play(frames, passing)
        self.recovered += self.exchange.seq - before
        return awaited

    def _pass_over(self, passing: Passing) -> list[Outcome]:
        """Say in the journal what was passed over; the house does not hear of it."""
        if not passing.seqs:
            return []
        return [self.exchange.submit(passing.rows(), self.exchange.time)]

    def _answer(self, awaited: Batch) -> list[Outcome]:
        """Submit what the house has to say, at the time of what it answers, until it is silent."""
        outcomes: list[Outcome] = []
        now = self.exchange.time
        while self.house.calculates or len(awaited):
            assert len(outcomes) < ROUNDS, "the house does not come to an end"
            try:
                if self.house.calculates:
                    outcome = self.exchange.submit(self.house.calculate(), now, Origin.CALC)
                else:
                    ledger_hash = self.house.ledger.hash()
                    outcome = self.exchange.submit(awaited, now, Origin.HOUSE, ledger_hash)
            except JournalFullError as error:
                seq = self.exchange.seq
                raise JournalError(f"no room for the house's answer to seq {seq}") from error
            outcomes.append(outcome)
            awaited = folded(self.house, outcome)
        return outcomes

    def _plan(self) -> None:
        """Fill the agenda with the rest of a trade date."""
        date = trade_date(self.house.calendar_time)
        while not self._agenda:
            lines = [(time, date, due) for time, due in times(date)]
            self._agenda = [line for line in reversed(lines) if line[0] > self.house.calendar_time]
            date = next_business_day(date)


def journal_in(folder: pathlib.Path) -> pathlib.Path:
    """Return where the journal of a run's or an exchange's folder lies; it may lie in itself."""
    inner = folder / JOURNAL
    return inner if inner.is_dir() else folder


def proven(folder: pathlib.Path) -> int:
    """Return the number of the last row of a folder's journal; each frame is whole.

    Raises JournalError where the journal is not sound, or there is none.
    """
    directory = journal_in(folder)
    found = survey(directory, Disk())
    if not found.seq:
        raise JournalError(f"{directory} holds no journal")
    return found.seq


def replayed(
    folder: pathlib.Path,
    watch: Callable[[Outcome], object],
    sizes: Sizes = Sizes(),
    last: int = NEVER,
) -> Venue:
    """Return a venue as the journal of a folder made it; nothing is locked, added or cut off.

    watch: shown each outcome, in order. last: the row to stop at, if a frame ends there.
    Raises JournalError where the journal is not sound, or its replay differs.
    """
    sealed = sealed_in(journal_in(folder))
    venue = Venue(Exchange(sizes=sizes, sealed=sealed), House())
    frames = Survey(journal_in(folder), Disk()).read()
    venue.replay(itertools.takewhile(lambda frame: frame.last <= last, frames), watch)
    return venue
