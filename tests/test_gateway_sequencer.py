"""One line for all rows: answered once durable, one sync in flight, nothing after a failed one."""

import asyncio
import errno
import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearing.venue import Venue
from engine.disk import Disk
from engine.exchange import Outcome
from engine.jit import Table
from engine.journal import JournalError
from engine.rows import Batch
from engine.schema import Did, Kind, Phase
from gateway.clock import Clock
from gateway.sequencer import Sequencer
from tests.serving import START, first_rows


class GatedDisk(Disk):
    """A disk whose syncs wait until they are let through, and may fail."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.syncs = 0
        self.fails = False

    def sync(self, file: int) -> None:
        self.gate.wait(10)
        self.syncs += 1
        if self.fails:
            raise OSError(errno.EIO, "no such luck")
        super().sync(file)


class Bench:
    """A venue on a gated disk, its sequencer, and what both said."""

    def __init__(self, directory: Path, speed: int = 1, crowd: Any = None) -> None:
        self.disk = GatedDisk()
        self.venue = Venue.open(directory / "journal", disk=self.disk)
        batch, start = first_rows()
        batch.money(Kind.OPEN_OWNER, other=1, text="ann")
        batch.money(Kind.OPEN_ACCOUNT, account=1, other=1, text="ann")
        batch.money(Kind.DEPOSIT, account=1, value=10**12)
        self.venue.submit(batch, start)
        self.venue.sync()
        self.published: list[Outcome] = []
        self.answers: list[Table] = []
        clock = Clock(self.venue.exchange.time, speed)
        self.sequencer = Sequencer(self.venue, clock, self.published.append, crowd)

    def buy(self, price: int = 500) -> bool:
        """Queue an order."""
        batch = Batch(1)
        batch.enter(1, 0, 0, 1, price)
        return self.sequencer.put(batch, self.answers.append, self.refused)

    def refused(self) -> None:
        raise AssertionError("the journal has room")

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(1_000):
            if holds():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("it never came to hold")


def test_each_request_gets_its_own_events(tmp_path: Path) -> None:
    asyncio.run(_own_events(Bench(tmp_path)))


async def _own_events(bench: Bench) -> None:
    for price in (500, 502, 505):
        bench.buy(price)
    running = asyncio.create_task(bench.sequencer.run())
    await bench.until(lambda: len(bench.answers) == 3)
    bench.sequencer.stop()
    await running
    kinds = [[int(kind) for kind in events["kind"]] for events in bench.answers]
    entered = [int(Did.ENTERED), int(Did.RESTED)]
    assert kinds == [entered, entered, [int(Did.REJECTED)]]
    assert [len(outcome.frame.commands) for outcome in bench.published] == [3], "one drain"
    assert not bench.buy(), "a stopped sequencer takes nothing"


def test_frames_are_matched_while_a_sync_is_under_way(tmp_path: Path) -> None:
    asyncio.run(_overlap(Bench(tmp_path)))


async def _overlap(bench: Bench) -> None:
    running = asyncio.create_task(bench.sequencer.run())
    seq, syncs = bench.venue.exchange.seq, bench.disk.syncs
    bench.disk.gate.clear()
    for count in range(1, 6):
        bench.buy()
        await bench.until(lambda: bench.venue.exchange.seq == seq + count)  # noqa: B023
    await asyncio.sleep(0.05)
    assert bench.published == []
    assert bench.answers == []
    bench.disk.gate.set()
    await bench.until(lambda: len(bench.answers) == 5)
    assert bench.disk.syncs == syncs + 2, "the second covers what was appended during the first"
    assert [outcome.frame.seq for outcome in bench.published] == list(range(seq + 1, seq + 6))
    bench.sequencer.stop()
    await running


def test_after_a_failed_sync_nobody_is_answered(tmp_path: Path) -> None:
    asyncio.run(_failure(Bench(tmp_path)))


async def _failure(bench: Bench) -> None:
    bench.disk.fails, syncs = True, bench.disk.syncs
    bench.buy()
    with pytest.raises(JournalError, match="no such luck"):
        await asyncio.wait_for(bench.sequencer.run(), 60)
    assert bench.answers == []
    assert bench.published == []
    assert bench.disk.syncs == syncs + 1, "it is never tried again"
    assert not bench.buy()


def test_what_was_taken_is_answered_before_the_end(tmp_path: Path) -> None:
    asyncio.run(_end(Bench(tmp_path)))


async def _end(bench: Bench) -> None:
    for _ in range(3_000):
        assert bench.buy()
    bench.sequencer.stop()
    await asyncio.wait_for(bench.sequencer.run(), 60)
    assert len(bench.answers) == 3_000
    assert max(len(outcome.frame.commands) for outcome in bench.published) == 1_024


def test_the_calendar_is_driven(tmp_path: Path) -> None:
    asyncio.run(_calendar(Bench(tmp_path, speed=0)))


async def _calendar(bench: Bench) -> None:
    running = asyncio.create_task(bench.sequencer.run())
    phases = bench.venue.exchange.state.instruments["phase"]
    await bench.until(lambda: phases[0] in (Phase.POST_CLOSE, Phase.PRE_OPEN, Phase.NO_CANCEL))
    bench.sequencer.stop()
    await running
    times = [int(outcome.frame.commands[0]["time"]) for outcome in bench.published]
    assert times == sorted(times)
    assert times[0] >= START


class Waker:
    """A crowd of one: it buys a lot every second of the venue's time, ten times."""

    def __init__(self) -> None:
        self.woken = 0
        self.seen: list[Outcome] = []

    def next_wake(self) -> int:
        return START + (self.woken + 1) * 1_000_000_000 if self.woken < 10 else 2**62

    def wake(self, now: int) -> Batch:
        assert now >= self.next_wake()
        self.woken += 1
        batch = Batch(1)
        batch.enter(1, 0, 0, 1, 500)
        return batch

    def publish(self, outcomes: list[Outcome]) -> None:
        self.seen += outcomes


