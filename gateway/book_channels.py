"""Channels about what rests: by price, changes of it, and order by order."""

from decimal import Decimal
from typing import Any

import msgspec
from typing_extensions import override

from engine.schema import Side
from gateway import answers
from gateway.channels import Channel, MarketChannel
from gateway.codec import SIDES, decimal
from gateway.events import select
from gateway.public import implied, side_levels
from gateway.queues import FOLDED, Change, Queues
from gateway.view import Changes, View

_MS = 1_000_000


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
        self._implied = implied(view.markets[instrument])
        self._is_due = False

    @override
    def first(self, view: View) -> list[Any]:
        bids = [("new", decimal(price), lots) for price, lots in self._ordered(Side.BUY)]
        asks = [("new", decimal(price), lots) for price, lots in self._ordered(Side.SELL)]
        time = view.markets[self._instrument].time // _MS
        head = ("snapshot", time, self._name, self._change_id)
        return [answers.BookChange(*head, bids, asks, **self._implied)]

    @override
    def take(self, changes: Changes) -> bool:
        self._touched |= changes.books.get(self._instrument, set())
        self._is_due |= self._instrument in changes.books
        return self._is_due

    @override
    def flush(self, view: View) -> list[Any]:
        market, before = view.markets[self._instrument], self._change_id
        bids, asks = self._changes(view, Side.BUY), self._changes(view, Side.SELL)
        self._touched, self._is_due = set(), False
        implied_before, self._implied = self._implied, implied(market)
        if not (bids or asks) and self._implied == implied_before:
            return []
        self._change_id = market.change_id
        head = ("change", market.time // _MS, self._name, self._change_id)
        return [answers.BookChange(*head, bids, asks, before, **self._implied)]

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
        head = (msgspec.UNSET, market.time // _MS, market.terms.name, market.change_id)
        return [answers.BookChange(*head, bids, asks, **implied(market))]


class OrdersChannel(Channel):
    """Every order of a book in the order of its queue, then what becomes of each."""

    is_raw = True

    def __init__(self, view: View, instrument: int) -> None:
        self._instrument = instrument
        self._name = view.directory.instruments[instrument].name
        self._change_id = view.markets[instrument].change_id
        self._queues = Queues(view.books.queued(instrument))
        self._made: list[Change] = []

    @override
    def first(self, view: View) -> list[Any]:
        time = view.markets[self._instrument].time // _MS
        orders = [_told(each) for each in self._queues]
        return [answers.OrdersChange("snapshot", time, self._name, self._change_id, orders)]

    @override
    def take(self, changes: Changes) -> bool:
        if self._instrument in changes.books:
            mine = changes.events[changes.events["instrument"] == self._instrument]
            for event in select(mine, FOLDED):
                self._made += self._queues.fold(event)
        return bool(self._made)

    @override
    def flush(self, view: View) -> list[Any]:
        market, before = view.markets[self._instrument], self._change_id
        orders, self._made = [_told(each) for each in self._made], []
        self._change_id = market.change_id
        head = ("change", market.time // _MS, self._name, self._change_id)
        return [answers.OrdersChange(*head, orders, before)]


def _told(change: Change) -> tuple[str, str, str, Decimal, int]:
    """Return a change of an order as it stands in messages."""
    action, side, order_id, price, lots = change
    return action, SIDES[side], str(order_id), decimal(price), lots
