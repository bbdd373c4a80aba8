"""A database beside a running exchange: it follows, falls behind, says so, and catches up."""

import json
import pathlib
import signal
import sqlite3
import time
from collections.abc import Callable

import pytest

from clearing.store import database as databases
from clearing.store.database import Database, StoreError
from clearing.store.rebuild import rebuild
from clearing.venue import Venue
from gateway import follower as followers
from gateway.follower import Follower
from sim.run_database import RunDatabase
from tests.postgres import empty_postgres
from tests.shell import Shell, refused, spawned
from tests.small_venue import market, trade
from tests.stored import contents

LONG_S = 60  # A busy machine's patience.


class Exchange:
    """A venue in a folder whose outcomes go to a follower."""

    def __init__(self, folder: pathlib.Path, address: str = "") -> None:
        self.folder = folder
        self.address = address
        self.told: list[str] = []
        self.venue = Venue.open(folder / "journal")
        if not self.venue.exchange.seq:
            self.venue.submit(market(), 1)
        self.venue.sync()
        self.follower = Follower(folder, address, self.venue.exchange.seq, self.told.append)

    def trade(self, frames: int = 5) -> None:
        """Trade, and hand over what was published."""
        for outcome in trade(self.venue, frames):
            self.follower.put(outcome)

    def wait(self, done: Callable[[], bool] | None = None) -> None:
        """Return once the database holds all, or `done` holds."""
        holds = done or (lambda: self.follower.seq == self.venue.exchange.seq)
        end = time.monotonic() + LONG_S
        while not holds():
            assert time.monotonic() < end, self.told
            time.sleep(0.01)

    def close(self) -> None:
        """End, and find in the database what a rebuild makes."""
        self.follower.close()
        self.venue.close()
        assert self.follower.seq == self.venue.exchange.seq
        database = Database.at(self.address, self.folder)
        followed = contents(database)
        rebuild(self.folder, self.address)
        assert contents(database) == followed
        assert len(followed["trades"]) > 5
        database.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for long."""
    monkeypatch.setattr(databases, "WAIT_S", 0.1)
    monkeypatch.setattr(followers, "RETRY_S", 0.05)
    monkeypatch.setattr(followers, "WRITE_S", 0.01)
    monkeypatch.setattr(followers, "CLOSE_S", LONG_S)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> str:
    """Return the address of an empty database of each kind; "": of the folder's file."""
    return empty_postgres() if request.param == "postgresql" else ""


def test_what_is_published_stands_there_soon(tmp_path: pathlib.Path, address: str) -> None:
    exchange = Exchange(tmp_path, address)
    exchange.trade()
    exchange.wait()
    exchange.trade()
    exchange.close()
    assert exchange.told == []


def test_what_happened_before_is_caught_up_with(tmp_path: pathlib.Path) -> None:
    first = Exchange(tmp_path)
    first.trade()
    first.close()
    again = Exchange(tmp_path)
    again.wait()
    again.trade()
    again.close()
    assert again.told == []


