"""Interest by the night: exact over any number of nights, and booked on both sides."""

import datetime
import random
from fractions import Fraction

import pytest

from clearing.calendar import next_business_day
from clearing.interest import YEAR, Rates, accrued
from clearing.ledger import HOUSE, Book, Entry
from clearing.reviews import Review
from clearing.venue import Venue
from engine.rows import Batch
from engine.schema import Kind
from tests.small_default import declare
from tests.small_default import founded as with_a_member
from tests.trading_days import FIRST_DAY, assert_books_agree, finish, fix, founded

FLAT = [2_810_000, 1_400_000]


@pytest.mark.parametrize("seed", range(20))
def test_what_was_paid_and_what_is_carried_is_the_exact_sum(seed: int) -> None:
    chance = random.Random(seed)
    exact, paid, carried = Fraction(0), 0, 0
    for _ in range(200):
        cash = chance.randint(-(10**13), 10**13)
        rates = Rates(chance.randint(0, 10_000), chance.randint(0, 10_000))
        days = chance.choice((1, 1, 1, 3, 4))
        amount, carried = accrued(cash, rates, days, carried)
        paid += amount
        exact += Fraction(cash * (rates.credit if cash > 0 else rates.debit) * days, YEAR)
        assert 0 <= carried < YEAR
        assert paid + Fraction(carried, YEAR) == exact


def test_a_night_of_cash_and_a_night_of_debt() -> None:
    rates = Rates(credit=360, debit=720)
    assert accrued(1_000_000_000, rates, 1, 0) == (100_000, 0)
    assert accrued(-1_000_000_000, rates, 1, 0) == (-200_000, 0)
    assert accrued(9_999, rates, 1, 0) == (0, 9_999 * 360)
    assert accrued(-1, rates, 1, 0) == (-1, YEAR - 720)
    assert accrued(0, rates, 3, 17) == (0, 17)


def rated(venue: Venue, credit: int, debit: int) -> None:
    """Tell the house the rates of interest."""
    batch = Batch()
    batch.money(Kind.REVIEW, code=Review.INTEREST, value=credit, value_2=debit)
    venue.submit(batch, venue.exchange.time)


def passed(venue: Venue, date: datetime.date) -> datetime.date:
    """Let a day without trades pass; return the next."""
    fix(venue, date, FLAT)
    finish(venue, date)
    assert_books_agree(venue)
    return next_business_day(date)


def test_cash_earns_by_calendar_days_from_the_next_end_of_day_on() -> None:
    venue = founded(cash=36_000_000_001)
    rated(venue, 360, 0)
    date = passed(venue, FIRST_DAY)  # A Monday. Nothing is earned before it ends.
    assert venue.house.ledger.balances[1, Book.CASH] == 36_000_000_001
    for _ in range(5):
        date = passed(venue, date)
    house = venue.house
    booked = [row for row in house.ledger.entries if row["kind"] == Entry.INTEREST]
    mine = [int(row["amount"]) for row in booked if row["account"] == 1]
    assert mine[:3] == [3_600_000, 3_600_360, 3_600_720]  # Interest earns interest.
    assert mine[4] == pytest.approx(3 * 3_601_440, abs=3)  # Friday to Monday.
    assert sum(mine) == house.ledger.balances[1, Book.CASH] - 36_000_000_001
    assert house.ledger.balances[HOUSE, Book.INTEREST] == -4 * sum(mine)
    assert house.ledger.total() == 0


def test_rates_and_a_cycle_set_nothing_going_that_waits_for_the_end_of_a_day() -> None:
    venue = with_a_member()
    declare(venue, 3, next_business_day(FIRST_DAY))
    for code in (Review.INTEREST, Review.CYCLE):
        batch = Batch()
        batch.money(Kind.REVIEW, code=code)
        assert len(venue.submit(batch, venue.exchange.time)) == 1
    assert venue.house.positions.holdings["net"][:, 3].any()


def test_without_rates_there_is_no_interest() -> None:
    venue = founded()
    rated(venue, 500, 500)
    rated(venue, 0, 0)
    date = passed(venue, FIRST_DAY)
    passed(venue, date)
    assert Entry.INTEREST not in venue.house.ledger.entries["kind"]
