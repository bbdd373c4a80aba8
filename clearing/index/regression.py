"""The robust regression behind the adjustment: logs of prices on weeks, providers, configurations.

The only module that fits. Huber's M-estimator: weights are found again until they stand, and
statsmodels' weighted least squares gives effects and errors at those, in logs.
Source: Huber, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics
35 (1964).
"""

import math
from typing import NamedTuple

import numpy as np

from clearing.index.cells import FIELDS
from clearing.index.estimators import MAD_TO_DEVIATION
from engine.jit import Table

TUNING = 1.345  # Residuals beyond so many deviations count less: 95% efficient on normal ones.
# The least deviation, a percent: posted prices repeat so often that the median residual is 0,
# and every other price would count for nothing.
DEVIATION_MIN = 0.01
ROUNDS_MAX = 50
SETTLED = 1e-5  # Weights that move by no more stand.
_ALIASED = 1e-9  # Of a column's square, what must be left beside the columns before it.


class Effect(NamedTuple):
    """What one level of one field adds to the log of a price; all floats of the adjustment."""

    field: int
    level: int
    effect: float
    error: float  # Below 0: aliased, a combination of columns before it, or no rest to judge by.
    cells: int


def regress(cells: Table) -> list[Effect]:
    """Return an effect for every level of FIELDS in some cells, in order of field and level.

    cells: not empty; `part` is the week. Weeks are effects too, which nobody asks for. Of each
    field the commonest level comes last, so that it is the base: a column that is a
    combination of those before it is aliased, and its effect is 0. Providers stand first, so
    what only they explain is theirs.
    """
    logs = np.log(cells["price_twice"] / 2.0)
    weeks, week_of = np.unique(cells["part"], return_inverse=True)
    columns = [(week_of == number).astype(np.float64) for number in range(len(weeks))]
    named = [(field, level) for field in range(len(FIELDS)) for level in _levels(cells, field)]
    columns += [(cells[FIELDS[field]] == level).astype(np.float64) for field, level in named]
    kept = independent(columns)
    effects, errors = huber(logs, np.column_stack([columns[place] for place in kept]))
    found = []
    for place, (field, level) in enumerate(named, start=len(weeks)):
        count = int(columns[place].sum())
        effect, error = 0.0, -1.0
        if place in kept:
            effect, error = effects[kept.index(place)], errors[kept.index(place)]
        found.append(Effect(field, level, float(effect), float(error), count))
    return sorted(found)


def independent(columns: list[Table]) -> list[int]:
    """Return the places of the columns that are no combination of those before them."""
    basis = np.zeros((len(columns[0]), min(len(columns[0]), len(columns))))
    kept: list[int] = []
    for place, column in enumerate(columns):
        if len(kept) == basis.shape[1]:
            break
        rest = column
        for _ in range(2):  # Once more, for what rounding left of the first time.
            known = basis[:, : len(kept)]
            rest = rest - known @ (known.T @ rest)
        square = float(rest @ rest)
        if square > _ALIASED * float(column @ column):
            basis[:, len(kept)] = rest / math.sqrt(square)
            kept.append(place)
    return kept


def huber(logs: Table, columns: Table) -> tuple[Table, Table]:
    """Return the effects of independent columns on logs, and their standard errors.

    Errors are below 0 where as many columns as rows leave nothing to judge by.
    """
    # Imported where it is needed: it takes a second, and most commands fit nothing.
    from statsmodels.regression.linear_model import WLS

    fit = WLS(logs, columns, weights=huber_weights(logs, columns), hasconst=True).fit(method="qr")
    if columns.shape[0] <= columns.shape[1]:
        return fit.params, np.full(columns.shape[1], -1.0)
    return fit.params, fit.bse


def huber_weights(logs: Table, columns: Table) -> Table:
    """Return the weights at which weighted least squares is Huber's estimator. Shape (rows,)."""
    weights = np.ones(len(logs))
    for _ in range(ROUNDS_MAX):
        weighted = columns.T * weights
        effects = np.linalg.solve(weighted @ columns, weighted @ logs)
        distance = np.abs(logs - columns @ effects)
        deviation = max(float(MAD_TO_DEVIATION) * float(np.median(distance)), DEVIATION_MIN)
        reach = TUNING * deviation
        found = np.minimum(1.0, reach / np.maximum(distance, reach))
        is_settled = np.abs(found - weights).max() <= SETTLED
        weights = found
        if is_settled:
            break
    return weights


def _levels(cells: Table, field: int) -> list[int]:
    """Return the levels of a field, ascending, but the commonest last."""
    levels, counts = np.unique(cells[FIELDS[field]], return_counts=True)
    base = levels[int(np.argmax(counts))]
    return [*(level for level in levels.tolist() if level != base), int(base)]
