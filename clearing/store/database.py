"""One SQL database, SQLite or PostgreSQL: opened, made, written, and its failures as sentences."""

import contextlib
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Insert,
    MetaData,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from clearing.store.schema import METADATA, PROJECTION, fingerprint

FILE = "store.sqlite"  # In the folder of a run or an exchange, unless a URL says otherwise.
WAIT_S = 5.0  # How long a lock is waited for, and a server.

_SPACE = "cfx"  # The schema of a PostgreSQL database that the tables stand in.
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class StoreError(Exception):
    """The database cannot be used, or does not fit the journal. One sentence: where, and what."""


class Database:
    """A database's engine. Every method raises StoreError where the database refuses.

    place: what a sentence calls it, without a password.
    """

    def __init__(self, url: URL) -> None:
        self._is_file = url.get_backend_name() == "sqlite"
        self._space = None if self._is_file else _SPACE
        self.place = url.database or "" if self._is_file else url.render_as_string()
        try:
            self.engine = _engine(url, is_file=self._is_file)
        except ModuleNotFoundError as error:
            message = f"{self.place} needs {error.name}: install cfx[postgres]"
            raise StoreError(message) from None
        except NoSuchModuleError:
            raise StoreError(f"{self.place} is neither SQLite nor PostgreSQL") from None

    @classmethod
    def at(cls, address: str, folder: pathlib.Path) -> "Database":
        """Return the database of a URL; of "": the file in a folder, which has to exist."""
        if not address:
            if not folder.is_dir():
                raise StoreError(f"{folder} is no folder")
            return cls(URL.create("sqlite", database=str(folder / FILE)))
        try:
            url = make_url(address)
        except ArgumentError:
            raise StoreError(
                "a database is given as sqlite:///FILE or postgresql://USER@HOST/NAME"
            ) from None
        known = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        if known.get_backend_name() not in {"sqlite", "postgresql"}:
            raise StoreError(f"{url.render_as_string()} is neither SQLite nor PostgreSQL")
        return cls(known)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection; what is done with it is done whole or not at all."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(f"{self.place}: {_why(error)}") from error

    def make(self) -> None:
        """Make the tables where there are none.

        Raises StoreError where there are others, or of another schema.
        """
        with self.transaction() as connection:
            names = self._names(connection)
            if not names:
                self._create(connection)
        if names and PROJECTION.name not in names:
            raise StoreError(f"{self.place} holds tables that are not those of cfx")
        self._check_schema()

    def make_anew(self) -> None:
        """Drop all tables and make them empty.

        Raises StoreError, with nothing dropped, where there are others than those of cfx.
        """
        with self.transaction() as connection:
            names = self._names(connection)
            if names and PROJECTION.name not in names:
                raise StoreError(f"{self.place} holds tables that are not those of cfx")
            found = MetaData()
            found.reflect(connection, schema=self._space)
            found.drop_all(connection)
            self._create(connection)

    def add(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write rows, whose values stand in the order of the table's columns."""
        if self._is_file:
            connection.exec_driver_sql(_statement(table, connection), list(rows))
            return
        raw = connection.connection.driver_connection
        assert raw is not None
        with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def close(self) -> None:
        """Let the database go."""
        self.engine.dispose()

    def _names(self, connection: Connection) -> list[str]:
        return inspect(connection).get_table_names(schema=self._space)

    def _create(self, connection: Connection) -> None:
        METADATA.create_all(connection)
        connection.execute(insert(PROJECTION).values(schema=fingerprint(), seq=0, chain=""))

    def _check_schema(self) -> None:
        with self.transaction() as connection:
            row = connection.execute(text("SELECT * FROM projection")).mappings().one()
        if row.get("schema") != fingerprint():
            raise StoreError(
                f"{self.place} was made with another schema; `cfx rebuild` makes it anew"
            )


def _engine(url: URL, *, is_file: bool) -> Engine:
    waiting = {"timeout": WAIT_S} if is_file else {"connect_timeout": int(WAIT_S)}
    engine = create_engine(url, connect_args=waiting)
    event.listen(engine, "connect", _prepare_file if is_file else _prepare_server)
    return engine


def _prepare_file(connection: Any, _record: object) -> None:
    """Let readers and a writer work side by side, and lose at most what can be made again."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _prepare_server(connection: Any, _record: object) -> None:
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_SPACE}")
    connection.execute(f"SET search_path TO {_SPACE}")
    connection.execute(f"SET lock_timeout TO {int(WAIT_S * 1_000)}")
    connection.commit()


def _statement(table: Table, connection: Connection) -> str:
    asked: Insert = insert(table)
    return str(asked.compile(dialect=connection.dialect))


def _why(error: SQLAlchemyError) -> str:
    """Return the driver's own words, in one line."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split()) or type(cause).__name__
