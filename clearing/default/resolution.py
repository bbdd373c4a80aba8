"""What is left of defaulters at the end of a day: their portfolios sold, their losses borne.

Reads the books of the house; `selling.py` and `closing.py` write the rows.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from clearing.calls import Calls
from clearing.collateral import Collateral
from clearing.default.bidders import Bidders
from clearing.default.cases import Case
from clearing.default.closing import Purse, cover
from clearing.default.fund import Fund
from clearing.default.selling import Market, Selling
from clearing.default.waterfall import allocated
from clearing.directory import Directory
from clearing.ledger import HOUSE, Ledger
from clearing.marking import Marking
from clearing.positions import Positions
from clearing.premiums import Premiums
from clearing.reports import Variation
from engine.rows import Batch
from engine.schema import NIL_PRICE


def held_by(positions: Positions, account: int) -> dict[int, int]:
    """Return an account's lots by instrument, ascending; those that it holds."""
    net = positions.holdings["net"][:, account]
    return {number: int(net[number]) for number in np.flatnonzero(net).tolist()}


def _gains(variations: Iterable[Variation], date: int) -> dict[int, int]:
    """Return what accounts gained on a date, micro-dollars; who lost has none."""
    gains: dict[int, int] = {}
    for each in variations:
        if each.date == date:
            gains[each.account] = gains.get(each.account, 0) + each.amount_micro
    return {account: gain for account, gain in sorted(gains.items()) if gain > 0}


class Resolution:
    """Sells and settles the cases of a day."""

    def __init__(
        self,
        directory: Directory,
        positions: Positions,
        ledger: Ledger,
        marking: Marking,
        premiums: Premiums,
        fund: Fund,
        calls: Calls,
        collateral: Collateral,
        variations: Sequence[Variation],
    ) -> None:
        self._directory = directory
        self._positions = positions
        self._ledger = ledger
        self._marking = marking
        self._premiums = premiums
        self._fund = fund
        self._calls = calls
        self._collateral = collateral
        self._variations = variations

    def sell(self, cases: Sequence[Case], members: list[int], date: int) -> Batch:
        """Return the rows that sell what defaulters hold, or tear it up.

        Only of those whose trades were all marked: the others wait for the next end of a day.
        """
        batch = Batch()
        ready = [case for case in cases if self._is_ready(case)]
        if not ready:
            return batch
        market = Market(self._directory, self._positions.holdings["net"].copy(), self._prices())
        purse = Purse(self._fund, members, _gains(self._variations, date))
        selling = Selling(batch, market, Bidders(self._calls), date)
        for case in ready:
            resources = purse.resources(case)
            lost = max(0, case.margin - self._worth(case.account, market))
            self._collateral.sell(batch, case.account)
            paid = selling.sell(case, resources.callable() - lost)
            loss = min(max(0, lost - paid), resources.callable())
            purse.draw(allocated(loss, resources, case.account, HOUSE))
        return batch

    def cover(self, cases: Sequence[Case], members: list[int], date: int) -> Batch:
        """Return the rows by which losses are borne of defaulters that hold nothing any more."""
        batch = Batch()
        purse = Purse(self._fund, members, _gains(self._variations, date))
        for case in cases:
            if case.is_sold and self._is_ready(case):
                cover(batch, purse, case, self._owned(case.account), date)
        return batch

    def _is_ready(self, case: Case) -> bool:
        futures, held = self._marking.contracts, held_by(self._positions, case.account)
        marks = (futures[one].mark for one in held if one in futures)
        unpaid = self._positions.holders["open"][case.account]
        return case.is_announced and not unpaid and all(mark != NIL_PRICE for mark in marks)

    def _prices(self) -> dict[int, int]:
        """Return what a lot of each contract is worth: its mark, or what it would pay now."""
        prices = {number: one.mark for number, one in self._marking.contracts.items()}
        paid = self._premiums.contracts
        return prices | {number: self._premiums.worth(number) for number in paid}

    def _owned(self, account: int) -> int:
        """Return an account's cash, and what its collateral counts for, micro-dollars."""
        owned = self._ledger.worth(self._positions.accounts)[account]
        return int(owned + self._positions.holders["premium"][account])

    def _worth(self, account: int, market: Market) -> int:
        """Return the same with what its options are worth."""
        return self._owned(account) + market.cost(held_by(self._positions, account))
