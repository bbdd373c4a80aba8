"""The guaranty fund: what each member has in it, and when that is sized anew.

A contribution is the member's own money in the ledger's book FUND of its own account. It is the
greater of a fixed sum and a part of the member's maintenance margin, rounded up; it is sized at the
first end of day of each month, at the one after a default has drawn on it, and not while the member
is called or suspended.
"""

from collections.abc import Sequence

from clearing.default.terms import Backing, backing_of
from clearing.ledger import HOUSE, Book, Ledger
from engine.jit import Row
from engine.rows import Batch
from engine.schema import Kind


class Fund:
    """The terms, and the month (yyyymm) of the last sizing; what is in it stands in the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._sized = 0
        self.terms = Backing()

    def take(self, row: Row) -> None:
        """Take in new terms; the next end of day sizes by them."""
        self.terms = backing_of(row)
        self._sized = 0

    def reopen(self) -> None:
        """Let the next end of day size it, whatever the month: a default has drawn on it."""
        self._sized = 0

    def of(self, account: int) -> int:
        """Return what an account has in it, micro-dollars."""
        balances = self._ledger.balances
        return int(balances[account, Book.FUND]) if account < len(balances) else 0

    def capital_left(self) -> int:
        """Return what the exchange still has of its own capital, micro-dollars."""
        return self.terms.capital + int(self._ledger.balances[HOUSE, Book.CAPITAL])

    def sizing(self, date: int, members: Sequence[int], margins: Sequence[int]) -> Batch:
        """Return CHARGE rows that bring contributions to size, where it is time for that.

        margins: maintenance of each of `members`, micro-dollars. date: yyyymmdd.
        """
        batch = Batch()
        if date // 100 == self._sized or self.terms == Backing():
            return batch
        self._sized = date // 100
        for account, margin in zip(members, margins, strict=True):
            part = -(-margin * self.terms.share_percent // 100)
            change = max(self.terms.contribution, part) - self.of(account)
            if change:
                charge(batch, account, change, Book.FUND, date)
        return batch


def charge(batch: Batch, account: int, amount: int, book: Book, date: int) -> None:
    """Add the row that moves micro-dollars from an account's cash to a book; below 0: back."""
    batch.money(Kind.CHARGE, account=account, value=amount, code=book, source=date)
