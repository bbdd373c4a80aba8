"""What can be asked of the database: who and what exists, and an account's history, by pages.

Every function takes a connection of `Database.transaction` and returns plain rows.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Result, Table, and_, func, select, tuple_

from clearing.store.database import StoreError
from clearing.store.schema import (
    ACCOUNTS,
    ACTIVITY,
    CHANGES,
    FIXINGS,
    HISTORIES,
    INSTRUMENTS,
    LEDGER,
    ORDERS,
    OWNERS,
    POSITIONS,
    REVIEWS,
    SETTLEMENTS,
    TRADES,
)

FOREVER = 99_991_231  # A trade date after all others.
TABLES = {table.name: table for table in (*HISTORIES, SETTLEMENTS, FIXINGS, POSITIONS)}
EVERYBODYS = frozenset({SETTLEMENTS.name, FIXINGS.name})  # Tables that name no account.
STATEMENTS = "statements"  # Is asked for as a table; a row is a day of an account's cash.

_DATED = (*HISTORIES, SETTLEMENTS)

Row = dict[str, Any]


class Holder(NamedTuple):
    """One account, with its owner's name."""

    account: int
    name: str
    owner: str
    type: str
    origin: str  # house or customer.


class Asked(NamedTuple):
    """Which rows of a table are asked for: whose, and of which trade dates, both inclusive."""

    account: int
    first: int = 0
    last: int = FOREVER
    after: str = ""  # The `after` of the page before.
    limit: int = 100


class Page(NamedTuple):
    """Rows in the order of the journal. after: what the next page is asked with; "": none."""

    rows: list[Row]
    after: str


def holder(connection: Connection, text: str) -> Holder:
    """Return the account of a name or number. Raises StoreError where there is none."""
    joined = ACCOUNTS.join(OWNERS, ACCOUNTS.c.owner == OWNERS.c.owner)
    kind, origin = ACCOUNTS.c.type, ACCOUNTS.c.origin
    columns = ACCOUNTS.c.account, ACCOUNTS.c.name, OWNERS.c.name, kind, origin
    asked = select(*columns).select_from(joined)
    named = connection.execute(asked.where(ACCOUNTS.c.name == text)).first()
    if named is None and text.isdecimal() and len(text) < 10:
        named = connection.execute(asked.where(ACCOUNTS.c.account == int(text))).first()
    if named is None:
        raise StoreError(f"account {text!r} does not exist")
    return Holder(*named)


def instrument_names(connection: Connection) -> dict[int, str]:
    """Return the names of all instruments, by number."""
    rows = connection.execute(select(INSTRUMENTS.c.instrument, INSTRUMENTS.c.name))
    return {row.instrument: row.name for row in rows}


def span(connection: Connection) -> tuple[int, int]:
    """Return the first and the last trade date of which anything is known; 0, 0: of none."""
    dates = []
    for table in _DATED:
        for order in (table.c.seq, table.c.seq.desc()):
            found = connection.execute(select(table.c.date).order_by(order).limit(1)).scalar()
            dates += [found] if found else []
    return min(dates, default=0), max(dates, default=0)


def balance(connection: Connection, account: int, before: int, book: str = "cash") -> int:
    """Return what an account has in a book at the end of the day before a date, micro-dollars."""
    entries = and_(LEDGER.c.account == account, LEDGER.c.book == book, LEDGER.c.date < before)
    found = connection.execute(select(func.sum(LEDGER.c.amount_micro)).where(entries)).scalar()
    return int(found or 0)


def of_days(connection: Connection, table: Table, account: int, first: int, last: int) -> list[Row]:
    """Return the rows of a history of some trade dates, both inclusive."""
    chosen = and_(table.c.account == account, table.c.date.between(first, last))
    asked = select(table).where(chosen).order_by(table.c.time, table.c.seq, table.c.n)
    return _rows(connection.execute(asked))


def settled(connection: Connection, first: int, last: int) -> dict[int, Row]:
    """Return the settlements of some trade dates, both inclusive, by the row that made each."""
    asked = select(SETTLEMENTS).where(SETTLEMENTS.c.date.between(first, last))
    return {row["seq"]: dict(row) for row in connection.execute(asked).mappings()}


def held(connection: Connection, account: int, last: int) -> list[Row]:
    """Return what an account held at the end of the last day up to a date."""
    ended = select(func.max(ACTIVITY.c.date)).where(ACTIVITY.c.date <= last).scalar_subquery()
    chosen = and_(POSITIONS.c.account == account, POSITIONS.c.date == ended)
    marked = and_(SETTLEMENTS.c.instrument == POSITIONS.c.instrument, SETTLEMENTS.c.date == ended)
    price = select(func.max(SETTLEMENTS.c.price)).where(marked).scalar_subquery()
    joined = POSITIONS.join(INSTRUMENTS, INSTRUMENTS.c.instrument == POSITIONS.c.instrument)
    asked = select(POSITIONS, INSTRUMENTS.c.value_micro, price.label("price"))
    found = asked.select_from(joined).where(chosen).order_by(POSITIONS.c.instrument)
    return _rows(connection.execute(found))


