"""The adjustment: what a provider and a configuration add to a price, and a price without it.

Coefficients are whole millionths of a log, so that what is published is what is used. Here
floats end: `adjusted_micro` is the one rounding between a price and its adjusted price.
Source: Rosen, Hedonic Prices and Implicit Markets, Journal of Political Economy 82 (1974).
"""

import math

import msgspec
import numpy as np

from clearing.index.cells import FIELDS
from engine.jit import Table

MILLION = 1_000_000
LEVELS_MAX = 1_500  # Of all fields together: so many fit the text of a row, 65,535 bytes.
UNKNOWN = -1  # The error of a coefficient that the observations leave open.


class Coefficient(msgspec.Struct, frozen=True, array_like=True):
    """What one level of one field adds to the log of a price, against the base."""

    field: int  # A place in FIELDS.
    level: int  # The field's value, such as a provider's number.
    effect: int  # Millionths of a log.
    error: int  # Its standard error, likewise; UNKNOWN where it could not be told apart.
    cells: int  # How many cells of the regression had it.


class Adjustment(msgspec.Struct, frozen=True, array_like=True):
    """All coefficients in force, until the next refit."""

    fitted: int = 0  # Trade date, yyyymmdd; 0: there is none, and prices stay as they are.
    since: int = 0  # When the series was anchored; all refits since are linked to it.
    coefficients: tuple[Coefficient, ...] = ()


NOT_ADJUSTED = Adjustment()


def encode(adjustment: Adjustment) -> str:
    """Return an adjustment as text without spaces."""
    return msgspec.json.encode(adjustment).decode()


def decode(text: str) -> Adjustment:
    """Return the adjustment that a text holds. Raises msgspec.MsgspecError for any other."""
    return msgspec.json.decode(text, type=Adjustment)


def bounded(adjustment: Adjustment) -> Adjustment:
    """Return an adjustment of LEVELS_MAX levels at most: those of the most cells.

    Observations of the others are refused as UNADJUSTED, and the audit names them. Of equally
    rare levels the first of the first field stays. A field's base is its commonest level.
    """
    if len(adjustment.coefficients) <= LEVELS_MAX:
        return adjustment
    commonest = sorted(adjustment.coefficients, key=lambda each: -each.cells)[:LEVELS_MAX]
    kept = sorted(commonest, key=lambda each: (each.field, each.level))
    return msgspec.structs.replace(adjustment, coefficients=tuple(kept))


def effects(cells: Table, adjustment: Adjustment) -> tuple[Table, Table]:
    """Return what each cell's price contains beside the base, and whether all of it is known.

    Millionths of a log. Without an adjustment it is 0 and known. Shapes (cells,).
    """
    total, known = np.zeros(len(cells), np.int64), np.ones(len(cells), np.bool_)
    if not adjustment.fitted:
        return total, known
    for place, field in enumerate(FIELDS):
        by_level = {c.level: c.effect for c in adjustment.coefficients if c.field == place}
        levels, where = np.unique(cells[field], return_inverse=True)
        total += np.array([by_level.get(level, 0) for level in levels.tolist()], np.int64)[where]
        known &= np.array([level in by_level for level in levels.tolist()], np.bool_)[where]
    return total, known


def factors(effect: Table) -> Table:
    """Return by what a price is multiplied to be one of the base: exp(-effect). Shape (cells,).

    Of `math`, not of numpy, whose exp differs between processors.
    """
    return np.array([math.exp(-each / MILLION) for each in effect.tolist()], np.float64)


def adjusted_micro(price_micro: Table, factor: Table) -> Table:
    """Return prices times factors in whole micro-dollars, rounded half up. Below 2^52."""
    product: Table = np.floor(price_micro * factor + 0.5).astype(np.int64)
    return product


def moved(adjustment: Adjustment, log_micro: int) -> Adjustment:
    """Return an adjustment that holds every provider for so many millionths dearer."""
    coefficients = tuple(
        msgspec.structs.replace(each, effect=each.effect + log_micro) if each.field == 0 else each
        for each in adjustment.coefficients
    )
    return msgspec.structs.replace(adjustment, coefficients=coefficients)
