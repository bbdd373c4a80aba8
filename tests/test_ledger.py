"""The ledger is double entry: what one book gets, another gives, and entries make balances."""

import hashlib
import struct

import numpy as np
import pytest

from clearing.ledger import HOUSE, Book, Entry, Ledger
from tests import tidy

DATE = 20260706


def paid(ledger: Ledger, accounts: list[int], amounts: list[int], book: Book = Book.BANK) -> None:
    """Pay amounts into accounts, as one posting."""
    ledger.receive(Entry.DEPOSIT, 1, DATE, np.array(accounts), np.array(amounts), book)


def moved(ledger: Ledger, giver: int, taker: int, amount: int) -> None:
    """Move cash from one account to another."""
    numbers = (np.array([each]) for each in (giver, taker, Book.CASH, -amount))
    ledger.move(np.array([Entry.TRANSFER]), np.array([2]), DATE, *numbers)


def test_a_deposit_is_cash_and_the_banks_counterpart() -> None:
    ledger = Ledger()
    paid(ledger, [3], [500])
    assert ledger.balances[3, Book.CASH] == 500
    assert ledger.balances[HOUSE, Book.BANK] == -500
    assert ledger.total() == 0


def test_variation_passes_through_the_house_and_leaves_nothing_there() -> None:
    ledger = Ledger()
    ledger.receive(
        Entry.VARIATION, 9, DATE, np.array([1, 2, 5]), np.array([70, -100, 30]), Book.VARIATION
    )
    assert ledger.balances[HOUSE, Book.VARIATION] == 0
    assert [entry["account"] for entry in ledger.entries] == [1, 2, 5]


def test_an_account_gets_one_entry_a_posting() -> None:
    ledger = Ledger()
    paid(ledger, [4, 2, 4], [10, 20, 30])
    rows = [(int(row["account"]), int(row["amount"])) for row in ledger.entries]
    assert rows == [(2, 20), (4, 40), (HOUSE, -60)]


def test_what_nets_to_nothing_leaves_no_entry() -> None:
    ledger = Ledger()
    paid(ledger, [4, 4, 5], [10, -10, 0])
    assert len(ledger.entries) == 0


def test_a_transfer_moves_cash_between_accounts_only() -> None:
    ledger = Ledger()
    paid(ledger, [1], [100])
    moved(ledger, 1, 2, 60)
    assert ledger.balances[:3, Book.CASH].tolist() == [0, 40, 60]
    moved(ledger, 2, 2, 60)
    assert ledger.balances[2, Book.CASH] == 60
    ledger.check()


def test_balances_are_the_sums_of_their_entries_as_the_tables_grow() -> None:
    ledger, chance = Ledger(), np.random.default_rng(7)
    for seq in range(400):
        count = int(chance.integers(1, 40))
        accounts = chance.integers(1, 300, count)
        amounts = chance.integers(-(10**9), 10**9, count)
        book = Book(int(chance.choice(list(Book)[1:])))
        ledger.receive(Entry.CHARGE, seq, DATE, accounts, amounts, book)
        ledger.check()
    summed = np.zeros_like(ledger.balances)
    np.add.at(summed, (ledger.entries["account"], ledger.entries["book"]), ledger.entries["amount"])
    assert (summed == ledger.balances).all()


def test_entries_name_date_row_and_reason() -> None:
    ledger = Ledger()
    paid(ledger, [1], [5])
    entry = ledger.entries[0]
    assert (entry["date"], entry["seq"], entry["kind"]) == (DATE, 1, Entry.DEPOSIT)


def test_a_sum_that_is_not_zero_stops_the_house() -> None:
    ledger = Ledger()
    paid(ledger, [1], [5])
    ledger.balances[1, Book.CASH] += 1
    with pytest.raises(AssertionError, match="sum is 1"):
        ledger.check()


def test_the_hash_is_over_balances_that_are_not_zero_in_order() -> None:
    ledger = Ledger()
    paid(ledger, [7, 3], [100, 50])
    rows = [(0, Book.BANK, -150), (3, Book.CASH, 50), (7, Book.CASH, 100)]
    packed = b"".join(struct.pack("<3q", *row) for row in rows)
    assert ledger.hash() == hashlib.sha256(packed).digest()[:16]


def test_the_hash_does_not_see_how_balances_came_about() -> None:
    one, other = Ledger(), Ledger()
    paid(one, [1, 2], [30, 30])
    paid(other, [1], [60])
    assert one.hash() != other.hash()
    moved(other, 1, 2, 30)
    assert one.hash() == other.hash()


def test_the_documents_books_are_the_codes() -> None:
    text = (tidy.ROOT / "clearing/README.md").read_text(encoding="utf-8")
    assert [row[0].strip("`") for row in tidy.table(text, "book", "whose")] == list(
        Book.__members__
    )
