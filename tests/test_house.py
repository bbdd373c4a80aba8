"""The house's days: index, marks, variation, fees, final settlement, new months."""

import datetime
from fractions import Fraction

import numpy as np
import pytest

from clearing.calendar import index_window, next_business_day
from clearing.ledger import Book, Entry
from clearing.venue import Venue
from engine.check import check
from engine.instruments import VALUE, as_number, units
from engine.layout import MONEY
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Cycle, Did, Flag, Kind, Origin, Phase
from tests.exact_ledger import ExactLedger
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    TERMS,
    Driver,
    finish,
    fix,
    found,
    founded,
    front,
    index_of,
    observations,
    trade,
)

LAST_DAY = datetime.date(2026, 7, 31)
FLAT = [2_810_000, 1_400_000]
HALF_HOUR = 1_800_000_000_000


def assert_requirements_agree(venue: Venue) -> None:
    """Assert that without working orders the kernel holds back what the house thinks it does.

    That is never less than what the house asks for.
    """
    batch = Batch()
    for account in range(1, 5):
        batch.cancel_all(account, flags=Flag.OPERATOR)
    venue.submit(batch, venue.exchange.time)
    held, needed = venue.house.calls.requirements(np.arange(1, 5))
    assert held.any()
    accounts = venue.exchange.state.accounts[1:5]
    assert accounts["bounds"].tolist() == venue.house.margin.bounds(np.arange(1, 5)).tolist()
    assert (held <= accounts["bounds"]).all()
    assert needed.tolist() == [
        -(-int(each) * int(percent) // 100)
        for each, percent in zip(held, accounts["initial_percent"], strict=True)
    ]


def test_every_product_is_fixed_by_a_calc_frame_after_the_cycle() -> None:
    venue = founded()
    venue.tick(index_window(FIRST_DAY)[0])
    venue.submit(observations(FIRST_DAY, FLAT, named=True), index_window(FIRST_DAY)[0] + HALF_HOUR)
    outcomes = venue.tick(index_window(FIRST_DAY)[1])
    assert [outcome.frame.origin for outcome in outcomes][-2:] == [Origin.PARTICIPANT, Origin.CALC]
    rows = outcomes[-1].frame.commands.view(MONEY)
    assert rows["kind"].tolist() == [Kind.INDEX, Kind.INDEX]
    assert rows["source"].tolist() == [as_number(FIRST_DAY)] * 2
    assert rows["other"].tolist() == [4, 4]
    assert all(value > 0 and value % 10_000 == 0 for value in rows["value"].tolist())
    first = venue.house.fixings.fixed[0]
    assert (first.model, first.inputs, first.providers, first.tier) == ("H100", 4, 4, 2)
    assert len(first.inputs_hash) == 32


def test_a_gap_is_carried_for_three_days_and_then_nothing_is_invented() -> None:
    venue, date = founded(), FIRST_DAY
    fix(venue, date, FLAT)
    finish(venue, date)
    tiers = []
    for _ in range(4):
        date = next_business_day(date)
        finish(venue, date)
        tiers.append(venue.house.fixings.fixed[-1].tier)
    assert tiers == [3, 3, 3, 0]
    marking = venue.house.marking
    assert [(each.date, each.product) for each in marking.skipped] == [(20260710, 0), (20260710, 1)]
    assert marking.settlements[-1].date == 20260709
    july = marking.contracts[front(venue, date)]
    assert (july.expected, len(marking.series[0].months[202607])) == (19, 4)
    fix(venue, next_business_day(date), FLAT)
    finish(venue, next_business_day(date))
    assert marking.settlements[-1].date == 20260713


def test_a_price_counts_for_one_fixing_only() -> None:
    venue, date = founded(), FIRST_DAY
    for _ in range(2):
        fix(venue, date, FLAT)
        finish(venue, date)
        date = next_business_day(date)
    assert [(each.inputs, each.refused) for each in venue.house.fixings.fixed] == [(4, 0)] * 4


def test_a_second_index_of_the_same_day_replaces_the_first() -> None:
    venue = founded()
    fix(venue, FIRST_DAY, FLAT)
    batch = Batch()
    batch.money(Kind.INDEX, product=0, value=3_000_000, source=20260706, code=4, revision=2)
    venue.submit(batch, venue.exchange.time)
    finish(venue, FIRST_DAY)
    assert venue.house.marking.series[0].months == {202607: [3_000_000]}
    assert venue.house.marking.settlements[0].price == units("3.00")


def test_marks_are_the_rulebooks() -> None:
    venue, date, fixings = founded(), FIRST_DAY, []
    for price in (2_810_000, 2_870_000, 2_750_000):
        fix(venue, date, [price, 1_400_000])
        finish(venue, date)
        fixings.append(Fraction(index_of(venue)))
        date = next_business_day(date)
    known = len(fixings)
    july, august, september = [
        each for each in venue.house.marking.settlements if each.date == 20260708
    ][:3]
    exact = (sum(fixings) + (20 - known) * fixings[-1]) / 20
    assert july.price == (exact / 10_000 + Fraction(1, 2)) // 1 * 2
    assert (july.known, july.expected, july.mode, july.tier) == (3, 20, "index", 2)
    assert august.price == fixings[-1] / 5_000 + units("-0.01")
    assert september.price == fixings[-1] / 5_000 + TERMS[0].difference(2)
    assert (august.market, august.market_tier) == (august.price, 3)


def test_the_basis_is_yesterdays_market_settlement_less_yesterdays_index() -> None:
    venue = founded()
    august = front(venue, FIRST_DAY, 1)
    fix(venue, FIRST_DAY, FLAT)
    window = venue.next_due() - 60 * 10**9
    trade(venue, 1, 2, august, 3, units("2.90"), window)
    trade(venue, 1, 2, august, 3, units("2.50"), window + 60 * 10**9)
    finish(venue, FIRST_DAY)
    first = venue.house.marking.settlements[1]
    assert (first.name, first.market, first.market_tier) == ("H100_USD-31AUG26", 580, 1)
    assert first.price == index_of(venue) // 5_000 + units("-0.01")
    basis = 580 - index_of(venue) // 5_000
    date = next_business_day(FIRST_DAY)
    fix(venue, date, [2_600_000, 1_400_000])
    finish(venue, date)
    second = [each for each in venue.house.marking.settlements if each.instrument == august][-1]
    assert second.price == index_of(venue) // 5_000 + basis


def test_in_market_mode_the_mark_is_the_market_settlement() -> None:
    venue = founded()
    for series in venue.house.marking.series:
        series.terms = TERMS[0].__class__(model="H100", rates=TERMS[0].rates, mode="market")
    august = front(venue, FIRST_DAY, 1)
    fix(venue, FIRST_DAY, FLAT)
    trade(venue, 1, 2, august, 3, units("2.90"), venue.next_due() - 60 * 10**9)
    finish(venue, FIRST_DAY)
    settled = venue.house.marking.settlements[1]
    assert (settled.price, settled.mode, settled.tier) == (units("2.90"), "market", 1)


def test_the_averaging_month_needs_less_every_day() -> None:
    venue, date, rates = founded(), FIRST_DAY, []
    july = front(venue, FIRST_DAY)
    for _ in range(3):
        fix(venue, date, FLAT)
        finish(venue, date)
        rates.append(int(venue.exchange.state.instruments[july]["rate"]))
        date = next_business_day(date)
    assert rates == [410_000_000 * left // 20 for left in (19, 18, 17)]


def test_at_the_end_of_a_month_it_settles_stops_early_and_a_new_one_is_listed() -> None:
    venue, date = founded(), FIRST_DAY
    july = front(venue, FIRST_DAY)
    while date < LAST_DAY:
        fix(venue, date, [2_810_000 + 10_000 * date.day, 1_400_000])
        finish(venue, date)
        date = next_business_day(date)
    venue.tick(index_window(date)[0])
    trade(venue, 1, 2, july, 7, units("2.80"), index_window(date)[0])
    fix(venue, date, FLAT)
    late, *_ = trade(venue, 1, 2, july, 7, units("2.80"), venue.exchange.time)
    assert set(late.events["reason"].tolist()) == {Reason.PHASE_FORBIDS}
    finish(venue, date)
    marking = venue.house.marking
    fixings = [each.value_micro for each in venue.house.fixings.fixed if each.product == 0]
    final = next(each for each in marking.settlements if each.mode == "final")
    assert final.price == (Fraction(sum(fixings), 20 * 10_000) + Fraction(1, 2)) // 1 * 2
    assert (final.name, final.known, final.expected) == ("H100_USD-31JUL26", 20, 20)
    assert not venue.house.positions.holdings["net"][july].any()
    assert venue.exchange.state.instruments[july]["phase"] == Phase.EXPIRED
    added = venue.house.directory.instruments[72:]
    assert [each.name for each in added] == ["H100_USD-31JUL29", "A100_USD-31JUL29"]
    august = venue.exchange.state.instruments[front(venue, next_business_day(date))]
    assert august["rate"] == 410_000_000
    check(venue.exchange.state)


def test_lifetime_variation_is_exact() -> None:
    venue, date = founded(), FIRST_DAY
    july = front(venue, FIRST_DAY)
    trade(venue, 1, 2, july, 3, units("2.83"), venue.exchange.time)
    trade(venue, 3, 1, july, 5, units("2.77"), venue.exchange.time)
    lots = {1: 3 - 5, 2: -3, 3: 5}
    cost = {1: 3 * 566 - 5 * 554, 2: -3 * 566, 3: 5 * 554}
    while date <= LAST_DAY:
        fix(venue, date, [2_810_000 + 7_000 * (date.day % 5), 1_400_000])
        finish(venue, date)
        date = next_business_day(date)
    final = next(each.price for each in venue.house.marking.settlements if each.mode == "final")
    for account in (1, 2, 3):
        paid = [each.amount_micro for each in venue.house.variations if each.account == account]
        assert sum(paid) == (lots[account] * final - cost[account]) * VALUE


def test_fees_are_charged_once_a_day_in_one_entry() -> None:
    venue = founded()
    july = front(venue, FIRST_DAY)
    for _ in range(3):
        trade(venue, 1, 2, july, 2, units("2.80"), venue.exchange.time)
    fix(venue, FIRST_DAY, FLAT)
    finish(venue, FIRST_DAY)
    fees = venue.house.ledger.entries[venue.house.ledger.entries["kind"] == Entry.FEES]
    paid = [(int(row["account"]), int(row["amount"])) for row in fees]
    assert paid == [(1, -6 * 3_650_000), (2, -6 * 5_500_000), (0, 6 * 9_150_000)]
    assert venue.house.ledger.balances[0, Book.FEES] == 6 * 9_150_000
    finish(venue, next_business_day(FIRST_DAY))
    assert [each[1:] for each in venue.house.activity] == [(july, 6, 6), (july, 0, 6)]
    assert len(venue.house.ledger.entries[venue.house.ledger.entries["kind"] == Entry.FEES]) == 3


@pytest.mark.parametrize(("seed", "cash"), [(1, 7), (4, 6), (3, 4)])
def test_random_days_equal_the_exact_ledger_and_the_kernel(seed: int, cash: int) -> None:
    venue = Venue.open(sizes=SIZES)
    exact = ExactLedger(members={1})
    for outcome in found(venue, cash=cash * 10**9):
        exact.fold(outcome)
    driver, seen = Driver(venue, seed), set[int]()
    while driver.date <= LAST_DAY:
        driver.day(orders=25)
        for outcome in driver.outcomes:
            exact.fold(outcome)
            seen |= set(outcome.events["kind"].tolist())
        driver.outcomes.clear()
        for account in range(1, 5):
            assert exact.cash[account] * 10**6 == venue.house.ledger.cash(5)[account]
            assert exact.worth(account) * 10**6 == venue.house.calls.equity()[account]
        venue.house.positions.check_whole()
    assert {Did.BUSTED, Did.ADJUSTED} <= seen
    assert venue.house.ledger.total() == 0
    assert venue.house.calls.calls
    by_account = np.zeros(5, np.int64)
    for each in venue.house.variations:
        by_account[each.account] += each.amount_micro
    for account in range(1, 5):
        paid = sum(amount for (who, _), amount in exact.variation.items() if who == account)
        assert by_account[account] == paid * 10**6
    assert by_account.sum() == 0
    fees = venue.house.ledger.entries[venue.house.ledger.entries["kind"] == Entry.FEES]
    for account in range(1, 5):
        charged = -int(fees["amount"][fees["account"] == account].sum())
        due = charged + int(venue.house.positions.holders["fees"][account])
        assert due == exact.fees_due[account] * 10**6
    check(venue.exchange.state)
    assert_requirements_agree(venue)


def test_the_house_asks_for_nothing_twice() -> None:
    venue = founded()
    fix(venue, FIRST_DAY, FLAT)
    finish(venue, FIRST_DAY)
    assert len(venue.house.answer()) == 0
    assert not venue.house.calculates


def test_longs_that_are_not_shorts_stop_the_house() -> None:
    venue = founded()
    venue.house.positions.contracts["net"][0] += 1
    with pytest.raises(AssertionError, match="do not add to zero"):
        finish(venue, FIRST_DAY)


def test_cycles_without_products_pass() -> None:
    venue = Venue.open(sizes=SIZES)
    batch = Batch()
    for cycle in Cycle:
        batch.money(Kind.CYCLE, code=cycle, value=20260706)
    assert len(venue.submit(batch, 1)) == 1
