"""Options and event contracts in the house: premiums, margin, marks and the end, to the cent."""

import datetime
import pathlib
from fractions import Fraction

import numpy as np
import pytest

from clearing.calendar import next_business_day, times
from clearing.ledger import Book, Entry
from clearing.venue import Venue
from clearing.verify import figures
from engine.check import check
from engine.instruments import TICK, VALUE, as_number, units
from engine.journal import Durability
from engine.rows import Batch
from engine.schema import Form, Kind, Phase, Side
from tests.exact_ledger import ExactLedger
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    Driver,
    assert_books_agree,
    finish,
    fix,
    found,
)

CENT = 10_000  # Micro-dollars: a price unit of an event contract.
FLAT = [2_810_000, 1_400_000]
SECOND_DAY = next_business_day(FIRST_DAY)
LAST_DAY = datetime.date(2026, 7, 31)
CALL, PUT, EVENT = 72, 73, 74
TOP = 2_000  # Of the options' ladders.
PAID = {CALL: Fraction(VALUE, 10**6), PUT: Fraction(VALUE, 10**6), EVENT: Fraction(1, 100)}


def listing(venue: Venue) -> Batch:
    """Return the rows of a call at 2.80, a put at 2.90, and an event at 2.80 on the second day."""
    batch, future = Batch(), venue.house.directory.futures(0)[0]
    for number, form, strike, high, tick, value in (
        (CALL, Form.CALL, "2.80", TOP, TICK, VALUE),
        (PUT, Form.PUT, "2.90", TOP, TICK, VALUE),
        (EVENT, Form.EVENT, "2.80", 100, 1, CENT),
    ):
        batch.listing(
            number,
            0,
            f"H100-{form.name}-{strike}",
            low=0,
            high=high,
            tick=tick,
            value=value,
            clip=1_000,
            position_max=7_500,
            protection=20,
            month=future.month,
            expiry=as_number(SECOND_DAY) if form == Form.EVENT else future.expiry,
            form=form,
            strike=units(strike),
        )
    return batch


def listed(folder: pathlib.Path | None = None, cash: int = 40_000_000_000) -> Venue:
    """Return a venue that lists them beside its futures; its first day is open."""
    venue = Venue.open(folder, durability=Durability.NONE, sizes=SIZES)
    found(venue, cash=cash)
    venue.submit(listing(venue), venue.exchange.time)
    venue.tick(times(FIRST_DAY)[3][0])
    assert venue.exchange.state.instruments[EVENT]["phase"] == Phase.OPEN
    return venue


def buy(venue: Venue, buyer: int, seller: int, number: int, lots: int, price: int) -> None:
    """Let two accounts trade with each other, at once."""
    batch = Batch()
    batch.enter(seller, number, Side.SELL, lots, price)
    batch.enter(buyer, number, Side.BUY, lots, price)
    venue.submit(batch, venue.exchange.time)
    assert_books_agree(venue)


def equity(venue: Venue, account: int) -> int:
    return int(venue.house.calls.equity()[account])


def test_a_premium_moves_at_once_and_is_booked_when_money_is() -> None:
    venue = listed()
    before = equity(venue, 1), equity(venue, 2)
    buy(venue, 1, 2, EVENT, 100, 40)
    assert (equity(venue, 1), equity(venue, 2)) == (before[0] - 40 * 10**6, before[1] + 40 * 10**6)
    assert not (venue.house.ledger.entries["kind"] == Entry.PREMIUM).any()
    batch = Batch()
    batch.money(Kind.DEPOSIT, account=3, value=1)
    venue.submit(batch, venue.exchange.time)
    entries = venue.house.ledger.entries
    booked = entries[entries["kind"] == Entry.PREMIUM]
    assert booked["account"].tolist() == [1, 2]
    assert booked["amount"].tolist() == [-40 * 10**6, 40 * 10**6]
    assert venue.house.ledger.balances[0, Book.PREMIUM] == 0
    assert not venue.house.positions.holders["premium"].any()


