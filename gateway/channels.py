"""Channels: what each sends, and when. No socket here.

A channel takes in changes and flushes them as messages. Those of interval `raw` are
flushed at each publication, others every 100 ms, and then hold the last state.
"""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from typing_extensions import override

from engine.schema import Phase, Side
from gateway import answers
from gateway.accounts import Fill, Order
from gateway.charts import newest
from gateway.codec import STATES, decimal
from gateway.markets import Trade
from gateway.own import fill, order, summary
from gateway.public import best, side_levels, ticker_fields, trade
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


class BookChannel(Channel):
    """The whole book as a snapshot, then each change, chained by change ids."""

    def __init__(self, view: View, instrument: int, is_raw: bool) -> None:
        self.is_raw = is_raw
        self._instrument = instrument
        self._name = view.directory.instruments[instrument].name
        self._change_id = view.markets[instrument].change_id
        self._sent: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for side in Side:
            self._sent[side].update(view.books.levels(instrument, side, 1 << 16))
        self._touched: set[tuple[int, int]] = set()

    @override
    def first(self, view: View) -> list[Any]:
        bids = [("new", decimal(price), lots) for price, lots in self._ordered(Side.BUY)]
        asks = [("new", decimal(price), lots) for price, lots in self._ordered(Side.SELL)]
        time = view.markets[self._instrument].time // _MS
        return [answers.BookChange("snapshot", time, self._name, self._change_id, bids, asks)]

    @override
    def take(self, changes: Changes) -> bool:
        self._touched |= changes.books.get(self._instrument, set())
        return bool(self._touched)

    @override
    def flush(self, view: View) -> list[Any]:
        market, before = view.markets[self._instrument], self._change_id
        bids, asks = self._changes(view, Side.BUY), self._changes(view, Side.SELL)
        self._touched = set()
        if not (bids or asks):
            return []
        self._change_id = market.change_id
        time = market.time // _MS
        name = self._name
        return [answers.BookChange("change", time, name, self._change_id, bids, asks, before)]

    def _ordered(self, side: int) -> list[tuple[int, int]]:
        return sorted(self._sent[side].items(), reverse=side == Side.BUY)

    def _changes(self, view: View, side: int) -> list[tuple[str, Any, int]]:
        sent, changes = self._sent[side], []
        touched = sorted(
            (price for of, price in self._touched if of == side), reverse=side == Side.BUY
        )
        for price in touched:
            lots, before = view.books.lots(self._instrument, side, price), sent.get(price, 0)
            if lots == before:
                continue
            action = "delete" if lots == 0 else "change" if before else "new"
            changes.append((action, decimal(price), lots))
            if lots:
                sent[price] = lots
            else:
                del sent[price]
        return changes


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
        time = view.markets[number].time // _MS
        return [answers.Quote(view.directory.instruments[number].name, time, *bid, *ask)]


class DepthChannel(MarketChannel):
    """The best prices of a book, whole each time."""

    def __init__(self, instrument: int, depth: int, is_raw: bool) -> None:
        super().__init__(instrument, is_raw)
        self._depth = depth

    @override
    def take(self, changes: Changes) -> bool:
        return self.instrument in changes.books

    @override
    def flush(self, view: View) -> list[Any]:
        number, market = self.instrument, view.markets[self.instrument]
        bids = side_levels(view, number, Side.BUY, self._depth)
        asks = side_levels(view, number, Side.SELL, self._depth)
        time, name = market.time // _MS, market.terms.name
        return [answers.BookChange(msgspec.UNSET, time, name, market.change_id, bids, asks)]


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
