"""A flow's rows as COMMAND rows, and where they may be parted into frames.

A cancel or a change needs the order id that the kernel gives, so a frame ends before a row
that names an order which the same frame enters.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine.jit import Table
from engine.schema import Kind, Side
from sim.flow import Flow, Says
from sim.match_book import new_rows

_KINDS = {
    Says.ADD: Kind.ENTER,
    Says.CANCEL: Kind.CANCEL,
    Says.MODIFY: Kind.REPLACE,
    Says.CLEAR: Kind.CANCEL_ALL,
}
_NO_SIDE = 255  # The kernel refuses it.


class Commands(NamedTuple):
    """The rows of a flow that are commands, in its order."""

    rows: Table  # COMMAND, shape (m,), order ids still 0.
    places: Table  # int64, shape (m,): places in the flow, ascending; of their times at least.
    entered: Table  # int64, shape (m,): the row before that enters the same order, or -1.

    def frames(self, first: int, stop: int) -> Iterator[Table]:
        """Yield the rows from `first` to before `stop` as copies that the kernel can take."""
        begin = first
        for place, entered in enumerate(self.entered[first:stop].tolist(), first):
            if entered >= begin:
                yield self.rows[begin:place].copy()
                begin = place
        if begin < stop:
            yield self.rows[begin:stop].copy()


def commands_of(flow: Flow, names: Table) -> Commands:
    """Return the rows of types 1, 2, 3 and 6. names: int64, shape (n,), each row's order."""
    kinds = np.zeros(max(Says) + 1, np.uint8)
    for says, kind in _KINDS.items():
        kinds[says] = kind
    places = np.flatnonzero(kinds[flow.says])
    rows = new_rows(len(places))
    side = flow.side[places]
    rows["kind"] = kinds[flow.says[places]]
    rows["side"] = np.select([side > 0, side < 0], [Side.BUY, Side.SELL], _NO_SIDE)
    rows["price"], rows["quantity"] = flow.price[places], flow.quantity[places]
    rows["tag"], rows["time"] = names[places] + 1, flow.time[places]
    return Commands(rows, places, _entered(rows))


def together(commands: Commands) -> Commands:
    """Return commands whose rows of one time take effect together: what goes, goes first.

    A venue that prevents a self-match reports the new order before the end of the old one.
    """
    times = commands.rows["time"]
    begins = np.searchsorted(times, times, "left")
    goes = (commands.rows["kind"] == Kind.CANCEL) & (commands.entered < begins)
    order = np.lexsort((~goes, times))
    rows = commands.rows[order]
    return Commands(rows, commands.places, _entered(rows))


def _entered(rows: Table) -> Table:
    """Return for each row the place of the last ENTER of its tag before it, or -1."""
    count = len(rows)
    order = np.argsort(rows["tag"], kind="stable")
    tags = rows["tag"][order]
    after = np.where(rows["kind"][order] == Kind.ENTER, order + 1, 0)
    last = np.maximum.accumulate(tags * (count + 1) + after) - tags * (count + 1)
    before = np.zeros(count, np.int64)
    before[order[1:]] = np.where(tags[1:] == tags[:-1], last[:-1], 0)
    return before - 1
