"""What SPAN asks less than the pre-trade check holds back is granted to it, and never too much."""

import pathlib

import msgspec
import numpy as np

from clearing.calendar import eve, next_business_day, times
from clearing.margin_terms import CreditTerms, MarginTerms
from clearing.venue import Venue
from clearing.verify import figures
from engine.check import check
from engine.instruments import units
from engine.journal import Durability
from engine.rows import Batch
from engine.schema import Did, Kind
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    TERMS,
    Driver,
    assert_books_agree,
    finish,
    fix,
    founding,
    trade,
)

FLAT = [2_810_000, 1_400_000]
HEDGE = MarginTerms(credits=(CreditTerms(other="A100", percent=60),))
EVERYONE = np.arange(1, 5)
JULY, OTHER_JULY = 0, 36
AUGUST, OTHER_AUGUST = 1, 37
PRICES = {JULY: units("2.80"), OTHER_JULY: units("1.40")} | {
    AUGUST: units("2.80"),
    OTHER_AUGUST: units("1.40"),
}


def hedged(folder: pathlib.Path | None = None, cash: int = 6 * 10**9) -> Venue:
    """Return a venue whose products hedge each other by 60%, at the opening of its second day."""
    terms = [msgspec.structs.replace(TERMS[0], margin=HEDGE), TERMS[1]]
    venue = Venue.open(folder, durability=Durability.NONE, sizes=SIZES)
    venue.submit(founding(terms=terms, cash=cash), eve(FIRST_DAY))
    fix(venue, FIRST_DAY, FLAT)
    finish(venue, FIRST_DAY)
    venue.tick(times(next_business_day(FIRST_DAY))[3][0])
    return venue


def move(venue: Venue, buyer: int, seller: int, instrument: int, lots: int) -> bool:
    """Let two accounts trade; return whether they did."""
    outcome, *_ = trade(
        venue, buyer, seller, instrument, lots, PRICES[instrument], venue.exchange.time
    )
    batch = Batch()
    for account in (buyer, seller):
        batch.cancel_all(account)
    venue.submit(batch, venue.exchange.time)
    assert_covered(venue)
    return Did.FILLED in outcome.events["kind"].tolist()


def assert_covered(venue: Venue) -> None:
    """Assert that the kernel holds back what the house asks for, and both know it."""
    assert_books_agree(venue)
    accounts = venue.exchange.state.accounts[1:5]
    required, _ = venue.house.calls.requirements(EVERYONE)
    owed = np.maximum(accounts["bounds"] - accounts["credits"], 0)
    assert (owed >= required).all()


def credits_of(venue: Venue) -> list[int]:
    """Return what the kernel takes off each account's bounds."""
    return [int(each) for each in venue.exchange.state.accounts[1:5]["credits"]]


def review(venue: Venue) -> None:
    """Let the house look at margin, at 11:30."""
    venue.tick(times(next_business_day(FIRST_DAY))[4][0])
    assert_covered(venue)


def test_a_hedged_account_is_granted_what_span_asks_less() -> None:
    venue = hedged()
    assert move(venue, 3, 1, AUGUST, 7)
    assert move(venue, 2, 3, OTHER_AUGUST, 7)
    assert credits_of(venue) == [0, 0, 0, 0]
    assert not move(venue, 3, 1, AUGUST, 4)
    review(venue)
    saved = 7 * 350_500_000  # Not 60% of both: either may be closed, and the other needs as much.
    assert credits_of(venue) == [0, 0, saved, 0]
    assert venue.house.grants.credits == {3: saved}
    assert move(venue, 3, 1, AUGUST, 4)


def test_a_credit_ends_with_what_it_rests_on_and_comes_again() -> None:
    venue = hedged()
    move(venue, 3, 1, AUGUST, 7)
    move(venue, 2, 3, OTHER_AUGUST, 7)
    review(venue)
    granted = credits_of(venue)[2]
    assert move(venue, 3, 2, OTHER_AUGUST, 3)
    assert 0 < credits_of(venue)[2] < granted
    assert move(venue, 3, 2, OTHER_AUGUST, 4)
    assert credits_of(venue) == [0, 0, 0, 0]
    assert venue.house.grants.credits == {}


def test_less_than_a_tenth_is_not_granted() -> None:
    venue = hedged(cash=20 * 10**9)
    move(venue, 3, 1, AUGUST, 20)
    move(venue, 2, 3, OTHER_AUGUST, 1)
    review(venue)
    assert credits_of(venue) == [0, 0, 0, 0]
    held_back, free = venue.house.margin.creditable(EVERYONE)
    assert 0 < free[2] * 10 < held_back[2]


def test_credits_follow_the_rates_of_each_settlement() -> None:
    venue, date = hedged(cash=20 * 10**9), next_business_day(FIRST_DAY)
    move(venue, 3, 1, JULY, 9)
    move(venue, 2, 3, OTHER_JULY, 9)
    review(venue)
    granted = [credits_of(venue)[2]]
    for _ in range(2):
        fix(venue, date, FLAT)
        while venue.next_due() <= times(date)[-1][0]:
            venue.tick(venue.next_due())
            assert_covered(venue)
        granted.append(credits_of(venue)[2])
        date = next_business_day(date)
    # 18 of the month's 20 fixings are left, then 17: lots at so much of 410, one side's.
    assert granted[1:] == [9 * 410_000_000 * left // 20 for left in (18, 17)]
    assert granted[0] > granted[1]


class Hedger(Driver):
    """Drives days in which what is held back is compared with what is asked for."""

    def day(self, orders: int = 40, *, observed: bool = True) -> None:
        super().day(orders, observed=observed)
        assert_covered(self.venue)


def test_random_days_are_covered_and_replay(tmp_path: pathlib.Path) -> None:
    venue = hedged(tmp_path, cash=12 * 10**9)
    driver = Hedger(venue, seed=8)
    driver.date = next_business_day(FIRST_DAY)
    for _ in range(4):
        driver.day(orders=20)
    kinds = [kind for one in driver.outcomes for kind in one.frame.commands["kind"].tolist()]
    assert kinds.count(Kind.CREDIT) > 2
    check(venue.exchange.state)
    before, granted = figures(venue), venue.house.grants.credits
    venue.close()
    again = Venue.open(tmp_path, sizes=SIZES)
    again.close()
    assert figures(again)._replace(frames=before.frames) == before
    assert again.house.grants.credits == granted
