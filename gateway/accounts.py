"""What each account may know of itself, folded from published events.

Orders, fills, positions, cash and standing. Prices in price units, money in
micro-dollars, times in nanoseconds. Nothing here comes from the engine's state.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.exchange import Outcome
from engine.rows import text_at
from engine.schema import NIL, NIL_PRICE, NOT_HELD, Did, Flag, Reason, Role, Side, Standing
from gateway.events import Event, chosen, select
from gateway.markets import Market, Markets, Trade

CLOSED_KEPT = 10_000  # Orders of an account that no longer work.
FILLS_KEPT = 10_000


class Fill(NamedTuple):
    """One side of a trade, as its owner sees it."""

    number: int  # Counts the instrument's trades.
    trade_id: int
    time: int
    order_id: int
    account: int
    instrument: int
    side: int
    price: int
    lots: int
    role: int
    mark: int
    spot: int
    tick_direction: int
    spread: int  # The spread whose leg this is; NIL: none.
    is_held: bool  # Not so of a spread's own fill: its legs are.


@dataclass(slots=True)
class Order:
    """An order of an account, live or not."""

    order_id: int
    account: int
    instrument: int
    side: int
    type: int
    tif: int
    price: int
    lots: int  # In total.
    leaves: int
    created: int
    updated: int
    label: str
    flags: int  # Bits of the command that entered it.
    trigger: int  # Of a stop; else 0.
    display: int  # What it shows at a time; 0: all.
    is_waiting: bool  # A stop that no trade has elected.
    filled: int = 0
    cost: int = 0  # Price units x lots of what was filled.
    reason: int = Reason.NONE
    is_live: bool = True
    was_replaced: bool = False


@dataclass(slots=True)
class Holding:
    """A position. `cost` is what it was marked or traded at, in price units x lots."""

    net: int = 0
    cost: int = 0
    entry: int = 0  # What it was traded at, never marked.
    paid: int = 0  # Variation paid while it was held.

    def trade(self, lots: int, price: int) -> None:
        """Take in a fill; lots below 0 are sold."""
        self.cost += lots * price
        if self.net * lots >= 0:
            self.entry += lots * price
        elif abs(lots) <= abs(self.net):
            self.entry += self.entry * lots // self.net
        else:
            self.entry = (self.net + lots) * price
        self.net += lots

    def open(self, market: Market) -> int:
        """Return the variation since the last mark, in micro-dollars."""
        if market.mark == NIL_PRICE or market.terms.is_paid:
            return 0
        return (self.net * market.mark - self.cost) * market.terms.value


@dataclass(slots=True)
class Account:
    """One account's own view."""

    number: int
    cash: int = 0  # As of the last mark.
    standing: int = Standing.GOOD
    called: int = 0
    live: dict[int, Order] = field(default_factory=dict)
    closed: dict[int, Order] = field(default_factory=dict)
    fills: deque[Fill] = field(default_factory=lambda: deque(maxlen=FILLS_KEPT))
    holdings: dict[int, Holding] = field(default_factory=dict)

    def order(self, order_id: int) -> Order | None:
        """Return an order by its id, None where this account has none such."""
        return self.live.get(order_id) or self.closed.get(order_id)


class Touched(NamedTuple):
    """What a frame changed: orders in the order of their last event, fills, money."""

    orders: list[Order]
    fills: list[Fill]
    accounts: set[int]


_KINDS = chosen(
    [
        *(Did.ENTERED, Did.RESTED, Did.FILLED, Did.CANCELED, Did.REPLACED, Did.TRIGGERED),
        *(Did.BUSTED, Did.ADJUSTED),
        *(Did.DEPOSITED, Did.TAKEN, Did.CHARGED, Did.MARKED, Did.SETTLED, Did.SUSPENDED),
    ]
)
_MONEY = (Did.DEPOSITED, Did.TAKEN, Did.CHARGED)


