"""Frames that are replayed at once: which ones, and that nobody could tell."""

import itertools
import pathlib
from collections.abc import Sequence

import numpy as np
import pytest

from clearing.calendar import next_business_day
from clearing.house import House
from clearing.replay import may_answer
from clearing.venue import Venue
from clearing.verify import figures
from engine.disk import Disk
from engine.exchange import Exchange, Outcome
from engine.frame import Frame
from engine.journal import JournalError
from engine.layout import EVENT
from engine.rows import Batch
from engine.runs import ROWS_MAX, divided, runs
from engine.schema import Did, Kind, Origin, Side
from engine.survey import Survey
from tests.small_market import SMALL, cut, make_batch, play
from tests.test_grants import hedged
from tests.trading_days import FIRST_DAY, SIZES, Driver

ORDER, MONEY, SKIP = Kind.ENTER, Kind.TRANSFER, Kind.SKIP


def frames_of(
    groups: Sequence[Sequence[Kind]], origins: dict[int, Origin] | None = None
) -> list[Frame]:
    """Return frames that hold rows of these kinds; of participants, but where it is said."""
    exchange, frames = Exchange(sizes=SMALL), []
    for place, kinds in enumerate(groups):
        batch = Batch()
        for kind in kinds:
            batch.money(kind, value=exchange.seq)
        origin = (origins or {}).get(place, Origin.PARTICIPANT)
        frames.append(exchange.submit(batch, 1, origin).frame)
    return frames


def lengths(frames: Sequence[Frame], apart: Sequence[Frame] = ()) -> list[int]:
    """Return how many frames each run holds."""
    made = list(runs(frames, frozenset(), lambda frame: any(frame is each for each in apart)))
    assert [id(frame) for run in made for frame in run.frames] == [id(frame) for frame in frames]
    for run in made:
        rows = b"".join(frame.commands.tobytes() for frame in run.frames)
        assert (run.original, run.whole.commands.tobytes()) == (run.frames[0], rows)
    return [len(run.frames) for run in made]


def test_orders_are_taken_together_and_the_last_frame_is_alone() -> None:
    assert lengths(frames_of([[ORDER]] * 7)) == [6, 1]
    assert lengths(frames_of([[ORDER]])) == [1]
    assert lengths([]) == []
    frames = frames_of([[ORDER] * 400] * 6)
    assert [400 * length <= ROWS_MAX for length in lengths(frames)] == [True] * 4
    assert lengths(frames) == [2, 2, 1, 1]


def test_what_the_house_hears_of_is_alone() -> None:
    assert lengths(frames_of([[ORDER], [ORDER], [ORDER, MONEY], [ORDER], [ORDER], [ORDER]])) == [
        *(2, 1),
        *(2, 1),
    ]
    frames = frames_of([[ORDER]] * 6, {2: Origin.HOUSE, 3: Origin.CALC})
    assert lengths(frames) == [2, 1, 1, 1, 1]
    assert lengths(frames_of([[ORDER]] * 6), []) == [5, 1]
    frames = frames_of([[ORDER]] * 6)
    assert lengths(frames, frames[:2]) == [1, 1, 3, 1]


def test_a_row_that_is_passed_over_leaves_its_frame_alone() -> None:
    frames = frames_of([[ORDER], [ORDER], [ORDER], [SKIP], [ORDER], [ORDER], [ORDER]])
    made = list(runs(frames, frozenset(), lambda _: False))
    assert [len(run.frames) for run in made] == [2, 1, 1, 2, 1]
    assert made[1].original.commands["kind"].tolist() == [ORDER]
    assert made[1].whole.commands["kind"].tolist() == [Kind.TIME]


def test_frames_with_a_gap_are_left_to_the_exchange_to_refuse() -> None:
    frames = frames_of([[ORDER]] * 6)
    assert lengths(frames[:2] + frames[3:]) == [1] * 5


