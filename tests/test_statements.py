"""What is read from the store: statements that add up, pages that join, the bulletin."""

import csv
import datetime
import html
import io
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from clearing.ledger import Book
from clearing.reports import Settlement
from clearing.store.bulletin import LARGE, bulletin
from clearing.store.database import Database, StoreError
from clearing.store.queries import TABLES, Asked, Holder, Row, page
from clearing.store.rendering import as_csv, as_html, as_text
from clearing.store.statements import Column, Section, Statement, day_of, month_of, statement
from engine.instruments import as_date, micro, money, usd
from tests.stored import history, stored


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Yield a connection to a database of some days of random trading."""
    database = Database.at("", tmp_path_factory.mktemp("statements"))
    stored(database, history()[1])
    with database.transaction() as connection:
        yield connection
    database.close()


def days() -> list[str]:
    """Return the trade dates of the history."""
    dates = {one.date for one in history()[0].house.activity}
    return [str(as_date(date)) for date in sorted(dates)]


def lines(made: Statement, title: str) -> list[tuple[str, ...]]:
    """Return the rows of a statement's section."""
    return [row for section in made.sections if section.title == title for row in section.rows]


@pytest.mark.parametrize("account", range(1, 5))
def test_each_ending_balance_is_the_opening_one_and_every_line(
    reading: Connection, account: int
) -> None:
    periods = [day_of(day) for day in days()]
    carried = 0
    for period in [*periods, month_of("2026-07")]:
        made = statement(reading, f"account-{account}", period)
        assert made.opening_micro == (0 if period.name == "2026-07" else carried)
        money_lines = lines(made, "Money")
        assert made.closing_micro == made.opening_micro + sum(micro(row[3]) for row in money_lines)
        assert not money_lines or money_lines[-1][4] == money(made.closing_micro)
        carried = made.closing_micro
    assert carried == history()[0].house.ledger.balances[account, Book.CASH]


@pytest.mark.parametrize("account", range(1, 5))
def test_what_settlements_paid_is_the_days_line_of_variation(
    reading: Connection, account: int
) -> None:
    found = 0
    for day in days():
        made = statement(reading, str(account), day_of(day))
        paid = sum(micro(row[7]) for row in lines(made, "Settlements"))
        booked = [micro(row[3]) for row in lines(made, "Money") if row[2] == "variation"]
        assert booked == ([paid] if paid else [])
        found += len(booked)
    assert found > 3


def test_a_statement_names_the_settlement_of_each_mark(reading: Connection) -> None:
    settlements = history()[0].house.marking.settlements
    made = statement(reading, "account-1", month_of("2026-07"))
    used = {(row[0], row[1], row[4], row[5], row[6]) for row in lines(made, "Settlements")}
    assert len(used) > 5
    assert used <= {
        (str(as_date(one.date)), one.name, usd(one.price), one.mode, str(one.tier))
        for one in settlements
    }


def test_text_csv_and_html_hold_the_same_lines(reading: Connection) -> None:
    made = statement(reading, "account-2", month_of("2026-07"))
    text, page_ = as_text(made), as_html(made)
    told = list(csv.reader(io.StringIO(as_csv(made))))
    cells = [html.unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page_)]
    for section in made.sections:
        assert all(list(row) in told for row in section.rows)
        for row in section.rows:
            shown = [cell for cell in row if cell and "." not in cell]
            assert all(cell in text and cell in cells for cell in shown)
    assert f"{micro(money(made.closing_micro)) // 10**6:,}" in text
    assert len(cells) == sum(len(s.rows) * len(s.columns) for s in made.sections)
    assert "http" not in page_


def test_decimal_points_stand_one_below_the_other() -> None:
    columns = Column("price", is_figure=True), Column("paid USD", is_figure=True)
    rows = [("2.85", "-1234.50"), ("2.8675", ""), ("", "0.100008")]
    holder = Holder(1, "ann", "ann", "member", "house")
    made = Statement(holder, day_of("2026-09-30"), 0, 0, [Section("Of it", columns, rows)])
    assert as_text(made).splitlines()[-4:] == [
        "   price       paid USD",
        "  2.85    -1,234.50",
        "  2.8675",
        "               0.100008",
    ]
    assert '<td class="figure">2.85\N{FIGURE SPACE}\N{FIGURE SPACE}</td>' in as_html(made)