def test_a_crowd_takes_part(tmp_path: Path) -> None:
    crowd = Waker()
    asyncio.run(_crowd(Bench(tmp_path, speed=0, crowd=crowd), crowd))
    assert crowd.woken == 10


async def _crowd(bench: Bench, crowd: Waker) -> None:
    running = asyncio.create_task(bench.sequencer.run())
    await bench.until(lambda: crowd.woken == 10)
    bench.sequencer.stop()
    await running
    assert [id(each) for each in crowd.seen] == [id(each) for each in bench.published]
    times = [int(each.frame.commands[0]["time"]) for each in bench.published[:10]]
    assert all(after > before for before, after in itertools.pairwise(times))


def test_a_halt_ends_before_the_rows_that_come_after_it(tmp_path: Path) -> None:
    asyncio.run(_halt(Bench(tmp_path)))


async def _halt(bench: Bench) -> None:
    now = bench.venue.exchange.time
    batch = Batch()
    ends = now + 50_000_000
    batch.money(Kind.GUARD, product=0, denominator=20, batch=2_000_000_000, source=ends - now)
    batch.money(Kind.PHASE, product=0, code=Phase.OPEN)
    for side, lots, price in ((1, 1, 500), (1, 1, 520), (0, 2, 520)):
        batch.enter(1, 0, side, lots, price)
    bench.venue.submit(batch, now)
    running = asyncio.create_task(bench.sequencer.run())
    await bench.until(lambda: bench.venue.exchange.time >= ends)
    bench.buy(490)
    await bench.until(lambda: len(bench.answers) == 1)
    bench.sequencer.stop()
    await running
    assert bench.answers[0]["kind"].tolist() == [Did.ENTERED, Did.RESTED]
    frames = [outcome.frame.commands for outcome in bench.published]
    assert [rows["time"].tolist() for rows in frames if rows["kind"][0] == Kind.TIME] == [[ends]]
