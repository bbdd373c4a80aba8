"""Keeps a database up to date with a served exchange, in a thread of its own.

The exchange hands over what it published and never waits: what is too much to be kept for a
database that is slow, locked, full or gone is let go, and read from the journal again later.
"""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from clearing.store.database import Database, StoreError
from clearing.store.store import MovedError, Store
from clearing.venue import replayed
from engine.exchange import Outcome
from engine.journal import JournalError

EVENTS_MAX = 1 << 20  # That wait for the database; with more the journal is read again.
RETRY_S = 1.0  # From a refusal to the next attempt; doubled where all is read again, up to
RETRY_MAX_S = 30.0
WRITE_S = 0.2  # How long outcomes are gathered for one transaction.
CLOSE_S = 5.0  # How long the end waits for what was handed over.

Tell = Callable[[str], object]


class Follower:
    """Takes outcomes on one thread, writes them on another.

    seq: of the last row that the database is known to hold.
    """

    def __init__(self, folder: Path, address: str, published: int, tell: Tell) -> None:
        """Begin to follow the journal of a folder. Raises StoreError where there is no such URL.

        address: a URL; "": the file of the folder. published: the last row that was published
        before. tell: is given a sentence where the database falls behind, and where it is not
        behind any more; on the other thread.
        """
        self.seq = 0
        self._folder = folder
        self._database = Database.at(address, folder)
        self._published = published
        self._tell = tell
        self._waiting: deque[Outcome] = deque()
        self._events = 0  # Of what waits.
        self._taken: deque[Outcome] = deque()  # From what waited, by the other thread.
        self._ending = threading.Event()
        self._why = ""  # Why the database is behind; "": it is not.
        self._mutex = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="database", daemon=True)
        self._thread.start()

    def put(self, outcome: Outcome) -> None:
        """Hand over what was published next; return at once."""
        with self._mutex:
            self._published = outcome.frame.last
            if self._events > EVENTS_MAX:
                self._waiting.clear()
                self._events = 0
            self._waiting.append(outcome)
            self._events += len(outcome.events) + 1

    def close(self) -> None:
        """Write what was handed over, if that is quick; the rest is caught up with next time."""
        self._ending.set()
        self._thread.join(CLOSE_S)
        self._database.close()

    def _run(self) -> None:
        """Follow until the end, also where the database or the journal fails in between."""
        store, wait = None, RETRY_S
        while True:
            try:
                store = store or self._caught_up()
                self._follow(store)
                return
            except (MovedError, JournalError) as error:
                store = None
                self._fall_behind(error)
            except StoreError as error:
                self._fall_behind(error)
            if self._ending.wait(wait):
                return
            wait = RETRY_S if store else min(2 * wait, RETRY_MAX_S)

    def _caught_up(self) -> Store:
        """Return a store that has read the journal up to what was published."""
        store = Store(self._database)
        with self._mutex:
            last = self._published
        replayed(self._folder, store.fold, last=last)
        store.finish()
        return store

    def _follow(self, store: Store) -> None:
        """Write what is handed over, until the end. Raises MovedError where some was let go."""
        while True:
            store.write()
            if not self._taken:
                self._written(store)
                ending = self._ending.wait(WRITE_S)
                with self._mutex:
                    self._taken, self._waiting, self._events = self._waiting, deque(), 0
                if ending and not self._taken:
                    return
            while self._taken:
                self._fold(store, self._taken[0])
                self._taken.popleft()

    def _fold(self, store: Store, outcome: Outcome) -> None:
        """Take in an outcome that is not taken in yet."""
        if outcome.frame.last <= store.folded:
            return
        if outcome.frame.seq != store.folded + 1:
            raise MovedError(f"the exchange is ahead of it: it holds seq {store.seq}")
        store.fold(outcome)

    def _fall_behind(self, error: Exception) -> None:
        if self._why != str(error):
            self._why = str(error)
            self._tell(f"the database is behind: {error}")

    def _written(self, store: Store) -> None:
        self.seq = store.seq
        if self._why:
            self._why = ""
            self._tell(f"the database has caught up: it holds seq {store.seq}")
