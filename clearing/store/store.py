"""A database that follows a journal: each row once, by the number that it stores beside them."""

from sqlalchemy import select, update

from clearing.store.database import Database, StoreError
from clearing.store.projection import Projection
from clearing.store.schema import METADATA, PROJECTION
from engine.exchange import Outcome

ROWS = 1 << 14  # About how many rows a transaction has.

_TABLES = METADATA.sorted_tables


class MovedError(StoreError):
    """The database is not where it was left: another process wrote it, or made it anew."""


class Store:
    """Folds a journal's outcomes from the first on, and writes those that are not written yet.

    seq: of the last row of the journal that the database holds. rows: written so far.
    Every method raises StoreError: the transaction that failed left nothing behind, and its rows
    are written with the next.
    """

    def __init__(self, database: Database) -> None:
        """Begin where the database ends; it is made where it is empty."""
        database.make()
        self._database = database
        self._projection = Projection()
        self._chain = ""  # The event hash that the last folded frame was written after.
        with database.transaction() as connection:
            self.seq, self._stored_chain = connection.execute(
                select(PROJECTION.c.seq, PROJECTION.c.chain)
            ).one()
        self.rows = 0

    @property
    def folded(self) -> int:
        """The last row that was taken in, written or not."""
        return self._projection.seq

    def fold(self, outcome: Outcome) -> None:
        """Take in the next outcome of the journal; write when there is enough to write."""
        projection, before = self._projection, self._projection.seq
        projection.fold(outcome)
        self._chain = outcome.frame.event_hash.hex()
        if projection.seq < self.seq:
            if projection.count >= ROWS:
                projection.forget()
        elif before < self.seq:
            projection.forget()
            if (projection.seq, self._chain) != (self.seq, self._stored_chain):
                raise self._foreign()
        elif projection.count >= ROWS:
            self.write()

    def write(self) -> None:
        """Write all that was folded, in one transaction; nothing where nothing is new."""
        folded = self._projection.seq
        if folded <= self.seq:
            return
        rows = self._projection.rows()
        moved = update(PROJECTION).where(PROJECTION.c.seq == self.seq)
        with self._database.transaction() as connection:
            found = connection.execute(moved.values(seq=folded, chain=self._chain))
            if found.rowcount != 1:
                raise MovedError(f"{self._database.place} is written by another process too")
            for table in _TABLES:
                if table.name in rows:
                    self._database.add(connection, table, rows[table.name])
        self.rows += sum(len(each) for each in rows.values())
        self.seq, self._stored_chain = folded, self._chain
        self._projection.forget()

    def finish(self) -> None:
        """Write what is left of a journal that was folded whole.

        Raises StoreError where the database holds more than the journal.
        """
        self.write()
        folded = self._projection.seq
        if folded < self.seq:
            raise StoreError(
                f"{self._database.place} is ahead: it holds seq {self.seq}, the journal ends at "
                f"seq {folded}; `cfx rebuild` makes it anew"
            )

    def _foreign(self) -> StoreError:
        return StoreError(
            f"{self._database.place} was made from another journal: they differ at or before seq "
            f"{self.seq}; `cfx rebuild` makes it anew"
        )
