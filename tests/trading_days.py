"""A small venue and its days, for the tests of clearing: two products, four accounts.

Days are driven through the calendar; between its rows random orders trade around the index.
"""

import datetime
import random
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from clearing.calendar import eve, index_window, next_business_day, times
from clearing.genesis import genesis
from clearing.terms import ProductTerms
from clearing.venue import Venue
from engine.exchange import Outcome
from engine.instruments import as_number
from engine.layout import OBSERVE
from engine.quote_rows import add_quote
from engine.rows import Batch
from engine.schema import AccountType, Form, Kind, Side, Standing, Type
from engine.state import Sizes

FIRST_DAY = datetime.date(2026, 7, 6)
MODELS = ("H100", "A100")
TERMS = [
    ProductTerms(
        model=model,
        rates=(Decimal(410), Decimal("350.50")),
        curve=((1, Decimal("-0.01")), (12, Decimal("-0.12"))),
        charge=Decimal(40),
    )
    for model in MODELS
]
TYPES = (AccountType.MEMBER, AccountType.HEDGER, AccountType.SPECULATOR, AccountType.SPECULATOR)
PERCENTS = (100, 100, 110, 110)
CASH = 40_000_000_000  # Micro-dollars.
SIZES = Sizes(orders=1 << 14, levels=1 << 22, instruments=256, accounts=64, positions=1 << 10)
PROVIDERS = ("alpha", "beta", "gamma", "delta")
_HALF_HOUR = 1_800_000_000_000


def founding(
    first_day: datetime.date = FIRST_DAY, cash: int = CASH, terms: Sequence[ProductTerms] = TERMS
) -> Batch:
    """Return the rows that found the venue: accounts 1 to 4, each with an owner and cash."""
    batch = genesis(terms, first_day)
    for account, kind in enumerate(TYPES, start=1):
        batch.money(Kind.OPEN_OWNER, other=account, text=f"owner-{account}")
        batch.money(
            Kind.OPEN_ACCOUNT,
            account=account,
            other=account,
            code=kind,
            value=PERCENTS[account - 1],
            text=f"account-{account}",
        )
        batch.money(Kind.DEPOSIT, account=account, value=cash)
    return batch


def found(venue: Venue, first_day: datetime.date = FIRST_DAY, cash: int = CASH) -> list[Outcome]:
    """Found a venue on the eve of its first day."""
    return venue.submit(founding(first_day, cash), eve(first_day))


def front(venue: Venue, date: datetime.date, ahead: int = 0, product: int = 0) -> int:
    """Return the number of the contract that is `ahead` months behind the nearest live one."""
    listed = venue.house.directory.futures(product)
    return [each.number for each in listed if each.expiry >= as_number(date)][ahead]


def observations(date: datetime.date, prices: list[int], *, named: bool) -> Batch:
    """Return the posted prices of one day, in micro-dollars by product, of every provider."""
    rows = np.zeros(len(prices) * len(PROVIDERS), OBSERVE)
    for place, row in enumerate(rows):
        product, provider = divmod(place, len(PROVIDERS))
        row["model"], row["provider"], row["row"] = product, provider, place
        row["price_micro"] = prices[product] + 3_000 * provider
        row["traded"] = index_window(date)[0] + _HALF_HOUR
        row["term"], row["tier"], row["gpu_count"] = 1, 2, 8
    names = dict(enumerate(PROVIDERS)) if named else {}
    batch = Batch()
    batch.observe(rows, names)
    return batch


def trade(
    venue: Venue, buyer: int, seller: int, instrument: int, lots: int, price: int, now: int
) -> list[Outcome]:
    """Let two accounts trade with each other; the seller rests."""
    batch = Batch()
    batch.enter(seller, instrument, Side.SELL, lots, price)
    batch.enter(buyer, instrument, Side.BUY, lots, price)
    return venue.submit(batch, now)


def founded(cash: int = 40_000_000_000) -> Venue:
    """Return a venue whose first day is open."""
    venue = Venue.open(sizes=SIZES)
    found(venue, cash=cash)
    venue.tick(times(FIRST_DAY)[2][0])
    return venue


def fix(venue: Venue, date: datetime.date, prices: list[int]) -> None:
    """Let the day pass to its fixing, with the same posted price from every provider."""
    opened, closed = index_window(date)
    venue.tick(opened)
    rows = observations(date, prices, named=not venue.house.fixings.names)
    venue.submit(rows, opened + _HALF_HOUR)
    venue.tick(closed)


def finish(venue: Venue, date: datetime.date) -> None:
    """Let the rest of the day pass."""
    venue.tick(times(date)[-1][0])


def index_of(venue: Venue, product: int = 0) -> int:
    """Return the product's last index, in micro-dollars."""
    return [each.value_micro for each in venue.house.fixings.fixed if each.product == product][-1]


