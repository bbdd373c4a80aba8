"""Everything that clients may read: folds over published outcomes, and nothing else.

An outcome is folded once its frame is durable; no request reads the engine's state.
"""

from typing import NamedTuple

from clearing.default.sales import Sales
from clearing.directory import Directory, Instrument
from engine.exchange import Outcome
from engine.jit import Table
from gateway.accounts import Accounts
from gateway.book import Books
from gateway.combos import code_of
from gateway.holdings import Fill, Order
from gateway.indexes import Indexes
from gateway.markets import Markets, Trade
from gateway.protections import Protections
from gateway.refusals import INSTRUMENT_NOT_FOUND, RefusedError, invalid

EVERYTHING = ("any", "USD")

Prices = set[tuple[int, int]]  # (side, price in units).


class Changes(NamedTuple):
    """What one outcome changed, for those who are subscribed."""

    time: int
    events: Table
    books: dict[int, Prices]  # Those too whose implied prices changed alone.
    trades: list[Trade]
    markets: set[int]
    phased: set[int]
    orders: list[Order]
    fills: list[Fill]
    accounts: set[int]


class View:
    """The directory, the books, the markets and the accounts, as last published."""

    def __init__(self) -> None:
        self.directory = Directory()
        self.books = Books()
        self.indexes = Indexes(self.directory)
        self.markets = Markets()
        self.accounts = Accounts(self.markets)
        self.protections = Protections()
        self.sales = Sales()
        self.time = 0
        self.seq = 0
        self._codes: dict[str, Instrument] = {}

    def fold(self, outcome: Outcome) -> Changes:
        """Take in one outcome; they come in the order of the journal."""
        self.seq = outcome.frame.last
        self.time = int(outcome.frame.commands[-1]["time"])
        self.directory.fold(outcome)
        for terms in self.directory.instruments[len(self.markets) :]:
            self._list(terms)
        self.indexes.fold(outcome)
        books = self.books.fold(outcome.events)
        moved = self.markets.fold(outcome)
        for instrument in moved.implied:
            books.setdefault(instrument, set())
        for instrument in books:
            market = self.markets[instrument]
            market.change_id, market.time = self.seq, self.time
        trades = {trade.trade_id: trade for trade in moved.trades}
        own = self.accounts.fold(outcome, trades)
        self.protections.fold(outcome)
        self.sales.fold(outcome)
        touched = moved.touched | books.keys()
        seen = self.time, outcome.events, books
        return Changes(*seen, moved.trades, touched, moved.phased, *own)

    def instrument(self, name: str) -> Instrument:
        """Return an instrument by its name or its code. Raises RefusedError."""
        found = self.directory.instrument_of.get(name) or self._codes.get(name)
        if found is None:
            code, reason = INSTRUMENT_NOT_FOUND, "no such instrument is listed"
            raise RefusedError(code, param="instrument_name", value=name, reason=reason)
        return found

    def selected(self, currency: str) -> list[Instrument]:
        """Return the instruments of a model, or all for USD and any. Raises RefusedError."""
        if currency in EVERYTHING:
            return self.directory.instruments
        product = self.directory.product_of.get(currency.upper())
        if product is None:
            raise invalid("currency", currency, "no product and no money has this name")
        return self.directory.listed(product.number)

    def covers(self, currency: str, instrument: int) -> bool:
        """Whether an instrument is of a model; of USD and any all are, of an unknown one none."""
        product = self.directory.instruments[instrument].product
        return currency in EVERYTHING or self.directory.products[product].name == currency.upper()

    def _list(self, terms: Instrument) -> None:
        self.books.add(terms.number, terms.low, terms.high, terms.tick)
        self.markets.add(terms, self.directory.legs.get(terms.number, []), self.time)
        self._codes[code_of(self.directory, terms)] = terms
