"""A wrong entry is reversed by another one, once; nothing that was booked is edited."""

import pathlib

import numpy as np
import pytest

from clearing.calendar import calls_due, next_business_day, times
from clearing.corrections import SOURCES
from clearing.ledger import HOUSE, Book, Entry
from clearing.reviews import Review
from clearing.store.database import Database
from clearing.store.rebuild import catch_up
from clearing.store.statements import day_of, statement
from clearing.venue import Venue
from engine.instruments import money, units
from engine.jit import Row
from engine.rows import Batch
from engine.schema import Kind
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    assert_books_agree,
    finish,
    fix,
    found,
    front,
    trade,
)


def traded(folder: pathlib.Path) -> Venue:
    """Return a venue after a day on which 1 bought from 2."""
    venue = Venue.open(folder / "journal", sizes=SIZES)
    found(venue)
    venue.tick(times(FIRST_DAY)[2][0])
    trade(venue, 1, 2, front(venue, FIRST_DAY, 1), 4, units("2.80"), venue.exchange.time)
    fix(venue, FIRST_DAY, [2_900_000, 1_400_000])
    finish(venue, FIRST_DAY)
    return venue


def entry(venue: Venue, account: int, kind: Entry) -> Row:
    """Return the last entry of a kind in an account."""
    entries = venue.house.ledger.entries
    return entries[(entries["account"] == account) & (entries["kind"] == kind)][-1].copy()


def reversed_(venue: Venue, seq: int, account: int, kind: int) -> None:
    """Ask the house to reverse an entry."""
    batch = Batch()
    batch.money(Kind.REVIEW, code=Review.CORRECT, account=account, value=seq, other=kind)
    venue.submit(batch, venue.exchange.time)
    assert_books_agree(venue)


@pytest.mark.parametrize("kind", [Entry.FEES, Entry.DEPOSIT, Entry.VARIATION])
@pytest.mark.parametrize("account", [1, 2])
def test_a_reversal_undoes_an_entry_on_both_sides(
    tmp_path: pathlib.Path, kind: Entry, account: int
) -> None:
    venue = traded(tmp_path)
    ledger, wrong = venue.house.ledger, entry(venue, account, kind)
    before, count = ledger.balances.copy(), len(ledger.entries)
    kept = ledger.entries.copy()
    reversed_(venue, int(wrong["seq"]), account, kind)
    change = ledger.balances - before
    source = SOURCES[kind]
    assert change[account, Book.CASH] == -wrong["amount"] != 0
    assert change[HOUSE, source] == wrong["amount"]
    assert np.count_nonzero(change) == 2
    assert (ledger.entries[:count] == kept).all()
    assert ledger.entries["kind"][count:].tolist() == [Entry.CORRECTION] * 2
    venue.close()


def test_an_entry_is_reversed_once_and_only_if_it_is_there(tmp_path: pathlib.Path) -> None:
    venue = traded(tmp_path)
    wrong = entry(venue, 1, Entry.FEES)
    seq, hashed = int(wrong["seq"]), []
    for asked in ((seq, 1), (seq, 1), (seq + 1, 1), (seq, 3)):
        reversed_(venue, *asked, Entry.FEES)
        hashed.append(venue.house.ledger.hash())
    reversed_(venue, seq, 1, Entry.CORRECTION)
    reversed_(venue, seq, 1, 77)
    assert hashed == [hashed[0]] * 4 == [venue.house.ledger.hash()] * 4
    reports = venue.house.reviews.corrections.reports
    assert [one.why for one in reports[:3]] == [
        "",
        f"the line 'fees' of account 1 from row {seq} is reversed already",
        f"the ledger has no line 'fees' of account 1 from row {seq + 1}",
    ]
    assert all("is undone by its opposite" in one.why for one in reports[4:])
    assert len(reports) == 6
    venue.close()


def test_fees_of_today_are_still_due_after_fees_of_yesterday_were_given_back(
    tmp_path: pathlib.Path,
) -> None:
    venue = traded(tmp_path)
    date = next_business_day(FIRST_DAY)
    venue.tick(times(date)[2][0])
    trade(venue, 1, 2, front(venue, date, 1), 2, units("2.80"), venue.exchange.time)
    due = int(venue.house.positions.holders["fees"][1])
    reversed_(venue, int(entry(venue, 1, Entry.FEES)["seq"]), 1, Entry.FEES)
    assert venue.house.positions.holders["fees"][1] == due > 0
    finish(venue, date)
    assert entry(venue, 1, Entry.FEES)["amount"] == -due
    venue.close()


def test_a_replay_reverses_the_same_and_statements_show_both_lines(tmp_path: pathlib.Path) -> None:
    venue = traded(tmp_path)
    wrong = entry(venue, 1, Entry.FEES)
    batch = Batch()
    batch.money(Kind.REVIEW, code=Review.INTEREST, value=500, value_2=500)
    batch.money(Kind.REVIEW, code=Review.CYCLE, batch=calls_due(FIRST_DAY))
    venue.submit(batch, venue.exchange.time)
    reversed_(venue, int(wrong["seq"]), 1, Entry.FEES)
    date = next_business_day(FIRST_DAY)
    for _ in range(2):
        finish(venue, date)
        date = next_business_day(date)
    hashed = venue.house.ledger.hash()
    venue.close()
    again = Venue.open(tmp_path / "journal", sizes=SIZES)
    assert again.house.ledger.hash() == hashed
    assert Entry.INTEREST in again.house.ledger.entries["kind"]
    again.close()

    catch_up(tmp_path)
    database = Database.at("", tmp_path)
    with database.transaction() as connection:
        lines = statement(connection, "1", day_of("2026-07-06")).sections[0].rows
    database.close()
    told = {(line[2], line[3]) for line in lines}
    amount = int(wrong["amount"])
    assert {("fees", money(amount)), ("correction", money(-amount))} <= told


def test_a_cycle_between_the_days_calls_who_is_short_with_a_deadline(
    tmp_path: pathlib.Path,
) -> None:
    venue = Venue.open(tmp_path / "journal", sizes=SIZES)
    found(venue, cash=5_000_000_000)
    venue.tick(times(FIRST_DAY)[2][0])
    trade(venue, 3, 1, front(venue, FIRST_DAY, 1), 11, units("2.81"), venue.exchange.time)
    fix(venue, FIRST_DAY, [2_810_000, 1_400_000])
    finish(venue, FIRST_DAY)
    reversed_(venue, int(entry(venue, 3, Entry.DEPOSIT)["seq"]), 3, Entry.DEPOSIT)
    assert not venue.house.calls.open
    date = next_business_day(FIRST_DAY)
    batch = Batch()
    batch.money(Kind.REVIEW, code=Review.CYCLE, batch=calls_due(date))
    venue.submit(batch, venue.exchange.time)
    (call,) = venue.house.calls.calls
    assert (call.account, call.due) == (3, calls_due(date))
    assert call.equity_micro + call.amount_micro == call.initial_micro
    venue.close()
