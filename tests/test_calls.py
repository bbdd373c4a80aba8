"""An account short of margin is called, may only reduce, and is released; no money goes twice."""

import datetime

from clearing.calendar import calls_due, moment, next_business_day, times
from clearing.venue import Venue
from engine.instruments import as_number, units
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Cycle, Did, Kind, Side, Standing
from tests.trading_days import FIRST_DAY, assert_books_agree, finish, fix, founded, front, trade


def called_venue() -> tuple[Venue, int, datetime.date]:
    """Return a venue in which account 3 was called at the end of the first day."""
    venue = founded(cash=5_000_000_000)
    august = front(venue, FIRST_DAY, 1)
    trade(venue, 3, 1, august, 11, units("2.81"), venue.exchange.time)
    fix(venue, FIRST_DAY, [2_600_000, 1_400_000])
    finish(venue, FIRST_DAY)
    return venue, august, next_business_day(FIRST_DAY)


def raised_venue() -> tuple[Venue, datetime.date]:
    """Return a venue in which a lot needs more the next morning, before the call is due."""
    venue, august, date = called_venue()
    venue.tick(times(date)[2][0])
    batch, day = Batch(), as_number(date)
    batch.money(Kind.RATE, instrument=august, value=500_000_000)
    batch.money(
        Kind.CYCLE, code=Cycle.INTRADAY, value=day, batch=calls_due(next_business_day(date))
    )
    venue.submit(batch, venue.exchange.time)
    return venue, date


def test_an_account_below_maintenance_is_called_to_initial() -> None:
    venue, _, _ = called_venue()
    (call,) = venue.house.calls.calls
    assert (call.account, call.date) == (3, 20260706)
    assert call.maintenance_micro == 11 * 350_500_000
    assert call.initial_micro == 11 * 350_500_000 * 110 // 100
    assert call.equity_micro < call.maintenance_micro
    assert call.equity_micro + call.amount_micro == call.initial_micro
    assert venue.exchange.state.accounts[3]["standing"] == Standing.CALLED
    assert_books_agree(venue)


def test_a_call_says_when_it_is_due_and_one_that_is_raised_keeps_its_deadline() -> None:
    venue, date = raised_venue()
    first, raised = venue.house.calls.calls
    assert first.due == moment(date, 8 * 3_600)
    assert raised.date > first.date
    assert raised.due == first.due


def test_a_call_of_the_night_is_not_due_in_the_morning() -> None:
    venue, _, date = called_venue()
    venue.tick(times(date)[2][0])
    batch = Batch()
    day = as_number(date)
    batch.money(Kind.SUSPEND, account=3, code=Standing.GOOD)
    batch.money(Kind.CYCLE, code=Cycle.INTRADAY, value=day, batch=calls_due(date))
    venue.submit(batch, venue.exchange.time)
    assert venue.house.calls.calls[-1].due == moment(next_business_day(date), 8 * 3_600)
    venue.tick(times(date)[3][0])
    assert venue.house.calls.unmet == []
    assert venue.house.calls.open.keys() == {3}


def test_between_maintenance_and_initial_nobody_is_called() -> None:
    venue = founded(cash=5_000_000_000)
    august = front(venue, FIRST_DAY, 1)
    trade(venue, 3, 1, august, 11, units("2.81"), venue.exchange.time)
    fix(venue, FIRST_DAY, [2_690_000, 1_400_000])
    finish(venue, FIRST_DAY)
    equity = venue.house.calls.equity()[3]
    assert 11 * 350_500_000 < equity < 11 * 350_500_000 * 110 // 100
    assert not venue.house.calls.calls


def test_a_called_account_may_only_reduce() -> None:
    venue, august, date = called_venue()
    venue.tick(times(date)[2][0])
    bought, *_ = trade(venue, 3, 1, august, 1, units("2.60"), venue.exchange.time)
    assert bought.events["reason"].tolist() == [0, 0, Reason.MARGIN_SHORT]
    batch = Batch()
    batch.cancel_all(1)
    venue.submit(batch, venue.exchange.time)
    sold, *_ = trade(venue, 1, 3, august, 1, units("2.60"), venue.exchange.time)
    assert Did.FILLED in sold.events["kind"].tolist()


def test_a_deposit_lifts_a_call_and_one_micro_dollar_less_does_not() -> None:
    venue, _, _ = called_venue()
    amount = venue.house.calls.open[3]
    for value, open_calls in ((amount - 1, [3]), (1, [])):
        batch = Batch()
        batch.money(Kind.DEPOSIT, account=3, value=value)
        venue.submit(batch, venue.exchange.time)
        assert sorted(venue.house.calls.open) == open_calls
    assert venue.exchange.state.accounts[3]["standing"] == Standing.GOOD


def test_reducing_lifts_a_call() -> None:
    venue, august, date = called_venue()
    venue.tick(times(date)[2][0])
    trade(venue, 1, 3, august, 11, units("2.60"), venue.exchange.time)
    assert not venue.house.calls.open


def test_variation_lifts_a_call_and_an_unmet_call_is_reported() -> None:
    venue, _, date = called_venue()
    venue.tick(times(date)[3][0])
    (unmet,) = venue.house.calls.unmet
    assert (unmet.account, unmet.date) == (3, as_number(date))
    fix(venue, date, [2_900_000, 1_400_000])
    finish(venue, date)
    assert not venue.house.calls.open


def test_a_higher_rate_raises_the_call() -> None:
    venue, _ = raised_venue()
    first, second = venue.house.calls.calls
    assert second.amount_micro > first.amount_micro
    assert venue.house.calls.open == {3: second.amount_micro}


def test_an_account_suspended_by_the_operator_is_left_suspended() -> None:
    venue = founded(cash=5_000_000_000)
    august = front(venue, FIRST_DAY, 1)
    trade(venue, 3, 1, august, 11, units("2.81"), venue.exchange.time)
    batch = Batch()
    batch.money(Kind.SUSPEND, account=3, code=Standing.SUSPENDED)
    venue.submit(batch, venue.exchange.time)
    fix(venue, FIRST_DAY, [2_600_000, 1_400_000])
    finish(venue, FIRST_DAY)
    assert venue.exchange.state.accounts[3]["standing"] == Standing.SUSPENDED


def test_the_same_dollar_does_not_go_out_twice() -> None:
    july = 0
    for second in ("buy", "withdraw", "transfer"):
        venue = founded()
        batch = Batch()
        batch.money(Kind.WITHDRAW, account=3, value=40_000_000_000)
        if second == "buy":
            batch.enter(3, july, Side.BUY, 1, units("2.80"))
        elif second == "withdraw":
            batch.money(Kind.WITHDRAW, account=3, value=1)
        else:
            batch.money(Kind.TRANSFER, account=3, other=2, value=1)
        outcome, *_ = venue.submit(batch, venue.exchange.time)
        assert outcome.events["kind"].tolist() == [Did.TAKEN, Did.REJECTED]
        short = Reason.MARGIN_SHORT if second == "buy" else Reason.FUNDS_SHORT
        assert outcome.events["reason"][1] == short
        assert_books_agree(venue)


def test_a_transfer_is_booked_once() -> None:
    venue = founded()
    batch = Batch()
    batch.money(Kind.TRANSFER, account=3, other=2, value=15_000_000_000)
    batch.money(Kind.WITHDRAW, account=2, value=55_000_000_000)
    venue.submit(batch, venue.exchange.time)
    assert venue.house.ledger.cash(4).tolist()[2:] == [0, 25_000_000_000]
    assert_books_agree(venue)
