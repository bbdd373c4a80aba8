"""A default from its declaration to its close: suspended, torn up where nobody bids, paid for."""

import pathlib
from decimal import Decimal

import numpy as np

from clearing.calendar import next_business_day, times
from clearing.collateral import ASSET_OF
from clearing.default.terms import FundTerms
from clearing.default.waterfall import Tranche
from clearing.ledger import HOUSE, Book
from clearing.venue import Venue
from engine.instruments import units
from engine.rows import Batch
from engine.schema import Kind, Standing
from tests.small_default import (
    DOLLAR,
    LOTS,
    assert_closed,
    declare,
    defaulted,
    founded,
    tranches,
)
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    assert_books_agree,
    finish,
    fix,
    front,
)


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


def test_securities_are_sold_and_bear_the_loss_before_anybody_else() -> None:
    bill = ASSET_OF["t-bill"]
    face, counted = 1_000 * DOLLAR, 995 * DOLLAR
    venue = founded(cash=5_500 * DOLLAR)
    batch = Batch()
    batch.money(Kind.PLEDGE, account=3, code=bill.code, value=counted, value_2=face)
    venue.submit(batch, venue.exchange.time)
    case = defaulted(2_150_000, venue)
    assert case.margin == 5_500 * DOLLAR + counted
    assert tranches(case) == {Tranche.MARGIN: case.loss}
    assert case.loss > 5_500 * DOLLAR
    balances = venue.house.ledger.balances
    assert balances[3, Book.COLLATERAL] == balances[HOUSE, Book.CUSTODY] == 0
    assert balances[3, Book.CASH] == case.margin - case.loss
    assert not venue.house.reviews.collateral.of(3, bill.code).face
    assert_closed(venue, case)
    assert_books_agree(venue)


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
