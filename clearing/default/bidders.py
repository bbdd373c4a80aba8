"""Who may take over what a defaulter held: in good standing, paid for, and with margin for it."""

import enum
from collections import Counter
from typing import NamedTuple

from clearing.calls import Calls
from clearing.default.cases import Bid
from clearing.ledger import Numbers
from engine.schema import Standing


class Fault(enum.IntEnum):
    """Why a bid is passed over, as the `denominator` of a PASS_OVER row."""

    STANDING = 1  # The bidder is called, suspended or in default by now.
    UNCOVERED = 2  # It asks for more than members answer for: a tear-up costs them nothing.
    MARGIN = 3  # The bidder would have less than its initial margin.


class Refusal(NamedTuple):
    """What is wrong with a bid, and by how many micro-dollars."""

    fault: Fault
    short: int = 0


class Bidders:
    """What those who bid own and need while portfolios of a day are allotted one by one."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._equity = calls.equity()
        self._paid: Counter[int] = Counter()  # For portfolios won before, by account.

    def refusal(self, bid: Bid, net: Numbers, cost: int, spare: int) -> Refusal | None:
        """Return why a bid cannot win; None: it can.

        net: what the bidder would hold, lots by instrument. cost: what the portfolio's options
        cost it besides its price. spare: what members still answer for. Micro-dollars.
        """
        if self._calls.standing(bid.account) != Standing.GOOD:
            return Refusal(Fault.STANDING)
        if bid.price < -spare:
            return Refusal(Fault.UNCOVERED, -bid.price - spare)
        owned = int(self._equity[bid.account]) - self._paid[bid.account] - bid.price - cost
        short = self._calls.initial_of(bid.account, net) - owned
        return Refusal(Fault.MARGIN, short) if short > 0 else None

    def win(self, bid: Bid, cost: int) -> None:
        """Note what the winner of a portfolio pays for it."""
        self._paid[bid.account] += bid.price + cost
