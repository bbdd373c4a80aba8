"""What a house looked like at each end of day: watched on a replay, for figures over time.

It reads and changes nothing. A breach is a day on which an account's futures lost more than the
maintenance margin that the account needed for its positions the evening before.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from clearing.house import House
from clearing.ledger import Numbers
from engine.exchange import Outcome
from engine.layout import MONEY
from engine.schema import NIL_PRICE, Cycle, Kind


class Breach(NamedTuple):
    """One day's loss of one account beyond its margin. Micro-dollars."""

    date: int  # Of the loss, yyyymmdd.
    account: int
    uncovered: int


class DayEnd(NamedTuple):
    """One end of day. Micro-dollars."""

    date: int
    maintenance: int  # Of all accounts.


@dataclasses.dataclass(slots=True)
class _Evening:
    """What was held, at what marks, and what margin it needed."""

    net: Numbers  # Shape (instruments, accounts).
    marks: Numbers  # Price units, shape (instruments,).
    required: Numbers  # Shape (accounts,).


Needed = Callable[[House], Numbers | None]  # By account; None where it cannot be said yet.


def asked(house: House) -> Numbers:
    """Return the maintenance margin that the house asks of each account."""
    return house.calls.requirements(np.arange(house.positions.accounts))[0]


class Record:
    """Every end of day of a house, while it is replayed; needed: by which model it is judged."""

    def __init__(self, house: House, needed: Needed = asked) -> None:
        self._house = house
        self._needed = needed
        self._evening: _Evening | None = None
        self.days: list[DayEnd] = []
        self.breaches: list[Breach] = []
        self.hits: dict[int, list[bool]] = {}  # By account, each day on which it held something.

    @property
    def observations(self) -> int:
        """Days on which accounts held something overnight, over all accounts."""
        return sum(map(len, self.hits.values()))

    def watch(self, outcome: Outcome) -> None:
        """Take in an outcome that the house has taken in."""
        commands = outcome.frame.commands
        cycles = commands[commands["kind"] == Kind.CYCLE].view(MONEY)
        if (cycles["code"] == Cycle.END_OF_DAY).any():
            self._close()

    def _close(self) -> None:
        positions = self._house.positions
        contracts = positions.contracts
        required = self._needed(self._house)
        if required is None:
            self._evening = None
            return
        now = _Evening(positions.holdings["net"].copy(), contracts["mark"].copy(), required)
        if self._evening is not None:
            self._compare(self._evening, now)
        self.days.append(DayEnd(self._house.date, int(required.sum())))
        self._evening = now

    def _compare(self, before: _Evening, now: _Evening) -> None:
        """Count what each account lost since the evening before."""
        instruments = len(before.net)
        contracts = self._house.positions.contracts[:instruments]
        marks = now.marks[:instruments]
        is_known = (before.marks != NIL_PRICE) & (marks != NIL_PRICE) & (contracts["paid"] == 0)
        value = np.where(is_known, (marks - before.marks) * contracts["value"], 0)
        gains = value @ before.net
        holding = before.net[is_known].any(axis=0)
        holding[0] = False
        for account in np.flatnonzero(holding).tolist():
            uncovered = int(-gains[account] - before.required[account])
            self.hits.setdefault(account, []).append(uncovered > 0)
            if uncovered > 0:
                self.breaches.append(Breach(self._house.date, account, uncovered))
