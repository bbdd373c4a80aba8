"""What an account has: its orders, its fills, its positions, and what later events make of them.

Prices in price units, money in micro-dollars, times in nanoseconds.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.reasons import Reason
from engine.schema import NIL, NIL_PRICE, Did, Form, Side, Standing
from gateway.events import Event
from gateway.markets import Market, Markets

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
    block_id: int  # The block that it is of; 0: none.
    is_held: bool  # Not so of a spread's own fill: its legs are.
    is_priced: bool = False  # Of a fill at settlement: whether that is known.


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

    def take_back(self, lots: int, price: int) -> None:
        """Hold what it would without a fill of so many lots: what is left cost what it cost."""
        left = self.net - lots
        entry = self.entry - lots * price
        is_among = 0 < left * self.net < self.net * self.net and left * entry >= 0
        self.trade(-lots, price)
        if is_among:
            self.entry = entry

    def price(self, lots: int, moved: int) -> None:
        """Let `lots` of it that traded at settlement have cost so much more, if they are held."""
        self.cost += moved
        if lots * self.net > 0:
            self.entry += moved * min(abs(self.net), abs(lots)) // abs(lots)

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
    credits: dict[int, int] = field(default_factory=dict)  # By product, micro-dollars.
    given_up: dict[tuple[int, int], int] = field(default_factory=dict)  # Lots by contract and tag.

    def order(self, order_id: int) -> Order | None:
        """Return an order by its id, None where this account has none such."""
        return self.live.get(order_id) or self.closed.get(order_id)


def bought(event: Event) -> int:
    """Return an event's lots, below 0 where they were sold."""
    return event.quantity if event.side == Side.BUY else -event.quantity


def hold(
    account: Account, market: Market, lots: int, price: int, *, is_taken_back: bool = False
) -> None:
    """Change a position, and the lots that all hold long.

    is_taken_back: the lots are those of a fill that the account has no more, the other way round.
    """
    holding = account.holdings.setdefault(market.terms.number, Holding())
    before = max(holding.net, 0)
    if is_taken_back:
        holding.take_back(-lots, price)
    else:
        holding.trade(lots, price)
    if market.terms.is_paid:
        account.cash -= lots * price * market.terms.value
        holding.cost = 0
    market.open_interest += max(holding.net, 0) - before


def review(account: Account, market: Market, event: Event) -> None:
    """Take back the fills of a busted trade; let those of an adjusted one have their new price."""
    lots = bought(event)
    if event.kind == Did.BUSTED:
        hold(account, market, -lots, event.price, is_taken_back=True)
        kept = [fill for fill in account.fills if fill.trade_id != event.trade_id]
    else:
        hold(account, market, -lots, event.other, is_taken_back=True)
        hold(account, market, lots, event.price)
        kept = [
            fill._replace(price=event.price) if fill.trade_id == event.trade_id else fill
            for fill in account.fills
        ]
    account.fills = deque(kept, maxlen=FILLS_KEPT)


def price(account: Account, markets: Markets, event: Event) -> None:
    """Let what traded at settlement have cost the settlement, fill by fill with its offset.

    Its fills stood in at the mark of their time.
    """
    holding = account.holdings.get(event.instrument)
    if holding is None:
        return
    holding.price(bought(event), event.other)
    for place, fill in enumerate(account.fills):
        is_of_month = fill.instrument == event.instrument and fill.spread != NIL
        if is_of_month and not fill.is_priced and markets[fill.spread].terms.form == Form.TAS:
            offset = fill.price - fill.mark
            account.fills[place] = fill._replace(price=event.price + offset, is_priced=True)
