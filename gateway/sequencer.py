"""The one line that all rows stand in: drained, submitted, made durable, published.

Frames are matched while an earlier sync is under way; one sync is in flight and covers
every frame appended before it began. Nothing is answered or published before its sync.
After a failed sync nothing is tried again: `run` raises, and nobody is answered.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from clearing.venue import Venue
from engine.exchange import Outcome
from engine.jit import Table
from engine.journal import JournalFullError
from engine.rows import Batch, join
from gateway.clock import Clock
from gateway.crowd import Crowd

ROWS_MAX = 1_024  # Of one drain.
PENDING_MAX = 65_536  # Rows that may wait.
FRAMES_MAX = 256  # Drains that may wait for their sync.
FULL_S = 0.1  # How long the calendar waits where the journal has no room.

Done = Callable[[Table], None]
Refuse = Callable[[], None]
_NOBODY: list[tuple[int, int, Done]] = []


class _Drain(NamedTuple):
    """What one submit did, and who waits for it: first seq, rows, callback."""

    outcomes: list[Outcome]
    waiting: list[tuple[int, int, Done]]


class Sequencer:
    """Drives a venue by its clock; the only one that submits.

    publish: called for each outcome, in order, after its sync and before its callbacks.
    """

    def __init__(
        self,
        venue: Venue,
        clock: Clock,
        publish: Callable[[Outcome], None],
        crowd: Crowd | None = None,
    ) -> None:
        self._venue = venue
        self._clock = clock
        self._publish = publish
        self._crowd = crowd
        self._pending: deque[tuple[Batch, Done, Refuse]] = deque()
        self._rows = 0
        self._drains: list[_Drain] = []
        self._work = asyncio.Event()
        self._appended = asyncio.Event()
        self._synced = asyncio.Event()
        self._stopping = False

    def put(self, batch: Batch, done: Done, refuse: Refuse) -> bool:
        """Queue rows; `done` gets their events once they are durable. False: the queue is full.

        refuse: called instead where the journal has no room; nothing happened to the rows.
        """
        if self._stopping or self._rows + len(batch) > PENDING_MAX:
            return False
        self._pending.append((batch, done, refuse))
        self._rows += len(batch)
        self._work.set()
        return True

    def stop(self) -> None:
        """Take no more rows; `run` returns once what was taken is durable and answered."""
        self._stopping = True
        self._work.set()

    async def run(self) -> None:
        """Match and sync until stopped. Raises what the venue or the journal raised."""
        with ThreadPoolExecutor(1, "sync") as pool:
            tasks = {asyncio.create_task(self._match()), asyncio.create_task(self._sync(pool))}
            ended, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            self._stopping = True
            for task in others:
                task.cancel()
            for task in ended:
                task.result()

    async def _match(self) -> None:
        while not (self._stopping and not self._pending):
            if not self._pending:
                await self._rest()
            while len(self._drains) >= FRAMES_MAX:
                self._synced.clear()
                await self._synced.wait()
            if not self._stopping:
                await self._pass_time()
            if self._pending:
                self._drain()
            await asyncio.sleep(0)
        self._appended.set()

    async def _rest(self) -> None:
        """Wait for rows, or until the calendar or the crowd is due."""
        self._work.clear()
        wait = self._clock.seconds_until(self._next_due())
        if wait > 0:
            try:
                await asyncio.wait_for(self._work.wait(), min(wait, 3_600.0))
            except TimeoutError:
                return

    def _next_due(self) -> int:
        due = self._venue.next_due()
        return due if self._crowd is None else min(due, self._crowd.next_wake())

    async def _pass_time(self) -> None:
        """Submit what the venue and the crowd have due; again later if there is no room."""
        try:
            self._submit_due()
        except JournalFullError:
            await asyncio.sleep(FULL_S)

    def _submit_due(self) -> None:
        due = self._next_due()
        if not self._pending and due < np.iinfo(np.int64).max:
            self._clock.reach(due)
        now = self._clock.now()
        if self._venue.next_due() <= now:
            self._append(self._venue.tick(now), _NOBODY)
        if self._crowd is not None and self._crowd.next_wake() <= now:
            batch = self._crowd.wake(now)
            if len(batch):
                self._append(self._venue.submit(batch, now), _NOBODY)

    def _drain(self) -> None:
        """Submit what is pending, up to ROWS_MAX rows or the first batch."""
        taken = [self._pending.popleft()]
        rows = len(taken[0][0])
        while self._pending and rows + len(self._pending[0][0]) <= ROWS_MAX:
            taken.append(self._pending.popleft())
            rows += len(taken[-1][0])
        self._rows -= rows
        # What is due now goes first, in the next round: participants' rows never bring it about.
        now = min(self._clock.now(), self._venue.next_due() - 1)
        try:
            outcomes = self._venue.submit(join(batch for batch, _, _ in taken), now)
        except JournalFullError:
            for _, _, refuse in taken:
                refuse()
            return
        seq, waiting = outcomes[0].frame.seq, []
        for batch, done, _ in taken:
            waiting.append((seq, len(batch), done))
            seq += len(batch)
        self._append(outcomes, waiting)

    def _append(self, outcomes: list[Outcome], waiting: list[tuple[int, int, Done]]) -> None:
        if outcomes:
            self._drains.append(_Drain(outcomes, waiting))
            self._appended.set()

    async def _sync(self, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while self._drains or not self._stopping:
            self._appended.clear()
            if not self._drains:
                await self._appended.wait()
                continue
            drains, self._drains = self._drains, []
            await loop.run_in_executor(pool, self._venue.exchange.sync)
            self._synced.set()
            for drain in drains:
                self._release(drain)

    def _release(self, drain: _Drain) -> None:
        """Publish what is durable, and give each its own events."""
        for place, outcome in enumerate(drain.outcomes):
            self._publish(outcome)
            if place == 0:
                _resolve(outcome, drain.waiting)
        if self._crowd is not None:
            self._crowd.publish(drain.outcomes)


def _resolve(outcome: Outcome, waiting: Sequence[tuple[int, int, Done]]) -> None:
    seqs = outcome.events["seq"]
    for first, rows, done in waiting:
        begin, end = np.searchsorted(seqs, (first, first + rows))
        done(outcome.events[begin:end])
