"""An account's margin figures, computed from what was published of it.

The same bound that the kernel holds orders against, from the same numbers: its
positions, its working orders, the rates, the calendar charges and the marks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.schema import NIL_PRICE, Side
from gateway.accounts import Account, Order
from gateway.markets import Market, Markets


class Figures(NamedTuple):
    """All in micro-dollars."""

    cash: int  # As of the last mark.
    open: int  # Variation since, not yet paid.
    maintenance: int  # What the positions need.
    initial: int  # What positions and working orders need at the initial rate, with reserves.

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
class _Stake:
    """Lots of one contract: held, and working on either side."""

    net: int = 0
    buys: int = 0
    sells: int = 0


@dataclass(slots=True)
class _Exposure:
    """What an account has at stake in a product: money at the contracts' rates, and lots."""

    net: int = 0
    buys: int = 0
    sells: int = 0
    longs: int = 0  # The most lots that each contract can come to be long, summed.
    shorts: int = 0

    def add(self, stake: _Stake, rate: int) -> None:
        """Count one contract more."""
        self.net += stake.net * rate
        self.buys += stake.buys * rate
        self.sells += stake.sells * rate
        self.longs += max(stake.net + stake.buys, 0)
        self.shorts += max(stake.sells - stake.net, 0)

    def bound(self, charge: int) -> int:
        """Return what is needed whatever fills."""
        worst = max(abs(self.net + self.buys), abs(self.net - self.sells))
        return worst + charge * min(self.longs, self.shorts)


def figures(account: Account, markets: Markets, initial_percent: int) -> Figures:
    """Return what an account has and needs, as of the last publication."""
    held = {
        instrument: _Stake(holding.net)
        for instrument, holding in account.holdings.items()
        if holding.net
    }
    maintenance = _bound(held, markets)
    open_ = sum(
        holding.open(markets[instrument]) for instrument, holding in account.holdings.items()
    )
    for order in account.live.values():
        stake = held.setdefault(order.instrument, _Stake())
        if order.side == Side.BUY:
            stake.buys += order.leaves
        else:
            stake.sells += order.leaves
    reserves = sum(_reserve(order, markets[order.instrument]) for order in account.live.values())
    initial = -(-_bound(held, markets) * initial_percent // 100) + reserves
    return Figures(account.cash, open_, maintenance, initial)


def _bound(stakes: Mapping[int, _Stake], markets: Markets) -> int:
    exposures: dict[int, _Exposure] = {}
    for instrument, stake in stakes.items():
        market = markets[instrument]
        exposures.setdefault(market.terms.product, _Exposure()).add(stake, market.rate)
    return sum(
        exposure.bound(markets.charge.get(product, 0)) for product, exposure in exposures.items()
    )


def _reserve(order: Order, market: Market) -> int:
    """Return what an order would lose against the mark if all that is left of it filled."""
    if market.mark == NIL_PRICE:
        return 0
    loss = order.price - market.mark
    worst = max(0, loss if order.side == Side.BUY else -loss)
    return order.leaves * worst * market.terms.value
