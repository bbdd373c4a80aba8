"""A venue in which account 3 defaults on its second day: 12 lots, two members, a fund."""

import datetime
import pathlib
from decimal import Decimal

from clearing.calendar import next_business_day, times
from clearing.default.cases import Case
from clearing.default.steps import Step
from clearing.default.terms import FundTerms, add_terms
from clearing.default.waterfall import Tranche, drawn
from clearing.ledger import HOUSE, Book
from clearing.venue import Venue
from engine.instruments import units
from engine.rows import Batch
from engine.schema import AccountType, Flag, Kind
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    finish,
    fix,
    found,
    front,
    trade,
)

DOLLAR = 1_000_000
LOTS = 12
TERMS = FundTerms(capital=Decimal(400), contribution=Decimal(1_000), assessments=2)


def member(batch: Batch, account: int, cash: int) -> None:
    """Add the rows that open one more member's account, number `account`."""
    batch.money(Kind.OPEN_OWNER, other=account, text=f"owner-{account}")
    batch.money(
        Kind.OPEN_ACCOUNT,
        account=account,
        other=account,
        code=AccountType.MEMBER,
        value=100,
        text=f"account-{account}",
    )
    batch.money(Kind.DEPOSIT, account=account, value=cash)


def founded(
    terms: FundTerms = TERMS, cash: int = 6_000 * DOLLAR, folder: pathlib.Path | None = None
) -> Venue:
    """Return a venue on its first day whose accounts 1 and 5 are members.

    Account 3 has bought 12 lots of the second month from account 1 at 2.81; terms of the fund hold
    from its end of day on.
    """
    venue = Venue.open(folder, sizes=SIZES)
    found(venue, cash=cash)
    batch = Batch()
    member(batch, 5, cash)
    add_terms(batch, terms)
    venue.submit(batch, venue.exchange.time)
    venue.tick(times(FIRST_DAY)[2][0])
    august = front(venue, FIRST_DAY, 1)
    trade(venue, 3, 1, august, LOTS, units("2.81"), venue.exchange.time)
    fix(venue, FIRST_DAY, [2_810_000, 1_400_000])
    finish(venue, FIRST_DAY)
    assert not venue.house.calls.open
    return venue


def declare(venue: Venue, account: int, date: datetime.date) -> None:
    """Declare an account in default, as operators do, with the date of the day."""
    batch = Batch()
    source = int(date.strftime("%Y%m%d"))
    batch.money(
        Kind.DEFAULT, account=account, code=Step.DECLARE, source=source, flags=Flag.OPERATOR
    )
    venue.submit(batch, venue.exchange.time)


def defaulted(price: int, venue: Venue, *bids: tuple[int, int]) -> Case:
    """Let account 3 default on the second day, whose index is `price`; return its case.

    bids: account and micro-dollars.
    """
    date = next_business_day(FIRST_DAY)
    venue.tick(times(date)[4][0])
    declare(venue, 3, date)
    bid(venue, *bids)
    fix(venue, date, [price, 1_400_000])
    finish(venue, date)
    return venue.house.defaults.cases[0]


def bid(venue: Venue, *bids: tuple[int, int]) -> None:
    """Submit sealed bids of accounts for everything in the first auction."""
    batch = Batch()
    for account, price in bids:
        batch.desk(Kind.BID, 1, buyer=account, price=price, instrument=0)
    if bids:
        venue.submit(batch, venue.exchange.time)


def tranches(case: Case) -> dict[Tranche, int]:
    return {tranche: amount for tranche, amount in drawn(case.payments).items() if amount}


def assert_closed(venue: Venue, case: Case) -> None:
    """Assert that a default left nothing open, and that all that was lost was borne."""
    assert case.closed
    assert sum(payment.amount for payment in case.payments) == case.loss
    assert not venue.house.positions.holdings["net"][:, case.account].any()
    balances = venue.house.ledger.balances
    assert (balances[HOUSE, Book.LOSS], balances[HOUSE, Book.HAIRCUT]) == (0, 0)
    assert balances[case.account, Book.FUND] == 0
    assert venue.house.ledger.total() == 0
    open_cash = balances[case.account, Book.CASH]
    assert open_cash == -tranches(case).get(Tranche.UNCOVERED, 0) or open_cash > 0
