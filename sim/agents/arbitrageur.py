"""The arbitrageur: holds the front of the curve to the index."""

import numpy as np

from clearing.directory import Instrument
from engine.instruments import TICK
from engine.rows import Batch
from engine.schema import NIL_PRICE, Side, Tif
from sim.agents.base import Agent, Lots, Ticks
from sim.agents.fair import UNKNOWN, anchor
from sim.view import View


class Arbitrageur(Agent, frozen=True, kw_only=True, tag="arbitrageur"):
    """Buys what is offered `edge` ticks below the value that the index implies, sells above it.

    It goes out of a position when the market pays the value, and carries what is left into the
    final settlement, which is the index itself.
    """

    lots: Lots = 10
    edge: Ticks = 2.0
    position_max: Lots = 200

    def wake(self, view: View, now: int, rng: np.random.Generator) -> Batch:
        """Return an order for each contract that is away from its value."""
        batch = Batch()
        for product in view.products(self.models):
            for instrument in view.instruments(product, self.months):
                self._correct(batch, view, instrument)
        return batch

    def _correct(self, batch: Batch, view: View, instrument: Instrument) -> None:
        value = anchor(view, instrument)
        if value == UNKNOWN:
            return
        number = instrument.number
        net, quote = view.net[number], view.quote(number)
        asked = value if net < 0 else value - self.edge * TICK
        offered = value if net > 0 else value + self.edge * TICK
        if quote.ask != NIL_PRICE and quote.ask <= asked:
            side, price, there, room = Side.BUY, quote.ask, quote.ask_lots, self.position_max - net
        elif quote.bid != NIL_PRICE and quote.bid >= offered:
            side, price, there, room = Side.SELL, quote.bid, quote.bid_lots, self.position_max + net
        else:
            return
        lots = min(self.lots, there, room)
        if lots > 0:
            batch.enter(view.account, number, side, lots, price, tif=Tif.FAK, smp_id=view.account)
