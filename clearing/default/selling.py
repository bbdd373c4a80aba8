"""How what defaulters held is sold, at the end of a day: to the best bid that can win, or torn up.

Defaults of one day are sold in order of their declaration, each with what the ones before it left
of the other side of its contracts.
"""

from collections.abc import Mapping

from clearing.default.bidders import Bidders, Refusal
from clearing.default.cases import NOBODY, Auction, Bid, Case
from clearing.default.fund import charge
from clearing.default.shares import shared
from clearing.default.steps import Step
from clearing.directory import Directory
from clearing.ledger import Book, Numbers
from engine.rows import Batch
from engine.schema import Kind

Lots = Mapping[int, int]  # By instrument; below 0: sold.


class Market:
    """Who holds what at which price, as rows of this answer move it; a copy."""

    def __init__(self, directory: Directory, net: Numbers, prices: Mapping[int, int]) -> None:
        """Begin with lots by instrument and account, and what a lot of each is worth now."""
        self._directory = directory
        self._net = net
        self.prices = prices  # Price units.

    def held(self, account: int, product: int) -> dict[int, int]:
        """Return an account's lots in a product by instrument."""
        return {
            each.number: int(self._net[each.number, account])
            for each in self._directory.listed(product)
            if self._net[each.number, account]
        }

    def assign(self, batch: Batch, instrument: int, seller: int, buyer: int, lots: int) -> None:
        """Add rows that move lots at the contract's price; below 0 lots move the other way."""
        if lots < 0:
            seller, buyer, lots = buyer, seller, -lots
        self._net[instrument, seller] -= lots
        self._net[instrument, buyer] += lots
        clip = self._directory.instruments[instrument].clip
        while lots:
            moved = min(lots, clip)
            batch.desk(
                Kind.ASSIGN,
                buyer=buyer,
                seller=seller,
                instrument=instrument,
                quantity=moved,
                price=self.prices[instrument],
            )
            lots -= moved

    def with_portfolio(self, account: int, held: Lots) -> Numbers:
        """Return lots by instrument of an account once it has taken over what another held."""
        net: Numbers = self._net[:, account].copy()
        for instrument, lots in held.items():
            net[instrument] += lots
        return net

    def cost(self, held: Lots) -> int:
        """Return what is paid for contracts that are paid for as they trade, micro-dollars."""
        contracts = self._directory.instruments
        return sum(
            lots * self.prices[one] * contracts[one].value
            for one, lots in held.items()
            if contracts[one].is_paid
        )

    def tear_up(self, batch: Batch, instrument: int, account: int) -> int:
        """Add rows that end an account's contracts against those on their other side, pro rata.

        Returns the lots.
        """
        lots = int(self._net[instrument, account])
        others = (-self._net[instrument] if lots > 0 else self._net[instrument]).clip(0)
        holders = others.nonzero()[0].tolist()
        parts = shared(abs(lots), [int(others[holder]) for holder in holders])
        for holder, part in zip(holders, parts, strict=True):
            if part:
                self.assign(batch, instrument, account, holder, part if lots > 0 else -part)
        return abs(lots)


class Selling:
    """The sales of one day, as rows of one answer."""

    def __init__(self, batch: Batch, market: Market, bidders: Bidders, date: int) -> None:
        self._batch = batch
        self._market = market
        self._bidders = bidders
        self._date = date

    def sell(self, case: Case, spare: int) -> int:
        """Add rows that allot each of a defaulter's portfolios to the best bid, or tear it up.

        spare: micro-dollars that the members answer for beyond what is lost already. Bids that
        cannot win are passed over. Returns what the bids pay, in all.
        """
        before = spare
        for auction in case.auctions:
            held = self._market.held(case.account, auction.product)
            bid = self._best(case, auction, held, spare)
            if bid is None:
                self._tear_up(case, auction, held)
            else:
                self._allot(case, auction, bid, held)
                spare += bid.price
        return spare - before

    def _best(self, case: Case, auction: Auction, held: Lots, spare: int) -> Bid | None:
        """Return the best bid that can win, if any; report each that is better, and why not."""
        for bid in auction.best() if held else ():
            net = self._market.with_portfolio(bid.account, held)
            refusal = self._bidders.refusal(bid, net, self._market.cost(held), spare)
            if refusal is None:
                return bid
            self._report(case, auction, Step.PASS_OVER, refusal.short, bid.account, refusal)
        return None

    def _allot(self, case: Case, auction: Auction, bid: Bid, held: Lots) -> None:
        self._bidders.win(bid, self._market.cost(held))
        for instrument, lots in held.items():
            self._market.assign(self._batch, instrument, case.account, bid.account, lots)
        if bid.price:
            charge(self._batch, bid.account, bid.price, Book.LOSS, self._date)
            charge(self._batch, case.account, -bid.price, Book.LOSS, self._date)
        self._report(case, auction, Step.ALLOT, bid.price, bid.account)

    def _tear_up(self, case: Case, auction: Auction, held: Lots) -> None:
        torn = (self._market.tear_up(self._batch, one, case.account) for one in held)
        self._report(case, auction, Step.TEAR_UP, sum(torn))

    def _report(
        self,
        case: Case,
        auction: Auction,
        step: Step,
        value: int,
        bidder: int = NOBODY,
        refusal: Refusal | None = None,
    ) -> None:
        self._batch.money(
            Kind.DEFAULT,
            account=case.account,
            product=auction.product,
            other=auction.number,
            numerator=bidder,
            denominator=refusal.fault if refusal else 0,
            value=value,
            source=self._date,
            code=step,
        )
