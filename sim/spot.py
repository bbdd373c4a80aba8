"""The spot market of a world: a panel's observations, each at the moment it was made."""

from collections.abc import Iterator

import numpy as np

from engine.jit import Table
from engine.rows import Batch
from sim.clock import NEVER
from sim.panel import Panel, quoted_at


class PanelSpot:
    """A panel, handed out a date at a time; a provider's name goes with its first row."""

    def __init__(self, panel: Panel) -> None:
        self._days = list(_days(panel))
        self._next = 0

    def next_due(self) -> int:
        """Return when the next rows are due, or NEVER."""
        return self._days[self._next][0] if self._next < len(self._days) else NEVER

    def due(self, now: int) -> Batch:
        """Return the OBSERVE rows that are due up to `now`, and pass over them."""
        batch = Batch()
        while self.next_due() <= now:
            _, rows, names = self._days[self._next]
            batch.observe(rows, names)
            self._next += 1
        return batch

    def pass_over(self, now: int) -> None:
        """Drop what was due up to `now`: the journal has it already."""
        while self.next_due() <= now:
            self._next += 1


def _days(panel: Panel) -> Iterator[tuple[int, Table, dict[int, str]]]:
    """Yield when a date's rows are due, the rows, and the names that are new, by place in them."""
    known = set[int]()
    for date in panel.dates:
        rows = panel.rows(date)
        providers, places = np.unique(rows["provider"], return_index=True)
        pairs = zip(providers.tolist(), places.tolist(), strict=True)
        fresh = {place: panel.names[number] for number, place in pairs if number not in known}
        known.update(providers.tolist())
        yield quoted_at(date), rows, fresh
