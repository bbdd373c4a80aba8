"""Default management: who is liquidated, who is in default, and the rows that each step takes.

A part of the house: it folds rows of frames and answers with rows, and keeps nothing else. What
the steps come to in money is reckoned in `closing.py`.
"""

from collections.abc import Sequence

import numpy as np

from clearing.calls import Calls
from clearing.collateral import Collateral
from clearing.default.cases import BID_MAX, Auction, Bid, Case, PassedOver, portfolio_text
from clearing.default.fund import Fund
from clearing.default.liquidation import Choice, Liquidations, largest_first, toward_flat
from clearing.default.porting import Porting
from clearing.default.resolution import Resolution, held_by
from clearing.default.steps import Step
from clearing.default.waterfall import Payment, Tranche
from clearing.directory import Directory
from clearing.ledger import Book, Entry, Ledger
from clearing.marking import Marking
from clearing.positions import Positions
from clearing.premiums import Premiums
from clearing.reports import Variation
from engine.frame import Frame
from engine.jit import Row
from engine.layout import ORDER
from engine.rows import Batch, join
from engine.schema import AccountType, Flag, Kind, Standing

_PAID_IN = (
    *(Entry.DEPOSIT, Entry.WITHDRAWAL, Entry.TRANSFER, Entry.FUND),
    *(Entry.PLEDGE, Entry.RECALL),
)