def test_a_locked_database_is_waited_for_and_the_exchange_is_not(tmp_path: pathlib.Path) -> None:
    exchange = Exchange(tmp_path)
    exchange.wait()
    other = sqlite3.connect(tmp_path / databases.FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    exchange.trade()
    exchange.wait(lambda: len(exchange.told) == 1)
    assert "is behind" in exchange.told[0]
    assert "database is locked" in exchange.told[0]
    exchange.trade()
    other.execute("ROLLBACK")
    other.close()
    exchange.wait()
    exchange.close()
    assert exchange.told[1].startswith("the database has caught up: it holds seq ")
    assert len(exchange.told) == 2


def test_what_was_too_much_to_keep_is_read_from_the_journal(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followers, "EVENTS_MAX", 20)
    exchange = Exchange(tmp_path)
    exchange.wait()
    other = sqlite3.connect(tmp_path / databases.FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    exchange.trade()
    exchange.wait(lambda: len(exchange.told) == 1)
    exchange.trade(frames=40)
    other.execute("ROLLBACK")
    other.close()
    exchange.wait()
    exchange.close()
    assert any("the exchange is ahead of it" in line for line in exchange.told)


def test_a_database_that_is_made_anew_meanwhile_is_followed_again(
    tmp_path: pathlib.Path, address: str
) -> None:
    exchange = Exchange(tmp_path, address)
    exchange.trade()
    exchange.wait()
    database = Database.at(address, tmp_path)
    database.make_anew()
    exchange.trade()
    exchange.wait()
    database.close()
    exchange.close()
    assert "is written by another process too" in exchange.told[0]


def test_a_database_of_another_schema_is_told_and_used_once_it_is_made_anew(
    tmp_path: pathlib.Path, address: str
) -> None:
    database = Database.at(address, tmp_path)
    database.make()
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE projection SET schema = 'older'")
    exchange = Exchange(tmp_path, address)
    exchange.trade()
    exchange.wait(lambda: len(exchange.told) == 1)
    assert "was made with another schema; `cfx rebuild` makes it anew" in exchange.told[0]
    database.make_anew()
    database.close()
    exchange.wait()
    exchange.close()


def test_what_is_no_database_is_refused_before_anything_is_served(tmp_path: pathlib.Path) -> None:
    with pytest.raises(StoreError, match="is neither SQLite nor PostgreSQL"):
        Exchange(tmp_path, "mysql://me@here/it")


def test_a_served_exchange_is_followed(
    cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "exchange"
    options = ("--port", 0, "--scenario", small, "--speed", "600x", "--database", "folder")
    running = spawned("serve", "--data", folder, *options)
    try:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("ready ")
        assert cfx("accounts", "new", "--data", folder, "--owner", "me").status == 0
        database = Database.at("", folder)
        end = time.monotonic() + LONG_S
        while not (has_traded := "me" in names(database) and contents(database)["trades"]):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert has_traded
    finally:
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate()
    assert running.returncode == 0, err
    followed = contents(database)
    assert followed["projection"][0][1] == json.loads(cfx("verify", folder).out)["rows"]
    rebuild(folder)
    assert contents(database) == followed


def names(database: Database) -> set[object]:
    """Return the owners that a database knows."""
    return {row[1] for row in contents(database)["owners"]}


def test_a_run_is_followed_and_a_database_of_another_is_refused(
    cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    made = cfx("run", small, "--days", 2, "--out", tmp_path / "run", "--database", "folder")
    assert made.status == 0, made.err
    database = Database.at("", tmp_path / "run")
    followed = contents(database)
    rebuild(tmp_path / "run")
    assert contents(database) == followed
    address = f"sqlite:///{tmp_path}/run/store.sqlite"
    other = ("run", small, "--days", 1, "--out", tmp_path / "other", "--database", address)
    assert "holds another journal already" in refused(cfx(*other))
    assert cfx("run", small, "--database", "folder").status == 2


def test_a_run_goes_on_without_its_database_and_fills_it_afterwards(
    cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.sqlite"
    Database.at(f"sqlite:///{file}", tmp_path).make()
    other = sqlite3.connect(file, isolation_level=None)
    write = RunDatabase.write

    def once_free(database: RunDatabase) -> None:
        other.execute("BEGIN IMMEDIATE")
        write(database)
        other.execute("ROLLBACK")

    monkeypatch.setattr(RunDatabase, "write", once_free)
    address = f"sqlite:///{file}"
    made = cfx("run", small, "--days", 1, "--out", tmp_path / "run", "--database", address)
    assert made.status == 0, made.err
    assert "is behind until the run is over" in made.err
    other.close()
    database = Database.at(address, tmp_path)
    followed = contents(database)
    rebuild(tmp_path / "run", address)
    assert contents(database) == followed
    assert followed["orders"]