@pytest.mark.parametrize(
    ("account", "period", "why"),
    [
        ("nobody", "2026-07-06", "account 'nobody' does not exist"),
        ("99999", "2026-07-06", "account '99999' does not exist"),
        ("1", "2026-07-05", "2026-07-05 is outside of the trade dates that are known: 2026-07-06"),
        ("1", "2027-01-05", "2027-01-05 is outside of the trade dates that are known: 2026-07-06"),
        ("1", "2026-02-30", "'2026-02-30' is no date such as"),
    ],
)
def test_what_has_no_statement_is_refused(
    reading: Connection, account: str, period: str, why: str
) -> None:
    with pytest.raises(StoreError, match=why):
        statement(reading, account, day_of(period))


@pytest.mark.parametrize("what", sorted(TABLES))
@pytest.mark.parametrize("limit", [1, 7, 1_000])
def test_pages_join_to_the_whole(reading: Connection, what: str, limit: int) -> None:
    if limit == 1:
        first = page(reading, what, Asked(3, limit=2)).rows
        one = page(reading, what, Asked(3, limit=1))
        two = page(reading, what, Asked(3, limit=1, after=one.after)) if one.after else one
        assert one.rows + two.rows * bool(one.after) == first
        return
    rows, after = list[Row](), ""
    while True:
        found = page(reading, what, Asked(3, after=after, limit=limit))
        rows, after = rows + found.rows, found.after
        if not after:
            break
        assert len(found.rows) == limit
    whole = page(reading, what, Asked(3, limit=10**6))
    assert rows == whole.rows
    assert what in {"calls", "collateral", "portings", "reviews"} or len(rows) > 7


def test_a_page_is_of_its_dates_alone(reading: Connection) -> None:
    day = day_of(days()[2])
    rows = page(reading, "trades", Asked(3, day.first, day.last, limit=10**6)).rows
    whole = page(reading, "trades", Asked(3, limit=10**6)).rows
    assert rows == [row for row in whole if row["date"] == day.first] != []
    with pytest.raises(StoreError, match="no page ends at 'x-1-2'"):
        page(reading, "trades", Asked(3, after="x-1-2"))


def test_orders_say_what_became_of_them(reading: Connection) -> None:
    orders = page(reading, "orders", Asked(3, limit=10**6)).rows
    trades = page(reading, "trades", Asked(3, limit=10**6)).rows
    filled = {row["order_id"] for row in trades if row["role"] not in {"leg", "block", "assigned"}}
    assert {order["order_id"] for order in orders if order["filled"]} == filled
    assert {order["state"] for order in orders} >= {"filled", "canceled"}
    state = history()[0].exchange.state
    live = {order["order_id"] for order in orders if order["state"] == "open"}
    working = state.orders[(state.orders["leaves"] > 0) & (state.orders["account"] == 3)]
    assert live == set(working["order_id"].tolist()) - {0} != set()


def test_the_bulletin_is_what_the_house_published(reading: Connection) -> None:
    house, dates = history()[0].house, days()
    names = [one.name for one in house.directory.instruments]
    for before, day in zip(["", *dates], dates, strict=False):
        made = bulletin(reading, day_of(day).first)
        settled, earlier = settlements(day), settlements(before)
        active = {names[one.instrument]: one for one in house.activity if one.date == number(day)}
        assert {one.contract for one in made.contracts} == set(settled) | set(active)
        for one in made.contracts:
            lots = active.get(one.contract)
            assert (one.volume, one.open_interest) == (lots[2:] if lots else (0, 0))
            if one.contract in settled:
                price = settled[one.contract].price
                assert one.settle == usd(price)
                known = one.contract in earlier
                assert one.change == (usd(price - earlier[one.contract].price) if known else "")
    assert sum(one.block_volume for one in made.contracts)
    assert bulletin(reading) == made


def number(day: str) -> int:
    return int(day.replace("-", "") or 0)


def settlements(day: str) -> dict[str, Settlement]:
    """Return what the house published of a day, by contract."""
    published = history()[0].house.marking.settlements
    return {one.name: one for one in published if one.date == number(day)}


def test_large_traders_are_owners_of_many_lots(reading: Connection) -> None:
    house = history()[0].house
    net = house.positions.holdings["net"]
    expected = {
        (f"owner-{account}", house.directory.instruments[number].name, max(lots, 0), max(-lots, 0))
        for number in range(net.shape[0])
        for account, lots in enumerate(net[number].tolist())
        if abs(lots) >= LARGE
    }
    assert len(expected) >= 2
    assert {tuple(one) for one in bulletin(reading).large} == expected


def test_a_day_that_did_not_end_has_no_bulletin(reading: Connection) -> None:
    last = datetime.date.fromisoformat(days()[-1])
    with pytest.raises(StoreError, match=f"traded on 2030-01-01; the last day .* is {last}"):
        bulletin(reading, 20300101)
