"""A default from its declaration to its close: suspended, auctioned or torn up, and paid for."""

import datetime
import pathlib
from decimal import Decimal

import numpy as np

from clearing.calendar import next_business_day, times
from clearing.default.cases import Case
from clearing.default.steps import Step
from clearing.default.terms import FundTerms, add_terms
from clearing.default.waterfall import Tranche, drawn
from clearing.ledger import HOUSE, Book
from clearing.venue import Venue
from engine.instruments import units
from engine.rows import Batch
from engine.schema import AccountType, Flag, Kind, Standing
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    assert_books_agree,
    finish,
    fix,
    found,
    front,
    trade,
)

DOLLAR = 1_000_000
LOTS = 12
TERMS = FundTerms(capital=Decimal(400), contribution=Decimal(1_000), assessments=2)


def member(batch: Batch, account: int, cash: int) -> None:
    """Add the rows that open one more member's account, number `account`."""
    batch.money(Kind.OPEN_OWNER, other=account, text=f"owner-{account}")
    batch.money(
        Kind.OPEN_ACCOUNT,
        account=account,
        other=account,
        code=AccountType.MEMBER,
        value=100,
        text=f"account-{account}",
    )
    batch.money(Kind.DEPOSIT, account=account, value=cash)


def founded(
    terms: FundTerms = TERMS, cash: int = 6_000 * DOLLAR, folder: pathlib.Path | None = None
) -> Venue:
    """Return a venue on its first day whose accounts 1 and 5 are members.

    Account 3 has bought 12 lots of the second month from account 1 at 2.81; terms of the fund hold
    from its end of day on.
    """
    venue = Venue.open(folder, sizes=SIZES)
    found(venue, cash=cash)
    batch = Batch()
    member(batch, 5, cash)
    add_terms(batch, terms)
    venue.submit(batch, venue.exchange.time)
    venue.tick(times(FIRST_DAY)[2][0])
    august = front(venue, FIRST_DAY, 1)
    trade(venue, 3, 1, august, LOTS, units("2.81"), venue.exchange.time)
    fix(venue, FIRST_DAY, [2_810_000, 1_400_000])
    finish(venue, FIRST_DAY)
    assert not venue.house.calls.open
    return venue


def declare(venue: Venue, account: int, date: datetime.date) -> None:
    """Declare an account in default, as operators do, with the date of the day."""
    batch = Batch()
    source = int(date.strftime("%Y%m%d"))
    batch.money(
        Kind.DEFAULT, account=account, code=Step.DECLARE, source=source, flags=Flag.OPERATOR
    )
    venue.submit(batch, venue.exchange.time)


def defaulted(price: int, venue: Venue, *bids: tuple[int, int]) -> Case:
    """Let account 3 default on the second day, whose index is `price`; return its case.

    bids: account and micro-dollars.
    """
    date = next_business_day(FIRST_DAY)
    venue.tick(times(date)[4][0])
    declare(venue, 3, date)
    bid(venue, *bids)
    fix(venue, date, [price, 1_400_000])
    finish(venue, date)
    return venue.house.defaults.cases[0]


def bid(venue: Venue, *bids: tuple[int, int]) -> None:
    """Submit sealed bids of accounts for everything in the first auction."""
    batch = Batch()
    for account, price in bids:
        batch.desk(Kind.BID, 1, buyer=account, price=price, instrument=0)
    if bids:
        venue.submit(batch, venue.exchange.time)


def tranches(case: Case) -> dict[Tranche, int]:
    return {tranche: amount for tranche, amount in drawn(case.payments).items() if amount}


def assert_closed(venue: Venue, case: Case) -> None:
    """Assert that a default left nothing open, and that all that was lost was borne."""
    assert case.closed
    assert sum(payment.amount for payment in case.payments) == case.loss
    assert not venue.house.positions.holdings["net"][:, case.account].any()
    balances = venue.house.ledger.balances
    assert (balances[HOUSE, Book.LOSS], balances[HOUSE, Book.HAIRCUT]) == (0, 0)
    assert balances[case.account, Book.FUND] == 0
    assert venue.house.ledger.total() == 0
    open_cash = balances[case.account, Book.CASH]
    assert open_cash == -tranches(case).get(Tranche.UNCOVERED, 0) or open_cash > 0


def test_contributions_are_the_members_own_money_in_the_fund() -> None:
    venue = founded()
    balances = venue.house.ledger.balances
    assert balances[:6, Book.FUND].tolist() == [0, 1_000 * DOLLAR, 0, 0, 0, 1_000 * DOLLAR]
    assert venue.house.ledger.cash(6)[5] == 5_000 * DOLLAR


def test_a_part_of_the_margin_sizes_a_contribution_where_that_is_more() -> None:
    terms = FundTerms(contribution=Decimal(100), share_percent=50)
    venue = founded(terms, cash=9_000 * DOLLAR)
    needed = LOTS * 350_500_000
    assert venue.house.defaults.fund.of(1) == needed // 2
    assert venue.house.defaults.fund.of(5) == 100 * DOLLAR


