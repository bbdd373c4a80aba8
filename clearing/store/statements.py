"""An account's statement of a day or a month: every line between two balances, and why it is there.

Figures are text here, exact to the last micro-dollar; what sets them on a page stands in
`rendering`.
"""

import calendar
import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection

from clearing.store.database import StoreError
from clearing.store.queries import (
    Holder,
    Row,
    balance,
    final_prices,
    held,
    holder,
    instrument_names,
    of_days,
    settled,
    span,
)
from clearing.store.schema import CALLS, COLLATERAL, LEDGER, REVIEWS, TRADES, VARIATIONS
from engine.instruments import UNIT_MICRO, as_date, as_number, money, usd

_MICRO = 1_000_000
_SECOND = 1_000_000_000
_FATES = {"called": "replaced", "good": "met", "suspended": "suspended"}  # By what came next.


class Period(NamedTuple):
    """Trade dates, both inclusive, yyyymmdd, and what they are called."""

    first: int
    last: int
    name: str


class Column(NamedTuple):
    """A column of a section: its heading, and whether it holds figures."""

    name: str
    is_figure: bool = False


class Section(NamedTuple):
    """One table of a statement."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[str, ...]]


class Statement(NamedTuple):
    """What an account did and owned in a period. Balances in micro-dollars."""

    holder: Holder
    period: Period
    opening_micro: int
    closing_micro: int
    sections: list[Section]


def day_of(text: str) -> Period:
    """Return the period of a date such as 2026-09-30. Raises StoreError."""
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        raise StoreError(f"{text!r} is no date such as 2026-09-30") from None
    return Period(as_number(date), as_number(date), date.isoformat())


def month_of(text: str) -> Period:
    """Return the period of a month such as 2026-09. Raises StoreError."""
    try:
        first = datetime.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise StoreError(f"{text!r} is no month such as 2026-09") from None
    days = calendar.monthrange(first.year, first.month)[1]
    return Period(as_number(first), as_number(first.replace(day=days)), text)


def statement(connection: Connection, account: str, period: Period) -> Statement:
    """Return the statement of an account, by name or number.

    Raises StoreError where there is no such account, or the period is outside of what is known.
    """
    found = holder(connection, account)
    first, last = span(connection)
    if not first or period.last < first or period.first > last:
        known = f"{as_date(first)} to {as_date(last)}" if first else "none"
        raise StoreError(f"{period.name} is outside of the trade dates that are known: {known}")
    opening = balance(connection, found.account, period.first)
    closing = balance(connection, found.account, period.last + 1)
    return Statement(found, period, opening, closing, _sections(connection, found.account, period))


def _sections(connection: Connection, account: int, period: Period) -> list[Section]:
    days = (account, period.first, period.last)
    names = instrument_names(connection)
    settlements = settled(connection, period.first, period.last)
    opening = balance(connection, account, period.first)
    entries = [row for row in of_days(connection, LEDGER, *days) if row["book"] == "cash"]
    trades = of_days(connection, TRADES, *days)
    priced = final_prices(connection, account, ("priced",))
    reviews = [row for row in of_days(connection, REVIEWS, *days) if row["did"] != "priced"]
    return [
        _money(entries, opening),
        _positions(held(connection, account, period.last), names),
        _collateral(
            of_days(connection, COLLATERAL, *days),
            balance(connection, account, period.first, "collateral"),
        ),
        _calls(of_days(connection, CALLS, *days)),
        _variations(of_days(connection, VARIATIONS, *days), names, settlements),
        _trades(trades, names, priced),
        _reviews(reviews, names),
    ]


def _money(entries: list[Row], opening: int) -> Section:
    """Return the lines between two balances, with the balance after each."""
    total, rows = opening, []
    for entry in entries:
        total += entry["amount_micro"]
        line = entry["kind"], money(entry["amount_micro"]), money(total), str(entry["seq"])
        rows.append((_day(entry), _clock(entry), *line))
    figures = Column("amount USD", True), Column("balance USD", True), Column("journal row", True)
    return Section("Money", (*_WHEN, Column("kind"), *figures), rows)


def _collateral(moves: list[Row], opening: int) -> Section:
    """Return what came, went and was counted anew, with what all of it counts for after each."""
    total, rows = opening, []
    if opening:
        rows.append(("", "", "before", "", "", "", money(opening), ""))
    for move in moves:
        total += move["counted_micro"]
        face = money(move["face_micro"]) if move["face_micro"] else ""
        amounts = face, money(move["counted_micro"]), money(total), str(move["seq"])
        rows.append((_day(move), _clock(move), move["did"], move["asset"], *amounts))
    names = "face USD", "counts for USD", "in all USD", "journal row"
    columns = *_WHEN, Column("what"), Column("asset"), *(Column(name, True) for name in names)
    return Section("Collateral", columns, rows)


def _trades(trades: list[Row], names: dict[int, str], priced: dict[int, int]) -> Section:
    """Return fills; priced: what those at settlement came to, by trade."""
    rows = [
        (
            *(_day(row), _clock(row), names[row["instrument"]], row["side"], str(row["quantity"])),
            usd(priced[row["trade_id"]] if row["trade_id"] in priced else row["price"]),
            *(row["role"], str(row["trade_id"])),
            money(row["fee_micro"]) if row["held"] else "held in its legs",
            money(row["premium_micro"]) if row["premium_micro"] else "",
        )
        for row in trades
    ]
    figures = Column("lots", True), Column("price", True)
    ends = Column("fee USD", True), Column("premium USD", True)
    columns = (*_WHEN, _CONTRACT, Column("side"), *figures, Column("as"), Column("trade", True))
    return Section("Trades", (*columns, *ends), rows)


def _reviews(reviews: list[Row], names: dict[int, str]) -> Section:
    rows = [
        (
            *(_day(row), _clock(row), names[row["instrument"]], row["side"], str(row["quantity"])),
            *(row["did"], str(row["trade_id"]), usd(row["price_before"])),
            usd(row["price"]) if row["did"] == "adjusted" else "",
            money(row["fee_micro"]) if row["fee_micro"] else "",
        )
        for row in reviews
    ]
    figures = Column("trade", True), Column("price before", True), Column("price", True)
    columns = *_WHEN, _CONTRACT, Column("side"), Column("lots", True), Column("what"), *figures
    return Section("Trades busted or adjusted", (*columns, Column("fee USD", True)), rows)


def _variations(
    variations: list[Row], names: dict[int, str], settlements: dict[int, Row]
) -> Section:
    """Return what each settlement did, and which one it was."""
    rows = []
    for row in variations:
        made = settlements[row["seq"]]
        paid = row["amount_micro"] + row["premium_micro"]
        rows.append(
            (
                *(_day(row), names[row["instrument"]], str(row["lots"]), _each(row)),
                *(usd(row["price"]), made["mode"], str(made["tier"])),
                *(money(paid), money(row["fee_micro"]) if row["fee_micro"] else ""),
            )
        )
    figures = Column("lots", True), Column("from", True), Column("settled at", True)
    ends = Column("paid USD", True), Column("fee USD", True)
    columns = Column("date"), _CONTRACT, *figures, Column("mode"), Column("tier", True), *ends
    return Section("Settlements", columns, rows)


def _positions(positions: list[Row], names: dict[int, str]) -> Section:
    rows = []
    for row in positions:
        price = row["price"]
        worth = "" if price is None else money(row["lots"] * price * row["value_micro"])
        marked = "" if price is None else usd(price)
        named = names[row["instrument"]]
        rows.append((str(as_date(row["date"])), named, str(row["lots"]), marked, worth))
    figures = Column("lots", True), Column("settled at", True), Column("worth USD", True)
    return Section("Positions at the end", (Column("date"), _CONTRACT, *figures), rows)


def _calls(calls: list[Row]) -> Section:
    """Return margin calls: transfers that are pending until they are met or replaced."""
    rows = []
    for place, row in enumerate(calls):
        figures, until = ("", "", ""), ("", "")
        if row["standing"] == "called":
            names = "amount_micro", "equity_micro", "maintenance_micro"
            amounts = [money(row[name]) for name in names]
            figures = amounts[0], amounts[1], amounts[2]
            after = calls[place + 1]["standing"] if place + 1 < len(calls) else ""
            until = _moment(row["due"]), _FATES.get(after, "pending")
        rows.append((_day(row), _clock(row), row["standing"], *until, *figures))
    names = "called USD", "equity USD", "maintenance USD"
    ends = Column("due UTC"), Column("transfer"), *(Column(name, True) for name in names)
    return Section("Margin calls", (*_WHEN, Column("standing"), *ends), rows)


def _day(row: Row) -> str:
    return str(as_date(row["date"]))


def _clock(row: Row) -> str:
    """Return the time of a row, UTC, cut to the second; a trade date begins the evening before."""
    return _moment(row["time"])


def _moment(time: int) -> str:
    moment = datetime.datetime.fromtimestamp(time // _SECOND, datetime.UTC)
    return f"{moment:%m-%d %H:%M:%S}"


def _each(row: Row) -> str:
    """Return what a lot was carried at; of lots traded at several prices the mean, to 0.0001."""
    if not row["lots"]:
        return ""
    whole, rest = divmod(row["cost"], row["lots"])
    exact = Decimal(row["cost"] * UNIT_MICRO) / (row["lots"] * _MICRO)
    return f"{exact:.4f}" if rest else usd(whole)


_CONTRACT = Column("contract")
_WHEN = Column("date"), Column("time UTC")