def test_a_run_is_divided_behind_each_frame_that_is_named() -> None:
    frames = [one.frame for one in play(Exchange(sizes=SMALL), cut(make_batch(3, 200), 10))][10:]
    (run, _) = runs(frames, frozenset(), lambda _: False)
    again = Exchange(sizes=SMALL)
    play(again, cut(make_batch(3, 200), 10)[:10])
    events = again.apply(run.whole)
    assert [part for part, _ in divided(run, events, np.zeros(len(events), bool))] == [run]
    ends = np.isin(events["seq"], (frames[0].last, frames[3].seq, frames[3].last))
    parts = list(divided(run, events, ends))
    assert [len(part.frames) for part, _ in parts] == [1, 3, len(run.frames) - 4]
    assert b"".join(caused.tobytes() for _, caused in parts) == events.tobytes()
    for part, caused in parts:
        assert part.original is part.frames[0]
        assert {int(seq) for seq in caused["seq"]} <= set(
            range(part.whole.seq, part.whole.last + 1)
        )


def told(outcomes: Sequence[Outcome]) -> list[tuple[int, bytes, bytes]]:
    """Return what outcomes hold."""
    return [
        (one.frame.origin, one.frame.commands.tobytes(), one.events.tobytes()) for one in outcomes
    ]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, Driver]:
    """Return days of small frames in which credits end, and calls are met by trading."""
    folder = tmp_path_factory.mktemp("days")
    driver = Driver(hedged(folder, cash=3 * 10**9), seed=13)
    driver.date = next_business_day(FIRST_DAY)
    for _ in range(3):
        driver.day(orders=60)
    driver.venue.close()
    return folder, driver


def answered(frames: Sequence[Frame]) -> list[int]:
    """Return the places of the house's answers to frames of orders alone."""
    return [
        place
        for place, (before, answer) in enumerate(itertools.pairwise(frames), 1)
        if answer.origin == Origin.HOUSE and before.commands["kind"].max() < Kind.DEPOSIT
    ]


def test_a_replay_by_the_run_tells_the_same(days: tuple[pathlib.Path, Driver]) -> None:
    folder, driver = days
    seen: list[Outcome] = []
    again = Venue(Exchange(sizes=SIZES), House())
    again.replay(Survey(folder, Disk()).read(), seen.append)
    assert told(seen[-len(driver.outcomes) :]) == told(driver.outcomes)
    assert figures(again) == figures(driver.venue)


def test_the_house_names_what_it_may_answer(days: tuple[pathlib.Path, Driver]) -> None:
    house = days[1].venue.house
    (called,), (granted,) = house.calls.open, house.grants.credits
    other = next(account for account in range(1, 5) if account not in (called, granted))
    cases = [
        *((Did.ENTERED, called, True), (Did.FILLED, called, True)),
        *((Did.ENTERED, granted, False), (Did.FILLED, granted, True)),
        *((Did.ENTERED, other, False), (Did.FILLED, other, False), (Did.REJECTED, other, False)),
        *((Did.DEPOSITED, other, True), (Did.SETTLED, other, True)),
    ]
    events = np.zeros(len(cases), EVENT)
    events["kind"] = [kind for kind, _, _ in cases]
    events["account"] = [account for _, account, _ in cases]
    assert may_answer(house, events).tolist() == [may for _, _, may in cases]
    assert not may_answer(House(), events[:-2]).any()


def test_an_answer_that_is_missing_within_a_run_is_missed_there(
    days: tuple[pathlib.Path, Driver],
) -> None:
    frames = list(Survey(days[0], Disk()).read())
    places = answered(frames)
    kinds = {kind for place in places for kind in frames[place].commands["kind"].tolist()}
    assert kinds == {Kind.CREDIT, Kind.SUSPEND}
    for place in places:
        exchange = Exchange(sizes=SIZES)
        for frame in frames[:place]:
            exchange.replay(frame)
        more = [exchange.submit(an_order(), exchange.time).frame for _ in range(3)]
        sentence = f"seq {more[0].seq}: a frame of PARTICIPANT stands where one of HOUSE"
        with pytest.raises(JournalError, match=sentence):
            Venue(Exchange(sizes=SIZES), House()).replay([*frames[:place], *more])


def an_order() -> Batch:
    """Return an order that the house does not hear of."""
    batch = Batch()
    batch.enter(1, 0, Side.BUY, 1, 2)
    return batch
