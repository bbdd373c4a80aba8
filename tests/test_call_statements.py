"""A margin call in an account's statement: a pending transfer with a deadline, and how it ends."""

import pathlib

import pytest

from clearing.calendar import next_business_day, times
from clearing.store.database import Database
from clearing.store.rebuild import catch_up
from clearing.store.rendering import as_text
from clearing.store.statements import Statement, day_of, statement
from clearing.venue import Venue
from engine.instruments import money, units
from engine.rows import Batch
from engine.schema import Kind
from tests.trading_days import FIRST_DAY, SIZES, finish, fix, found, front, trade

SECOND_DAY = next_business_day(FIRST_DAY)


def read(folder: pathlib.Path, date: str) -> Statement:
    """Return the statement of account 3 on a day, from the folder's journal."""
    catch_up(folder, "", lambda _done, _whole: None)
    database = Database.at("", folder)
    try:
        with database.transaction() as connection:
            return statement(connection, "account-3", day_of(date))
    finally:
        database.close()


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder whose account 3 is called on the first day, and pays on the second."""
    venue = Venue.open(tmp_path / "journal", sizes=SIZES)
    found(venue, cash=5_000_000_000)
    venue.tick(times(FIRST_DAY)[2][0])
    trade(venue, 3, 1, front(venue, FIRST_DAY, 1), 11, units("2.81"), venue.exchange.time)
    fix(venue, FIRST_DAY, [2_600_000, 1_400_000])
    finish(venue, FIRST_DAY)
    venue.tick(times(SECOND_DAY)[2][0])
    batch = Batch()
    batch.money(Kind.DEPOSIT, account=3, value=venue.house.calls.open[3])
    venue.submit(batch, venue.exchange.time)
    venue.close()
    return tmp_path


def test_a_call_is_a_pending_transfer_until_it_is_met(folder: pathlib.Path) -> None:
    calls = next(one for one in read(folder, "2026-07-06").sections if one.title == "Margin calls")
    ((date, _, standing, due, transfer, called, *_),) = calls.rows
    assert (date, standing, due, transfer) == (
        *("2026-07-06", "called"),
        *("07-07 13:00:00", "pending"),  # 08:00 in Chicago.
    )
    second = read(folder, "2026-07-07")
    ended = next(one for one in second.sections if one.title == "Margin calls")
    assert [row[2:5] for row in ended.rows] == [("good", "", "")]
    paid = next(one for one in second.sections if one.title == "Money").rows
    assert [row[3] for row in paid if row[2] == "deposit"] == [called]
    assert second.closing_micro > 0
    assert money(second.closing_micro) in as_text(second).replace(",", "")


def test_a_statement_says_whose_money_an_account_holds(folder: pathlib.Path) -> None:
    assert "account 3, account-3, speculator, customer origin" in as_text(
        read(folder, "2026-07-06")
    )
