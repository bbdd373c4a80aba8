"""Entries of the ledger that are taken back: by entries that reverse them, never by an edit.

An entry is named by the row that it follows from, its account and its kind. What an operator asks
for comes in as a REVIEW row; a CHARGE row goes out, which the ledger books as a correction.
"""

from typing import NamedTuple

from clearing.ledger import Book, Entry, Ledger, line_code
from clearing.reports import Correction
from engine.jit import Row
from engine.rows import Batch
from engine.schema import Kind

# From which book of the house an entry's money came: of these kinds a reversal is a charge.
SOURCES = {
    Entry.DEPOSIT: Book.BANK,
    Entry.WITHDRAWAL: Book.BANK,
    Entry.VARIATION: Book.VARIATION,
    Entry.FEES: Book.FEES,
    Entry.CHARGE: Book.FEES,
    Entry.PREMIUM: Book.PREMIUM,
    Entry.INTEREST: Book.INTEREST,
}


class Named(NamedTuple):
    """Which entry of the ledger is meant: an account has one of a kind from a row."""

    seq: int
    account: int
    kind: int  # An Entry.


class Corrections:
    """What was reversed, and what still is to be. A function of the rows that it took in."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._reversed: set[Named] = set()
        self._asked: list[Correction] = []
        self.reports: list[Correction] = []

    def refusal(self, named: Named) -> str:
        """Return why an entry is not reversed, as a sentence; "" where it can be."""
        if named.kind not in SOURCES:
            known = ", ".join(sorted(kind.name.lower() for kind in SOURCES))
            return f"a correction is of {known}; anything else is undone by its opposite"
        line = f"line {Entry(named.kind).name.lower()!r} of account {named.account}"
        if named in self._reversed:
            return f"the {line} from row {named.seq} is reversed already"
        return "" if self._amount(named) else f"the ledger has no {line} from row {named.seq}"

    def take(self, row: Row, date: int) -> None:
        """Take in a REVIEW row that asks for a reversal, on a trade date."""
        named = Named(int(row["value"]), int(row["account"]), int(row["other"]))
        why = self.refusal(named)
        report = Correction(date, *named, self._amount(named), why)
        self.reports.append(report)
        if not why:
            self._reversed.add(named)
            self._asked.append(report)

    def answer(self) -> Batch:
        """Return a CHARGE row for each reversal that was asked for."""
        batch = Batch()
        for one in self._asked:
            batch.money(
                Kind.CHARGE,
                account=one.account,
                value=one.amount_micro,
                code=line_code(Entry.CORRECTION, SOURCES[Entry(one.kind)]),
                source=one.seq,
            )
        self._asked.clear()
        return batch

    def _amount(self, named: Named) -> int:
        """Return what an entry paid the account, in micro-dollars; 0: there is none."""
        entries = self._ledger.entries
        is_meant = (entries["seq"] == named.seq) & (entries["account"] == named.account)
        is_meant &= (entries["kind"] == named.kind) & (entries["book"] == Book.CASH)
        return int(entries["amount"][is_meant].sum())
