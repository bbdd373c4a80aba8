"""The SPAN requirement of many accounts at once, by compiled code; of very many, on all cores."""

from collections.abc import Mapping, Sequence

import numpy as np

from clearing.margin.batch_kernel import margin_part, margins
from clearing.margin.batch_layout import FIGURE, MARGIN, OPEN, Desk, Holdings
from clearing.margin.batch_tables import tables
from clearing.margin.parameters import Parameters
from engine.jit import Table

CHUNKS = 64  # Of accounts; a thread that is held up leaves the rest to the other.
_FEW = 4_096  # Accounts: for fewer, threads cost more than they bring.


class Batch:
    """One day's parameters, ready to margin any number of accounts."""

    def __init__(self, parameters: Parameters) -> None:
        self._terms, self._grain, self.lots_max = tables(parameters)
        self._numbers = {name: number for number, name in enumerate(parameters.contracts)}
        terms = self._terms
        self._desk = Desk(
            held=np.zeros((CHUNKS, len(terms.products)), np.int64),
            figures=np.zeros((CHUNKS, len(terms.products)), FIGURE),
            net=np.zeros((CHUNKS, len(terms.periods)), np.int64),
            open=np.zeros((CHUNKS, len(terms.runs)), OPEN),
            pools=np.zeros((CHUNKS, len(terms.pools)), np.int64),
        )

    def holdings(self, portfolios: Sequence[Mapping[str, int]]) -> Holdings:
        """Return portfolios, lots by contract name, as arrays; KeyError for an unknown contract."""
        counts = [len(lots) for lots in portfolios]
        numbers = [self._numbers[name] for lots in portfolios for name in lots]
        quantities = [quantity for lots in portfolios for quantity in lots.values()]
        return Holdings(
            np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]),
            np.array(numbers, np.int32),
            np.array(quantities, np.int32),
        )

    def margins(self, holdings: Holdings) -> Table:
        """Return a MARGIN row an account, in micro-dollars.

        ValueError names the first account that holds more than `lots_max` lots.
        """
        out = self.tried(holdings)
        beyond = np.flatnonzero(out["maintenance"] < 0)
        if len(beyond):
            raise ValueError(f"account {beyond[0]} holds more than {self.lots_max:,} lots")
        return out

    def tried(self, holdings: Holdings) -> Table:
        """Return the same rows; maintenance is -1 of accounts that hold more than `lots_max`."""
        out = np.zeros(len(holdings.offsets) - 1, MARGIN)
        given = holdings, self._terms, self._desk, self._grain, self.lots_max, out
        if len(out) < _FEW:
            margin_part(0, 1, *given)
        else:
            margins(*given)
        return out
