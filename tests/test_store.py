"""The read model: what its tables hold, and that they hold it once."""

import pathlib
import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterator

import pytest

from clearing.calendar import times
from clearing.ledger import Book, Entry
from clearing.store.database import Database, StoreError
from clearing.store.store import Store
from clearing.venue import Venue
from engine.rows import Batch
from engine.schema import Did, Kind
from tests.postgres import empty_postgres
from tests.stored import Contents, contents, history, stored
from tests.trading_days import FIRST_DAY, SIZES, Driver, found, front, trade


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Database]:
    """Return an empty database of each kind."""
    found = Database.at(empty_postgres() if request.param == "postgresql" else "", tmp_path)
    yield found
    found.close()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """Return what the tables hold of the whole history."""
    database = Database.at("", tmp_path_factory.mktemp("whole"))
    stored(database, history()[1])
    return contents(database)


def test_the_ledger_is_the_houses_entry_for_entry(tables: Contents) -> None:
    venue, _ = history()
    told = [(row[0], *row[4:]) for row in tables["ledger"]]
    entries = venue.house.ledger.entries
    names = ("seq", "account", "book", "kind", "amount")
    assert told == [
        (seq, account, Book(book).name.lower(), Entry(kind).name.lower(), amount)
        for seq, account, book, kind, amount in entries[list(names)].tolist()
    ]
    assert {row[6] for row in tables["ledger"]} >= {"variation", "fees", "transfer"}


def test_variation_by_contract_adds_up_to_the_ledgers(tables: Contents) -> None:
    paid: dict[tuple[object, object], int] = defaultdict(int)
    for row in tables["variations"]:
        paid[row[3], row[4]] += int(str(row[9]))
    booked = {
        (row[3], row[4]): row[7] for row in tables["ledger"] if row[5:7] == ("cash", "variation")
    }
    assert len(booked) > 10
    assert {key: amount for key, amount in paid.items() if amount} == booked


def test_days_end_with_what_the_house_held_and_counted(tables: Contents) -> None:
    venue, _ = history()
    house = venue.house
    assert tables["activity"] == sorted(
        (one.date, one.instrument, one.volume, row[3], one.open_interest)
        for one, row in zip(
            sorted(house.activity, key=lambda one: one[:2]), tables["activity"], strict=True
        )
    )
    reported = [row for row in tables["trades"] if row[8] == "buy" and row[12:14] == ("block", 1)]
    blocks = sum(int(str(row[3])) for row in tables["activity"])
    assert 0 < blocks <= sum(int(str(row[10])) for row in reported)
    assert all(0 <= int(str(row[3])) <= int(str(row[2])) for row in tables["activity"])
    held = {row[1:3]: row[3] for row in tables["positions"] if row[0] == house.date}
    net = house.positions.holdings["net"]
    assert held == {
        (account, number): int(net[number, account])
        for number in range(net.shape[0])
        for account in range(net.shape[1])
        if net[number, account]
    }


def test_settlements_are_those_that_the_house_published(tables: Contents) -> None:
    venue, _ = history()
    told = [row[2:] for row in tables["settlements"]]
    assert told == [
        (one.date, one.instrument, one.price, one.mode, one.tier, one.market, one.market_tier)
        for one in venue.house.marking.settlements
    ]


def test_fixings_are_those_that_the_house_published(tables: Contents) -> None:
    published = history()[0].house.fixings.fixed
    assert len(published) > 8
    assert [row[2:] for row in tables["fixings"]] == [
        (
            *(one.date, one.model, one.value_micro, one.tier, one.version, one.inputs),
            *(one.refused, one.providers, one.gpu_hours_milli, one.inputs_hash),
        )
        for one in published
    ]


def test_fees_of_single_fills_add_up_to_what_was_charged(tables: Contents) -> None:
    venue, _ = history()
    accrued = sum(int(str(row[14])) for row in tables["trades"])
    accrued += sum(int(str(row[12])) for row in tables["reviews"])
    accrued += sum(int(str(row[11])) for row in tables["variations"])
    charged = -sum(int(str(row[7])) for row in tables["ledger"] if row[5:7] == ("cash", "fees"))
    assert accrued == charged + int(venue.house.positions.holders["fees"].sum()) > 0


