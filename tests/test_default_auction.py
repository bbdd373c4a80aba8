"""Sealed bids for what a defaulter held: whose count, which cannot win and why, what wins."""

from clearing.calendar import next_business_day, times
from clearing.default.bidders import Fault
from engine.rows import Batch
from engine.schema import Kind
from tests.small_default import (
    DOLLAR,
    LOTS,
    assert_closed,
    bid,
    declare,
    defaulted,
    founded,
)
from tests.trading_days import (
    FIRST_DAY,
    assert_books_agree,
    finish,
    fix,
    front,
)


def test_without_a_bid_contracts_are_torn_up_at_the_settlement() -> None:
    venue = founded()
    case = defaulted(2_800_000, venue)
    assert case.auctions[0].torn_up == LOTS
    assert not venue.house.positions.holdings["net"][:, 1].any()
    assert_closed(venue, case)
    assert_books_agree(venue)


def test_the_best_bid_gets_the_portfolio_at_the_settlement_and_pays_its_price() -> None:
    venue = founded()
    case = defaulted(2_800_000, venue, (1, -90 * DOLLAR), (5, -80 * DOLLAR))
    august = front(venue, FIRST_DAY, 1)
    assert venue.house.positions.holdings["net"][august, 5] == LOTS
    assert (case.auctions[0].winner, case.auctions[0].price) == (5, -80 * DOLLAR)
    torn = founded()
    without = defaulted(2_800_000, torn)
    assert case.loss == without.loss + 80 * DOLLAR
    assert venue.house.ledger.cash(6)[5] == torn.house.ledger.cash(6)[5] + 80 * DOLLAR
    assert_closed(venue, case)
    assert_books_agree(venue)


def test_of_equal_bids_the_earlier_wins_and_a_second_one_replaces_the_first() -> None:
    case = defaulted(2_800_000, founded(), (5, -80), (1, -70), (5, -70))
    assert case.auctions[0].winner == 1


def test_who_is_no_member_or_bids_wildly_does_not_count() -> None:
    venue = founded()
    case = defaulted(2_800_000, venue, (2, 500), (3, 500), (5, 10**15 + 1))
    assert not case.auctions[0].bids
    assert case.auctions[0].torn_up == LOTS


def test_a_bid_that_asks_for_more_than_members_answer_for_is_passed_over() -> None:
    answerable = 6_000 + 400 + 2_000 + 4_000  # Less what the fall costs.
    case = defaulted(2_800_000, founded(), (5, -answerable * DOLLAR))
    assert case.auctions[0].torn_up == LOTS
    assert [passed.fault for passed in case.auctions[0].passed_over] == [Fault.UNCOVERED]


def test_a_bidder_is_asked_for_margin_before_it_wins() -> None:
    venue = founded()
    poor = Batch()
    poor.money(Kind.WITHDRAW, account=5, value=4_900 * DOLLAR)
    venue.submit(poor, venue.exchange.time)
    case = defaulted(2_800_000, venue, (5, 5 * DOLLAR), (1, -90 * DOLLAR))
    (auction,) = case.auctions
    (passed,) = auction.passed_over
    assert (passed.account, passed.fault) == (5, Fault.MARGIN)
    assert passed.short == LOTS * 350_500_000 - 100 * DOLLAR + 5 * DOLLAR
    assert auction.winner == 1
    assert_closed(venue, case)


def test_what_the_winner_holds_the_other_way_counts_for_its_margin() -> None:
    venue = founded()
    poor = Batch()
    poor.money(Kind.WITHDRAW, account=1, value=700 * DOLLAR)
    venue.submit(poor, venue.exchange.time)
    case = defaulted(2_800_000, venue, (1, 0))
    assert case.auctions[0].winner == 1
    assert not venue.house.positions.holdings["net"][:, 1].any()


def test_who_defaults_after_its_bid_cannot_win() -> None:
    venue = founded()
    date = next_business_day(FIRST_DAY)
    venue.tick(times(date)[4][0])
    declare(venue, 3, date)
    bid(venue, (5, 0))
    declare(venue, 5, date)
    fix(venue, date, [2_800_000, 1_400_000])
    finish(venue, date)
    (auction,) = venue.house.defaults.cases[0].auctions
    assert [passed.fault for passed in auction.passed_over] == [Fault.STANDING]
    assert auction.torn_up == LOTS
