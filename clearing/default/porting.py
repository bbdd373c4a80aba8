"""Customers of a member in default move to another member, who takes them as they are.

An owner names its clearing member by its firm. To be ported, it gets another: its positions, money
and orders stay its own. Whoever no member has taken by the next intraday cycle is closed out.
"""

from collections.abc import Sequence
from typing import NamedTuple

from clearing.calls import Calls
from clearing.default.cases import Case
from clearing.default.steps import Step
from clearing.directory import Directory, Owner
from clearing.positions import Positions
from engine.jit import Row
from engine.rows import Batch
from engine.schema import AccountType, Flag, Kind, Standing


class Ported(NamedTuple):
    """An owner that was to be ported: to a firm, or to none, because it has a shortfall."""

    owner: int
    firm: int  # 0: it stays where it is.


class Porting:
    """Who takes whose customers; and who is left when it is too late."""

    def __init__(self, directory: Directory, positions: Positions, calls: Calls) -> None:
        self._directory = directory
        self._positions = positions
        self._calls = calls
        self._agreed: list[tuple[int, int]] = []  # Firms from and to, not answered yet.
        self._closed_out: set[int] = set()  # Defaulters whose customers' time is over, by case.
        self.reports: list[Ported] = []

    def firm_of(self, account: int) -> int:
        """Return the firm of a clearing member's account; 0: it clears for nobody."""
        found = self._directory.accounts[account]
        is_member = found.type == AccountType.MEMBER
        return self._directory.owners[found.owner].firm if is_member else 0

    def customers(self, firm: int) -> list[Owner]:
        """Return the owners that clear through a firm, and are no members themselves."""
        accounts = self._directory.accounts[1:]
        members = {each.owner for each in accounts if each.type == AccountType.MEMBER}
        owners = self._directory.owners[1:]
        return [each for each in owners if firm == each.firm != 0 and each.number not in members]

    def objection(self, account: int, taker: int, cases: Sequence[Case]) -> str:
        """Return why a defaulter's customers cannot go to a member; "": they can."""
        names = [each.name for each in self._directory.accounts]
        firm, other = self.firm_of(account), self.firm_of(taker)
        if account not in {case.account for case in cases}:
            return f"{names[account]} is not in default"
        if not self.customers(firm):
            return f"{names[account]} clears for nobody"
        if not other or other == firm:
            return f"{names[taker]} is no clearing member of another firm"
        if self._calls.standing(taker) != Standing.GOOD:
            return f"{names[taker]} is not in good standing"
        return ""

    def take(self, row: Row, cases: Sequence[Case]) -> None:
        """Take in a PORT row; one that may not be made counts for nothing."""
        account, taker = int(row["account"]), int(row["other"])
        is_known = 0 < taker < self._positions.accounts
        if is_known and not self.objection(account, taker, cases):
            self._agreed.append((self.firm_of(account), self.firm_of(taker)))

    def answer(self) -> Batch:
        """Return a row for each customer that moves, and report those that cannot."""
        batch = Batch()
        for firm, other in self._agreed:
            for owner in self.customers(firm):
                is_sound = all(
                    self._calls.standing(account) == Standing.GOOD
                    for account in self._accounts(owner.number)
                )
                self.reports.append(Ported(owner.number, other if is_sound else 0))
                if is_sound:
                    flags = Flag.OPERATOR
                    batch.money(Kind.OPEN_OWNER, other=owner.number, code=other, flags=flags)
        self._agreed.clear()
        return batch

    def close_out(self, cases: Sequence[Case], open_: Sequence[int], date: int) -> Batch:
        """Return a DECLARE row for each account whose member has been in default since before.

        Those that hold nothing are left alone. Once for each default. open_: accounts in default.
        """
        batch = Batch()
        for place, case in enumerate(cases):
            if case.declared >= date or place in self._closed_out:
                continue
            self._closed_out.add(place)
            for owner in self.customers(self.firm_of(case.account)):
                for account in self._accounts(owner.number):
                    if account not in open_ and self._holds(account):
                        code = Step.DECLARE
                        batch.money(Kind.DEFAULT, account=account, code=code, source=date)
        return batch

    def _accounts(self, owner: int) -> list[int]:
        return [each.number for each in self._directory.accounts if each.owner == owner]

    def _holds(self, account: int) -> bool:
        return bool(self._positions.holdings["net"][:, account].any())
