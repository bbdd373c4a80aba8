"""An unmet call is liquidated: an order every 30 seconds, a tenth of the hour's volume at most."""

import datetime

from clearing.calendar import next_business_day, times
from clearing.default.liquidation import ROUND
from clearing.venue import Venue
from engine.instruments import units
from engine.jit import Table
from engine.rows import Batch
from engine.schema import Kind, Side, Standing
from tests.trading_days import FIRST_DAY, assert_books_agree, finish, fix, founded, front, trade

LOTS = 11


def called(price: int = 2_600_000) -> tuple[Venue, int, datetime.date]:
    """Return a venue in which account 3, long 11 lots, was called at the end of the first day."""
    venue = founded(cash=5_000_000_000)
    august = front(venue, FIRST_DAY, 1)
    trade(venue, 3, 1, august, LOTS, units("2.81"), venue.exchange.time)
    fix(venue, FIRST_DAY, [price, 1_400_000])
    finish(venue, FIRST_DAY)
    return venue, august, next_business_day(FIRST_DAY)


def unmet(bid_lots: int) -> tuple[Venue, int, int]:
    """Return a venue just after a call fell due, with a bid for some lots in the book."""
    venue, august, date = called()
    venue.tick(times(date)[2][0])
    batch = Batch()
    for account in (1, 2):
        batch.money(Kind.DEPOSIT, account=account, value=10**11)
    batch.enter(1, august, Side.BUY, bid_lots, units("2.60"))
    venue.submit(batch, venue.exchange.time)
    due = times(date)[3][0]
    venue.tick(due)
    return venue, august, due


def orders(venue: Venue, until: int) -> list[Table]:
    """Return the rows by which the house sends orders, up to a time."""
    frames = [outcome.frame.commands for outcome in venue.tick(until)]
    return [frame for frame in frames if (frame["kind"] == Kind.LIQUIDATE).any()]


def test_a_call_that_is_met_in_time_is_not_liquidated() -> None:
    venue, _, date = called()
    batch = Batch()
    batch.money(Kind.DEPOSIT, account=3, value=venue.house.calls.open[3])
    venue.submit(batch, venue.exchange.time)
    venue.tick(times(date)[4][0])
    assert venue.house.defaults.liquidations.begun == 0


def test_an_order_goes_out_every_thirty_seconds_of_the_venue_s_time() -> None:
    venue, august, due = unmet(bid_lots=20)
    assert venue.next_due() == due + ROUND
    sent = orders(venue, due + 3 * ROUND)
    assert [int(frame["time"][0]) - due for frame in sent] == [ROUND, 2 * ROUND, 3 * ROUND]
    assert venue.house.positions.holdings["net"][august, 3] == LOTS - 3
    assert_books_agree(venue)


def test_its_own_orders_are_canceled_first() -> None:
    venue, august, date = called()
    venue.tick(times(date)[2][0])
    batch = Batch()
    batch.enter(3, august, Side.SELL, 5, units("2.90"))
    venue.submit(batch, venue.exchange.time)
    venue.tick(times(date)[3][0])
    assert venue.exchange.state.totals[0]["live"] == 0


def test_an_order_of_its_own_does_not_stand_in_the_way() -> None:
    venue, august, due = unmet(bid_lots=20)
    batch = Batch()
    batch.enter(3, august, Side.SELL, LOTS, units("2.90"))
    venue.submit(batch, venue.exchange.time)
    orders(venue, due + ROUND)
    assert venue.house.positions.holdings["net"][august, 3] == LOTS - 1


def test_an_order_is_a_tenth_of_what_traded_in_the_last_hour() -> None:
    venue, august, due = unmet(bid_lots=20)
    trade(venue, 2, 1, august, 39, units("2.61"), due)
    (first,) = orders(venue, due + ROUND)
    assert venue.house.positions.holdings["net"][august, 3] == LOTS - 3
    assert first["kind"].tolist() == [Kind.CANCEL_ALL, Kind.LIQUIDATE]
    assert_books_agree(venue)


def test_it_ends_once_the_initial_margin_is_there() -> None:
    venue, august, due = unmet(bid_lots=20)
    orders(venue, due + 40 * ROUND)
    held = venue.house.positions.holdings["net"][august, 3]
    assert 0 < held < LOTS
    assert venue.exchange.state.accounts[3]["standing"] == Standing.GOOD
    assert venue.house.defaults.liquidations.accounts == []
    assert venue.next_due() > due + 41 * ROUND


def test_without_a_buyer_it_is_in_default_at_the_intraday_cycle() -> None:
    venue, _, date = called()
    venue.tick(times(date)[4][0])
    (case,) = venue.house.defaults.cases
    assert (case.account, case.closed) == (3, 0)
    assert venue.exchange.state.accounts[3]["standing"] == Standing.SUSPENDED
    assert venue.house.defaults.liquidations.begun == 1
