"""The tables of the read model. A row is written once and never changed.

Prices are in units of 0.005 USD per GPU-hour, quantities in lots, money in micro-dollars where
the name ends so, times in nanoseconds since the epoch (UTC), dates as yyyymmdd: as in the journal.
Codes stand as words, in lower case. `seq` is the row of the journal that a row follows from, `n`
its place among those that follow from it.
"""

import hashlib

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

METADATA = MetaData()


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, Integer, primary_key=key, nullable=False, autoincrement=False)


def _whole(name: str, *, key: bool = False) -> Column[int]:
    """Return a column of int64."""
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _word(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _head() -> tuple[Column[int], ...]:
    """Return the columns that every row of an account's history begins with."""
    place = _whole("seq", key=True), _number("n", key=True)
    return *place, _whole("time"), _number("date"), _number("account")


def _table(name: str, *columns: Column[int] | Column[str]) -> Table:
    """Return a table that SQLite keeps in the order of its key."""
    return Table(name, METADATA, *columns, sqlite_with_rowid=False)


def _history(name: str, *columns: Column[int] | Column[str]) -> Table:
    """Return a table of what happened to accounts, to be read by account and time."""
    table = _table(name, *_head(), *columns)
    Index(f"{name}_by_account", *(table.c[key] for key in ("account", "time", "seq", "n")))
    return table


OWNERS = _table("owners", _number("owner", key=True), _word("name"), _number("firm"))

ACCOUNTS = _table(
    "accounts",
    *(_number("account", key=True), _word("name"), _number("owner"), _word("type")),
    _word("origin"),
)

INSTRUMENTS = _table(
    "instruments",
    _number("instrument", key=True),
    _word("name"),
    _word("product"),
    _word("form"),
    _number("month"),
    _number("expiry"),
    _whole("value_micro"),  # Of one price unit of one lot.
    _whole("strike"),
)

# What was entered; what became of it stands in `changes` and `trades`.
ORDERS = _history(
    "orders",
    _whole("order_id"),
    _whole("tag"),
    _number("instrument"),
    _word("side"),
    _word("type"),
    _word("tif"),
    _whole("price"),
    _whole("trigger"),
    _whole("quantity"),
)

# What befell orders but fills, and what was refused: order_id 0 where there was none yet.
CHANGES = _history(
    "changes",
    _whole("order_id"),
    _whole("tag"),
    _number("instrument"),
    _word("did"),
    _word("reason"),
    _whole("price"),
    _whole("quantity"),
    _whole("leaves"),
)
Index("changes_by_order", CHANGES.c.order_id, CHANGES.c.seq, CHANGES.c.n)

# One row a side. A spread's own trade is not held: its legs' rows are.
TRADES = _history(
    "trades",
    _whole("trade_id"),
    _whole("order_id"),
    _number("instrument"),
    _word("side"),
    _whole("price"),
    _whole("quantity"),
    _whole("leaves"),
    _word("role"),
    _number("held"),
    _whole("fee_micro"),
    _whole("premium_micro"),
)
Index("trades_by_order", TRADES.c.order_id, TRADES.c.seq, TRADES.c.n)

# Trades that the desk undid or gave another price, and trades at settlement once that is known:
# one row a side.
REVIEWS = _history(
    "reviews",
    _whole("trade_id"),
    _number("instrument"),
    _word("side"),
    _word("did"),
    _whole("price"),
    _whole("price_before"),
    _whole("quantity"),
    _whole("fee_micro"),  # Below 0: given back.
    _whole("premium_micro"),
)

LEDGER = _history("ledger", _word("book"), _word("kind"), _whole("amount_micro"))

CALLS = _history(
    "calls",
    _word("standing"),
    _whole("amount_micro"),
    _whole("equity_micro"),
    _whole("maintenance_micro"),
    _whole("due"),  # When it has to be met, ns; 0 of what is no call.
)

# Securities that were pledged, given back, revalued by another haircut, or sold of a defaulter.
COLLATERAL = _history(
    "collateral",
    _word("asset"),
    _word("did"),  # pledged, recalled, revalued or sold.
    _whole("face_micro"),  # 0 where it was revalued.
    _whole("counted_micro"),  # By what it changed what the account is worth.
)

# Accounts whose owner came to clear through another firm, because its member was in default.
PORTINGS = _history("portings", _number("firm_before"), _number("firm"))

SETTLEMENTS = _table(
    "settlements",
    *(_whole("seq", key=True), _whole("time"), _number("date"), _number("instrument")),
    _whole("price"),
    _word("mode"),  # index, market, final, or paid: of an option.
    _number("tier"),
    _whole("market"),
    _number("market_tier"),
)
Index("settlements_by_date", SETTLEMENTS.c.date, SETTLEMENTS.c.instrument)

# What the index of a model was fixed at; value_micro 0: there was no fixing.
FIXINGS = _table(
    "fixings",
    *(_whole("seq", key=True), _whole("time"), _number("date"), _word("model")),
    _whole("value_micro"),
    _number("tier"),
    _number("version"),
    _whole("inputs"),
    _whole("refused"),
    _number("providers"),
    _whole("gpu_hours_milli"),
    _word("inputs_hash"),
)
Index("fixings_by_date", FIXINGS.c.date, FIXINGS.c.model)

# What a settlement did to each who held the contract.
VARIATIONS = _history(
    "variations",
    _number("instrument"),
    _whole("lots"),  # Net, long above 0.
    _whole("cost"),  # Price units x lots: traded for, or last marked at.
    _whole("price"),
    _whole("amount_micro"),
    _whole("premium_micro"),  # What an option or event contract paid at its end.
    _whole("fee_micro"),
)

# What was held at the end of a day.
POSITIONS = _table(
    "positions",
    *(_number("date", key=True), _number("account", key=True), _number("instrument", key=True)),
    _whole("lots"),
    _whole("cost"),
)

# What traded in a contract since the end of the day before, and what is held.
ACTIVITY = _table(
    "activity",
    *(_number("date", key=True), _number("instrument", key=True)),
    *(_whole("volume"), _whole("block_volume"), _whole("open_interest")),
)

# Who held more futures at the end of a day than a level of accountability; month 0: of all months.
ACCOUNTABLE = _table(
    "accountable",
    *(_number("date", key=True), _number("owner", key=True)),
    *(_number("product", key=True), _number("month", key=True)),
    _whole("lots"),
    _whole("level"),
    _word("model"),
)

# How far the projection has come: one row.
PROJECTION = Table(
    "projection",
    METADATA,
    _word("schema"),
    _whole("seq"),  # Of the last row of the journal that is in here.
    _word("chain"),  # The event hash that this row's frame was written after.
)

HISTORIES = (ORDERS, CHANGES, TRADES, REVIEWS, LEDGER, CALLS, COLLATERAL, VARIATIONS, PORTINGS)


def fingerprint() -> str:
    """Return a hash that differs where a table or a column does."""
    text = "\n".join(
        f"{table.name}.{column.name} {column.type!r} {column.primary_key}"
        for table in METADATA.sorted_tables
        for column in table.columns
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]
