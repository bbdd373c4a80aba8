"""What trades cost in the end, in the tables and on statements: at settlement, and paid for."""

import contextlib
import functools
import pathlib
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from clearing.ledger import Book
from clearing.store.database import Database
from clearing.store.queries import STATEMENTS, Asked, Row, page
from clearing.store.statements import Statement, month_of, statement
from clearing.venue import Venue, replayed
from engine.exchange import Outcome
from engine.instruments import micro, usd
from engine.rows import Batch
from engine.schema import Kind
from tests.stored import stored
from tests.test_premiums import CALL, EVENT, buy, listed
from tests.test_tas import SECOND_DAY, UP, book, market, settled
from tests.trading_days import FIRST_DAY, SIZES, finish, fix, trade

OFFSETS = {1: 2, 3: -2}  # Of what each account buys from account 2 at settlement.


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Venue:
    """Return a venue after a day on which lots traded at settlement, once as a block."""
    folder = tmp_path_factory.mktemp("at-settlement")
    venue = market(kind=functools.partial(Venue.open, folder))
    number, now = book(venue), venue.exchange.time
    trade(venue, 1, 2, number, 3, OFFSETS[1], now)
    batch = Batch()
    batch.desk(Kind.BLOCK, buyer=3, seller=2, instrument=number, quantity=60, price=OFFSETS[3])
    venue.submit(batch, now)
    fix(venue, SECOND_DAY, UP)
    finish(venue, SECOND_DAY)
    venue.close()
    return venue


@pytest.fixture(scope="module")
def reading(venue: Venue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Yield a connection to a database of that day, and of the one before."""
    folder = tmp_path_factory.mktemp("store")
    with reading_of(folder.parent / "at-settlement0", folder) as connection:
        yield connection


@contextlib.contextmanager
def reading_of(journal: pathlib.Path, folder: pathlib.Path) -> Iterator[Connection]:
    """Yield a connection to a new database of a journal."""
    outcomes: list[Outcome] = []
    replayed(journal, outcomes.append, SIZES)
    database = Database.at("", folder)
    stored(database, outcomes)
    with database.transaction() as connection:
        yield connection
    database.close()


def rows(connection: Connection, what: str, account: int) -> list[Row]:
    """Return all rows of an account in a table."""
    return page(connection, what, Asked(account, limit=1_000)).rows


@pytest.mark.parametrize("account", OFFSETS)
def test_a_trade_at_settlement_comes_to_the_settlement_and_its_offset(
    venue: Venue, reading: Connection, account: int
) -> None:
    settlement = settled(venue, SECOND_DAY)
    (held,) = [row for row in rows(reading, "trades", account) if row["held"]]
    assert held["final_price"] == settlement + OFFSETS[account] != held["price"]
    (priced,) = [row for row in rows(reading, "reviews", account) if row["did"] == "priced"]
    assert (priced["price"], priced["price_before"]) == (held["final_price"], held["price"])
    assert (priced["trade_id"], priced["side"]) == (held["trade_id"], "buy")
    assert {row["account"] for row in rows(reading, "reviews", 2)} == {2}


@pytest.mark.parametrize("account", [1, 2, 3])
def test_a_statement_shows_the_final_price_and_adds_up(
    venue: Venue, reading: Connection, account: int
) -> None:
    made = statement(reading, str(account), month_of("2026-07"))
    sections = {section.title: section.rows for section in made.sections}
    shown = {row[5] for row in sections["Trades"] if row[2] == "H100_USD-31JUL26"}
    bought = {row["final_price"] for row in rows(reading, "trades", account) if row["held"]}
    assert shown == {usd(price) for price in bought}
    assert sections["Trades busted or adjusted"] == []
    assert_adds_up(made, venue.house.ledger.balances[account, Book.CASH])


def assert_adds_up(made: Statement, cash: int) -> None:
    """Assert that opening balance and lines come to the ending one, which is the house's."""
    lines = [micro(row[3]) for row in made.sections[0].rows]
    assert made.opening_micro + sum(lines) == made.closing_micro == cash


def test_a_statement_with_premiums_and_a_payout_adds_up(tmp_path: pathlib.Path) -> None:
    venue = listed(tmp_path / "journal")
    buy(venue, 1, 2, EVENT, 100, 40)
    buy(venue, 1, 3, CALL, 1, 20)
    for date in (FIRST_DAY, SECOND_DAY):
        fix(venue, date, UP)
        finish(venue, date)
    venue.close()
    with reading_of(tmp_path / "journal", tmp_path) as connection:
        for account in (1, 2, 3):
            made = statement(connection, str(account), month_of("2026-07"))
            assert_adds_up(made, venue.house.ledger.balances[account, Book.CASH])
            assert "premium" in {row[2] for row in made.sections[0].rows}


def test_days_of_an_account_join_to_its_balance(venue: Venue, reading: Connection) -> None:
    days, after = list[Row](), ""
    while not days or after:
        found = page(reading, STATEMENTS, Asked(1, after=after, limit=1))
        days, after = days + found.rows, found.after
    assert len(days) == 2
    assert days == rows(reading, STATEMENTS, 1)
    carried = 0
    for day in days:
        assert day["opening_micro"] == carried
        carried += sum(day["moved_micro"].values())
        assert day["closing_micro"] == carried
    assert carried == venue.house.ledger.balances[1, Book.CASH]
    assert page(reading, STATEMENTS, Asked(9)).rows == []
