"""What everybody may know of defaults: who is in one, and what is offered; no price of a bid.

A fold over accepted rows, kept by whoever shows them: participants of a simulation, the gateway.
"""

from collections import defaultdict
from typing import NamedTuple

from clearing.default.cases import portfolio_of
from clearing.default.steps import Step
from engine.exchange import Outcome
from engine.jit import Row
from engine.layout import MONEY, ORDER
from engine.rows import text_at
from engine.schema import Kind


class Sale(NamedTuple):
    """An auction of what a defaulter held in one product, as the house announced it."""

    number: int
    account: int  # The defaulter's.
    product: int
    portfolio: dict[int, int]  # Lots by instrument, when bids opened.
    time: int


class Sales:
    """Open auctions, who has bid in them, and who is in default."""

    def __init__(self) -> None:
        self.open: dict[int, Sale] = {}  # Auctions that take bids, by number.
        self.bidders: dict[int, set[int]] = defaultdict(set)  # Accounts that have bid, by auction.
        self.in_default: dict[int, int] = {}  # Since which date (yyyymmdd), by account.

    def fold(self, outcome: Outcome) -> None:
        """Take in a frame."""
        commands = outcome.frame.commands
        of_defaults = (commands["kind"] == Kind.DEFAULT) | (commands["kind"] == Kind.BID)
        for row in commands[outcome.accepted(of_defaults)]:
            if row["kind"] == Kind.BID:
                self.bidders[int(row.view(ORDER)["order_id"])].add(int(row["account"]))
            else:
                self._step(row.view(MONEY), text_at(outcome.frame.text, int(row["text"])))

    def _step(self, step: Row, text: str) -> None:
        number, account = int(step["other"]), int(step["account"])
        match step["code"]:
            case Step.DECLARE if account:
                self.in_default.setdefault(account, int(step["source"]))
            case Step.AUCTION:
                portfolio, product = portfolio_of(text), int(step["product"])
                self.open[number] = Sale(number, account, product, portfolio, int(step["time"]))
            case Step.ALLOT | Step.TEAR_UP:
                del self.open[number]
                self.bidders.pop(number, None)
            case Step.CLOSE:
                del self.in_default[account]
