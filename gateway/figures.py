"""An account's margin figures, computed from what was published of it.

The same bound that the kernel holds orders against, from the same numbers: its
positions, its working orders, the rates, the calendar charges and the marks.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from clearing.directory import Leg
from clearing.margin.explain import Node
from engine.schema import NIL_PRICE, Form, Side
from gateway.combos import divisor
from gateway.holdings import Account, Order
from gateway.markets import Market, Markets


class Figures(NamedTuple):
    """All in micro-dollars."""

    cash: int  # As of the last mark.
    open: int  # Variation since, not yet paid.
    maintenance: int  # What the positions need.
    initial: int  # What positions and working orders need at the initial rate, with reserves.
    stake: int = 0  # The same without credits and the initial rate: what closing never raises.

    @property
    def equity(self) -> int:
        """Cash and what is open."""
        return self.cash + self.open

    @property
    def available(self) -> int:
        """What new orders may still need."""
        return self.equity - self.initial

    @property
    def withdrawable(self) -> int:
        """What may be taken out: gains that are not paid are not yet money."""
        return self.cash + min(self.open, 0) - self.initial


@dataclass(slots=True)
class _Lots:
    """Lots of one contract: held, and what working orders can add, as legs of spreads too."""

    net: int = 0
    buys: int = 0
    sells: int = 0


@dataclass(slots=True)
class _Money:
    """The same of a product, each lot at its contract's rate."""

    net: int = 0
    buys: int = 0
    sells: int = 0

    def worst(self, *, is_credited: bool) -> int:
        """Return the most that is at stake whatever fills; with credits no order closes."""
        if is_credited:
            return max(max(self.net, 0) + self.buys, max(-self.net, 0) + self.sells)
        return max(abs(self.net + self.buys), abs(self.net - self.sells))


@dataclass(slots=True)
class _Cover:
    """What an account has in a contract that is paid for. All but lots in micro-dollars.

    The rule and the argument for it stand in engine/README.md, "Options and event contracts".
    """

    market: Market
    net: int = 0
    sells: int = 0
    paying: int = 0
    earning: int = 0
    excess: int = 0

    def add(self, order: Order) -> None:
        """Count an order's premium."""
        premium, need = order.price * self.market.terms.value, self._need()
        if order.side == Side.SELL:
            self.sells += order.leaves
            self.earning += order.leaves * min(premium, need)
        else:
            self.paying += order.leaves * min(premium, need)
            self.excess += order.leaves * max(premium - need, 0)

    def bound(self) -> int:
        """Return what the initial rate raises: what options need that may come to be sold."""
        return 0 if self.market.terms.form == Form.EVENT else self._short()

    def reserve(self) -> int:
        """Return what else is needed, exactly; below 0 where sales bring more."""
        return self.excess + max(self._short() - self.earning, self.paying) - self.bound()

    def _short(self) -> int:
        return self._need() * max(self.sells - self.net, 0)

    def _need(self) -> int:
        """Return what a lot sold needs."""
        terms, mark = self.market.terms, self.market.mark
        full = terms.high * terms.value
        if terms.form == Form.EVENT or mark == NIL_PRICE:
            return full
        return min(full, self.market.rate + mark * terms.value)


