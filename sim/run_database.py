"""The database beside a run: it holds each day when the day's line is told."""

import pathlib
import sys
from collections.abc import Sequence

from clearing.store.database import Database, StoreError
from clearing.store.rebuild import catch_up
from clearing.store.store import Store
from engine.exchange import Outcome


class RunDatabase:
    """Writes a run's outcomes as they come, and what it could not write once the run is over."""

    def __init__(self, folder: pathlib.Path, address: str) -> None:
        """Make the tables. Raises StoreError, also where they hold another journal."""
        self._folder = folder
        self._address = address
        self._database = Database.at(address, folder)
        self._store = Store(self._database)
        self._is_behind = False
        if self._store.seq:
            raise StoreError(f"{self._database.place} holds another journal already")

    def fold(self, outcomes: Sequence[Outcome]) -> None:
        """Take in what happened next. A failure is told once, on stderr, and the run goes on."""
        try:
            if not self._is_behind:
                for outcome in outcomes:
                    self._store.fold(outcome)
        except StoreError as error:
            self._fall_behind(error)

    def write(self) -> None:
        """Write what was folded; a failure is told likewise."""
        try:
            if not self._is_behind:
                self._store.write()
        except StoreError as error:
            self._fall_behind(error)

    def finish(self) -> None:
        """Write what is missing, from the journal. Raises StoreError where that fails too."""
        self.write()
        self._database.close()
        if self._is_behind:
            catch_up(self._folder, self._address)

    def _fall_behind(self, error: StoreError) -> None:
        self._is_behind = True
        sys.stderr.write(f"the database is behind until the run is over: {error}\n")
