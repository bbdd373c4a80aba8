"""A database that is locked, full, gone, or none: a sentence each, and no row is lost."""

import pathlib
import sqlite3

import psycopg
import pytest

from clearing.store import database as databases
from clearing.store.database import Database, StoreError
from clearing.store.store import Store
from tests.postgres import empty_postgres
from tests.stored import Contents, contents, history, stored


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """Return what the tables hold of the whole history."""
    database = Database.at("", tmp_path_factory.mktemp("whole"))
    stored(database, history()[1])
    return contents(database)


def test_a_locked_database_is_refused_and_loses_no_row(
    tables: Contents, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "WAIT_S", 0.05)
    _, outcomes = history()
    locked = Database.at("", tmp_path)
    store = Store(locked)
    for outcome in outcomes[:60]:
        store.fold(outcome)
    other = sqlite3.connect(tmp_path / databases.FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"store\.sqlite: database is locked"):
        store.write()
    other.execute("ROLLBACK")
    other.close()
    for outcome in outcomes[60:]:
        store.fold(outcome)
    store.finish()
    assert contents(locked) == tables


def test_a_locked_server_is_refused_and_loses_no_row(
    tables: Contents, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "WAIT_S", 0.05)
    _, outcomes = history()
    locked = Database.at(address := empty_postgres(), tmp_path)
    locked.make()
    monkeypatch.undo()
    store = Store(locked)
    for outcome in outcomes[:60]:
        store.fold(outcome)
    with psycopg.connect(address) as other:
        other.execute("LOCK TABLE cfx.projection")
        with pytest.raises(StoreError, match="canceling statement due to lock timeout"):
            store.write()
    for outcome in outcomes[60:]:
        store.fold(outcome)
    store.finish()
    assert contents(locked) == tables


def test_a_full_disk_leaves_the_last_whole_transaction(tmp_path: pathlib.Path) -> None:
    _, outcomes = history()
    database = Database.at("", tmp_path)
    store = Store(database)
    for outcome in outcomes[:60]:
        store.fold(outcome)
    store.write()
    before = contents(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    for outcome in outcomes[60:]:
        store.fold(outcome)
    with pytest.raises(StoreError, match=r"store\.sqlite: database or disk is full"):
        store.finish()
    assert contents(database) == before


def test_a_server_that_hangs_up_is_asked_again_and_no_row_is_lost(
    tables: Contents, tmp_path: pathlib.Path
) -> None:
    _, outcomes = history()
    server = Database.at(address := empty_postgres(), tmp_path)
    store = Store(server)
    for outcome in outcomes[:60]:
        store.fold(outcome)
    with psycopg.connect(address) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )
    with pytest.raises(StoreError, match="terminating connection"):
        store.write()
    for outcome in outcomes[60:]:
        store.fold(outcome)
    store.finish()
    assert contents(server) == tables


def test_what_is_no_database_is_refused_in_a_sentence(tmp_path: pathlib.Path) -> None:
    (tmp_path / databases.FILE).write_text("once upon a time, there was no database here at all")
    with pytest.raises(StoreError, match=r"store\.sqlite: file is not a database"):
        Database.at("", tmp_path).make()
    for address, why in (
        ("nowhere", "is given as sqlite:///FILE or postgresql://"),
        ("mysql://me@here/it", "is neither SQLite nor PostgreSQL"),
        (f"sqlite:///{tmp_path}/not/there.sqlite", "unable to open database file"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "127.0.0.1:1/none: connection failed"),
    ):
        with pytest.raises(StoreError, match=why) as refused:
            Database.at(address, tmp_path).make()
        assert "secret" not in str(refused.value)
