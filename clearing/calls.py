"""Margin: what each account needs, who is called for how much, and when a call is over.

An account is called when it has less than maintenance, and called to initial; the call is
over once it has initial. Until then it may only reduce risk.
"""

import numpy as np

from clearing.ledger import Ledger, Numbers
from clearing.margin.own import Own
from clearing.margin.scan import initial
from clearing.positions import Positions
from clearing.reports import Call, Unmet
from engine.jit import Row
from engine.rows import Batch
from engine.schema import Kind, Standing


class Calls:
    """Standing and open calls by account; requirements are computed when they are asked for."""

    def __init__(self, positions: Positions, ledger: Ledger, own: Own) -> None:
        self._positions = positions
        self._ledger = ledger
        self._own = own
        self._percents = [100]  # By account.
        self._standing = [int(Standing.GOOD)]
        self.open: dict[int, int] = {}  # Micro-dollars called, by account.
        self._due: dict[int, int] = {}  # When an open call has to be met, ns, by account.
        self.calls: list[Call] = []
        self.unmet: list[Unmet] = []

    def add_account(self, initial_percent: int) -> None:
        """Take in the next account, in good standing."""
        self._percents.append(initial_percent)
        self._standing.append(Standing.GOOD)

    def standing(self, account: int) -> int:
        """Return the Standing of an account."""
        return self._standing[account]

    def equity(self) -> Numbers:
        """Return what each account is worth: cash, collateral, what is not booked or paid yet."""
        owned = self._ledger.worth(self._positions.accounts)
        holders = self._positions.holders
        worth: Numbers = owned + holders["premium"] + holders["open"]
        return worth

    def requirements(self, accounts: Numbers) -> tuple[Numbers, Numbers]:
        """Return the maintenance and initial requirements of some accounts, in micro-dollars."""
        held, exact = self._own.requirements(accounts)
        percents = np.array(self._percents, np.int64)[accounts]
        return held + exact, initial(held, percents) + exact

    def initial_of(self, account: int, net: Numbers) -> int:
        """Return what an account would need to come to hold lots by instrument, micro-dollars."""
        held, exact = self._own.needed(net[:, np.newaxis])
        return int((initial(held, np.array([self._percents[account]])) + exact)[0])

    def suspend(self, row: Row) -> None:
        """Take in an accepted SUSPEND row, and report a call."""
        account, standing = int(row["account"]), int(row["code"])
        self._standing[account] = standing
        if standing != Standing.CALLED:
            self.open.pop(account, None)
            self._due.pop(account, None)
        else:
            amount, equity = int(row["value"]), int(row["value_2"])
            self.open[account] = amount
            needed = int(row["value_3"]), equity + amount
            self._due[account] = int(row["batch"])
            call = Call(int(row["source"]), account, amount, equity, *needed, self._due[account])
            self.calls.append(call)

    def review(self, date: int, due: int) -> Batch:
        """Return a SUSPEND row for each account to be called, or whose call has changed.

        due: when such a call has to be met, ns. One that is raised keeps its own deadline.
        """
        batch = Batch()
        accounts = np.arange(self._positions.accounts)
        equity = self.equity()
        held, needed = self.requirements(accounts)
        called = np.array([account in self.open for account in accounts.tolist()])
        short = (equity < held) | (called & (equity < needed))
        for account in np.flatnonzero(short[1:]) + 1:
            amount = int(needed[account] - equity[account])
            is_new = self.open.get(int(account), 0) != amount
            if is_new and self._standing[account] != Standing.SUSPENDED:
                batch.money(
                    Kind.SUSPEND,
                    account=int(account),
                    code=Standing.CALLED,
                    value=amount,
                    value_2=int(equity[account]),
                    value_3=int(held[account]),
                    batch=self._due.get(int(account), due),
                    source=date,
                )
        return batch

    def release(self, date: int) -> Batch:
        """Return a SUSPEND row, to GOOD, for each called account that has its initial margin."""
        batch = Batch()
        accounts = np.array(sorted(self.open), np.int64)
        if not len(accounts):
            return batch
        _, needed = self.requirements(accounts)
        met = self.equity()[accounts] >= needed
        for account in accounts[met].tolist():
            if self._standing[account] == Standing.CALLED:
                batch.money(Kind.SUSPEND, account=account, code=Standing.GOOD, source=date)
        return batch

    def fall_due(self, date: int, now: int) -> list[int]:
        """Report every open call whose deadline has come, and return its account. now: ns."""
        late = [account for account in sorted(self.open) if self._due[account] <= now]
        self.unmet += [Unmet(date, account, self.open[account]) for account in late]
        return late
