"""The option maker: two-sided in calls, puts and event contracts around a model's value."""

import datetime
import math
from typing import Annotated

import numpy as np
from msgspec import Meta

from clearing.directory import Instrument
from engine.instruments import TICK, UNIT_MICRO, as_date
from engine.quote_rows import QUOTES_MAX, add_quote
from engine.rows import Batch
from engine.schema import Form, Side
from sim.agents.base import Agent, Lots, Ticks
from sim.agents.fair import UNKNOWN, anchor, down, up
from sim.view import View

_AVERAGED = 30  # Days of the month whose fixings are averaged.
_YEAR = 365
_SIDES_MAX = QUOTES_MAX // 2  # Strikes of a month: a call and a put each in one mass quote.


class OptionMaker(Agent, frozen=True, kw_only=True, tag="option_maker"):
    """Quotes the `strikes` nearest to a month's value, `edge` ticks around each option's own.

    One quote replaces both sides at once; what is where it should be is left alone. At
    `position_max` lots of an option the side that adds is withdrawn.
    """

    lots: Lots = 5
    edge: Ticks = 1.0
    volatility: Annotated[float, Meta(ge=0.01, le=3.0)] = 0.26  # A year.
    strikes: Annotated[int, Meta(ge=1, le=_SIDES_MAX)] = 5
    position_max: Annotated[int, Meta(ge=1, le=100_000)] = 50

    def wake(self, view: View, now: int, rng: np.random.Generator) -> Batch:
        """Return the quotes that bring what is quoted to where it should be."""
        batch = Batch()
        today = datetime.datetime.fromtimestamp(now // 1_000_000_000, datetime.UTC).date()
        for product in view.products(self.models):
            for future in view.instruments(product, self.months):
                value = anchor(view, future)
                if value != UNKNOWN:
                    days = (as_date(future.expiry) - today).days
                    deviation = self.volatility * math.sqrt(life(days) / _YEAR)
                    self._quote_all(batch, view, future, value, deviation)
            self._quote_events(batch, view, product, today)
        return batch

    def _quote_events(self, batch: Batch, view: View, product: int, today: datetime.date) -> None:
        """Quote the product's event contracts, on the index as it stands."""
        index = view.index(product).value / UNIT_MICRO
        for event in view.events(product) if index else ():
            days = max((as_date(event.expiry) - today).days, 0)
            deviation = self.volatility * math.sqrt(days / _YEAR)
            worth = event.high * chance_above(index, event.strike, deviation)
            self._quote(batch, view, event, worth, wanted=True)

    def _quote_all(
        self, batch: Batch, view: View, future: Instrument, value: float, deviation: float
    ) -> None:
        """Quote the nearest strikes, and withdraw from those that were nearest before."""
        options = view.options(future)
        strikes = sorted({one.strike for one in options}, key=lambda one: abs(one - value))
        near = strikes[: self.strikes]
        for option in options:
            worth = black(value, option.strike, deviation, is_call=option.form == Form.CALL)
            self._quote(batch, view, option, worth, option.strike in near)

    def _quote(
        self, batch: Batch, view: View, option: Instrument, worth: float, wanted: bool
    ) -> None:
        net = view.net[option.number]
        bid, ask = down(worth - TICK * self.edge), up(worth + TICK * self.edge)
        buys = wanted and net < self.position_max and option.tick <= bid <= option.high
        sells = wanted and net > -self.position_max and bid < ask <= option.high
        sides = (self.lots * buys, bid * buys), (self.lots * sells, ask * sells)
        if any(_is_off(view, option, side, *sides[side]) for side in Side):
            add_quote(batch, view.account, option.number, *sides, smp_id=view.account)


def _is_off(view: View, option: Instrument, side: int, lots: int, price: int) -> bool:
    """Whether a side does not stand at its price, or less than half of its lots is left."""
    own = [order for order in view.working(option.number) if order.side == side]
    if not lots or not own:
        return bool(lots or own)
    return own[0].price != price or 2 * own[0].leaves < lots


def life(days: int) -> float:
    """Return the days that count for a month's value: before its averaging, and a third of that.

    The mean of a walk over n days has a third of the variance of its end; once k of them are
    left, these move the mean by k/n alone. As in Turnbull and Wakeman, "A Quick Algorithm for
    Pricing European Average Options" (1991), to the first order.
    """
    left = min(max(days, 0), _AVERAGED)
    return max(days - _AVERAGED, 0) + left**3 / (3 * _AVERAGED**2)


def black(forward: float, strike: float, deviation: float, *, is_call: bool) -> float:
    """Return what an option is worth, undiscounted, in the unit of its prices.

    deviation: of the forward's logarithm, at the end. Black, "The Pricing of Commodity
    Contracts" (1976).
    """
    sign = 1 if is_call else -1
    if deviation == 0 or forward <= 0:
        return max(sign * (forward - strike), 0.0)
    high = math.log(forward / strike) / deviation + deviation / 2
    low = high - deviation
    return sign * (forward * _below(sign * high) - strike * _below(sign * low))


def chance_above(forward: float, strike: float, deviation: float) -> float:
    """Return the chance that black() gives a value of at least the strike."""
    if deviation == 0 or forward <= 0:
        return float(forward >= strike)
    return _below(math.log(forward / strike) / deviation - deviation / 2)


def _below(deviations: float) -> float:
    """Return the chance that a normal variable is below so many deviations."""
    return (1 + math.erf(deviations / math.sqrt(2))) / 2
