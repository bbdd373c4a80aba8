"""An exchange that is made again from its journal is the same exchange."""

import random

import pytest

from engine.check import check
from engine.exchange import Exchange
from engine.frame import Frame
from engine.journal import Journal, JournalError, JournalFullError
from engine.schema import Did
from tests.forgetful import ForgetfulDisk
from tests.journals import HERE
from tests.small_market import SMALL, all_events, cut, hashes, make_batch, play

SEGMENT = 64 << 10


def journaled(disk: ForgetfulDisk, durability: str = "fsync") -> Exchange:
    """Open the exchange of the disk, its frames not yet replayed."""
    return Exchange(Journal.open(HERE, disk, durability, SEGMENT), SMALL)


def replayed(disk: ForgetfulDisk) -> Exchange:
    """Return the exchange that the disk holds, closed again."""
    exchange = journaled(disk)
    for frame in exchange.journal.frames():
        exchange.replay(frame)
    exchange.close()
    return exchange


def test_a_replay_gives_the_same_hashes() -> None:
    disk = ForgetfulDisk()
    exchange = journaled(disk)
    outcomes = play(exchange, cut(make_batch(3, 500), 40))
    exchange.sync()
    exchange.close()
    again = journaled(disk)
    replays = [again.replay(frame) for frame in again.journal.frames()]
    assert all_events(replays) == all_events(outcomes)
    assert hashes(again) == hashes(exchange)
    assert (again.seq, again.time) == (exchange.seq, exchange.time)
    check(again.state)


def test_an_exchange_goes_on_after_a_replay() -> None:
    disk = ForgetfulDisk()
    parts = cut(make_batch(3, 500), 40)
    exchange = journaled(disk)
    play(exchange, parts[:5])
    exchange.close()
    for frame in (again := journaled(disk)).journal.frames():
        again.replay(frame)
    play(again, parts[5:])
    again.close()
    plain = Exchange(sizes=SMALL)
    play(plain, parts)
    assert hashes(again) == hashes(plain) == hashes(replayed(disk))


def test_a_frame_that_is_not_next_is_refused() -> None:
    exchange = Exchange(sizes=SMALL)
    first, second, third = (exchange.submit(make_batch(1, 2), 1).frame for _ in range(3))
    again = Exchange(sizes=SMALL)
    again.replay(first)
    with pytest.raises(JournalError, match=f"seq {third.seq} was replayed after seq {first.last}"):
        again.replay(third)
    again.replay(second)


def test_a_replay_that_differs_names_the_row_and_both_hashes() -> None:
    exchange = Exchange(sizes=SMALL)
    frames = [exchange.submit(make_batch(1, 2), 1).frame for _ in range(2)]
    again = Exchange(sizes=SMALL)
    again.replay(frames[0])
    wrong = frames[1]._replace(event_hash=b"\x11" * 16)
    sentence = f"before seq {wrong.seq}: .*{again.chain.hex()}, the journal says {'11' * 16}"
    again.replay(wrong)
    with pytest.raises(JournalError, match=sentence):
        again.prove()
    with pytest.raises(JournalError, match=sentence):
        _ = again.chain


def replay_all(exchange: Exchange, frames: list[Frame]) -> None:
    """Replay frames, and prove them."""
    for frame in frames:
        exchange.replay(frame)
    exchange.prove()


@pytest.mark.parametrize("rows", [2, 60, 2_000])
def test_a_replay_that_differs_is_found_wherever_it_is_hashed(rows: int) -> None:
    exchange = Exchange(sizes=SMALL)
    frames = [outcome.frame for outcome in play(exchange, cut(make_batch(2, 4_000), rows))]
    for place in (1, len(frames) // 2, len(frames) - 1):
        spoiled = frames[place]._replace(event_hash=b"\x11" * 16)
        again = Exchange(sizes=SMALL)
        with pytest.raises(JournalError, match=f"differs before seq {spoiled.seq}: "):
            replay_all(again, [*frames[:place], spoiled, *frames[place + 1 :]])
        with pytest.raises(JournalError, match=f"differs before seq {spoiled.seq}: "):
            again.prove()


def test_nothing_happens_where_the_journal_is_full() -> None:
    disk = ForgetfulDisk()
    disk.free = SEGMENT
    exchange = journaled(disk)
    exchange.submit(make_batch(1, 100), 1)
    before = (*hashes(exchange), exchange.seq)
    with pytest.raises(JournalFullError):
        exchange.submit(make_batch(1, 600), 2)
    assert (*hashes(exchange), exchange.seq) == before
    exchange.submit(make_batch(1, 1), 3)
    exchange.close()
    assert hashes(replayed(disk)) == hashes(exchange)


@pytest.mark.parametrize(("durability", "survives"), [("fsync", True), ("none", False)])
def test_what_was_acknowledged_survives_a_loss_of_power(durability: str, survives: bool) -> None:
    disk = ForgetfulDisk()
    exchange = journaled(disk, durability)
    acknowledged = set[int]()
    for part in cut(make_batch(5, 200), 20):
        events = exchange.submit(part, 1).events
        exchange.sync()
        acknowledged.update(events["order_id"][events["kind"] == Did.ENTERED].tolist())
    disk.lose_power()
    again = journaled(disk)
    entered = set[int]()
    for frame in again.journal.frames():
        events = again.replay(frame).events
        entered.update(events["order_id"][events["kind"] == Did.ENTERED].tolist())
    assert (acknowledged == entered) is survives
    assert len(acknowledged) > 100


def test_a_lost_tail_leaves_an_earlier_state_of_the_same_exchange() -> None:
    parts = cut(make_batch(6, 300), 10)
    plain = Exchange(sizes=SMALL)
    states = {0: hashes(plain)}
    for part in parts:
        plain.submit(part, 1)
        states[plain.seq] = hashes(plain)
    for seed in range(30):
        rng = random.Random(seed)
        disk = ForgetfulDisk()
        exchange = journaled(disk)
        synced = 0
        for part in parts:
            exchange.submit(part, 1)
            if rng.random() < 0.2:
                exchange.sync()
                synced = exchange.seq
        disk.lose_power(rng)
        again = replayed(disk)
        assert again.seq >= synced
        assert hashes(again) == states[again.seq]
