"""What accounts own and owe, and whether one can hold the worst case, said plainly.

Part of the reference: for readers, and the tests' oracle. Nothing is kept up to
date along the way: every sum is taken anew from positions and working orders,
so that no forgotten update can hide.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from engine.reasons import Reason
from engine.reference_book import Book, Order
from engine.reference_premium import cover, is_paid_for
from engine.schema import NIL, NIL_PRICE, Form, Phase, Side, Standing


class Leg(NamedTuple):
    """Lots of an instrument that one lot of a spread buys; below 0: sells."""

    number: int
    ratio: int


@dataclass(slots=True)
class Instrument:
    """Terms and standing of a listed contract. Money in micro-dollars."""

    number: int
    product: int
    low: int
    high: int
    tick: int
    value: int
    clip: int
    position_max: int
    protection: int
    form: int
    wanted: int  # Legs; 0: it is no spread.
    implied: int
    expiry: int
    block: int  # The least lots of a block trade.
    legs: list[Leg] = field(default_factory=list)
    phase: int = Phase.CLOSE
    rate: int = 0
    mark: int = NIL_PRICE
    settlement: int = NIL_PRICE
    last: int = NIL_PRICE
    fair: int = NIL_PRICE  # Its worth before the trades of the command at hand.
    traded: list[int] = field(default_factory=list)  # Prices whose stops are not elected yet.
    traded_at: int = 0  # The command of the last trade in its own book.
    indicative: tuple[int, int] = (0, 0)  # Price and lots last published.
    is_stale: bool = False  # Whether its settlement is newer than its last trade.
    date: int = 0  # Trade date of its phase.
    resume: int = 0  # When its halt ends; 0: none is pending.
    halted: int = Reason.NONE  # Why there is one.
    prints: list[tuple[int, int]] = field(default_factory=list)  # Time and price of late trades.
    implied_quotes: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0), (0, 0)])
    book: Book = field(default_factory=Book)

    @property
    def is_paid_for(self) -> bool:
        """Whether it is paid for at the trade, and pays no variation."""
        return is_paid_for(self.form)

    def is_spread(self) -> bool:
        """Whether it is made of legs. It is never held itself, and has no mark and no rate."""
        return self.wanted > 0

    def is_complete(self) -> bool:
        """Whether all its legs are named."""
        return len(self.legs) == self.wanted

    def divisor(self) -> int:
        """Return by what the sum of its legs is divided: a strip quotes their average."""
        return self.wanted if self.form == Form.STRIP else 1

    def parts(self) -> list[Leg]:
        """Return what a lot of it moves: its legs, or itself."""
        return self.legs if self.is_spread() else [Leg(self.number, 1)]


@dataclass(slots=True)
class Position:
    """What an account holds of an instrument: lots, and what they were marked or traded at."""

    net: int = 0
    cost: int = 0  # Price units x lots.


@dataclass(slots=True)
class Protection:
    """How many lots an account's quotes in a product may fill in a window of time."""

    lots: int = 0  # 0: any.
    window: int = 0  # Nanoseconds.
    since: int = 0  # The first fill of the window.
    counted: int = 0
    is_breached: bool = False
    is_told: bool = False  # Of a breach: the quotes are out.


@dataclass(slots=True)
class Account:
    """An account's money and holdings, by number of the instrument or the order."""

    owner: int = 0  # 0: nobody.
    initial_percent: int = 100
    equity: int = 0  # Micro-dollars as of the last mark.
    standing: int = Standing.GOOD
    is_killed: bool = False
    positions: dict[int, Position] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    protections: dict[int, Protection] = field(default_factory=dict)  # By product.
    credits: dict[int, int] = field(default_factory=dict)  # By product, micro-dollars.


@dataclass(slots=True)
class Guards:
    """What keeps a product's prices in bounds; 0: off. Prices in units, times in ns."""

    band: int = 0
    daily: int = 0
    breaker: int = 0  # 1/10,000 of the market settlement.
    points: int = 0
    window: int = 0
    width: int = 0
    halt: int = 0
    lead: int = NIL


@dataclass(slots=True)
class Market:
    """Everything that risk and guards are measured against."""

    instruments: list[Instrument] = field(default_factory=list)
    charges: list[int] = field(default_factory=list)  # The calendar charge of each product.
    guards: list[Guards] = field(default_factory=list)  # Of each product.
    calendars: dict[int, list[Instrument]] = field(default_factory=dict)
    """By instrument: the implied calendars that it is, or is a leg of."""

    def ladder(self, number: int) -> tuple[int, int]:
        """Return an instrument's lowest price and its highest."""
        return self.instruments[number].low, self.instruments[number].high


