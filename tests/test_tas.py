"""Trading at settlement in the house: its books, when they stop, and what trades in them pay."""

import datetime
from collections.abc import Callable
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from clearing.calendar import eve, next_business_day, times
from clearing.tas import books
from clearing.terms import Mode, ProductTerms
from clearing.venue import Venue
from engine.check import check
from engine.exchange import Outcome
from engine.instruments import TICK, VALUE, units
from engine.jit import Table
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Did, Form, Phase
from tests.exact_ledger import ExactLedger
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    Driver,
    assert_books_agree,
    finish,
    fix,
    founding,
    front,
    trade,
)

SECOND_DAY = next_business_day(FIRST_DAY)
LAST_DAY = datetime.date(2026, 7, 31)
FLAT, UP = [2_810_000, 1_400_000], [2_900_000, 1_400_000]
TERMS = [
    ProductTerms(model="H100", rates=(Decimal(410),), tas=2),
    ProductTerms(model="A100", rates=(Decimal(410),)),
]
MODES: tuple[Mode, ...] = ("index", "market")
FEE_MICRO = 3_650_000  # Of a lot of account 1, a member's.


def market(
    mode: Mode = "index", *, is_marked: bool = True, kind: Callable[..., Venue] = Venue.open
) -> Venue:
    """Return a venue on its second day; H100 has two TAS books, A100 has none."""
    venue = kind(sizes=SIZES)
    terms = [msgspec.structs.replace(each, mode=mode) for each in TERMS]
    venue.submit(founding(terms=terms), eve(FIRST_DAY))
    if is_marked:
        fix(venue, FIRST_DAY, FLAT)
    finish(venue, FIRST_DAY)
    venue.tick(times(SECOND_DAY)[3][0])
    return venue


def book(venue: Venue, ahead: int = 0, date: datetime.date = SECOND_DAY) -> int:
    """Return the number of the TAS book of a month of H100."""
    directory = venue.house.directory
    month = directory.instruments[front(venue, date, ahead)]
    return directory.instrument_of[f"{month.name}-TAS"].number


def at_settlement(venue: Venue, offset: int, lots: int = 3) -> Table:
    """Let account 1 buy from account 2 at settlement, `offset` units above it; return events."""
    number, now = book(venue), venue.exchange.time
    return told(trade(venue, 1, 2, number, lots, offset, now))


def told(outcomes: list[Outcome]) -> Table:
    """Return the events of outcomes, in order."""
    return np.concatenate([outcome.events for outcome in outcomes])


def worth(venue: Venue, account: int = 1) -> int:
    """Return what an account has, in micro-dollars, unpaid variation and fees due among it."""
    house = venue.house
    return int(house.calls.equity()[account] - house.positions.holders["fees"][account])


def settled(venue: Venue, date: datetime.date) -> int:
    """Return what the report says that the nearest month was marked at last."""
    number = front(venue, date)
    return [each.price for each in venue.house.marking.settlements if each.instrument == number][-1]


def test_the_nearest_months_have_books_by_name() -> None:
    directory = market().house.directory
    books = [each for each in directory.instruments if each.form == Form.TAS]
    assert [each.name for each in books] == ["H100_USD-31JUL26-TAS", "H100_USD-31AUG26-TAS"]
    assert {(each.low, each.high, each.tick) for each in books} == {(-20, 20, TICK)}
    assert [directory.legs[each.number][0] for each in books] == [(0, 1), (1, 1)]


def test_before_the_first_mark_nothing_trades_at_settlement() -> None:
    events = at_settlement(market(is_marked=False), 0)
    assert events["reason"].tolist() == [Reason.PHASE_FORBIDS] * 2


@pytest.mark.parametrize("mode", MODES)
def test_who_trades_at_settlement_pays_the_offset_and_no_more(mode: Mode) -> None:
    venue = market(mode)
    before = worth(venue)
    at_settlement(venue, 4)
    assert worth(venue) == before - 3 * (4 * VALUE + FEE_MICRO)
    assert_books_agree(venue)
    fix(venue, SECOND_DAY, UP)
    window = times(SECOND_DAY)[6][0] - 30 * 10**9
    trade(venue, 3, 4, front(venue, SECOND_DAY), 1, units("3.05"), window)
    assert worth(venue) == before - 3 * (4 * VALUE + FEE_MICRO)
    finish(venue, SECOND_DAY)
    second = settled(venue, SECOND_DAY)
    assert second == units("2.90" if mode == "index" else "3.05")
    assert worth(venue) == before - 3 * (4 * VALUE + FEE_MICRO)
    assert not venue.exchange.state.accounts["open"].any(), "the mark has paid everything"
    assert_books_agree(venue)
    third = next_business_day(SECOND_DAY)
    fix(venue, third, FLAT)
    finish(venue, third)
    moved = settled(venue, third) - second
    assert worth(venue) == before - 3 * (4 * VALUE + FEE_MICRO) + 3 * moved * VALUE


