"""Transfers a second through the projection and into a database, each row once.

A transfer is one row of the journal, two events and two entries of the ledger. The ratio is to the
driver alone: the same entries, made before the clock starts, by sqlite3's executemany into the same
table, or by psycopg's COPY. PostgreSQL is the one that $CFX_TEST_DATABASE names; its schema `cfx`
is dropped. CPU time of this process: for SQLite all of it, for PostgreSQL the client's part.
"""

import os
import pathlib
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np
import psycopg

from bench.measure import Row, options, publish
from clearing.store.database import Database
from clearing.store.schema import LEDGER
from clearing.store.store import ROWS, Store
from engine.exchange import Outcome
from engine.frame import NO_HASH, Frame
from engine.layout import COMMAND, EVENT, MONEY
from engine.schema import Did, Kind, Origin

TRANSFERS, TRANSFERS_FULL = 100_000, 500_000
FRAME = 1_024  # Rows.
ACCOUNTS = 1_000
SERVER = "CFX_TEST_DATABASE"

Entries = list[tuple[object, ...]]


def outcomes(count: int) -> list[Outcome]:
    """Return frames of transfers between random accounts, with the events that tell them."""
    rng = np.random.default_rng(5)
    made = []
    for first in range(1, count + 1, FRAME):
        seqs = np.arange(first, min(first + FRAME, count + 1))
        commands = np.zeros(len(seqs), COMMAND)
        commands["seq"], commands["kind"], commands["time"] = seqs, Kind.TRANSFER, first
        giver = rng.integers(1, ACCOUNTS, len(seqs))
        commands.view(MONEY)["other"] = taker = giver % (ACCOUNTS - 1) + 1
        commands["account"] = giver
        events = np.zeros(2 * len(seqs), EVENT)
        events["seq"], events["time"] = np.repeat(seqs, 2), first
        events["n"] = np.arange(len(events)) % 2
        events["kind"] = np.tile([Did.TAKEN, Did.DEPOSITED], len(seqs))
        events["account"] = np.stack((giver, taker), 1).reshape(-1)
        events["other"] = np.stack((taker, giver), 1).reshape(-1)
        events["quantity"] = np.repeat(rng.integers(1, 10**9, len(seqs)), 2)
        made.append(Outcome(Frame(Origin.PARTICIPANT, commands, b"", NO_HASH), events))
    return made


def through_the_store(address: str, frames: list[Outcome]) -> float:
    """Return the seconds from the first outcome to the last commit, into empty tables."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.at(address, pathlib.Path(folder))
        database.make_anew()
        store = Store(database)
        began = time.process_time()
        for outcome in frames:
            store.fold(outcome)
        store.finish()
        took = time.process_time() - began
        assert store.rows == 2 * sum(len(each.frame.commands) for each in frames) + 2
        database.close()
    return took


def entries_of(frames: list[Outcome]) -> Entries:
    """Return the entries that a database holds of frames."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(database := Database.at("", pathlib.Path(folder)))
        for outcome in frames:
            store.fold(outcome)
        store.finish()
        with database.transaction() as connection:
            found = connection.execute(LEDGER.select().order_by(LEDGER.c.seq, LEDGER.c.n))
            return [tuple(row) for row in found]


def by_sqlite3(entries: Entries) -> float:
    """Return the seconds of executemany and commit, as many entries a transaction as the store."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.at("", pathlib.Path(folder))
        database.make_anew()
        database.close()
        raw = sqlite3.connect(database.place)
        raw.execute("PRAGMA synchronous = NORMAL")
        marks = ",".join("?" * len(LEDGER.columns))
        began = time.process_time()
        for first in range(0, len(entries), ROWS):
            raw.executemany(f"INSERT INTO ledger VALUES ({marks})", entries[first : first + ROWS])
            raw.commit()
        took = time.process_time() - began
        raw.close()
    return took


def by_psycopg(address: str, entries: Entries) -> float:
    """Return the seconds of COPY and commit, likewise."""
    database = Database.at(address, pathlib.Path())
    database.make_anew()
    database.close()
    with psycopg.connect(address, options="-c search_path=cfx") as raw:
        began = time.process_time()
        for first in range(0, len(entries), ROWS):
            with raw.cursor() as cursor, cursor.copy("COPY ledger FROM STDIN") as copy:
                for row in entries[first : first + ROWS]:
                    copy.write_row(row)
            raw.commit()
        return time.process_time() - began


def measure(
    name: str, count: int, ours: Callable[[], float], theirs: Callable[[], float], rounds: int
) -> Row:
    """Return how many transfers a second, against the driver alone, run in turn."""
    taken = [(ours(), theirs()) for _ in range(rounds)]
    mine, raw = (count / statistics.median(each) for each in zip(*taken, strict=True))
    return Row(name, mine, "transfers/s", f"driver: {raw:,.0f}", mine / raw)


def main() -> None:
    """Measure, and print the table."""
    chosen = options(__doc__ or "").parse_args()
    count = TRANSFERS_FULL if chosen.full else TRANSFERS
    frames = outcomes(count)
    entries = entries_of(frames)
    rows = [
        measure(
            "into SQLite",
            count,
            lambda: through_the_store("", frames),
            lambda: by_sqlite3(entries),
            chosen.rounds,
        )
    ]
    address = os.environ.get(SERVER, "")
    if address:
        rows.append(
            measure(
                "into PostgreSQL",
                count,
                lambda: through_the_store(address, frames),
                lambda: by_psycopg(address, entries),
                chosen.rounds,
            )
        )
    publish("store", rows, chosen.json)
    if not address and not chosen.json:
        print(f"PostgreSQL is left out: {SERVER} is not set")


if __name__ == "__main__":
    main()