def page(connection: Connection, what: str, asked: Asked) -> Page:
    """Return some rows of a table, orders with what became of them, trades with what they cost.

    what: one of TABLES, or STATEMENTS. Raises StoreError where `after` is not what a page said.
    """
    if what == STATEMENTS:
        return _statements(connection, asked)
    table = TABLES[what]
    names = ("date", "instrument") if table is POSITIONS else ("time", "seq", "n")
    place = [table.c[name] for name in names if name in table.c]
    chosen: list[ColumnElement[bool]] = [table.c.date.between(asked.first, asked.last)]
    if "account" in table.c:
        chosen.append(table.c.account == asked.account)
    if asked.after:
        chosen.append(tuple_(*place) > tuple_(*_numbers(asked.after, len(place))))
    found = select(table).where(*chosen).order_by(*place).limit(asked.limit + 1)
    rows = _rows(connection.execute(found))
    more, rows = len(rows) > asked.limit, rows[: asked.limit]
    after = "-".join(str(rows[-1][each.name]) for each in place) if more else ""
    if table is ORDERS:
        _add_fates(connection, rows)
    if table is TRADES:
        final = final_prices(connection, asked.account)
        rows = [row | {"final_price": final.get(row["trade_id"], row["price"])} for row in rows]
    return Page(rows, after)


def _statements(connection: Connection, asked: Asked) -> Page:
    """Return a row for each day on which an account's cash moved: from what, by what, to what."""
    after = _numbers(asked.after, 1)[0] if asked.after else 0
    own = and_(
        *(LEDGER.c.account == asked.account, LEDGER.c.book == "cash", LEDGER.c.date > after),
        LEDGER.c.date.between(asked.first, asked.last),
    )
    dates = select(LEDGER.c.date).where(own).distinct().order_by(LEDGER.c.date)
    found = list(connection.execute(dates.limit(asked.limit + 1)).scalars())
    chosen = found[: asked.limit]
    if not chosen:
        return Page([], "")
    total = func.sum(LEDGER.c.amount_micro)
    kinds = select(LEDGER.c.date, LEDGER.c.kind, total, func.count()).where(own)
    of_days = kinds.where(LEDGER.c.date <= chosen[-1]).group_by(LEDGER.c.date, LEDGER.c.kind)
    lines = connection.execute(of_days.order_by(LEDGER.c.date, LEDGER.c.kind)).all()
    balance_micro, rows = balance(connection, asked.account, chosen[0]), []
    for date in chosen:
        moved = {kind: int(amount) for day, kind, amount, _ in lines if day == date}
        row = {"date": date, "opening_micro": balance_micro, "moved_micro": moved}
        balance_micro += sum(moved.values())
        count = sum(each for day, *_, each in lines if day == date)
        rows.append(row | {"lines": count, "closing_micro": balance_micro})
    return Page(rows, str(chosen[-1]) if len(found) > asked.limit else "")


def final_prices(
    connection: Connection, account: int, dids: Sequence[str] = ("priced", "adjusted")
) -> dict[int, int]:
    """Return what an account's trades were priced at later, by trade: each one's last price.

    dids: at settlement, or by the desk's word.
    """
    given = and_(REVIEWS.c.account == account, REVIEWS.c.did.in_(dids))
    asked = select(REVIEWS.c.trade_id, REVIEWS.c.price).where(given).order_by(REVIEWS.c.seq)
    return {row.trade_id: row.price for row in connection.execute(asked)}


def _add_fates(connection: Connection, orders: list[Row]) -> None:
    """Add to orders how many lots of each are filled and left, and whether it is done."""
    numbers = [order["order_id"] for order in orders]
    own = and_(TRADES.c.order_id.in_(numbers), TRADES.c.role != "leg")
    fills = _rows(connection.execute(select(TRADES).where(own)))
    changes = _rows(connection.execute(select(CHANGES).where(CHANGES.c.order_id.in_(numbers))))
    for order in orders:
        number = order["order_id"]
        filled = [row for row in fills if row["order_id"] == number]
        changed = [row for row in changes if row["order_id"] == number and row["did"] != "rejected"]
        last = max(filled + changed, key=lambda row: (row["seq"], row["n"]), default=order)
        order["filled"] = sum(row["quantity"] for row in filled)
        order["leaves"] = last.get("leaves", order["quantity"])
        is_canceled = last.get("did") == "canceled"
        done = "canceled" if is_canceled else "filled"
        order["state"] = "open" if order["leaves"] else done


def _numbers(after: str, count: int) -> list[int]:
    parts = after.split("-")
    if len(parts) != count or not all(part.isdecimal() and len(part) < 20 for part in parts):
        raise StoreError(f"no page ends at {after!r}")
    return [int(part) for part in parts]


def _rows(found: Result[Any]) -> list[Row]:
    return [dict(row) for row in found.mappings()]