def test_what_is_sold_needs_no_more_than_the_kernel_holds_back() -> None:
    venue = listed()
    buy(venue, 1, 3, EVENT, 100, 40)
    buy(venue, 1, 3, CALL, 1, 20)
    accounts, everyone = venue.exchange.state.accounts[1:5], np.arange(1, 5)
    margin, event = venue.house.margin, 100 * 10**6
    held, needed = venue.house.calls.requirements(everyone)
    assert held.tolist() == [0, 0, TOP * VALUE + event, 0]  # Without a mark: all it may cost.
    assert needed[2] == -(-TOP * VALUE * 110 // 100) + event
    for date in (FIRST_DAY, SECOND_DAY):
        fix(venue, date, FLAT)
        finish(venue, date)
        event = 100 * 10**6 if date == FIRST_DAY else 0  # It is over on day 2.
        held, needed = venue.house.calls.requirements(everyone)
        assert (
            margin.bounds(everyone).tolist() == (accounts["bounds"] + accounts["reserves"]).tolist()
        )
        contract, priced = venue.house.premiums.contracts[CALL], venue.house.pricing.options[CALL]
        assert held.tolist() == [0, 0, contract.need() + event, 0]
        assert contract.rate == -min(priced.losses)
        assert needed[2] == -(-contract.need() * 110 // 100) + event
    assert EVENT not in venue.house.premiums.contracts


@pytest.mark.parametrize(("index", "pays"), [("2.80", 100), ("2.79", 0)])
def test_an_event_contract_pays_where_the_index_reaches_its_strike(index: str, pays: int) -> None:
    venue = listed()
    buy(venue, 1, 2, EVENT, 100, 40)
    fix(venue, FIRST_DAY, FLAT)
    finish(venue, FIRST_DAY)
    before = int(venue.exchange.state.accounts[1]["equity"])
    fix(venue, SECOND_DAY, [units(index) * 5_000 - 5_000, 1_400_000])
    assert venue.house.fixings.fixed[-2].value_micro == units(index) * 5_000
    finish(venue, SECOND_DAY)
    assert venue.exchange.state.instruments[EVENT]["phase"] == Phase.EXPIRED
    paid = int(venue.exchange.state.accounts[1]["equity"]) - before
    assert paid == pays * 10**6 - 100 * 900_000  # The fee of settlement.


class Trader(Driver):
    """Trades options and event contracts beside the futures."""

    def _orders(self) -> Batch:
        batch, chance = super()._orders(), self.chance
        for number, middle in ((CALL, 24), (PUT, 24), (EVENT, 50)):
            if chance.random() < 0.5:
                account, side, lots = (
                    chance.randint(1, 4),
                    chance.randrange(2),
                    chance.randint(1, 9),
                )
                price = middle + 2 * chance.randint(-6, 6)
                batch.enter(account, number, side, lots, price)
        return batch


def test_random_days_equal_the_exact_ledger_and_a_replay(tmp_path: pathlib.Path) -> None:
    exact = ExactLedger({1}, PAID)
    venue = Venue.open(tmp_path, durability=Durability.NONE, sizes=SIZES)
    for outcome in found(venue, cash=30 * 10**9):
        exact.fold(outcome)
    for outcome in venue.submit(listing(venue), venue.exchange.time):
        exact.fold(outcome)
    driver = Trader(venue, seed=5)
    while driver.date <= LAST_DAY:
        driver.day(orders=20)
        for outcome in driver.outcomes:
            exact.fold(outcome)
        driver.outcomes.clear()
        premium = venue.house.positions.holders["premium"]
        for account in range(1, 5):
            booked = venue.house.ledger.cash(5)[account] + premium[account]
            assert exact.cash[account] * 10**6 == booked
            assert exact.worth(account) * 10**6 == equity(venue, account)
        assert venue.house.ledger.total() == 0
    check(venue.exchange.state)
    assert not venue.house.premiums.contracts
    entries = venue.house.ledger.entries
    assert (entries["kind"] == Entry.PREMIUM).sum() > 40
    before = figures(venue)
    venue.close()
    again = Venue.open(tmp_path, sizes=SIZES)
    again.close()
    assert figures(again)._replace(frames=before.frames) == before


def test_nothing_to_settle_at_is_reported() -> None:
    venue = listed()
    finish(venue, FIRST_DAY)
    finish(venue, SECOND_DAY)
    assert EVENT in venue.house.premiums.contracts
    [skipped] = [each for each in venue.house.marking.skipped if "EVENT" in each.why]
    assert skipped.date == as_number(SECOND_DAY)
