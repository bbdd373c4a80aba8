"""Days in which prices jump, calls stay unmet, accounts default, and members bid or do not.

What is asked of the venue at a moment is a function of the seed, the moment's number and what
stands in the venue then: a run that was cut off goes on from its journal as if it never was.
"""

import datetime
import pathlib
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import msgspec

from clearing.calendar import eve, index_window, next_business_day, times
from clearing.collateral import ASSET_OF, counts_for
from clearing.default.steps import Step
from clearing.default.terms import FundTerms, add_terms
from clearing.venue import Venue
from engine.disk import Disk
from engine.instruments import as_number
from engine.journal import Durability
from engine.rows import Batch
from engine.schema import Flag, Kind, Side, Type
from tests.small_default import DOLLAR, member
from tests.trading_days import FIRST_DAY, SIZES, TERMS, founding, front, observations

ACCOUNTS = 9  # 1 and 5 to 9 are members.
SIZES_OF_RUN = SIZES._replace(instruments=512)
_CASH = 14_000 * DOLLAR
_FUND = FundTerms(
    capital=Decimal(700), contribution=Decimal(2_500), share_percent=10, assessments=1
)
_DRAINS = 12  # Of orders and money, a day.
_SECOND = 1_000_000_000


class Moment(NamedTuple):
    """One drain of what comes from outside."""

    number: int  # 0: the founding.
    time: int  # Nanoseconds; nothing of the calendar is due at it.
    date: datetime.date
    prices: list[int]  # Of each product's index that day, micro-dollars.
    is_observed: bool  # Whether it brings observations, instead of orders and money.


def opened(folder: pathlib.Path | None = None, disk: Disk = Disk()) -> Venue:
    """Return a venue, in memory or with the journal of a folder; what it holds was replayed."""
    return Venue.open(folder, disk, Durability.OS, SIZES_OF_RUN)


def play(venue: Venue, seed: int, days: int) -> None:
    """Let days pass from where a venue stands, to the close of the last one."""
    for moment in moments(seed, days):
        if moment.time > venue.exchange.time:
            venue.tick(moment.time)
            batch = rows(venue, seed, moment)
            if len(batch):
                venue.submit(batch, moment.time)
    venue.tick(times(moment.date)[-1][0])


def moments(seed: int, days: int) -> Iterator[Moment]:
    """Return a seed's moments. On every second day a price jumps, by a quarter or more."""
    chance, date = random.Random(f"{seed} prices"), FIRST_DAY
    prices, number = [2_810_000, 1_400_000], 0
    yield Moment(number, eve(date), date, prices, is_observed=False)
    for _ in range(days):
        prices = [_moved(chance, price) for price in prices]
        fixing = index_window(date)[1]
        first = times(date)[3][0] - 3_600 * _SECOND
        for place in range(_DRAINS):
            number += 1
            now = first + place * (fixing - first) // _DRAINS + number
            yield Moment(number, now, date, prices, is_observed=False)
        number += 1
        yield Moment(number, fixing - 60 * _SECOND + number, date, prices, is_observed=True)
        date = next_business_day(date)


def _moved(chance: random.Random, price: int) -> int:
    jump = chance.choice((0, 0, 0, 0, -0.25, -0.45, 0.3, 0.6))
    return min(max(int(price * (1 + jump + chance.gauss(0, 0.02))), 400_000), 9_000_000)


def rows(venue: Venue, seed: int, moment: Moment) -> Batch:
    """Return what comes from outside at a moment."""
    if moment.number == 0:
        return _founding()
    if moment.is_observed:
        named = not venue.house.fixings.names
        return observations(moment.date, moment.prices, named=named)
    batch, chance = Batch(), random.Random(f"{seed} {moment.number}")
    for _ in range(chance.randint(1, 5)):
        _order(batch, venue, chance, moment)
    _pay(batch, venue, chance)
    _bid(batch, venue, chance)
    if chance.random() < 0.01:
        account, date = chance.randint(0, ACCOUNTS), as_number(moment.date)
        code, flags = Step.DECLARE, Flag.OPERATOR
        batch.money(Kind.DEFAULT, account=account, code=code, source=date, flags=flags)
    return batch


def _founding() -> Batch:
    """Return the rows of the venue: options on the nearest month, a fund, bills of some."""
    terms = [msgspec.structs.replace(TERMS[0], options=1), TERMS[1]]
    batch = founding(cash=_CASH, terms=terms)
    for account in range(5, ACCOUNTS + 1):
        member(batch, account, _CASH)
    bill, face = ASSET_OF["t-bill"], 4_000 * DOLLAR
    for account in (2, 3, 5, 6):
        counted = counts_for(face, bill.haircut)
        batch.money(Kind.PLEDGE, account=account, code=bill.code, value=counted, value_2=face)
    add_terms(batch, _FUND)
    return batch


def _order(batch: Batch, venue: Venue, chance: random.Random, moment: Moment) -> None:
    """Add an order around the day's index, or, seldom, one for an option."""
    product, account = chance.randrange(2), chance.randint(1, ACCOUNTS)
    instrument, around = front(venue, moment.date, chance.randrange(3), product), 0
    options = [one.number for one in venue.house.directory.instruments if one.is_paid]
    if options and chance.random() < 0.25:
        instrument, around = chance.choice(options), 20
    state = venue.exchange.state.instruments[instrument]
    around = around or moment.prices[product] // 10_000 * 2
    price = max(2, (int(state["mark"]) if state["mark"] > 0 else around) // 2 * 2)
    price += 2 * chance.randint(-3, 3)
    side, lots = chance.choice((Side.BUY, Side.SELL)), chance.randint(1, 12)
    type_ = Type.LIMIT if chance.random() < 0.8 else Type.MARKET
    batch.enter(account, instrument, side, lots, max(2, price), type=type_)


def _pay(batch: Batch, venue: Venue, chance: random.Random) -> None:
    """Let who is called pay, or half of it, or nothing; and money come and go besides."""
    for account, called in sorted(venue.house.calls.open.items()):
        if chance.random() < 0.03:
            batch.money(Kind.DEPOSIT, account=account, value=called // chance.randint(1, 2))
    if chance.random() < 0.2:
        kind, account = chance.choice((Kind.DEPOSIT, Kind.WITHDRAW)), chance.randint(1, ACCOUNTS)
        batch.money(kind, account=account, value=chance.randint(1, 3_000 * DOLLAR))


def _bid(batch: Batch, venue: Venue, chance: random.Random) -> None:
    """Let accounts bid: well, greedily, or not at all; also some that may not."""
    for auction in venue.house.defaults.auctions():
        if auction.number % 4 == 0:
            continue
        for bidder in range(1, ACCOUNTS + 1):
            if chance.random() < 0.1:
                most = chance.choice((300, 300, 300, 2_000_000)) * DOLLAR
                batch.desk(
                    Kind.BID,
                    auction.number,
                    buyer=bidder,
                    price=-chance.randint(-most // 10, most),
                    instrument=0,
                )
