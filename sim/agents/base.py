"""What every agent has: an account with cash, a pace, links to the venue, and a treasury.

An agent has no memory of its own: all that it knows is its view, so it can be
stopped and started, and the same agent runs in a simulation and in a live market.
Its parameters are illustrative: judgement, not estimates.
"""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta

from engine.instruments import micro
from engine.rows import Batch
from engine.schema import Kind, Side, Standing, Tif, Type
from sim.clock import HOUR, MINUTE, Link
from sim.view import View

Count = Annotated[int, Meta(ge=1, le=1_000)]
Lots = Annotated[int, Meta(ge=1, le=2_000)]
Months = Annotated[int, Meta(ge=1, le=36)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Ticks = Annotated[float, Meta(ge=0.0, le=1_000.0)]

_SESSION = 23 * HOUR
_WHOLE_USD = 1_000_000
_WEALTH_MAX = 1_000_000_000  # USD.


class Agent(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """The parameters that all kinds share, and what all kinds do."""

    count: Count
    cash: Decimal  # USD, deposited at the start, each.
    type: Literal["member", "hedger", "speculator"] = "speculator"
    models: tuple[str, ...] = ()  # What it trades; none named: every product.
    months: Months = 3  # The nearest so many contracts.
    wakes_a_day: Annotated[int, Meta(ge=1, le=100_000)] = 250
    treasury: Decimal = Decimal(0)  # USD outside, each: what margin calls can draw on.
    pays_after_minutes: Annotated[int, Meta(ge=0, le=10_000)] = 120
    order: Link = Link()
    feed: Link = Link()

    def __post_init__(self) -> None:
        for name, amount in (("cash", self.cash), ("treasury", self.treasury)):
            if not amount.is_finite() or not 0 <= amount <= _WEALTH_MAX:
                raise ValueError(f"{name} {amount} is not between 0 and {_WEALTH_MAX} USD")
            micro(amount)

    def wake(self, view: View, now: int, rng: np.random.Generator) -> Batch:
        """Return the commands that this agent sends, having seen `view` at `now`."""
        raise AssertionError("each kind has its own")

    def gap(self, rng: np.random.Generator) -> int:
        """Return the nanoseconds until the next look: long enough for all answers to arrive."""
        mean = _SESSION / self.wakes_a_day
        return max(round(rng.standard_exponential() * mean), self.order.longest + self.feed.longest)


def requote(
    batch: Batch, view: View, instrument: int, side: Side, lots: int, price: int, wanted: bool
) -> None:
    """Add what turns the orders of one side into a single one at `price`, or into none.

    Where a band keeps it out it goes as far as the band, and the market after it.
    """
    account, price = view.account, view.banded(instrument, side, price)
    orders = [order for order in view.working(instrument) if order.side == side]
    for order in orders[1:] if wanted else orders:
        batch.cancel(account, instrument, order.order_id)
    if wanted and not orders:
        batch.enter(account, instrument, side, lots, price, smp_id=account)
    elif wanted and (orders[0].price != price or orders[0].leaves < lots // 2):
        batch.replace(account, instrument, orders[0].order_id, lots, price)


def meet_call(agent: Agent, view: View, now: int) -> Batch:
    """Return what a called account does: withdraw its orders, then pay, or reduce if it cannot."""
    batch = Batch()
    if view.orders:
        batch.cancel_all(view.account)
        return batch
    if now < view.called_at + agent.pays_after_minutes * MINUTE:
        return batch
    missing = max(0, view.called - view.paid)
    wealth = micro(agent.cash + agent.treasury) - view.deposited
    payment = min(-(-missing // _WHOLE_USD) * _WHOLE_USD, wealth)
    if payment > 0:
        batch.money(Kind.DEPOSIT, account=view.account, value=payment)
    elif missing:
        _reduce(batch, view)
    return batch


def _reduce(batch: Batch, view: View) -> None:
    """Add an order that halves the largest position, at what the market pays."""
    held = [one for one in view.net if view.net[one] and view.is_open(one)]
    if not held:
        return
    largest = max(held, key=lambda one: abs(view.net[one]))
    lots = view.net[largest]
    side = Side.SELL if lots > 0 else Side.BUY
    quantity = (abs(lots) + 1) // 2
    batch.enter(view.account, largest, side, quantity, type=Type.MARKET, tif=Tif.FAK)


def is_called(view: View) -> bool:
    """Whether the account may do nothing but reduce."""
    return view.standing != Standing.GOOD