class Defaults:
    """Liquidations, the guaranty fund, and every default so far."""

    def __init__(
        self,
        directory: Directory,
        positions: Positions,
        ledger: Ledger,
        marking: Marking,
        premiums: Premiums,
        calls: Calls,
        variations: Sequence[Variation],
        collateral: Collateral,
    ) -> None:
        self._directory = directory
        self._positions = positions
        self._ledger = ledger
        self._marking = marking
        self._premiums = premiums
        self._calls = calls
        self._now = 0
        self._good_worth: dict[int, tuple[int, int]] = {}  # Micro-dollars, and entries then.
        self.fund = Fund(ledger)
        self._resolution = Resolution(
            *(directory, positions, ledger, marking, premiums),
            *(self.fund, calls, collateral, variations),
        )
        self.liquidations = Liquidations(directory, positions)
        self.porting = Porting(directory, positions, calls)
        self.cases: list[Case] = []

    @property
    def deadline(self) -> int:
        """When the house has to be woken by a TIME row, nanoseconds; far away: not at all."""
        return self.liquidations.deadline

    @property
    def open(self) -> dict[int, Case]:
        """The defaults that are not closed, by account."""
        return {case.account: case for case in self.cases if not case.closed}

    def pass_time(self, row: Row, _frame: Frame) -> None:
        """Take in a TIME row."""
        self._now = int(row["time"])
        self.liquidations.pass_time(self._now)

    def take(self, row: Row, _frame: Frame) -> None:
        """Take in an accepted DEFAULT row: the house's own, or an operator's."""
        account, value = int(row["account"]), int(row["value"])
        self._now = int(row["time"])
        match row["code"]:
            case Step.TERMS:
                self.fund.take(row)
            case Step.DECLARE:
                self._declare(account, int(row["source"]))
            case Step.PORT:
                self.porting.take(row, self.cases)
            case Step.AUCTION:
                auction = Auction(int(row["other"]), int(row["product"]))
                self.open[account].auctions.append(auction)
            case Step.PASS_OVER | Step.ALLOT | Step.TEAR_UP:
                self._sell(row)
            case Step.COVER:
                payment = Payment(Tranche(int(row["numerator"])), int(row["other"]), value)
                self.open[account].payments.append(payment)
            case Step.CLOSE:
                case_ = self.open[account]
                case_.loss, case_.closed = value, int(row["source"])
                self.liquidations.end(account)
                if any(each.tranche == Tranche.FUND for each in case_.payments):
                    self.fund.reopen()

    def _declare(self, account: int, date: int) -> None:
        """Open a case, unless the account has one, or is the house."""
        known = 0 < account < self._positions.accounts and account not in self.open
        if known:
            self.cases.append(Case(account, date, self._margin(account)))

    def _sell(self, row: Row) -> None:
        case_ = self.open[int(row["account"])]
        auction = next(each for each in case_.auctions if each.number == row["other"])
        bidder, value = int(row["numerator"]), int(row["value"])
        if row["code"] == Step.PASS_OVER:
            auction.passed_over.append(PassedOver(bidder, int(row["denominator"]), value))
            return
        auction.is_open = False
        if row["code"] == Step.ALLOT:
            auction.winner, auction.price = bidder, value
        else:
            auction.torn_up = value

    def bid(self, row: Row, _frame: Frame) -> None:
        """Take in a BID row; one that may not be made counts for nothing."""
        order = row.view(ORDER)
        bid = Bid(int(row["seq"]), int(row["account"]), int(order["price"]))
        for auction in self.auctions():
            if auction.number == order["order_id"] and self.may_bid(bid.account, bid.price):
                auction.bids[bid.account] = bid

    def auctions(self) -> list[Auction]:
        """Return the auctions that take bids."""
        return [each for case in self.open.values() for each in case.auctions if each.is_open]

    def may_bid(self, account: int, price: int) -> bool:
        """Whether an account is a member in good standing, and the price within bounds."""
        is_member = account in self._members()
        return is_member and abs(price) <= BID_MAX

    def _members(self) -> list[int]:
        """Return the clearing members that can be asked for something, ascending."""
        accounts = self._directory.accounts[1:]
        members = (each.number for each in accounts if each.type == AccountType.MEMBER)
        good = Standing.GOOD
        return [each for each in members if self._calls.standing(each) == good]

    def _margin(self, account: int) -> int:
        """Return what an account had when it was last in good standing, and paid in since."""
        owned, since = self._good_worth.get(account, (0, 0))
        entries = self._ledger.entries[since:]
        is_own = np.isin(entries["book"], (Book.CASH, Book.COLLATERAL))
        mine = entries[(entries["account"] == account) & is_own]
        paid_in = mine[np.isin(mine["kind"], _PAID_IN)]["amount"]
        return max(0, owned + int(paid_in.sum()))

    def remember(self) -> None:
        """Note what each account in good standing has, before a settlement pays variation.

        No hedge is traded after it: what was not marked could not be sold the same day.
        """
        for account in self.open:
            self.liquidations.end(account)
        owned, entries = self._ledger.worth(self._positions.accounts), len(self._ledger.entries)
        for account in range(1, self._positions.accounts):
            if self._calls.standing(account) == Standing.GOOD:
                self._good_worth[account] = int(owned[account]), entries

    def begin(self, unmet: list[int], now: int) -> Batch:
        """Return the cancels with which the liquidation begins of accounts with unmet calls."""
        batch = Batch()
        self._now = now
        for account in unmet:
            if account not in self.liquidations:
                self.liquidations.begin(account, now)
                batch.cancel_all(account, flags=Flag.OPERATOR)
        return batch

    def fall_due(self, date: int) -> Batch:
        """Return a DECLARE row for each account whose liquidation has not met its call by now.

        And for each customer of an earlier defaulter that no other member has taken.
        """
        batch = Batch()
        for account in self.liquidations.accounts:
            if account not in self._calls.open:
                self.liquidations.end(account)
            elif account not in self.open:
                batch.money(Kind.DEFAULT, account=account, code=Step.DECLARE, source=date)
        due = [*self.open, *batch.rows["account"].tolist()]
        return join([batch, self.porting.close_out(self.cases, due, date)])

    def announce(self) -> Batch:
        """Return what follows a declaration: suspension, cancels, and an auction each product.

        Or what follows once a member takes a defaulter's customers.
        """
        batch = self.porting.answer()
        auctions = sum(len(case.auctions) for case in self.cases)
        for case in self.open.values():
            if case.is_announced:
                continue
            case.is_announced = True
            account, date = case.account, case.declared
            batch.money(Kind.SUSPEND, account=account, code=Standing.SUSPENDED, source=date)
            batch.cancel_all(account, flags=Flag.OPERATOR)
            for product, held in self._portfolios(account).items():
                auctions += 1
                batch.money(
                    Kind.DEFAULT,
                    account=account,
                    product=product,
                    other=auctions,
                    code=Step.AUCTION,
                    source=date,
                    text=portfolio_text(held.items()),
                )
            if account not in self.liquidations:
                self.liquidations.begin(account, self._now)
        return batch

    def size(self, date: int) -> Batch:
        """Return the rows that bring members' contributions to size, where it is time for that."""
        members = self._members()
        if not members:
            return Batch()
        margins, _ = self._calls.requirements(np.array(members, np.int64))
        return self.fund.sizing(date, members, margins.tolist())

    def sell(self, date: int) -> Batch:
        """Return the rows that sell what defaulters hold, or tear it up."""
        return self._resolution.sell(list(self.open.values()), self._members(), date)

    def cover(self, date: int) -> Batch:
        """Return the rows by which losses are borne of defaulters that hold nothing any more."""
        return self._resolution.cover(list(self.open.values()), self._members(), date)

    def _portfolios(self, account: int) -> dict[int, dict[int, int]]:
        """Return lots by instrument, by product."""
        found: dict[int, dict[int, int]] = {}
        for number, lots in held_by(self._positions, account).items():
            product = self._directory.instruments[number].product
            found.setdefault(product, {})[number] = lots
        return found

    def answer(self) -> Batch:
        """Return the orders of a round that is due."""
        for account in self.liquidations.accounts:
            if account not in self.open and account not in self._calls.open:
                self.liquidations.end(account)
        return self.liquidations.round(self._now, self._choices)

    def _choices(self, account: int) -> list[Choice]:
        held = held_by(self._positions, account)
        if account in self.open:
            return toward_flat(self._directory, held)
        return largest_first((one, lots, self._need(one, lots)) for one, lots in held.items())

    def _need(self, instrument: int, lots: int) -> int:
        """Return what lots held need on their own, micro-dollars."""
        if instrument in self._marking.contracts:
            return abs(lots) * self._marking.contracts[instrument].rate
        return max(0, -lots) * self._premiums.contracts[instrument].need()