class Accounts:
    """All accounts by number, made when an event first names them."""

    def __init__(self, markets: Markets) -> None:
        self._markets = markets
        self._accounts: dict[int, Account] = {}

    def __getitem__(self, number: int) -> Account:
        return self._accounts.setdefault(number, Account(number))

    def fold(self, outcome: Outcome, trades: Mapping[int, Trade]) -> Touched:
        """Take in what a frame did; the markets have folded it before.

        trades: those of this frame, by trade id.
        """
        orders: dict[int, Order] = {}
        fills: list[Fill] = []
        accounts: set[int] = set()
        for event in select(outcome.events, _KINDS):
            kind, number = event.kind, event.account
            if kind in (Did.MARKED, Did.SETTLED):
                accounts |= self._mark(event)
                continue
            account = self[number]
            accounts.add(number)
            if kind in _MONEY:
                account.cash = event.leaves
            elif kind == Did.SUSPENDED:
                account.standing, account.called = event.quantity, event.leaves
            elif kind in (Did.BUSTED, Did.ADJUSTED):
                _review(account, self._markets[event.instrument], event)
            elif event.role == Role.BLOCK:
                fills.append(self._fill(account, event, None, NIL))
            elif event.order_id:
                order = self._fold_order(account, event, outcome)
                orders[order.order_id] = order
                if kind == Did.FILLED:
                    spread = order.instrument if event.role == Role.LEG else NIL
                    trade = trades.get(event.trade_id)
                    fills.append(self._fill(account, event, trade, spread))
        return Touched(list(orders.values()), fills, accounts)

    def _mark(self, event: Event) -> set[int]:
        """Pay variation, or what was paid for its final price, to every holder; return them."""
        holders, instrument, price = set[int](), event.instrument, event.price
        terms = self._markets[instrument].terms
        value = terms.value
        if terms.is_paid and event.kind == Did.MARKED:
            return holders
        for account in self._accounts.values():
            holding = account.holdings.get(instrument)
            if holding is None or (holding.net == 0 and holding.cost == 0):
                continue
            variation = (holding.net * price - holding.cost) * value
            account.cash += variation
            holding.paid += variation
            holding.cost = holding.net * price
            if event.kind == Did.SETTLED:
                del account.holdings[instrument]
            holders.add(account.number)
        return holders

    def _fold_order(self, account: Account, event: Event, outcome: Outcome) -> Order:
        order_id, kind = event.order_id, event.kind
        if event.role == Role.LEG:
            leg_of = account.order(order_id)
            assert leg_of is not None
            return leg_of
        if kind == Did.ENTERED:
            order = account.live[order_id] = _entered(event, outcome)
        order = account.live[order_id]
        order.updated, order.leaves = event.time, event.leaves
        if kind == Did.REPLACED:
            order.price, order.lots = event.price, order.filled + order.leaves
            order.was_replaced = True
            order.trigger = event.other or order.trigger
        elif kind == Did.TRIGGERED:
            order.is_waiting = False
        elif kind == Did.FILLED:
            order.filled += event.quantity
            order.cost += event.quantity * event.price
        elif kind == Did.CANCELED:
            order.reason = event.reason
        if order.leaves == 0:
            _close(account, order)
        return order

    def _fill(self, account: Account, event: Event, trade: Trade | None, spread: int) -> Fill:
        """Take in a fill.

        trade: of the book; None for a block and for the leg of two spread orders' trade.
        spread: of which it is a leg, or NIL.
        """
        market = self._markets[event.instrument]
        if not event.flags & NOT_HELD:
            _hold(account, market, _bought(event), event.price)
        made = trade or self._markets.described(event)
        fill = Fill(
            *(made.number, made.trade_id, event.time, event.order_id, account.number),
            *(event.instrument, event.side, event.price, event.quantity, event.role),
            *(made.mark, made.spot, made.tick_direction),
            spread,
            not event.flags & NOT_HELD,
        )
        account.fills.append(fill)
        return fill


def _bought(event: Event) -> int:
    return event.quantity if event.side == Side.BUY else -event.quantity


def _hold(account: Account, market: Market, bought: int, price: int) -> None:
    """Change a position, and the lots that all hold long."""
    holding = account.holdings.setdefault(market.terms.number, Holding())
    before = max(holding.net, 0)
    holding.trade(bought, price)
    if market.terms.is_paid:
        account.cash -= bought * price * market.terms.value
        holding.cost = 0
    market.open_interest += max(holding.net, 0) - before


def _review(account: Account, market: Market, event: Event) -> None:
    """Take back the fills of a busted trade; let those of an adjusted one have their new price."""
    bought = _bought(event)
    if event.kind == Did.BUSTED:
        _hold(account, market, -bought, event.price)
        kept = [fill for fill in account.fills if fill.trade_id != event.trade_id]
    else:
        _hold(account, market, -bought, event.other)
        _hold(account, market, bought, event.price)
        kept = [
            fill._replace(price=event.price) if fill.trade_id == event.trade_id else fill
            for fill in account.fills
        ]
    account.fills = deque(kept, maxlen=FILLS_KEPT)


def _entered(event: Event, outcome: Outcome) -> Order:
    command = outcome.frame.commands[event.seq - outcome.frame.seq]
    flags, time = event.flags, event.time
    return Order(
        event.order_id,
        event.account,
        event.instrument,
        event.side,
        flags & 0xFF,
        flags >> 8 & 0xFF,
        event.price,
        event.quantity,
        event.leaves,
        time,
        time,
        text_at(outcome.frame.text, int(command["text"])),
        flags >> 16,
        event.other,
        0 if flags >> 16 & Flag.QUOTE else int(command["display"]),
        event.other != 0,
    )


def _close(account: Account, order: Order) -> None:
    order.is_live = False
    account.closed[order.order_id] = account.live.pop(order.order_id)
    if len(account.closed) > CLOSED_KEPT:
        del account.closed[next(iter(account.closed))]
