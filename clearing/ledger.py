"""The money: double entry in whole micro-dollars. Nothing else moves a balance.

Every posting takes from one book what it gives to another, so the sum over all accounts and
books is always zero. Corrections are new entries; no entry is changed.
"""

import enum
import hashlib

import numpy as np
from numpy.typing import NDArray

from engine.jit import Table
from engine.schema import MONEY_MAX

HOUSE = 0  # The clearing house's account.
HASH_BYTES = 16

Numbers = NDArray[np.int64]


class Book(enum.IntEnum):
    """The columns of an account. Participants have CASH and FUND; the others are the house's."""

    CASH = 0
    BANK = 1  # What came from and went to the outside.
    VARIATION = 2  # Passes through: what the losers of a day pay, the winners get.
    FEES = 3
    PREMIUM = 4  # Passes through: of options and event contracts, paid for and paid out.
    COLLATERAL = 5  # A participant's: what its pledged securities count for.
    CUSTODY = 6  # The house's side of them.
    INTEREST = 7  # What cash earned, below 0, and what missing cash cost.
    FUND = 8  # Of a member, its own part of the guaranty fund.
    CAPITAL = 9  # Of the house: below 0 what it has paid of its own for defaulters.
    LOSS = 10  # Passes through: what members pay for a defaulter, or a bidder for what it held.
    HAIRCUT = 11  # Passes through: what a day's winners give back for a defaulter.


class Entry(enum.IntEnum):
    """Why money moved."""

    DEPOSIT = 1
    WITHDRAWAL = 2
    TRANSFER = 3
    VARIATION = 4
    FEES = 5
    CHARGE = 6
    PREMIUM = 7
    PLEDGE = 8
    RECALL = 9
    INTEREST = 10
    CORRECTION = 11  # Reverses another entry.
    FUND = 12  # Into the guaranty fund, or back.
    LOSS = 13  # Of a default: borne, or where above 0 made good.
    GAINS_HAIRCUT = 14
    ALLOCATION = 15  # What an average price, a whole number of units, leaves over.
    REVALUATION = 16  # Of collateral, by another haircut.
    SALE = 17  # Of a defaulter's collateral: out of custody, and as cash.


ENTRY = np.dtype(
    [
        ("seq", "<i8"),  # The row that it follows from.
        ("amount", "<i8"),  # Micro-dollars, signed.
        ("account", "<i4"),
        ("date", "<i4"),  # Trade date.
        ("book", "<i2"),
        ("kind", "<i2"),
        ("spare", "S4"),
    ]
)
assert ENTRY.itemsize == 32

_BOOKS = max(Book) + 1
_USUAL: dict[int, Entry] = {  # What a book is charged for.
    Book.FEES: Entry.FEES,
    Book.INTEREST: Entry.INTEREST,
    Book.FUND: Entry.FUND,
    Book.CAPITAL: Entry.LOSS,
    Book.LOSS: Entry.LOSS,
    Book.HAIRCUT: Entry.GAINS_HAIRCUT,
}
_BOOK_BITS = 8


def line_code(kind: Entry, book: Book) -> int:
    """Return the `code` of a CHARGE row that is an entry of this kind, from a book of the house."""
    return kind << _BOOK_BITS | book


def line_of(code: int) -> tuple[Entry, Book]:
    """Return the kind of entry and the book of the house that a CHARGE row's `code` means.

    A book alone is charged for what is usual of it, or is the book of fees.
    """
    kind, book = code >> _BOOK_BITS, code & (1 << _BOOK_BITS) - 1
    if kind:
        return Entry(kind), Book(book)
    return (_USUAL[book], Book(book)) if book in _USUAL else (Entry.CHARGE, Book.FEES)


