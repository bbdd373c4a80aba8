"""The noise trader: buys and sells for reasons of its own."""

from typing import Annotated

import numpy as np
from msgspec import Meta

from clearing.directory import Instrument
from engine.instruments import TICK
from engine.rows import Batch
from engine.schema import NIL_PRICE, Side, Tif
from sim.agents.base import Agent, Lots, Share
from sim.view import View


class Noise(Agent, frozen=True, kw_only=True, tag="noise"):
    """Takes what is offered with chance `taking`, else leaves a limit order near the market.

    Its side is a coin that the position biases, so that it wanders but comes back: at
    `position_max` lots it only trades the other way. It keeps at most `orders_max` orders.
    """

    lots: Lots = 6
    taking: Share = 0.5
    depth: Annotated[int, Meta(ge=0, le=100)] = 4  # Ticks from the touch, at most.
    orders_max: Annotated[int, Meta(ge=1, le=100)] = 4
    position_max: Lots = 80
    calendars: Share = 0.0  # Chance of trading a calendar, where they are listed.
    options: Share = 0.0  # Likewise an option, or an event contract, that has both sides.

    def wake(self, view: View, now: int, rng: np.random.Generator) -> Batch:
        """Return one order, and the cancel of the oldest where there are too many."""
        batch = Batch()
        products = view.products(self.models)
        product = products[rng.integers(len(products))]
        instruments = view.instruments(product, self.months)
        if self.calendars and rng.random() < self.calendars:
            instruments = view.calendars(product, self.months)
        elif self.options and rng.random() < self.options:
            instruments = self._paid(view, product, instruments, rng)
        if not instruments:
            return batch
        if len(view.orders) >= self.orders_max:
            oldest = min(view.orders.values(), key=lambda order: order.order_id)
            batch.cancel(view.account, oldest.instrument, oldest.order_id)
        nearest_first = min(int(rng.geometric(0.5)), len(instruments)) - 1
        self._trade(batch, view, instruments[nearest_first], rng)
        return batch

    def _paid(
        self, view: View, product: int, futures: list[Instrument], rng: np.random.Generator
    ) -> list[Instrument]:
        """Return an option on these futures or an event contract that has both sides, or none."""
        listed = [option for future in futures for option in view.options(future)]
        quotes = {one: view.quote(one.number) for one in [*listed, *view.events(product)]}
        quoted = [one for one, quote in quotes.items() if NIL_PRICE not in (quote.bid, quote.ask)]
        return [quoted[rng.integers(len(quoted))]] if quoted else []

    def _trade(
        self, batch: Batch, view: View, instrument: Instrument, rng: np.random.Generator
    ) -> None:
        quote = view.quote(instrument.number)
        bid, ask = quote.best_bid, quote.best_ask
        if NIL_PRICE in (bid, ask):
            return
        bias = view.net[view.legs(instrument)[0].number] / self.position_max
        buys = rng.random() < 0.5 - 0.5 * bias
        side = Side.BUY if buys else Side.SELL
        lots = int(rng.integers(1, self.lots + 1))
        taking = rng.random() < self.taking
        depth = TICK * int(rng.integers(0, self.depth + 1))
        if taking:
            price = ask if buys else bid
        else:
            price = bid - depth if buys else ask + depth
        tif = Tif.FAK if taking else Tif.DAY
        if instrument.low < price <= instrument.high:
            batch.enter(
                view.account, instrument.number, side, lots, price, tif=tif, smp_id=view.account
            )
