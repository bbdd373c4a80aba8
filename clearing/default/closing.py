"""How defaults end, at the end of a day: what was held is sold or torn up, what was lost is borne.

One `Closing` an answer. Defaults of one day are closed in order of their declaration, each with
what the ones before it left: of bids' other side, of the fund, of the day's gains.
"""

from collections import Counter
from collections.abc import Mapping

from clearing.default.cases import Auction, Bid, Case
from clearing.default.fund import Fund, charge
from clearing.default.shares import shared
from clearing.default.steps import Step
from clearing.default.waterfall import Payment, Resources, Tranche, allocated
from clearing.directory import Directory
from clearing.ledger import HOUSE, Book, Numbers
from engine.rows import Batch
from engine.schema import Kind, Standing

_BOOKS = {  # Where a party's payment goes, and the defaulter's comes from.
    Tranche.CAPITAL: Book.CAPITAL,
    Tranche.FUND: Book.LOSS,
    Tranche.ASSESSMENT: Book.LOSS,
    Tranche.GAINS: Book.HAIRCUT,
}


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


def sell(batch: Batch, market: Market, case: Case, spare: int, date: int) -> int:
    """Add the rows that allot each of a defaulter's portfolios to the best bid, or tear it up.

    spare: micro-dollars that the members answer for beyond what is lost already. A bid that asks
    for more than is left of them is passed over. Returns what the bids pay, in all.
    """
    before = spare
    for auction in case.auctions:
        held = market.held(case.account, auction.product)
        bids = [bid for bid in auction.best() if bid.price >= -spare]
        if bids and held:
            spare += bids[0].price
            _allot(batch, market, case, auction, bids[0], held, date)
            continue
        lots = sum(market.tear_up(batch, instrument, case.account) for instrument in held)
        _report(batch, case, auction, Step.TEAR_UP, lots, 0, date)
    return spare - before


def _allot(
    batch: Batch,
    market: Market,
    case: Case,
    auction: Auction,
    bid: Bid,
    held: Mapping[int, int],
    date: int,
) -> None:
    for instrument, lots in held.items():
        market.assign(batch, instrument, case.account, bid.account, lots)
    if bid.price:
        charge(batch, bid.account, bid.price, Book.LOSS, date)
        charge(batch, case.account, -bid.price, Book.LOSS, date)
    _report(batch, case, auction, Step.ALLOT, bid.price, bid.account, date)


def _report(
    batch: Batch, case: Case, auction: Auction, step: Step, value: int, winner: int, date: int
) -> None:
    batch.money(
        Kind.DEFAULT,
        account=case.account,
        product=auction.product,
        other=auction.number,
        numerator=winner,
        value=value,
        source=date,
        code=step,
    )


class Purse:
    """What there is to bear losses with; what one default has drawn is gone for the next."""

    def __init__(self, fund: Fund, members: list[int], gains: Mapping[int, int]) -> None:
        """Begin with members that can pay, and what accounts gained this day (micro-dollars)."""
        self._fund = fund
        self._members = members
        self._gains = gains
        self._drawn: Counter[tuple[Tranche, int]] = Counter()

    def resources(self, case: Case) -> Resources:
        """Return what a default can draw on."""
        others = [each for each in self._members if each != case.account]
        parts = {each: self._fund.of(each) for each in others}
        gains = {each: gain for each, gain in self._gains.items() if each != case.account}
        times = self._fund.terms.assessments
        return Resources(
            margin=case.margin,
            contribution=self._fund.of(case.account),
            capital=self._fund.capital_left() - self._drawn[Tranche.CAPITAL, HOUSE],
            fund=self._left(Tranche.FUND, parts),
            assessments=self._left(
                Tranche.ASSESSMENT, {each: times * part for each, part in parts.items()}
            ),
            gains=self._left(Tranche.GAINS, gains),
        )

    def _left(self, tranche: Tranche, parts: Mapping[int, int]) -> dict[int, int]:
        return {each: part - self._drawn[tranche, each] for each, part in parts.items()}

    def draw(self, payments: list[Payment]) -> None:
        """Take out what a default has drawn."""
        for each in payments:
            self._drawn[each.tranche, each.account] += each.amount


def cover(batch: Batch, purse: Purse, case: Case, cash: int, date: int) -> None:
    """Add the rows by which a loss is borne, and the default closed.

    cash: micro-dollars that the defaulter has now that nothing is held. Its contribution comes
    back to it whole: what the loss leaves of that is its own.
    """
    resources = purse.resources(case)
    loss = max(0, case.margin - cash)
    payments = allocated(loss, resources, case.account, HOUSE)
    purse.draw(payments)
    if resources.contribution:
        charge(batch, case.account, -resources.contribution, Book.FUND, date)
    for payment in payments:
        _bear(batch, case.account, payment, date)
    for book in (Book.CAPITAL, Book.LOSS, Book.HAIRCUT):
        got = sum(each.amount for each in payments if _BOOKS.get(each.tranche) == book)
        if got:
            charge(batch, case.account, -got, book, date)
    batch.money(Kind.DEFAULT, account=case.account, code=Step.CLOSE, value=loss, source=date)
    if loss <= resources.margin + resources.contribution:
        batch.money(Kind.SUSPEND, account=case.account, code=Standing.GOOD, source=date)


def _bear(batch: Batch, defaulter: int, payment: Payment, date: int) -> None:
    """Add what one party pays, out of the fund or out of its cash, and the record of it."""
    tranche, account, amount = payment
    if tranche == Tranche.FUND:
        charge(batch, account, -amount, Book.FUND, date)
    if tranche in _BOOKS and account != HOUSE:
        charge(batch, account, amount, _BOOKS[tranche], date)
    batch.money(
        Kind.DEFAULT,
        account=defaulter,
        other=account,
        numerator=tranche,
        value=amount,
        source=date,
        code=Step.COVER,
    )
