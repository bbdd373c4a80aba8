"""What `cfx default` shows: each default of a run, tranche by tranche, and beside it forwards."""

from collections.abc import Sequence

import msgspec
import numpy as np

from clearing.calendar import times
from clearing.default.bidders import Fault
from clearing.default.cases import NOBODY, Auction, Case
from clearing.default.waterfall import Tranche, drawn
from clearing.directory import Directory
from clearing.house import House
from clearing.ledger import Book, Entry
from engine.instruments import as_date
from engine.schema import Role, Side
from sim.bilateral import Loss, losses, owed
from sim.run import Run


class Offer(msgspec.Struct, frozen=True):
    """A sealed bid, opened."""

    account: str
    price_micro: int
    passed_over: str = ""  # Why it could not win: standing, uncovered or margin.


class Sold(msgspec.Struct, frozen=True):
    """An auction: who won it, at what, or how many lots were torn up."""

    model: str
    winner: str  # "": nobody.
    price_micro: int
    torn_up_lots: int
    bids: list[Offer]


class Borne(msgspec.Struct, frozen=True):
    """What one party bears in one tranche."""

    tranche: str
    account: str
    amount_micro: int


class Unpaid(msgspec.Struct, frozen=True):
    """What one counterparty would have lost with bilateral forwards."""

    account: str
    owed_micro: int
    lost_micro: int


class Defaulted(msgspec.Struct, frozen=True):
    """One default. Dates as yyyymmdd; closed 0: it is open."""

    account: str
    declared: int
    closed: int
    loss_micro: int
    tranches: dict[str, int]
    borne: list[Borne]
    auctions: list[Sold]
    bilateral: list[Unpaid]


def defaulted(run: Run) -> list[Defaulted]:
    """Return the defaults of a run that was played, and what forwards would have lost."""
    house = run.venue.house
    return [_shown(house, case, _forwards(run, case)) for case in house.defaults.cases]


def _shown(house: House, case: Case, forwards: Sequence[Loss]) -> Defaulted:
    directory = house.directory
    names = [account.name for account in directory.accounts]
    return Defaulted(
        account=names[case.account],
        declared=case.declared,
        closed=case.closed,
        loss_micro=case.loss,
        tranches={one.name.lower(): amount for one, amount in drawn(case.payments).items()},
        borne=[
            Borne(each.tranche.name.lower(), names[each.account], each.amount)
            for each in case.payments
        ],
        auctions=[_sold(directory, auction) for auction in case.auctions],
        bilateral=[Unpaid(names[each.creditor], each.owed, each.lost) for each in forwards],
    )


def _sold(directory: Directory, auction: Auction) -> Sold:
    names = [account.name for account in directory.accounts]
    faults = {each.account: Fault(each.fault).name.lower() for each in auction.passed_over}
    return Sold(
        model=directory.products[auction.product].name,
        winner="" if auction.winner == NOBODY else names[auction.winner],
        price_micro=auction.price,
        torn_up_lots=auction.torn_up,
        bids=[
            Offer(names[bid.account], bid.price, faults.get(bid.account, ""))
            for bid in auction.best()
        ],
    )


def _forwards(run: Run, case: Case) -> list[Loss]:
    """Return what counterparties lose where the trades up to the default's close were forwards.

    They are valued at the settlement prices of its day; what expired before was paid then.
    """
    house = run.venue.house
    until = case.closed or house.date
    settlements = [one for one in house.marking.settlements if one.date == until]
    prices = {one.instrument: one.price for one in settlements}
    values = {one.number: one.value for one in house.directory.instruments}
    bought, sold = run.tally.fills(Side.BUY), run.tally.fills(Side.SELL)
    made = (bought["time"] <= _closed(run, until)) & (bought["role"] != Role.ASSIGNED)
    debts = owed(bought[made], sold[made], prices, values, case.account)
    return losses(debts, _brought(house, case.account))


def _closed(run: Run, date: int) -> int:
    """Return when a trade date ends, in nanoseconds."""
    return times(as_date(date))[-1][0]


def _brought(house: House, account: int) -> int:
    """Return what an account paid in, and did not take out, in micro-dollars."""
    entries = house.ledger.entries
    mine = (entries["account"] == account) & (entries["book"] == Book.CASH)
    is_paid = np.isin(entries["kind"], (Entry.DEPOSIT, Entry.WITHDRAWAL, Entry.TRANSFER))
    return int(entries["amount"][mine & is_paid].sum())


_MEANING = {
    Tranche.MARGIN: "the defaulter's own money",
    Tranche.CONTRIBUTION: "its part of the guaranty fund",
    Tranche.CAPITAL: "the exchange's own capital",
    Tranche.FUND: "other members' parts of the fund",
    Tranche.ASSESSMENT: "what they are asked for beyond it",
    Tranche.GAINS: "haircut of the day's gains",
    Tranche.UNCOVERED: "nobody",
}


def page(shown: Defaulted) -> str:
    """Return a default as text: auctions, the waterfall, and who would have lost with forwards."""
    closed = f"closed {as_date(shown.closed)}" if shown.closed else "not closed yet"
    lines = [f"{shown.account}: in default since {as_date(shown.declared)}, {closed}", ""]
    for sold in shown.auctions:
        won = f"to {sold.winner} for {_usd(sold.price_micro)}" if sold.winner else "to nobody"
        torn = f"; {sold.torn_up_lots:,} lots torn up" if sold.torn_up_lots else ""
        lines.append(f"{sold.model}: {won}{torn}")
        lines += [_bid(bid) for bid in sold.bids]
    lines += ["", f"{'waterfall':38}{'USD':>20}"]
    for tranche in Tranche:
        amount = shown.tranches[tranche.name.lower()]
        lines.append(f"  {_MEANING[tranche]:36}{_usd(amount):>20}")
        members = [each for each in shown.borne if each.tranche == tranche.name.lower()]
        if tranche in (Tranche.FUND, Tranche.ASSESSMENT, Tranche.GAINS):
            lines += [f"    {each.account:34}{_usd(each.amount_micro):>20}" for each in members]
    lines += [f"  {'loss':36}{_usd(shown.loss_micro):>20}", ""]
    lines += [f"{'the same trades as forwards':38}{'owed':>20}{'lost':>20}"]
    for one in shown.bilateral:
        lines.append(f"  {one.account:36}{_usd(one.owed_micro):>20}{_usd(one.lost_micro):>20}")
    total = sum(one.lost_micro for one in shown.bilateral)
    return "\n".join([*lines, f"  {'lost by counterparties':36}{'':20}{_usd(total):>20}", ""])


_FAULTS = {
    "standing": "passed over: not in good standing any more",
    "uncovered": "passed over: more than members answer for",
    "margin": "passed over: it would be short of initial margin",
}


def _bid(bid: Offer) -> str:
    why = f"  {_FAULTS[bid.passed_over]}" if bid.passed_over else ""
    return f"  bid {bid.account:24}{_usd(bid.price_micro):>20}{why}"


def _usd(micro: int) -> str:
    return f"{micro / 1e6:,.2f}"
