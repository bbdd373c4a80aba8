"""Members' sealed bids for what a defaulter held: every kind of agent bids alike.

What a portfolio is worth to a bidder is illustrative: it asks to be paid a part of the margin
that the portfolio needs, drawn anew for each.
"""

import numpy as np

from clearing.default.sales import Sale
from engine.rows import Batch
from engine.schema import Kind
from sim.agents.base import Agent
from sim.view import View

_PART_LEAST, _PART_MOST = 0.05, 0.25  # Of the margin, that a bidder asks for.


def add_bids(batch: Batch, agent: Agent, view: View, rng: np.random.Generator) -> None:
    """Add a bid in each auction that a member has not bid in, and can afford to win."""
    if agent.type != "member":
        return
    for sale in view.sales():
        needed = _margin(view, sale)
        if needed <= view.equity():
            price = -round(needed * rng.uniform(_PART_LEAST, _PART_MOST))
            batch.desk(
                Kind.BID,
                sale.number,
                buyer=view.account,
                instrument=min(sale.portfolio),
                price=price,
                tag=sale.number,
            )


def _margin(view: View, sale: Sale) -> int:
    """Return about what a portfolio needs, lot by lot, in micro-dollars."""
    return sum(abs(lots) for lots in sale.portfolio.values()) * view.rate(sale.product)