def assert_books_agree(venue: Venue) -> None:
    """Assert that kernel and house know the same money, positions and standings."""
    house, state = venue.house, venue.exchange.state
    count = house.positions.accounts
    accounts = state.accounts[:count]
    booked = house.ledger.worth(count) + house.positions.holders["premium"]
    assert (accounts["equity"] == booked)[1:].all()
    assert (accounts["open"] == house.positions.holders["open"]).all()
    assert (accounts["equity"] + accounts["open"])[1:].tolist() == house.calls.equity()[1:].tolist()
    used = state.positions[1 : int(state.totals[0]["positions"])]
    waiting = [n for n, each in enumerate(house.directory.instruments) if each.form == Form.TAS]
    for row in used[~np.isin(used["instrument"], waiting)]:
        held = house.positions.holdings[row["instrument"], row["account"]]
        assert (held["net"], held["cost"]) == (row["net"], row["cost"])
    called = np.flatnonzero(accounts["standing"] == Standing.CALLED).tolist()
    assert called == sorted(house.calls.open)


class Driver:
    """Drives a venue through days of random trading; kernel and house agree all the time."""

    def __init__(self, venue: Venue, seed: int = 1) -> None:
        self.venue = venue
        self.chance = random.Random(seed)
        self.date = FIRST_DAY
        self.prices = [2_810_000, 1_400_000]
        self.outcomes: list[Outcome] = []

    def day(self, orders: int = 40, *, observed: bool = True) -> None:
        """Let one trade date pass, from pre-open to post-close."""
        fixing = index_window(self.date)[1]
        opening = times(self.date)[3][0]
        for place in range(orders):
            now = opening + place * (fixing - opening) // (orders + 1)
            self.outcomes += self.venue.tick(now)
            self.outcomes += self.venue.submit(self._orders(), now)
            assert_books_agree(self.venue)
        if observed:
            self.prices = [int(p * (1 + self.chance.gauss(0, 0.03))) for p in self.prices]
            named = not self.venue.house.fixings.names
            rows = observations(self.date, self.prices, named=named)
            self.outcomes += self.venue.submit(rows, fixing - _HALF_HOUR // 2)
        self.outcomes += self.venue.tick(times(self.date)[-1][0])
        self.date = next_business_day(self.date)

    def _orders(self) -> Batch:
        """Return a few random orders around the index, sometimes with money rows."""
        batch, chance = Batch(), self.chance
        for _ in range(chance.randint(1, 6)):
            product = chance.randrange(2)
            instrument = front(self.venue, self.date, chance.randrange(4), product)
            around = self.prices[product] // 10_000 * 2
            price = around + 2 * chance.randint(-6, 6)
            side, lots = chance.randrange(2), chance.randint(1, 12)
            kind = Type.LIMIT if chance.random() < 0.8 else Type.MARKET
            batch.enter(chance.randint(1, 4), instrument, side, lots, price, type=kind)
            if chance.random() < 0.1:
                maker = chance.randint(1, 4)
                for more in (1, 0):
                    bid, ask = (lots + more, price), (3, price + 2)
                    add_quote(batch, maker, instrument, bid, ask)
            if chance.random() < 0.1:
                self._go_to_the_desk(batch, instrument, around)
        if chance.random() < 0.1:
            giver, taker = chance.sample(range(1, 5), 2)
            value = chance.randint(1, 2_000_000_000)
            batch.money(Kind.TRANSFER, account=giver, other=taker, value=value)
        if chance.random() < 0.1:
            moved = chance.choice((Kind.DEPOSIT, Kind.WITHDRAW))
            value = chance.randint(1, 3_000_000_000)
            batch.money(moved, account=chance.randint(1, 4), value=value)
        return batch

    def _go_to_the_desk(self, batch: Batch, instrument: int, around: int) -> None:
        """Report a block, sometimes far off, review some of the last trades, and assign lots."""
        chance, last = self.chance, int(self.venue.exchange.state.totals[0]["trades"])
        buyer, seller = chance.sample(range(1, 5), 2)
        price, lots = around + 2 * chance.randint(-50, 50), chance.randint(5, 9)
        batch.desk(
            Kind.BLOCK,
            buyer=buyer,
            seller=seller,
            instrument=instrument,
            quantity=lots,
            price=price,
        )
        for kind in (Kind.BUST, Kind.ADJUST):
            batch.desk(kind, max(1, last - chance.randrange(12)), price=around)
        if lots == 9:
            self._assign(batch, instrument, seller, buyer, around + 1)

    def _assign(self, batch: Batch, instrument: int, buyer: int, seller: int, price: int) -> None:
        """Let four lots change hands off the market, between two ticks; grant the buyer credits."""
        batch.desk(
            Kind.ASSIGN,
            buyer=buyer,
            seller=seller,
            instrument=instrument,
            quantity=4,
            price=price,
        )
        for product in range(2):
            batch.money(Kind.CREDIT, account=buyer, product=product, value=200_000_000)
