"""What accounts own and owe, and whether one can hold the worst case, said plainly.

Part of the reference: for readers, and the tests' oracle. Nothing is kept up to
date along the way: every sum is taken anew from positions and working orders,
so that no forgotten update can hide.
"""

from dataclasses import dataclass, field

from engine.reference_book import Book, Order
from engine.reference_premium import cover, is_paid_for
from engine.schema import NIL, NIL_PRICE, Phase, Reason, Side, Standing


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
    block: int = 1  # The least lots of a block trade.
    phase: int = Phase.CLOSE
    rate: int = 0
    mark: int = NIL_PRICE
    settlement: int = NIL_PRICE
    last: int = NIL_PRICE
    fair: int = NIL_PRICE  # Its worth before the trades of the command at hand.
    traded: list[int] = field(default_factory=list)  # Prices whose stops are not elected yet.
    indicative: tuple[int, int] = (0, 0)  # Price and lots last published.
    is_stale: bool = False  # Whether its settlement is newer than its last trade.
    date: int = 0  # Trade date of its phase.
    resume: int = 0  # When its halt ends; 0: none is pending.
    halted: int = Reason.NONE  # Why there is one.
    prints: list[tuple[int, int]] = field(default_factory=list)  # Time and price of late trades.
    book: Book = field(default_factory=Book)

    @property
    def is_paid_for(self) -> bool:
        """Whether it is paid for at the trade, and pays no variation."""
        return is_paid_for(self.form)


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


class RefusedError(Exception):
    """The command is refused, with what was required and what was there."""

    def __init__(self, reason: Reason, required: int = 0, available: int = 0) -> None:
        super().__init__(reason.name)
        self.reason, self.required, self.available = reason, required, available


def open_variation(account: Account, market: Market) -> int:
    """Return what the positions gained since they were last paid, at today's marks."""
    gained = 0
    for number, position in account.positions.items():
        instrument = market.instruments[number]
        if instrument.mark != NIL_PRICE and not instrument.is_paid_for:
            gained += (position.net * instrument.mark - position.cost) * instrument.value
    return gained


def reserve(order: Order, market: Market) -> int:
    """Return what the order would lose against the mark at once if it filled at its limit."""
    instrument = market.instruments[order.instrument]
    if instrument.mark == NIL_PRICE or instrument.is_paid_for:
        return 0
    loss = order.price - instrument.mark
    if order.side == Side.SELL:
        loss = -loss
    return order.leaves * max(0, loss) * instrument.value


def reach(account: Account, orders: list[Order]) -> dict[int, tuple[int, int]]:
    """Return, by instrument, the lowest and the highest position that can come of the orders."""
    reached = {number: (held.net, held.net) for number, held in account.positions.items()}
    for order in orders:
        low, high = reached.get(order.instrument, (0, 0))
        if order.side == Side.BUY:
            reached[order.instrument] = low, high + order.leaves
        else:
            reached[order.instrument] = low - order.leaves, high
    return reached


def bound(product: int, reached: dict[int, tuple[int, int]], market: Market) -> int:
    """Return what a product can come to require, whichever of the orders fill.

    The larger of the two directions at each contract's own rate, plus the calendar
    charge for every pair of a long and a short lot that could come to stand in it.
    """
    lowest = highest = longs = shorts = 0
    for number, (low, high) in reached.items():
        instrument = market.instruments[number]
        if instrument.product == product and not instrument.is_paid_for:
            lowest += low * instrument.rate
            highest += high * instrument.rate
            longs += max(0, high)
            shorts += max(0, -low)
    return max(abs(lowest), abs(highest)) + market.charges[product] * min(longs, shorts)


def at_stake(account: Account, orders: list[Order], market: Market) -> tuple[int, int]:
    """Return the sum of all bounds, and of all reserves: products, orders, paid-for contracts."""
    reached = reach(account, orders)
    bounds = sum(bound(product, reached, market) for product in range(len(market.charges)))
    reserves = sum(reserve(order, market) for order in orders)
    for number in reached:
        instrument = market.instruments[number]
        if instrument.is_paid_for:
            own = [order for order in orders if order.instrument == number]
            net = account.positions.get(number, Position()).net
            margin, exact = cover(instrument, net, own)
            bounds, reserves = bounds + margin, reserves + exact
    return bounds, reserves


def initial(account: Account, bounds: int) -> int:
    """Return bounds at the account's initial rate, rounded up."""
    return -(-bounds * account.initial_percent // 100)


def free_money(account: Account, market: Market) -> int:
    """Return what may be withdrawn: losses not yet paid count, gains do not."""
    bounds, reserves = at_stake(account, list(account.orders.values()), market)
    gained = open_variation(account, market)
    return account.equity + min(gained, 0) - initial(account, bounds) - reserves


def most_lots(account: Account, orders: list[Order], partners: list[Account], order: Order) -> int:
    """Return the lots that the side of `order` can come to hold, of the account or its owner.

    orders: all that would work, the new one among them. partners: the owner's other accounts.
    """

    def lots_of(one: Account, working: list[Order]) -> int:
        low, high = reach(one, working).get(order.instrument, (0, 0))
        return high if order.side == Side.BUY else -low

    own = lots_of(account, orders)
    return max(own, own + sum(lots_of(one, list(one.orders.values())) for one in partners))


def refuse_beyond_limit(
    account: Account, orders: list[Order], partners: list[Account], order: Order, top: int
) -> None:
    """Refuse `order` where it and what works beside it could pass the position limit."""
    reached = most_lots(account, orders, partners, order)
    if reached > top:
        raise RefusedError(Reason.POSITION_LIMIT, reached, top)


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
