"""The fund: holds the nearest month, and rolls it into the next one at settlement."""

import datetime
from typing import Annotated

import numpy as np
from msgspec import Meta

from clearing.calendar import business_days, month_after, trade_date
from clearing.directory import Instrument
from engine.instruments import TICK, as_number
from engine.rows import Batch
from engine.schema import Side
from sim.agents.base import Agent, Lots, Ticks, requote
from sim.view import View

Days = Annotated[int, Meta(ge=1, le=20)]


class Fund(Agent, frozen=True, kw_only=True, tag="fund"):
    """Is long `target` lots for others, who are paid by the settlement: so it trades at settlement.

    Business days are counted down to the next month: its eve is 1. On each day from `roll_from`
    to `roll_to` it moves an equal part of the nearest month into the next; then it holds the next.
    What is missing, of money that came in too, it bids for in TAS books at `offset` ticks above
    the settlement, what is too much it offers as far below.
    """

    target: Lots = 60
    lots: Lots = 20  # Of an order.
    roll_from: Days = 9
    roll_to: Days = 5
    offset: Ticks = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.roll_to > self.roll_from:
            raise ValueError(f"roll_to {self.roll_to} is more than roll_from {self.roll_from}")

    def wake(self, view: View, now: int, rng: np.random.Generator) -> Batch:
        """Return the commands that leave one order in each book whose month is off its target."""
        batch, date = Batch(), trade_date(now)
        month = as_number(date) // 100
        wanted = dict(zip((month, month_after(month)), self.wanted(days_left(date)), strict=True))
        for product in view.products(self.models):
            for book in view.books_at_settlement(product, self.months):
                if book.month in wanted:
                    self._close_gap(batch, view, book, wanted[book.month])
        return batch

    def wanted(self, left: int) -> tuple[int, int]:
        """Return the lots to hold of a month and of the next, so many days before that begins."""
        days = self.roll_from - self.roll_to + 1
        near = min(max(left - self.roll_to, 0), days) * self.target // days
        return near, self.target - near

    def _close_gap(self, batch: Batch, view: View, book: Instrument, wanted: int) -> None:
        """Bid for what a month is short of, or offer what it has too much."""
        (month,) = view.legs(book)
        gap = wanted - view.net[month.number]
        lots, away = min(abs(gap), self.lots), round(self.offset) * TICK
        requote(batch, view, book.number, Side.BUY, lots, away, gap > 0)
        requote(batch, view, book.number, Side.SELL, lots, -away, gap < 0)


def days_left(date: datetime.date) -> int:
    """Return how many business days a month has from a date on, the date among them."""
    number = as_number(date)
    return sum(as_number(day) >= number for day in business_days(number // 100))
