"""Credits to the pre-trade check: what SPAN asks less than it holds back for positions.

A credit is granted where it is worth a tenth of what is held back: while an account has one, the
kernel counts no order of it as closing. It rests on futures and sold options alone, never on an
option that was bought. The kernel ends it when what it rests on is lowered, and tells nobody.
"""

import numpy as np
from numpy.typing import NDArray

from clearing.ledger import HOUSE, Numbers
from clearing.margin.own import Own
from engine.jit import Row, Table
from engine.rows import Batch
from engine.schema import Did, Kind

PRODUCT = 0  # Credits of an account add up over products; all of it stands at the first.
_MOVING = (Did.FILLED, Did.BUSTED, Did.SETTLED)  # What changes positions.
_LEAST = 10  # The part of what is held back that a credit is worth at least: one in ten.


class Grants:
    """Credits by account, as rows said, and whether they are to be looked at again."""

    def __init__(self, margin: Own) -> None:
        self._margin = margin
        self._is_due = False  # Whether rates, marks or a review may have changed every credit.
        self._moved: set[int] = set()  # Accounts with a credit, whose positions have just changed,
        self._doubtful: set[int] = set()  # or have since it was granted.
        self._foreign: dict[tuple[int, int], int] = {}  # Of an operator, at another product.
        self.credits: dict[int, int] = {}  # Micro-dollars, by account; none of 0.

    def review(self) -> None:
        """Look at every account's credit with the next answer."""
        self._is_due = True

    def watch(self, events: Table) -> None:
        """Note the accounts with a credit whose positions changed: it may have ended."""
        if not self.credits:
            return
        moved = events[np.isin(events["kind"], _MOVING)]
        self._moved |= self.credits.keys() & set(moved["account"].tolist())
        if (moved["kind"] == Did.SETTLED).any():
            self._moved |= self.credits.keys()
        self._doubtful |= self._moved

    def may_end(self, events: Table) -> NDArray[np.bool_]:
        """Return at which events a credit may have ended.

        events: EVENT, shape (n,), as is what is returned.
        """
        are_moving = np.isin(events["kind"], _MOVING)
        are_granted = np.isin(events["account"], list(self.credits))
        return are_moving & (are_granted | (events["kind"] == Did.SETTLED))

    def take(self, row: Row) -> None:
        """Take in an accepted CREDIT row."""
        account, value = int(row["account"]), int(row["value"])
        if row["product"] != PRODUCT:
            self._foreign[account, int(row["product"])] = value
            return
        self._doubtful.discard(account)
        self.credits[account] = value
        if not value:
            del self.credits[account]

    def answer(self, accounts: int) -> Batch:
        """Return CREDIT rows: at a review of all that changed, else of those that are too high."""
        foreign = Batch()
        for (account, product), value in sorted(self._foreign.items()):
            if value:
                foreign.money(Kind.CREDIT, account=account, product=product, value=0)
        if len(foreign):
            return foreign
        is_review, self._is_due = self._is_due, False
        looked_at = range(HOUSE + 1, accounts) if is_review else sorted(self._moved)
        self._moved.clear()
        if not len(looked_at):
            return Batch()
        return self._rows(np.array(looked_at, np.int64), is_review=is_review)

    def _rows(self, accounts: Numbers, *, is_review: bool) -> Batch:
        batch = Batch()
        held_back, free = self._margin.creditable(accounts)
        wanted = np.where(free * _LEAST >= held_back, free, 0)
        for account, value in zip(accounts.tolist(), wanted.tolist(), strict=True):
            granted = self.credits.get(account, 0)
            is_doubtful = account in self._doubtful
            if value < granted or (is_review and (value != granted or is_doubtful)):
                batch.money(Kind.CREDIT, account=account, product=PRODUCT, value=value)
        return batch