def test_every_event_of_an_order_is_told(tables: Contents) -> None:
    _, outcomes = history()
    kinds = [kind for outcome in outcomes for kind in outcome.events["kind"].tolist()]
    assert len(tables["orders"]) == kinds.count(Did.ENTERED)
    assert len(tables["trades"]) == kinds.count(Did.FILLED)
    assert len(tables["reviews"]) == kinds.count(Did.BUSTED) + kinds.count(Did.ADJUSTED) > 0
    told = (Did.CANCELED, Did.REPLACED, Did.TRIGGERED, Did.REJECTED)
    assert len(tables["changes"]) == sum(map(kinds.count, told))


def test_a_busted_block_leaves_the_days_volume_of_blocks(database: Database) -> None:
    venue = Venue.open(sizes=SIZES)
    outcomes = found(venue, cash=10**11)
    now, number = times(FIRST_DAY)[3][0], front(venue, FIRST_DAY)
    outcomes += venue.tick(now)
    outcomes += trade(venue, 3, 4, number, 1, 500, now)
    for lots, price in ((6, 500), (7, 700)):  # The second is far from what it is worth.
        batch = Batch()
        batch.desk(Kind.BLOCK, buyer=1, seller=2, instrument=number, quantity=lots, price=price)
        outcomes += venue.submit(batch, now)
    batch = Batch()
    batch.desk(Kind.BUST, int(venue.exchange.state.totals[0]["trades"]))
    outcomes += venue.submit(batch, now) + venue.tick(times(FIRST_DAY)[-1][0])
    stored(database, outcomes)
    busted = [row for row in contents(database)["reviews"] if row[8] == "busted"]
    assert len(busted) == 2
    assert contents(database)["activity"] == [(20260706, number, 7, 6, 7)]


@pytest.mark.parametrize("seed", range(2))
def test_pieces_and_restarts_leave_the_same_rows_as_one_pass(
    database: Database, tables: Contents, seed: int
) -> None:
    _, outcomes = history()
    rng, count = random.Random(seed), 0
    while count < len(outcomes):
        count = min(count + rng.randint(1, len(outcomes) // 3), len(outcomes))
        store = Store(database)
        for outcome in outcomes[:count]:
            store.fold(outcome)
            if rng.random() < 0.02:
                store.write()
        store.finish()
    assert contents(database) == tables


def test_of_two_writers_one_is_refused_and_nothing_is_there_twice(database: Database) -> None:
    _, outcomes = history()
    first, second = Store(database), Store(database)
    for store in (first, second):
        for outcome in outcomes[:50]:
            store.fold(outcome)
    first.write()
    before = contents(database)
    with pytest.raises(StoreError, match="is written by another process too"):
        second.write()
    assert contents(database) == before


def test_a_database_that_is_ahead_is_refused(database: Database) -> None:
    _, outcomes = history()
    stored(database, outcomes)
    before = contents(database)
    store = Store(database)
    for outcome in outcomes[:-9]:
        store.fold(outcome)
    with pytest.raises(StoreError, match=r"is ahead: it holds seq \d+, the journal"):
        store.finish()
    assert contents(database) == before


def test_a_database_of_another_journal_is_refused(database: Database) -> None:
    _, outcomes = history()
    stored(database, outcomes[: len(outcomes) // 2])
    venue = Venue.open(sizes=SIZES)
    others = found(venue, cash=7_000_000_000)
    driver = Driver(venue, seed=12)
    driver.day()
    while venue.exchange.seq < outcomes[-1].frame.last:
        driver.day()
    with pytest.raises(StoreError, match="was made from another journal: they differ at or"):
        stored(database, others + driver.outcomes)


def test_a_database_of_another_schema_is_refused(database: Database) -> None:
    database.make()
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE projection SET schema = 'older'")
    with pytest.raises(StoreError, match="was made with another schema; `cfx rebuild` makes it"):
        Store(database)
    database.make_anew()
    assert Store(database).seq == 0


def test_tables_that_are_not_ours_are_left_alone(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "mine.sqlite"
    with sqlite3.connect(file) as mine:
        mine.execute("CREATE TABLE diary (day TEXT)")
    theirs = Database.at(f"sqlite:///{file}", tmp_path)
    for refuse in (theirs.make, theirs.make_anew):
        with pytest.raises(StoreError, match=r"mine\.sqlite holds tables that are not"):
            refuse()
    with sqlite3.connect(file) as mine:
        assert mine.execute("SELECT count(*) FROM diary").fetchone() == (0,)
