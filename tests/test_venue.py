"""Exchange and house together survive their end at any frame, and a changed answer is refused."""

import itertools
import pathlib
from itertools import count

import numpy as np
import pytest

from clearing.calendar import eve, next_business_day, times
from clearing.genesis import genesis
from clearing.house import House
from clearing.terms import ProductTerms
from clearing.venue import NEVER, Venue
from clearing.verify import figures, verify
from engine.exchange import Exchange, Outcome
from engine.frame import Frame
from engine.journal import Durability, Journal, JournalError
from engine.layout import MONEY
from engine.rows import Batch
from engine.schema import Cycle, Kind, Origin, Phase
from tests.trading_days import FIRST_DAY, SIZES, TERMS, Driver, fix, found, observations

DAYS = 4


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Return the folder of a journal of some days, with fixings, trades, marks and fees."""
    folder = tmp_path_factory.mktemp("venue") / "journal"
    venue = Venue.open(folder, durability=Durability.NONE, sizes=SIZES)
    found(venue, cash=6_000_000_000)
    driver = Driver(venue, seed=4)
    for _ in range(DAYS):
        driver.day(orders=10)
    venue.close()
    return folder


def frames_of(folder: pathlib.Path) -> list[Frame]:
    """Return all frames of a journal."""
    opened = Journal.open(folder)
    frames = list(opened.frames())
    opened.close()
    return frames


def empty() -> Venue:
    """Return a venue in memory."""
    return Venue(Exchange(sizes=SIZES), House())


def test_a_venue_that_is_opened_again_is_the_same(journal: pathlib.Path) -> None:
    before = verify(journal, sizes=SIZES)
    venue = Venue.open(journal, sizes=SIZES)
    venue.close()
    assert before.ok
    assert venue.recovered == before.rows == venue.exchange.seq
    after = figures(venue)
    assert after._replace(frames=before.frames) == before
    assert (after.ledger_sum_micro, after.position_sum) == (0, 0)


def test_reports_are_the_same_after_a_replay(journal: pathlib.Path) -> None:
    first, second = empty(), empty()
    for venue in (first, second):
        venue.replay(frames_of(journal))
    for one, other in ((first.house, second.house),):
        assert one.marking.settlements == other.marking.settlements
        assert one.variations == other.variations
        assert one.fixings.fixed == other.fixings.fixed
    assert {each.date for each in first.house.marking.settlements} == {
        20260706,
        20260707,
        20260708,
        20260709,
    }


def test_an_end_before_any_answer_is_healed(journal: pathlib.Path, tmp_path: pathlib.Path) -> None:
    frames = frames_of(journal)
    places = [place for place, frame in enumerate(frames) if frame.origin != Origin.PARTICIPANT]
    assert {frames[place].origin for place in places} == {Origin.HOUSE, Origin.CALC}
    for place in places[:3] + places[-6:]:
        folder = tmp_path / str(place)
        folder.mkdir()
        cut = Journal.open(folder, durability=Durability.NONE)
        for frame in frames[:place]:
            cut.append(frame)
        cut.close()
        seen: list[Outcome] = []
        venue = Venue.open(folder, sizes=SIZES, watch=seen.append)
        venue.close()
        healed = frames_of(folder)
        assert [each.frame.seq for each in seen] == [frame.seq for frame in healed]
        assert len(healed) > place
        for ours, theirs in zip(healed, frames, strict=False):
            assert ours.commands.tobytes() == theirs.commands.tobytes()
            assert (ours.text, ours.ledger_hash) == (theirs.text, theirs.ledger_hash)
        following = frames[len(healed)].origin if len(healed) < len(frames) else 1
        assert following == Origin.PARTICIPANT


def changed(frame: Frame, field: str) -> Frame:
    """Return a frame of the house in which one field of the last row is one more."""
    rows = frame.commands.copy()
    rows.view(MONEY)[field][-1] += 1
    return frame._replace(commands=rows)


@pytest.mark.parametrize("field", ["value", "source", "account", "text"])
def test_a_changed_answer_is_refused_by_row_and_both_hashes(
    journal: pathlib.Path, field: str
) -> None:
    frames = frames_of(journal)
    place = next(n for n, frame in enumerate(frames) if frame.origin == Origin.HOUSE)
    frames[place] = changed(frames[place], field)
    with pytest.raises(JournalError, match=rf"seq {frames[place].last}: .* hashes to \w+, .* to"):
        empty().replay(frames)


def test_a_changed_ledger_hash_is_refused(journal: pathlib.Path) -> None:
    frames = frames_of(journal)
    place = max(n for n, frame in enumerate(frames) if frame.origin == Origin.HOUSE)
    frames[place] = frames[place]._replace(ledger_hash=bytes(16))
    with pytest.raises(JournalError, match="the ledger hashes to"):
        empty().replay(frames)


def test_a_missing_or_uncalled_answer_is_refused(journal: pathlib.Path) -> None:
    frames = frames_of(journal)
    answered = Origin.HOUSE, Origin.PARTICIPANT
    pairs = itertools.pairwise(frame.origin for frame in frames)
    place = next(n for n, pair in enumerate(pairs) if pair == answered)
    with pytest.raises(JournalError, match="PARTICIPANT stands where one of HOUSE has to follow"):
        empty().replay(frames[:place] + frames[place + 1 :])
    with pytest.raises(JournalError, match="HOUSE stands where one of PARTICIPANT has to follow"):
        empty().replay(frames[: place + 1] + frames[place:])


def test_a_calc_frame_is_taken_as_it_stands(journal: pathlib.Path) -> None:
    frames = frames_of(journal)
    place = next(n for n, frame in enumerate(frames) if frame.origin == Origin.CALC)
    rows = frames[place].commands.copy()
    rows.view(MONEY)["value"][0] += 10_000
    venue = empty()
    venue.replay([*frames[:place], frames[place]._replace(commands=rows)])
    assert venue.house.fixings.fixed[0].value_micro == rows.view(MONEY)["value"][0]


def test_every_house_frame_carries_the_ledgers_hash(journal: pathlib.Path) -> None:
    house = [frame for frame in frames_of(journal) if frame.origin == Origin.HOUSE]
    assert all(any(frame.ledger_hash) for frame in house)
    assert len({frame.ledger_hash for frame in house}) > DAYS


def test_the_calendar_goes_on_where_it_stopped(journal: pathlib.Path) -> None:
    venue = empty()
    assert venue.next_due() == NEVER
    venue.replay(frames_of(journal))
    date = FIRST_DAY
    for _ in range(DAYS):
        date = next_business_day(date)
    assert venue.next_due() == times(date)[0][0]


def test_a_venue_that_ended_within_a_day_goes_on_behind_its_last_row(
    journal: pathlib.Path,
) -> None:
    frames = frames_of(journal)
    place = next(n for n, frame in enumerate(frames) if frame.origin == Origin.CALC)
    venue = empty()
    venue.replay(frames[: place + 1])
    assert venue.next_due() == times(FIRST_DAY)[6][0]


def test_a_jump_of_the_clock_passes_over_no_row() -> None:
    venue = Venue.open(sizes=SIZES)
    found(venue)
    last = next_business_day(next_business_day(FIRST_DAY))
    outcomes = venue.tick(times(last)[-1][0])
    cycles, seen = [], []
    for outcome in outcomes:
        rows = outcome.frame.commands.view(MONEY)
        cycles += rows["code"][rows["kind"] == Kind.CYCLE].tolist()
        seen += rows["time"].tolist()
    day = [Cycle.CALLS_DUE, Cycle.INTRADAY, Cycle.FIXING, Cycle.SETTLEMENT, Cycle.END_OF_DAY]
    assert cycles == 3 * [int(each) for each in day]
    assert seen == sorted(seen)
    assert venue.exchange.time == times(last)[-1][0]
    assert venue.tick(times(last)[-1][0]) == []


def test_a_calendar_row_is_due_once_even_if_orders_came_late() -> None:
    venue = Venue.open(sizes=SIZES)
    found(venue)
    late = Batch()
    late.money(Kind.DEPOSIT, account=1, value=5)
    venue.submit(late, times(FIRST_DAY)[4][0] + 5)
    phases = venue.tick(times(FIRST_DAY)[2][0])
    assert len(phases) == 3
    assert venue.exchange.state.instruments[0]["phase"] == Phase.OPEN


def test_an_exchange_founded_at_noon_is_open_at_once() -> None:
    noon = times(FIRST_DAY)[4][0] + 10**9
    venue = Venue.open(sizes=SIZES)
    venue.submit(genesis(TERMS, FIRST_DAY, noon), noon)
    assert venue.exchange.state.instruments[0]["phase"] == Phase.OPEN
    assert venue.next_due() == times(FIRST_DAY)[5][0]


def test_prices_that_nobody_lists_are_of_no_product() -> None:
    venue = Venue.open(sizes=SIZES)
    venue.submit(genesis([ProductTerms(model="H100", rates=TERMS[0].rates)], FIRST_DAY), 1)
    venue.submit(observations(FIRST_DAY, [2_810_000, 1_400_000], named=True), eve(FIRST_DAY) + 1)
    venue.tick(times(FIRST_DAY)[-1][0])
    assert [each.value_micro > 0 for each in venue.house.fixings.fixed] == [True]


def test_frames_of_any_size_make_the_same_money(journal: pathlib.Path) -> None:
    whole = verify(journal, sizes=SIZES)
    venue = empty()
    for frame in frames_of(journal):
        if frame.origin != Origin.PARTICIPANT:
            continue
        for place in range(len(frame.commands)):
            batch = Batch()
            batch._text += frame.text
            batch.extend(frame.commands[place : place + 1])
            venue.submit(batch, int(frame.commands["time"][place]))
    after = figures(venue)
    assert after.ledger_hash == whole.ledger_hash
    assert after.state_hash == whole.state_hash


def test_verify_names_what_is_wrong(journal: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert verify(tmp_path).finding == f"{tmp_path} holds no journal"
    copy = tmp_path / "journal"
    copy.mkdir()
    segment = next(journal.glob("journal-*"))
    content = bytearray(segment.read_bytes())
    for place in count(4096, 4096):
        if content[place]:
            content[place] ^= 1
            break
    (copy / segment.name).write_bytes(content)
    found = verify(tmp_path, sizes=SIZES)
    assert not found.ok
    assert found.finding
    assert found.state_hash == found.event_hash == found.ledger_hash == ""


def test_verify_reads_a_runs_folder_and_its_journal_alike(journal: pathlib.Path) -> None:
    one, other = verify(journal, sizes=SIZES), verify(journal.parent, sizes=SIZES)
    assert one == other
    assert list(one._fields) == [
        *("ok", "frames", "rows", "state_hash", "event_hash", "ledger_hash"),
        *("ledger_sum_micro", "position_sum", "finding"),
    ]
    assert len(one.ledger_hash) == 32
    assert np.sum([one.ledger_sum_micro, one.position_sum]) == 0


class Generous(House):
    """A house whose fixings stand a cent too high."""

    def calculate(self) -> Batch:
        """Return the CALC rows, each index raised."""
        batch = super().calculate()
        rows = batch.rows.view(MONEY)
        rows["value"][rows["kind"] == Kind.INDEX] += 10_000
        return batch


def test_input_figures_that_differ_when_computed_again_are_a_finding(
    tmp_path: pathlib.Path,
) -> None:
    venue = Venue(Exchange(Journal.open(tmp_path), SIZES), Generous())
    found(venue)
    fix(venue, FIRST_DAY, [2_800_000, 1_500_000])
    venue.close()
    plain, again = verify(tmp_path, sizes=SIZES), verify(tmp_path, sizes=SIZES, recompute=True)
    assert (plain.ok, plain.finding) == (True, "")
    assert again.ok
    assert "1 frame(s) of input figures differ" in again.finding
