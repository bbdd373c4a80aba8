"""Historical simulation of many accounts at once, by compiled code on all cores."""

import math
from collections.abc import Mapping

import numpy as np

from clearing.margin.batch_layout import Holdings
from clearing.margin.fhs import STRESS_WEIGHT, TAIL, Exposure, Integers, Moves
from clearing.margin.fhs_kernel import tails
from engine.jit import Table

CHUNKS = 64  # Of accounts; a thread that is held up leaves the rest to the other.
LOSS_MAX = 2**50  # Micro-dollars of one account in one scenario.

TAILS = np.dtype(
    [
        ("value_at_risk", "<i8"),  # Micro-dollars, as all but the size.
        ("total", "<i8"),  # Of the losses that are as bad or worse,
        ("size", "<i8"),  # so many.
        ("stress", "<i8"),
    ]
)


class FhsBatch:
    """One day's scenarios and exposures, ready to measure any number of accounts."""

    def __init__(self, moves: Moves, exposures: Mapping[str, Exposure]) -> None:
        self._past = len(moves.dates)
        scenarios = self._past + len(moves.stresses)
        self._losses = np.zeros((len(exposures), scenarios))
        for place, exposure in enumerate(exposures.values()):
            self._losses[place] = exposure.losses
        self._most = np.abs(self._losses).max(axis=1, initial=0.0)
        self._sums = np.zeros((CHUNKS, scenarios))
        self._worst = np.zeros((CHUNKS, math.ceil(TAIL * self._past)))

    def tails(self, holdings: Holdings) -> Table:
        """Return a TAILS row an account. `contracts` count the exposures, in their order.

        ValueError names the first account that could lose more than LOSS_MAX.
        """
        self._check(holdings)
        out = np.zeros(len(holdings.offsets) - 1, TAILS)
        tails(holdings, self._losses, self._past, self._sums, self._worst, out)
        return out

    def risks(self, holdings: Holdings) -> Integers:
        """Return each account's shortfall and stress together, as `fhs.Tail.risk`.

        What size costs, and what event contracts may pay, is not in it.
        """
        return risks(self.tails(holdings))

    def _check(self, holdings: Holdings) -> None:
        """Refuse amounts that a float does not hold exactly."""
        at_most = np.abs(holdings.lots.astype(np.float64)) * self._most[holdings.contracts]
        sums = np.concatenate([[0.0], np.cumsum(at_most)])[holdings.offsets]
        beyond = np.flatnonzero(np.diff(sums) > LOSS_MAX)
        if len(beyond):
            account, dollars = beyond[0], LOSS_MAX // 10**6
            raise ValueError(f"account {account} could lose more than {dollars:,} USD")


def risks(found: Table) -> Integers:
    """Return shortfall and stress of TAILS rows together, at least 0, rounded up once."""
    total, size, stress = found["total"], found["size"], found["stress"]
    share, whole = STRESS_WEIGHT.numerator, STRESS_WEIGHT.denominator
    weighted = (whole - share) * total + share * stress * size
    numerator = np.where(stress * size > total, weighted, whole * total)
    risk: Integers = np.maximum(-(-numerator // (whole * size)), 0)
    return risk
