"""Hedgers: a neocloud that is long GPU-hours and sells, an AI lab that is short and buys."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from clearing.directory import Instrument
from engine.instruments import TICK
from engine.rows import Batch
from engine.schema import NIL_PRICE, Side, Tif
from sim.agents.base import Agent, Lots, Share, Ticks
from sim.agents.fair import UNKNOWN, anchor, down, up
from sim.clock import HOUR
from sim.view import View


class Hedger(Agent, frozen=True, kw_only=True, tag="hedger"):
    """Works toward `target` lots in each month, a few lots at a time.

    `exposure` is what it has in the real world: "long" (GPU-hours to sell: it sells futures) or
    "short" (GPU-hours to buy: it buys futures). It takes the other side of the book while that
    costs at most `patience` ticks against the index, and waits at the touch otherwise. A month
    that expires leaves the hedge, and the next one enters it: the roll. Refused for want of
    margin, it leaves the market alone for `pause_hours`.
    """

    exposure: Literal["long", "short"]
    target: Lots = 60
    lots: Lots = 4
    patience: Ticks = 3.0
    chance: Share = 0.25  # Of trading at a look.
    pause_hours: Annotated[int, Meta(ge=0, le=1_000)] = 20

    def wake(self, view: View, now: int, rng: np.random.Generator) -> Batch:
        """Return one order toward the hedge of a month that is short of it."""
        batch = Batch()
        paused = view.short_at and now < view.short_at + self.pause_hours * HOUR
        if paused or rng.random() >= self.chance:
            return batch
        products = view.products(self.models)
        instruments = view.instruments(products[rng.integers(len(products))], self.months)
        short_of = [one for one in instruments if self._gap(view, one) > 0]
        if short_of:
            self._hedge(batch, view, short_of[rng.integers(len(short_of))])
        return batch

    def _gap(self, view: View, instrument: Instrument) -> int:
        """Return the lots still to trade in a month."""
        net = view.net[instrument.number]
        return self.target - (net if self.exposure == "short" else -net)

    def _hedge(self, batch: Batch, view: View, instrument: Instrument) -> None:
        value = anchor(view, instrument)
        if value == UNKNOWN:
            return
        account, number = view.account, instrument.number
        for order in view.working(number):
            batch.cancel(account, number, order.order_id)
        lots = min(self.lots, self._gap(view, instrument))
        quote = view.quote(number)
        if self.exposure == "short":
            limit = down(value + TICK * self.patience)
            side, touch, opposite = Side.BUY, quote.bid, quote.ask
            takes = opposite != NIL_PRICE and opposite <= limit
            price = opposite if takes else min(limit, touch if touch != NIL_PRICE else limit)
        else:
            limit = up(value - TICK * self.patience)
            side, touch, opposite = Side.SELL, quote.ask, quote.bid
            takes = opposite != NIL_PRICE and opposite >= limit
            price = opposite if takes else max(limit, touch if touch != NIL_PRICE else limit)
        tif = Tif.FAK if takes else Tif.DAY
        if price > 0:
            batch.enter(account, number, side, lots, price, tif=tif, smp_id=account)
