"""The spreader: two-sided in calendars, and the first to take what the months imply too cheaply."""

from typing import Annotated

import numpy as np
from msgspec import Meta

from clearing.directory import Instrument
from engine.instruments import TICK
from engine.rows import Batch
from engine.schema import Side
from sim.agents.base import Agent, Lots, Ticks, requote
from sim.agents.fair import UNKNOWN, anchor, down, up
from sim.view import View


class Spreader(Agent, frozen=True, kw_only=True, tag="spreader"):
    """Quotes each calendar `edge` ticks around the difference of its months' values.

    Where the books of the months imply a better price than its own, its order trades with
    them at once; where it rests, whoever trades a month may trade through it. Holding
    `skew_per` lots of the near month moves both quotes one tick against the position; at
    `position_max` the side that adds is withdrawn.
    """

    lots: Lots = 10
    edge: Ticks = 1.0
    skew_per: Lots = 30
    position_max: Annotated[int, Meta(ge=1, le=100_000)] = 200

    def wake(self, view: View, now: int, rng: np.random.Generator) -> Batch:
        """Return the commands that bring the quotes to where they should be."""
        batch = Batch()
        for product in view.products(self.models):
            for calendar in view.calendars(product, self.months):
                self._quote(batch, view, calendar)
        return batch

    def _quote(self, batch: Batch, view: View, calendar: Instrument) -> None:
        near, far = view.legs(calendar)
        values = anchor(view, near), anchor(view, far)
        if UNKNOWN in values:
            return
        net = view.net[near.number]
        center = values[0] - values[1] - TICK * net / self.skew_per
        bid, ask = down(center - TICK * self.edge), up(center + TICK * self.edge)
        wants = net < self.position_max, net > -self.position_max
        for side, price, wanted in zip(Side, (bid, ask), wants, strict=True):
            wanted = wanted and calendar.low <= price <= calendar.high
            requote(batch, view, calendar.number, side, self.lots, price, wanted)