@pytest.mark.parametrize("mode", MODES)
def test_a_book_stops_when_the_settlement_is_known(mode: Mode) -> None:
    venue = market(mode)
    number, state = book(venue), venue.exchange.state
    batch = Batch()
    batch.enter(1, number, 0, 1, 2)
    venue.submit(batch, venue.exchange.time)
    fixing, window = times(SECOND_DAY)[5][0], times(SECOND_DAY)[6][0]
    last = fixing if mode == "index" else window
    venue.tick(last - 1)
    assert state.instruments["phase"][number] == Phase.OPEN
    events = told(venue.tick(last))
    assert Reason.SESSION_ENDED in events["reason"][events["kind"] == Did.CANCELED]
    assert state.instruments["phase"][number] == Phase.CLOSE
    assert state.instruments["phase"][front(venue, SECOND_DAY)] == Phase.OPEN
    venue.tick(times(next_business_day(SECOND_DAY))[2][0])
    assert state.instruments["phase"][number] == Phase.OPEN


def test_what_traded_on_a_day_without_a_settlement_gets_the_next_one() -> None:
    venue, date = market(), SECOND_DAY
    for _ in range(3):
        finish(venue, date)
        date = next_business_day(date)
    venue.tick(times(date)[3][0])
    at_settlement(venue, -2)
    events = told(venue.tick(times(date)[-1][0]))
    assert not np.isin(events["kind"], (Did.PRICED, Did.MARKED)).any()
    date = next_business_day(date)
    venue.tick(times(date)[3][0])
    before = worth(venue)
    fix(venue, date, UP)
    events = told(venue.tick(times(date)[-1][0]))
    lots = events[(events["kind"] == Did.PRICED) & (events["account"] > 0)]
    assert lots["quantity"].tolist() == [3, 3]
    assert lots["price"].tolist() == [settled(venue, date)] * 2
    assert worth(venue) == before


def test_on_the_last_day_the_settlement_is_the_final_one_and_a_new_book_is_listed() -> None:
    venue = market()
    venue.tick(times(LAST_DAY)[3][0])
    before, first = worth(venue), book(venue)
    at_settlement(venue, 2, 1)
    fix(venue, LAST_DAY, FLAT)
    finish(venue, LAST_DAY)
    assert worth(venue) == before - 2 * VALUE - FEE_MICRO - 900_000
    assert venue.exchange.state.instruments["phase"][first] == Phase.EXPIRED
    directory = venue.house.directory
    later = [each.name for each in directory.instruments if each.form == Form.TAS][1:]
    assert later == ["H100_USD-31AUG26-TAS", "H100_USD-30SEP26-TAS"]
    assert_books_agree(venue)
    check(venue.exchange.state)


class AtSettlement(Driver):
    """Random days on which every other batch trades at settlement too."""

    def _orders(self) -> Batch:
        batch, chance = super()._orders(), self.chance
        if chance.random() < 0.6:
            number = book(self.venue, chance.randrange(2), self.date)
            for _ in range(chance.randint(1, 3)):
                offset, lots = TICK * chance.randint(-3, 3), chance.randint(1, 5)
                batch.enter(chance.randint(1, 4), number, chance.randrange(2), lots, offset)
        return batch


def test_random_days_agree_with_an_exact_ledger_to_the_last_cent() -> None:
    venue = Venue.open(sizes=SIZES)
    driver = AtSettlement(venue, seed=3)
    driver.outcomes += venue.submit(founding(terms=TERMS), eve(FIRST_DAY))
    for _ in range(20):
        driver.day(orders=12)
    directory = venue.house.directory
    ledger = ExactLedger(
        {1}, months={each.number: month for month, each in books(directory).items()}
    )
    for outcome in driver.outcomes:
        ledger.fold(outcome)
    worth = venue.house.calls.equity()
    fees = venue.house.positions.holders["fees"]
    for account in range(1, 5):
        assert int(worth[account]) == ledger.worth(account) * 10**6
        assert int(fees[account]) == 0
    events = told(driver.outcomes)
    assert (events["kind"] == Did.PRICED).sum() > 60
    assert (events["kind"] == Did.SETTLED).sum() == 2
    assert len(books(directory)) == 3
    check(venue.exchange.state)