def daily_limits(market: Market, instrument: Instrument) -> tuple[int, int]:
    """Return the lowest and the highest price of the ladder that today's limits leave."""
    low, high, tick = instrument.low, instrument.high, instrument.tick
    room, middle = market.guards[instrument.product].daily, instrument.settlement
    if room == 0 or middle == NIL_PRICE:
        return low, high
    rungs = (high - low) // tick
    first = -((low - (middle - room)) // tick)  # Rungs from the foot up to the lower limit.
    last = (middle + room - low) // tick
    return low + min(max(first, 0), rungs) * tick, low + max(min(last, rungs), 0) * tick


class RefusedError(Exception):
    """The command is refused, with what was required and what was there."""

    def __init__(self, reason: Reason, required: int = 0, available: int = 0) -> None:
        super().__init__(reason.name)
        self.reason, self.required, self.available = reason, required, available


def appraise(instrument: Instrument) -> None:
    """Keep what the instrument is worth before the trades of a command: they are judged by it.

    While such trades are under way it stays what it was before the first.
    """
    if not instrument.traded:
        unknown = instrument.last == NIL_PRICE
        instrument.fair = instrument.settlement if unknown else instrument.last


def open_variation(account: Account, market: Market) -> int:
    """Return what the positions gained since they were last paid, at today's marks."""
    gained = 0
    for number, position in account.positions.items():
        instrument = market.instruments[number]
        if instrument.mark != NIL_PRICE and not instrument.is_paid_for:
            gained += (position.net * instrument.mark - position.cost) * instrument.value
    return gained


def reserve(order: Order, market: Market) -> int:
    """Return what the order would lose against the marks at once if it filled at its limit."""
    instrument = market.instruments[order.instrument]
    marks = [market.instruments[number].mark for number, _ in instrument.parts()]
    if NIL_PRICE in marks or instrument.is_paid_for:
        return 0
    worth = sum(leg.ratio * mark for leg, mark in zip(instrument.parts(), marks, strict=True))
    if instrument.form == Form.TAS:  # Its price is an offset to a mark.
        worth = 0
    loss = instrument.divisor() * order.price - worth
    if order.side == Side.SELL:
        loss = -loss
    return order.leaves * max(0, loss) * instrument.value


def reach(account: Account, orders: list[Order], market: Market) -> dict[int, tuple[int, int]]:
    """Return, by instrument, the lowest and the highest position that can come of the orders."""
    held = [(number, market.instruments[number], one) for number, one in account.positions.items()]
    reached = {number: (one.net, one.net) for number, what, one in held if not what.is_spread()}
    for order in orders:
        for number, ratio in market.instruments[order.instrument].parts():
            low, high = reached.get(number, (0, 0))
            moved = signed(order) * ratio
            reached[number] = low + min(moved, 0), high + max(moved, 0)
    return reached


def signed(order: Order) -> int:
    """Return what is left of an order, below 0 where it sells."""
    return order.leaves if order.side == Side.BUY else -order.leaves


def bound(product: int, account: Account, orders: list[Order], market: Market) -> int:
    """Return what a product can come to require, whichever of the orders fill.

    The larger of the two directions at each contract's own rate, where a spread moves
    the difference of its legs, plus the calendar charge for every pair of a long and a
    short lot that could come to stand in the product.
    """
    listed, longs, shorts = market.instruments, 0, 0
    own = [one for one in listed if one.product == product and not one.is_spread()]
    futures = {one.number for one in own if not one.is_paid_for}
    for number, (low, high) in reach(account, orders, market).items():
        if number in futures:
            longs += max(0, high)
            shorts += max(0, -low)
    lowest = highest = held = net_money(product, account, market)
    for order in orders:
        parts = [leg for leg in listed[order.instrument].parts() if leg.number in futures]
        moved = signed(order) * sum(ratio * listed[number].rate for number, ratio in parts)
        lowest += min(moved, 0)
        highest += max(moved, 0)
    if any(account.credits.values()):  # They end with what is held: nothing counts as closing.
        lowest, highest = lowest - max(held, 0), highest - min(held, 0)
    return max(abs(lowest), abs(highest)) + market.charges[product] * min(longs, shorts)


def net_money(product: int, account: Account, market: Market) -> int:
    """Return what a product's futures add up to, each lot at its own rate."""
    held = [(market.instruments[number], one.net) for number, one in account.positions.items()]
    own = [(terms, net) for terms, net in held if terms.product == product]
    return sum(
        net * terms.rate for terms, net in own if not terms.is_paid_for and not terms.is_spread()
    )


def at_stake(account: Account, orders: list[Order], market: Market) -> tuple[int, int]:
    """Return the sum of all bounds, and of all reserves: products, orders, paid-for contracts."""
    products = range(len(market.charges))
    bounds = sum(bound(product, account, orders, market) for product in products)
    reserves = sum(reserve(order, market) for order in orders)
    for number in reach(account, orders, market):
        instrument = market.instruments[number]
        if instrument.is_paid_for:
            own = [order for order in orders if order.instrument == number]
            net = account.positions.get(number, Position()).net
            margin, exact = cover(instrument, net, own)
            bounds, reserves = bounds + margin, reserves + exact
    return bounds, reserves


def initial(account: Account, bounds: int) -> int:
    """Return bounds, less the account's credits, at its initial rate, rounded up."""
    owed = max(0, bounds - sum(account.credits.values()))
    return -(-owed * account.initial_percent // 100)


def free_money(account: Account, market: Market) -> int:
    """Return what may be withdrawn: losses not yet paid count, gains do not."""
    bounds, reserves = at_stake(account, list(account.orders.values()), market)
    gained = open_variation(account, market)
    return account.equity + min(gained, 0) - initial(account, bounds) - reserves


def refuse_beyond_margin(account: Account, orders: list[Order], market: Market) -> None:
    """Refuse orders that raise what is at stake beyond the account's money.

    orders: all that would work. An account under call may not raise it at all.
    """
    bounds, reserves = at_stake(account, orders, market)
    if bounds + reserves <= sum(at_stake(account, list(account.orders.values()), market)):
        return
    required = initial(account, bounds) + reserves
    available = account.equity + open_variation(account, market)
    if account.standing != Standing.GOOD or required > available:
        raise RefusedError(Reason.MARGIN_SHORT, required, available)
