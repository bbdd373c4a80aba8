"""The exchange: stamps rows, journals them, lets the kernel apply them, and chains the hashes.

It alone advances an engine's state. It owns no clock: time comes in with each call.
"""

import functools
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.chain import EventChain
from engine.frame import NO_HASH, Frame, copied, first_rows, frame_bytes, frozen
from engine.jit import Table, direct
from engine.journal import Journal, JournalError, NoJournal
from engine.kernel import step
from engine.layout import COMMAND, EVENT
from engine.rows import Batch
from engine.schema import Did, Origin
from engine.seals import Sealed
from engine.state import Sizes, State, new_state
from engine.views import Views, views

_EVENTS = 1 << 12  # Rows of the event buffer at first.


Step = Callable[[State, Views, int, Table], tuple[int, int, int]]


class Outcome(NamedTuple):
    """A frame and all that it caused."""

    frame: Frame
    events: Table  # EVENT, shape (n,), the receiver's own.

    def accepted(self, are_asked: NDArray[np.bool_]) -> list[int]:
        """Return the places of those rows that were not refused. are_asked: of each row."""
        places = np.flatnonzero(are_asked)
        if not len(places):
            return []
        refused = self.events["seq"][self.events["kind"] == Did.REJECTED]
        if len(refused):
            places = places[~np.isin(self.frame.commands["seq"][places], refused)]
        found: list[int] = places.tolist()
        return found


class Exchange:
    """An engine's state, and the journal that it can be made again from.

    seq, time: of the last row. sizes: that the state is made with.
    """

    def __init__(
        self,
        journal: Journal | NoJournal | None = None,
        sizes: Sizes = Sizes(),
        sealed: Sealed | None = None,
    ) -> None:
        """Begin empty. A journal that holds frames is to be replayed before anything else.

        sealed: the part of it that is not to be applied again.
        """
        self._sealed = sealed
        self.sizes = sizes if sealed is None else sealed.snapshot.sizes
        self.journal = journal or NoJournal()
        self.state: State = new_state(self.sizes)
        self.seq = 0
        self.time = 0
        self._chain = EventChain()
        self._events = np.zeros(_EVENTS, EVENT)

    @property
    def deadline(self) -> int:
        """When the engine next waits for time alone, such as the end of a halt; else never."""
        return int(self.state.totals[0]["next_deadline"])

    @property
    def chain(self) -> bytes:
        """The event hash after the last frame. Raises JournalError where a replay differed."""
        return self._chain.value()

    def stamp(
        self,
        batch: Batch,
        now: int,
        origin: int = Origin.PARTICIPANT,
        ledger_hash: bytes = NO_HASH,
    ) -> Frame:
        """Return the frame that `submit` would make of a batch; nothing changes."""
        return self._frame(self._stamped(batch, now), batch, origin, ledger_hash)

    def submit(
        self,
        batch: Batch,
        now: int,
        origin: int = Origin.PARTICIPANT,
        ledger_hash: bytes = NO_HASH,
    ) -> Outcome:
        """Stamp rows with consecutive numbers and a time that never steps back; apply them.

        now: nanoseconds since the epoch. The frame is kept once a later `sync` returned.
        Raises JournalFullError: nothing changed. Raises JournalError: the journal is at its end.
        """
        rows = self._stamped(batch, now)
        self.journal.reserve(frame_bytes(rows, batch.text))
        events = self._step(rows)
        frame = self._frame(rows, batch, origin, ledger_hash)
        self.journal.append(frame)
        self._chain.add(events)
        self._move(frame)
        return Outcome(frame, events)

    def replay(self, frame: Frame) -> Outcome:
        """Apply a frame of the journal again. Raises JournalError as `apply` and `follow` do."""
        return self.follow([frame], self.apply(frame))[0]

    def apply(self, frame: Frame) -> Table:
        """Apply rows of the journal again; return their events, with which `follow` comes next.

        Raises JournalError where the rows do not follow.
        """
        if frame.seq != self.seq + 1:
            raise JournalError(f"seq {frame.seq} was replayed after seq {self.seq}")
        events = self._remembered(frame) if self.is_sealed(frame) else self._step(frame.commands)
        self._move(frame)
        return events

    def follow(self, frames: Sequence[Frame], events: Table) -> list[Outcome]:
        """Hash what some frames caused; return what each of them did.

        events: EVENT, of all of these frames, which were applied, maybe as one. Raises
        JournalError, now or at a later call, where the events before a frame differ from those
        that it was written after.
        """
        firsts = np.array(first_rows(frames)[1:], np.int64) + frames[0].seq
        bounds = [0, *np.searchsorted(events["seq"], firsts).tolist(), len(events)]
        self._chain.add_again(frames, events, bounds)
        parts = [events[first:end] for first, end in pairwise(bounds)]
        return [Outcome(*each) for each in zip(frames, parts, strict=True)]

    def is_sealed(self, frame: Frame) -> bool:
        """Whether what a frame caused is known, and is not found out again."""
        return self._sealed is not None and self._sealed.covers(frame)

    def prove(self) -> None:
        """Return once all events so far are hashed. Raises JournalError where a replay differed."""
        self._chain.value()

    def sync(self) -> None:
        """Return once every frame submitted before this call is kept. Any thread may call it."""
        self.journal.sync()

    def close(self) -> None:
        """Keep what was submitted and close the journal."""
        self.journal.close()

    def _stamped(self, batch: Batch, now: int) -> Table:
        assert len(batch) > 0
        rows = copied(batch.rows)
        rows["seq"] = np.arange(self.seq + 1, self.seq + 1 + len(rows))
        rows["time"] = max(self.time, now)
        return rows

    def _frame(self, rows: Table, batch: Batch, origin: int, ledger_hash: bytes) -> Frame:
        return Frame(origin, frozen(rows), batch.text, self.chain, ledger_hash)

    def _remembered(self, frame: Frame) -> Table:
        """Return the events of a sealed frame; after the last one the state is what it was."""
        sealed = self._sealed
        assert sealed is not None
        if frame.last == sealed.seq:
            self.state = sealed.snapshot.state
        return copied(sealed.events_of(frame))

    def _move(self, frame: Frame) -> None:
        self.seq = frame.last
        self.time = int(frame.commands["time"][-1])

    def _step(self, rows: Table) -> Table:
        """Run the kernel over all rows; its buffer is emptied and grown as it asks.

        rows: may be read-only, though the kernel is compiled for others: it writes to no row.
        """
        families = views(rows)
        run = _machine_code()
        done, count, room = run(self.state, families, 0, self._events)
        parts = [copied(self._events[:count])]
        while room > 0:
            if room > len(self._events):
                self._events = np.zeros(1 << int(room).bit_length(), EVENT)
            done, count, room = run(self.state, families, done, self._events)
            parts.append(copied(self._events[:count]))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


@functools.cache
def _machine_code() -> Step:
    """Return `step` for arrays as an exchange has them, of whatever length."""
    smallest = new_state(Sizes(1, 1, 1, 1, 1, 1))
    return direct(step, smallest, views(np.zeros(1, COMMAND)), 0, np.zeros(1, EVENT))
