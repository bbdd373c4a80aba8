"""Rows are stamped, and cause the same events however they are grouped."""

from itertools import pairwise

import numpy as np

from engine.check import check
from engine.exchange import Exchange
from engine.frame import NO_HASH
from engine.hashes import state_hash
from engine.layout import COMMAND, EVENT
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Did, Origin, Side, Tif
from tests.small_market import SMALL, all_events, cut, make_batch, open_market, play

# Stamps.


def test_rows_are_numbered_from_1_without_gaps_and_time_never_steps_back() -> None:
    exchange = Exchange(sizes=SMALL)
    times = []
    for now in (500, 400, 400, 700, 0):
        outcome = exchange.submit(make_batch(1, 2), now)
        times.append(int(outcome.frame.commands[0]["time"]))
        assert set(outcome.frame.commands["time"]) == {times[-1]}
        assert exchange.seq == outcome.frame.last
    assert times == [500, 500, 500, 700, 700]
    assert exchange.seq == 5 * len(make_batch(1, 2))
    assert exchange.time == 700


def test_a_batch_is_not_changed_by_being_submitted() -> None:
    batch = make_batch(1, 20)
    before = batch.rows.tobytes()
    frame = Exchange(sizes=SMALL).submit(batch, 5).frame
    assert batch.rows.tobytes() == before
    assert not frame.commands.flags.writeable
    assert not np.shares_memory(frame.commands, batch.rows)


def test_stamping_changes_nothing_and_says_what_submit_will_do() -> None:
    exchange = Exchange(sizes=SMALL)
    frame = exchange.stamp(make_batch(1, 5), 9, Origin.HOUSE)
    assert (exchange.seq, exchange.time, exchange.chain) == (0, 0, NO_HASH)
    submitted = exchange.submit(make_batch(1, 5), 9, Origin.HOUSE).frame
    assert submitted.commands.tobytes() == frame.commands.tobytes()
    assert submitted.origin == Origin.HOUSE


# Events.


def test_events_are_the_receivers_own() -> None:
    exchange = Exchange(sizes=SMALL)
    first = exchange.submit(make_batch(1, 5), 1)
    before = first.events.tobytes()
    exchange.submit(make_batch(2, 50), 2)
    assert first.events.tobytes() == before


def test_rows_grouped_in_any_way_cause_the_same_events() -> None:
    batch = make_batch(7, 3_000)
    results = []
    for size in (1, 7, 1_024, len(batch)):
        exchange = Exchange(sizes=SMALL)
        events = all_events(play(exchange, cut(batch, size)))
        check(exchange.state)
        results.append((events, state_hash(exchange.state)))
    assert all(left == right for left, right in pairwise(results))


def test_a_batch_may_have_a_hundred_thousand_rows() -> None:
    exchange = Exchange(sizes=SMALL)
    batch = Batch()
    open_market(batch)
    batch.extend(np.tile(_order(Side.BUY), 100_000))
    events = exchange.submit(batch, 1).events
    assert exchange.seq == len(batch)
    assert (events["kind"] == Did.REJECTED).sum() > 90_000
    assert np.all(np.diff(events["seq"]) >= 0)


def test_events_of_one_command_may_exceed_any_buffer() -> None:
    """Every slot is in use, and one row cancels them all."""
    exchange = Exchange(sizes=SMALL._replace(orders=1 << 14))
    exchange._events = np.zeros(16, EVENT)
    batch = Batch()
    open_market(batch)
    batch.extend(np.tile(_order(Side.BUY), 1 << 14))
    entered = exchange.submit(batch, 1).events
    rested = int((entered["kind"] == Did.RESTED).sum())
    assert rested > 1_000
    swept = Batch()
    swept.cancel_all(1)
    swept.cancel_all(1)
    events = exchange.submit(swept, 2).events
    assert (events["kind"] == Did.CANCELED).sum() == rested
    assert set(events["reason"][:rested]) == {Reason.MASS_CANCEL}
    assert events["n"][:rested].tolist() == list(range(rested))
    check(exchange.state)


def _order(side: int) -> np.ndarray:
    batch = Batch()
    batch.enter(1, 0, side, 1, 10, tif=Tif.GTC)
    assert batch.rows.dtype == COMMAND
    return batch.rows.copy()