class Stakes:
    """What an account has at stake: positions, and orders as they are counted in."""

    def __init__(self, account: Account, markets: Markets) -> None:
        self._markets = markets
        self._credits = sum(account.credits.values())
        self._lots: dict[int, _Lots] = defaultdict(_Lots)
        self._money: dict[int, _Money] = defaultdict(_Money)
        self._covers: dict[int, _Cover] = {}
        self._reserves = 0
        for instrument, holding in account.holdings.items():
            market = markets[instrument]
            if market.terms.is_paid:
                self._covers[instrument] = _Cover(market, holding.net)
                continue
            self._lots[instrument].net = holding.net
            self._money[market.terms.product].net += holding.net * market.rate

    def reserves(self) -> int:
        """Return what is needed whatever the initial rate, in micro-dollars."""
        return self._reserves + sum(cover.reserve() for cover in self._covers.values())

    def total(self) -> int:
        """Return what is at stake before credits, in micro-dollars; products add."""
        covers = sum(cover.bound() for cover in self._covers.values())
        return covers + sum(self._worst(each) + self._calendars(each) for each in self._money)

    def bound(self) -> int:
        """Return what the initial rate raises, in micro-dollars."""
        return max(self.total() - self._credits, 0)

    def parts(self, percent: int, names: Sequence[str]) -> Iterator[Node]:
        """Yield what the initial margin is the sum of. names: of the products, by number."""
        for product in sorted(self._money):
            worst, pairs = self._worst(product), self._pairs(product)
            yield Node(f"{names[product]} at stake", worst, "whatever of it fills, a rate a lot")
            yield Node(f"{names[product]} calendars", self._calendars(product), f"{pairs:,} lots")
        for cover in self._covers.values():
            yield Node(f"{cover.market.terms.name} sold", cover.bound(), "rate and mark a lot")
        yield Node("credits", self.bound() - self.total(), "what positions save each other")
        bound = self.bound()
        yield Node("initial rate", raised(bound, percent) - bound, f"{percent}%, rounded up")
        yield Node("reserves", self.reserves(), "losses at their limits, premiums")

    def _worst(self, product: int) -> int:
        return self._money[product].worst(is_credited=self._credits > 0)

    def _calendars(self, product: int) -> int:
        return self._markets.charge.get(product, 0) * self._pairs(product)

    def _pairs(self, product: int) -> int:
        """Return how many lots of a product can come to be held long and short at once."""
        mine = [
            lots
            for instrument, lots in self._lots.items()
            if self._markets[instrument].terms.product == product
        ]
        longs = sum(max(lots.net + lots.buys, 0) for lots in mine)
        return min(longs, sum(max(lots.sells - lots.net, 0) for lots in mine))

    def work(self, order: Order) -> None:
        """Count in what an order can add. A spread of one product nets its legs' rates."""
        market, bought = self._markets[order.instrument], _signed(order)
        if market.terms.is_paid:
            self._covers.setdefault(order.instrument, _Cover(market)).add(order)
            return
        self._reserves += _reserve(order, self._markets)
        legs = market.legs or [Leg(order.instrument, 1)]
        for leg in legs:
            self._add(self._lots[leg.instrument], leg.ratio * bought)
        if market.terms.form == Form.INTER:
            for leg in legs:
                at_stake = leg.ratio * bought * self._markets[leg.instrument].rate
                product = self._markets[leg.instrument].terms.product
                self._add(self._money[product], at_stake)
        else:
            rate = sum(leg.ratio * self._markets[leg.instrument].rate for leg in legs)
            self._add(self._money[market.terms.product], rate * bought)

    def work_all(self, orders: Iterable[Order]) -> None:
        """Count in what several orders can add."""
        for order in orders:
            self.work(order)

    def _add(self, to: _Lots | _Money, bought: int) -> None:
        to.buys += max(bought, 0)
        to.sells += max(-bought, 0)


def figures(
    account: Account, markets: Markets, initial_percent: int, more: Sequence[Order] = ()
) -> Figures:
    """Return what an account has and needs, as of the last publication.

    more: orders that are counted as if they worked.
    """
    found = Stakes(account, markets)
    maintenance = found.bound() + found.reserves()
    open_ = sum(
        holding.open(markets[instrument]) for instrument, holding in account.holdings.items()
    )
    found.work_all([*account.live.values(), *more])
    initial = raised(found.bound(), initial_percent) + found.reserves()
    stake = found.total() + found.reserves()
    return Figures(account.cash, open_, maintenance, initial, stake)


def raised(bound: int, percent: int) -> int:
    """Return what is at stake at an account's initial rate, rounded up to the micro-dollar."""
    return -(-bound * percent // 100)


def end_credits(account: Account, markets: Markets, instrument: int, lots: int) -> None:
    """Forget an account's credits before lots, below 0 where they are sold, lower what it holds.

    Of the contract, or of what its product's futures come to: engine/README.md, "Credits".
    """
    if not account.credits:
        return
    traded, net = markets[instrument].terms, 0
    for number, holding in account.holdings.items():
        terms = markets[number].terms
        if not terms.is_paid and not traded.is_paid and terms.product == traded.product:
            net += holding.net * markets[number].rate
        if number == instrument and holding.net * lots < 0:
            account.credits.clear()
    if net * lots < 0:
        account.credits.clear()


def _signed(order: Order) -> int:
    return order.leaves if order.side == Side.BUY else -order.leaves


def _reserve(order: Order, markets: Markets) -> int:
    """Return what an order would lose against the marks if all that is left of it filled."""
    market = markets[order.instrument]
    legs = market.legs or [Leg(order.instrument, 1)]
    marks = [markets[leg.instrument].mark for leg in legs]
    if NIL_PRICE in marks:
        return 0
    worth = sum(leg.ratio * mark for leg, mark in zip(legs, marks, strict=True))
    if market.terms.form == Form.TAS:  # Its price is an offset to a mark.
        worth = 0
    loss = divisor(market) * order.price - worth
    return max(0, _signed(order) * loss) * market.terms.value