def test_a_defaulter_is_suspended_and_its_orders_are_canceled() -> None:
    venue = founded()
    date = next_business_day(FIRST_DAY)
    venue.tick(times(date)[2][0])
    batch = Batch()
    batch.enter(3, front(venue, FIRST_DAY, 1), 1, 2, units("2.95"))
    venue.submit(batch, venue.exchange.time)
    declare(venue, 3, date)
    assert venue.exchange.state.accounts[3]["standing"] == Standing.SUSPENDED
    assert venue.exchange.state.totals[0]["live"] == 0
    (auction,) = venue.house.defaults.auctions()
    assert (auction.number, auction.product) == (1, 0)


def test_without_a_bid_contracts_are_torn_up_at_the_settlement() -> None:
    venue = founded()
    case = defaulted(2_800_000, venue)
    assert case.auctions[0].torn_up == LOTS
    assert not venue.house.positions.holdings["net"][:, 1].any()
    assert_closed(venue, case)
    assert_books_agree(venue)


def test_without_a_shortfall_it_keeps_what_is_left() -> None:
    venue = founded()
    case = defaulted(2_800_000, venue)
    before = 6_000 * DOLLAR
    assert tranches(case) == {Tranche.MARGIN: case.loss}
    assert venue.house.ledger.cash(6)[3] == before - case.loss
    assert venue.exchange.state.accounts[3]["standing"] == Standing.GOOD


def test_a_fall_that_eats_the_margin_is_borne_in_order() -> None:
    venue = founded()
    case = defaulted(2_040_000, venue)
    assert case.loss == LOTS * (units("0.78") * 3_650_000 + 5_500_000)  # And the fees.
    found = tranches(case)
    assert found[Tranche.MARGIN] == 6_000 * DOLLAR
    assert found[Tranche.CAPITAL] == 400 * DOLLAR
    assert 0 < found[Tranche.FUND] < 2_000 * DOLLAR
    assert Tranche.ASSESSMENT not in found
    assert venue.house.ledger.balances[HOUSE, Book.CAPITAL] == -400 * DOLLAR
    assert_closed(venue, case)
    assert_books_agree(venue)


def test_members_pay_half_each_to_the_micro_dollar() -> None:
    venue = founded()
    case = defaulted(2_040_000, venue)
    paid = {each.account: each.amount for each in case.payments if each.tranche == Tranche.FUND}
    assert abs(paid[1] - paid[5]) <= 1
    assert venue.house.defaults.fund.of(5) == 1_000 * DOLLAR - paid[5]


def test_the_fund_is_filled_up_the_day_after_it_was_drawn_on() -> None:
    venue = founded()
    assert Tranche.FUND in tranches(defaulted(2_040_000, venue))
    third = next_business_day(next_business_day(FIRST_DAY))
    fix(venue, third, [2_040_000, 1_400_000])
    finish(venue, third)
    assert [venue.house.defaults.fund.of(member) for member in (1, 5)] == 2 * [1_000 * DOLLAR]


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


def test_gains_are_cut_where_members_have_paid_all_they_answer_for() -> None:
    venue = founded(FundTerms(capital=Decimal(1), contribution=Decimal(1), assessments=1))
    case = defaulted(1_900_000, venue)
    found = tranches(case)
    assert found[Tranche.ASSESSMENT] == 2 * DOLLAR
    assert found[Tranche.GAINS] > 0
    assert Tranche.UNCOVERED not in found
    assert_closed(venue, case)
    assert_books_agree(venue)


def test_two_defaulters_on_both_sides_are_torn_up_once() -> None:
    venue = founded()
    date = next_business_day(FIRST_DAY)
    venue.tick(times(date)[4][0])
    declare(venue, 3, date)
    declare(venue, 1, date)
    fix(venue, date, [2_040_000, 1_400_000])
    finish(venue, date)
    assert not venue.house.positions.holdings["net"].any()
    for case in venue.house.defaults.cases:
        assert_closed(venue, case)
    paid = [each for each in venue.house.defaults.cases[0].payments if each.account == 1]
    assert not [each for each in paid if each.tranche in (Tranche.FUND, Tranche.ASSESSMENT)]
    assert_books_agree(venue)


def test_a_default_is_declared_once_and_not_of_the_house() -> None:
    venue = founded()
    date = next_business_day(FIRST_DAY)
    venue.tick(times(date)[4][0])
    for account in (3, 3, 0):
        declare(venue, account, date)
    assert [case.account for case in venue.house.defaults.cases] == [3]


def test_a_replay_of_defaults_gives_the_same_ledger(tmp_path: pathlib.Path) -> None:
    venue = founded(folder=tmp_path)
    case = defaulted(2_040_000, venue, (5, -80 * DOLLAR))
    venue.sync()
    venue.close()
    again = Venue.open(tmp_path, sizes=SIZES)
    assert again.house.ledger.hash() == venue.house.ledger.hash()
    assert again.house.defaults.cases == [case]
    assert np.array_equal(again.house.ledger.balances, venue.house.ledger.balances)
    again.close()