class Ledger:
    """Balances of all accounts, and every entry that made them."""

    def __init__(self) -> None:
        self._balances = np.zeros((64, _BOOKS), np.int64)
        self._entries = np.zeros(1024, ENTRY)
        self._count = 0

    @property
    def balances(self) -> Numbers:
        """Micro-dollars by account and Book; accounts beyond the last row have nothing."""
        return self._balances

    @property
    def entries(self) -> Table:
        """ENTRY rows in order of posting; a view, valid until the next posting."""
        return self._entries[: self._count]

    def cash(self, accounts: int) -> Numbers:
        """Return the cash of accounts 0 to `accounts` - 1, a copy."""
        self._reach(accounts)
        return self._balances[:accounts, Book.CASH].copy()

    def worth(self, accounts: int) -> Numbers:
        """Return cash and collateral of accounts 0 to `accounts` - 1."""
        self._reach(accounts)
        both: Numbers = self._balances[:accounts, [Book.CASH, Book.COLLATERAL]].sum(axis=1)
        return both

    def total(self) -> int:
        """Return the sum of all balances: 0."""
        return int(self._balances.sum())

    def receive(
        self, kind: Entry, seq: int, date: int, accounts: Numbers, amounts: Numbers, book: Book
    ) -> None:
        """Add `amounts` to a column of `accounts` and take their sum from a book of the house.

        The column is CASH, or what stands against custody: COLLATERAL.

        An account that stands twice gets one entry. Amounts of 0 leave none.
        """
        accounts, places = np.unique(accounts, return_inverse=True)
        added = np.zeros(len(accounts), np.int64)
        np.add.at(added, places, amounts)
        accounts, added = accounts[added != 0], added[added != 0]
        if not len(accounts):
            return
        self._reach(int(accounts[-1]) + 1)
        own = Book.COLLATERAL if book == Book.CUSTODY else Book.CASH
        self._balances[accounts, own] += added
        self._write(kind, seq, date, accounts, added, own)
        total = int(added.sum())
        if total:
            self._balances[HOUSE, book] -= total
            house = np.array([HOUSE], np.int64)
            self._write(kind, seq, date, house, np.array([-total], np.int64), book)

    def move(
        self,
        kinds: Numbers,
        seqs: Numbers,
        date: int,
        accounts: Numbers,
        others: Numbers,
        books: Numbers,
        amounts: Numbers,
    ) -> None:
        """Add each amount to an account's cash, and take it from a book of another account.

        All arrays have shape (n,); two entries each, in their order.
        """
        if not len(accounts):
            return
        self._reach(int(max(accounts.max(), others.max())) + 1)
        np.add.at(self._balances, (accounts, np.full_like(books, Book.CASH)), amounts)
        np.subtract.at(self._balances, (others, books), amounts)
        added = self._add(2 * len(accounts))
        added["seq"], added["date"], added["kind"] = np.repeat(seqs, 2), date, np.repeat(kinds, 2)
        for name, first, second in (
            ("account", accounts, others),
            ("book", np.full_like(books, Book.CASH), books),
            ("amount", amounts, -amounts),
        ):
            added[name][0::2], added[name][1::2] = first, second

    def check(self) -> None:
        """Assert that the sum is zero and no balance is out of bounds."""
        assert self.total() == 0, f"the ledger's sum is {self.total()}"
        assert int(np.abs(self._balances).max()) <= MONEY_MAX

    def hash(self) -> bytes:
        """Return SHA-256, cut to 16 bytes, over (account, book, balance), little-endian int64.

        Non-zero balances only, ascending by account, then book.
        """
        accounts, books = np.nonzero(self._balances)
        rows = np.stack((accounts, books, self._balances[accounts, books]), axis=1)
        return hashlib.sha256(rows.astype("<i8").tobytes()).digest()[:HASH_BYTES]

    def _write(
        self, kind: Entry, seq: int, date: int, accounts: Numbers, amounts: Numbers, book: Book
    ) -> None:
        added = self._add(len(accounts))
        added["seq"], added["date"], added["kind"] = seq, date, kind
        added["account"], added["amount"], added["book"] = accounts, amounts, book

    def _add(self, count: int) -> Table:
        """Return the next entries, to be filled in."""
        first, self._count = self._count, self._count + count
        if self._count > len(self._entries):
            grown = np.zeros(max(2 * len(self._entries), self._count), ENTRY)
            grown[:first] = self._entries[:first]
            self._entries = grown
        return self._entries[first : self._count]

    def _reach(self, accounts: int) -> None:
        if accounts > len(self._balances):
            grown = np.zeros((max(2 * len(self._balances), accounts), _BOOKS), np.int64)
            grown[: len(self._balances)] = self._balances
            self._balances = grown
