"""The market maker: two-sided in the nearest months, leaning against what it holds."""

from typing import Annotated

import numpy as np
from msgspec import Meta

from clearing.directory import Instrument
from engine.instruments import TICK
from engine.rows import Batch
from engine.schema import NIL_PRICE, Side
from sim.agents.base import Agent, Lots, Share, Ticks, requote
from sim.agents.fair import UNKNOWN, blend, down, up
from sim.view import View


class Maker(Agent, frozen=True, kw_only=True, tag="maker"):
    """Quotes around a blend of index and last trade; re-quotes when its price has moved a tick.

    Each month farther out is quoted half a tick wider. Holding `skew_per` lots moves both
    quotes one tick against the position; at `position_max` the side that adds is withdrawn.
    With `at_settlement` lots it also stands a tick on either side of the settlement.
    """

    lots: Lots = 20
    half_spread: Ticks = 1.0
    weight: Share = 0.7  # Of the index against the last trade.
    skew_per: Lots = 60
    position_max: Annotated[int, Meta(ge=1, le=100_000)] = 600
    at_settlement: Annotated[int, Meta(ge=0, le=2_000)] = 0  # Lots of a quote in a TAS book.

    def wake(self, view: View, now: int, rng: np.random.Generator) -> Batch:
        """Return the commands that bring the quotes to where they should be."""
        batch = Batch()
        for product in view.products(self.models):
            for ahead, instrument in enumerate(view.instruments(product, self.months)):
                self._quote(batch, view, instrument, ahead, rng)
            if self.at_settlement:
                for book in view.books_at_settlement(product, self.months):
                    self._quote_settlement(batch, view, book)
        return batch

    def _quote_settlement(self, batch: Batch, view: View, book: Instrument) -> None:
        net = view.net[view.legs(book)[0].number]
        wants = net < self.position_max, net > -self.position_max
        for side, offset, wanted in zip(Side, (-TICK, TICK), wants, strict=True):
            requote(batch, view, book.number, side, self.at_settlement, offset, wanted)

    def _quote(
        self,
        batch: Batch,
        view: View,
        instrument: Instrument,
        ahead: int,
        rng: np.random.Generator,
    ) -> None:
        value = blend(view, instrument, self.weight)
        if value == UNKNOWN:
            return
        net = view.net[instrument.number]
        center = value - TICK * net / self.skew_per
        half = TICK * (self.half_spread + ahead / 2 + 0.5 * rng.random())
        best = view.quote(instrument.number)
        bid, ask = down(center - half), up(center + half)
        if best.ask != NIL_PRICE:
            bid = min(bid, best.ask - TICK)
        if best.bid != NIL_PRICE:
            ask = max(ask, best.bid + TICK)
        wants = net < self.position_max, net > -self.position_max
        for side, price, wanted in zip(Side, (bid, ask), wants, strict=True):
            wanted = wanted and price >= instrument.tick
            requote(batch, view, instrument.number, side, self.lots, price, wanted)
