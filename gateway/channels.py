"""Channels: what each sends, and when. No socket here.

A channel takes in changes and flushes them as messages. Those of interval `raw` are
flushed at each publication, others every 100 ms, and then hold the last state.
"""

from collections.abc import Callable
from typing import Any, Protocol

from typing_extensions import override

from engine.schema import Phase, Side
from gateway import answers
from gateway.charts import newest
from gateway.codec import STATES
from gateway.holdings import Fill, Order
from gateway.markets import Trade
from gateway.own import fill, order, summary
from gateway.public import best, implied, ticker_fields, trade
from gateway.view import Changes, View

Covers = Callable[[int], bool]  # Whether a channel is about an instrument.

_MS = 1_000_000


class Channel(Protocol):
    """What a channel's messages are made of."""

    is_raw: bool

    def first(self, view: View) -> list[Any]:
        """Return what a new subscriber is sent at once; the channel was flushed before."""
        return []

    def take(self, changes: Changes) -> bool:
        """Take in changes; return whether there is something to flush."""

    def flush(self, view: View) -> list[Any]:
        """Return the messages that bring every subscriber up to date."""


class MarketChannel(Channel):
    """A message about one instrument, made anew whenever something of it changed."""

    def __init__(self, instrument: int, is_raw: bool) -> None:
        self.is_raw = is_raw
        self.instrument = instrument

    @override
    def first(self, view: View) -> list[Any]:
        return self.flush(view)

    @override
    def take(self, changes: Changes) -> bool:
        return self.instrument in changes.markets

    @override
    def flush(self, view: View) -> list[Any]:
        terms = view.directory.instruments[self.instrument]
        return [answers.Ticker(**ticker_fields(view, terms))]


class QuoteChannel(MarketChannel):
    """The best prices of an instrument."""

    @override
    def take(self, changes: Changes) -> bool:
        return self.instrument in changes.books

    @override
    def flush(self, view: View) -> list[Any]:
        number = self.instrument
        bid, ask = best(view, number, Side.BUY), best(view, number, Side.SELL)
        market = view.markets[number]
        time, name = market.time // _MS, market.terms.name
        return [answers.Quote(name, time, *bid, *ask, **implied(market))]


class ChartChannel(MarketChannel):
    """The newest candle of an instrument."""

    def __init__(self, instrument: int, minutes: int) -> None:
        super().__init__(instrument, is_raw=True)
        self._minutes = minutes

    @override
    def take(self, changes: Changes) -> bool:
        return any(made.instrument == self.instrument for made in changes.trades)

    @override
    def flush(self, view: View) -> list[Any]:
        market = view.markets[self.instrument]
        return [newest(market, self._minutes)] if market.candles else []


class StateChannel(Channel):
    """Changes of phase of the instruments that it looks at."""

    is_raw = True

    def __init__(self, covers: Covers) -> None:
        self._covers = covers
        self._phased: set[int] = set()

    @override
    def take(self, changes: Changes) -> bool:
        self._phased |= {number for number in changes.phased if self._covers(number)}
        return bool(self._phased)

    @override
    def flush(self, view: View) -> list[Any]:
        found = [view.markets[number] for number in sorted(self._phased)]
        self._phased = set()
        return [
            answers.InstrumentState(
                market.time // _MS, market.terms.name, STATES[Phase(market.phase)]
            )
            for market in found
        ]


class TradesChannel(Channel):
    """Trades of the instruments that it looks at."""

    def __init__(self, covers: Covers, is_raw: bool) -> None:
        self.is_raw = is_raw
        self._covers = covers
        self._made: list[Trade] = []

    @override
    def take(self, changes: Changes) -> bool:
        self._made += [made for made in changes.trades if self._covers(made.instrument)]
        return bool(self._made)

    @override
    def flush(self, view: View) -> list[Any]:
        made, self._made = self._made, []
        return [[trade(view, each) for each in made]]


class OwnTradesChannel(Channel):
    """An account's fills."""

    def __init__(self, account: int, covers: Covers, is_raw: bool) -> None:
        self.is_raw = is_raw
        self._account = account
        self._covers = covers
        self._made: list[Fill] = []

    @override
    def take(self, changes: Changes) -> bool:
        self._made += [
            made
            for made in changes.fills
            if made.account == self._account and self._covers(made.instrument)
        ]
        return bool(self._made)

    @override
    def flush(self, view: View) -> list[Any]:
        made, self._made = self._made, []
        return [[fill(view, each) for each in made]]


class OwnOrdersChannel(Channel):
    """An account's orders, each as it stands: raw one a message, else a list."""

    def __init__(self, account: int, covers: Covers, is_raw: bool) -> None:
        self.is_raw = is_raw
        self._account = account
        self._covers = covers
        self._made: dict[int, Order] = {}

    @override
    def take(self, changes: Changes) -> bool:
        for made in changes.orders:
            if made.account == self._account and self._covers(made.instrument):
                self._made[made.order_id] = made
        return bool(self._made)

    @override
    def flush(self, view: View) -> list[Any]:
        found = [order(view, made) for made in self._made.values()]
        self._made = {}
        return found if self.is_raw else [found]


class PortfolioChannel(Channel):
    """An account's money."""

    is_raw = True

    def __init__(self, account: int, currency: str) -> None:
        self._account = account
        self._currency = currency

    @override
    def first(self, view: View) -> list[Any]:
        return self.flush(view)

    @override
    def take(self, changes: Changes) -> bool:
        return self._account in changes.accounts

    @override
    def flush(self, view: View) -> list[Any]:
        return [summary(view, view.accounts[self._account], self._currency)]
