"""What is published of each product's index: folded from rows, as the house takes them."""

import numpy as np

from clearing.directory import Directory
from clearing.market_settlement import MANUAL
from clearing.publication import Published, objection
from engine.exchange import Outcome
from engine.jit import Row
from engine.layout import MONEY
from engine.schema import Cycle, Form, Kind, Origin

_KINDS = (Kind.INDEX, Kind.MARK, Kind.SETTLE, Kind.PHASE, Kind.CYCLE)


class Indexes:
    """The last fixing of each product, and how far settlement has come."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._published: dict[int, Published] = {}
        self.stopped: dict[int, int] = {}  # Product: the trade date since which none is settled.
        self.date = 0  # The trade date, yyyymmdd.
        self.settled = 0  # The trade date of the last settlement.

    def __getitem__(self, product: int) -> Published:
        return self._published.get(product, Published())

    def fold(self, outcome: Outcome) -> None:
        """Take in a frame's rows about fixings and settlements, but those that were refused."""
        commands = outcome.frame.commands
        if int(commands["kind"].max()) < Kind.MARK:
            return
        for place in outcome.accepted(np.isin(commands["kind"], _KINDS)):
            self._take(commands[place].view(MONEY), outcome.frame.origin)

    def _take(self, row: Row, origin: int) -> None:
        match row["kind"]:
            case Kind.INDEX:
                self._fix(row, origin)
            case Kind.PHASE:
                self.date = max(self.date, int(row["value"]))
            case Kind.CYCLE:
                self.date = max(self.date, int(row["value"]))
                if row["code"] == Cycle.SETTLEMENT:
                    self._settle(int(row["value"]))
            case _:
                instrument = self._directory.instruments[int(row["instrument"])]
                if instrument.form == Form.FUTURE and row["revision"] != MANUAL:
                    last = self[instrument.product]
                    self._published[instrument.product] = last._replace(used=int(row["source"]))

    def _fix(self, row: Row, origin: int) -> None:
        product, value = int(row["product"]), int(row["value"])
        last = self[product]
        if origin == Origin.PARTICIPANT and objection(last, self.date, value):
            return
        date, version = int(row["source"]), int(row["revision"])
        self._published[product] = Published(date, value, version, last.used)

    def _settle(self, date: int) -> None:
        """Note which products can be settled on a date: those that have a fixing of it."""
        self.settled = date
        for product in self._directory.products:
            last = self[product.number]
            if last.date == date and last.value_micro:
                self.stopped.pop(product.number, None)
            else:
                self.stopped.setdefault(product.number, date)
