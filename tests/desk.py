"""A state of the kernel that a test gives rows to and looks into, checked after each."""

import numpy as np

from engine.check import check
from engine.kernel import step
from engine.layout import EVENT
from engine.rows import Batch
from engine.state import Sizes, new_state
from engine.views import views

SIZES = Sizes(orders=512, levels=8_192, instruments=8, products=2, accounts=8, positions=64)


class Desk:
    """An empty exchange of one kernel, without a journal."""

    def __init__(self) -> None:
        self.state = new_state(SIZES)
        self.seq = 0

    def do(self, batch: Batch) -> np.ndarray:
        """Apply rows to the kernel; return their events."""
        rows = batch.rows.copy()
        rows["seq"] = np.arange(self.seq + 1, self.seq + 1 + len(rows))
        self.seq += len(rows)
        events = np.zeros(4_096, EVENT)
        done, count, room = step(self.state, views(rows), 0, events)
        assert (done, room) == (len(rows), 0)
        check(self.state)
        return events[:count]

    def enter(self, account: int, number: int, side: int, quantity: int, price: int) -> np.ndarray:
        """Enter one order; return its events."""
        batch = Batch()
        batch.enter(account, number, side, quantity, price)
        return self.do(batch)
