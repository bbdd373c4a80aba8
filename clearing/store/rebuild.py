"""Reads a folder's journal into its database: what is missing, or all of it anew."""

import pathlib
from collections.abc import Callable
from typing import NamedTuple

from clearing.store.database import Database
from clearing.store.store import Store
from clearing.venue import proven, replayed
from engine.exchange import Outcome

Tell = Callable[[int, int], object]  # Is told how many rows of the journal of how many are read.


class Rebuilt(NamedTuple):
    """What a database holds now, and what was written to make it so."""

    database: str
    seq: int  # The last row of the journal that is in it.
    rows: int  # Rows of tables that were written.


def _say_nothing(_read: int, _of: int) -> None:
    """Tell nobody."""


def rebuild(folder: pathlib.Path, address: str = "", tell: Tell = _say_nothing) -> Rebuilt:
    """Drop a database's tables and fill them again from the journal of a folder.

    address: a URL; "": the file of the folder. Raises StoreError; JournalError, with nothing
    dropped where a frame of the journal is not whole.
    """
    rows = proven(folder)
    database = Database.at(address, folder)
    database.make_anew()
    return _filled(folder, rows, database, tell)


def catch_up(folder: pathlib.Path, address: str = "", tell: Tell = _say_nothing) -> Rebuilt:
    """Write what a database lacks of the journal of a folder, which may be open elsewhere.

    Raises JournalError where the journal is not sound, or StoreError.
    """
    rows = proven(folder)
    database = Database.at(address, folder)
    store = Store(database)
    if store.seq == rows:
        database.close()
        return Rebuilt(database.place, store.seq, 0)
    return _filled(folder, rows, database, tell)


def _filled(folder: pathlib.Path, rows: int, database: Database, tell: Tell) -> Rebuilt:
    """Return what became of a database that took in a journal of so many rows."""
    store = Store(database)

    def watch(outcome: Outcome) -> None:
        store.fold(outcome)
        tell(outcome.frame.last, rows)

    replayed(folder, watch)
    store.finish()
    database.close()
    return Rebuilt(database.place, store.seq, store.rows)
