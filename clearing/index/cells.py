"""Cells: what one provider asks for one configuration, made of all rows that say so.

A fixing and the regression behind it see cells only: a hundred equal offers of one provider
are one price. This module counts and sorts whole numbers; it judges nothing.
"""

from collections.abc import Sequence

import numpy as np

from engine.jit import Table

# What tells two configurations of one model apart, and whose price the regression compares.
FIELDS = (
    *("provider", "region", "form", "interconnect", "memory_gb", "gpu_count"),
    *("vcpus", "ram_gb"),
)
A_GPU = ("vcpus", "ram_gb")  # Of these a GPU's share counts, to the nearest power of two.

CELL = np.dtype(
    [
        ("provider", "<i4"),
        ("region", "<i4"),
        ("form", "u1"),
        ("interconnect", "u1"),
        ("memory_gb", "<i2"),
        ("gpu_count", "<i2"),
        ("vcpus", "<i4"),  # A GPU, as in A_GPU.
        ("ram_gb", "<i4"),
        ("part", "<i4"),  # Of the window; in a history: the week, yyyyww.
        ("price_twice", "<i8"),  # Twice the median price, so that it is whole: micro-dollars.
        ("gpu_hours_milli", "<i8"),  # The sum; 0: not known.
    ]
)
_SPAN_MAX = 2**62
_MOST = 2**30  # Of vCPUs or GB, whose square is still a whole number of 64 bits.
_POWERS = range(1, 16)  # Of two; up to 32,768 vCPUs or GB a GPU.


def collapse(rows: Table, parts: Table) -> tuple[Table, Table]:
    """Return the cells of OBSERVE rows, and for each row the place of its cell.

    parts: of each row, the part of the window; a cell holds rows of one part only. Cells are
    ordered by part, provider and configuration. Shapes (cells,) and (rows,).
    """
    levels = {name: _levels(rows, name) for name in FIELDS}
    keys = grouped([parts, *levels.values()])
    order = np.lexsort((rows["price_micro"], keys))
    starts, sizes = _runs(keys[order])
    cells = np.zeros(len(starts), CELL)
    first = order[starts]
    for name in FIELDS:
        cells[name] = levels[name][first]
    cells["part"] = np.asarray(parts)[first]
    cells["price_twice"] = _medians_twice(rows["price_micro"][order], starts, sizes)
    if len(starts):
        cells["gpu_hours_milli"] = np.add.reduceat(rows["gpu_hours_milli"][order], starts)
    place_of = np.zeros(len(rows), np.int64)
    place_of[order] = np.repeat(np.arange(len(starts)), sizes)
    return cells, place_of


def merged(cells: Table) -> Table:
    """Return one cell for those of equal part, provider and configuration: the median price.

    Hours are added. Whole micro-dollars: a median between two is rounded down.
    """
    keys = grouped([cells["part"], *(cells[name] for name in FIELDS)])
    order = np.lexsort((cells["price_twice"], keys))
    starts, sizes = _runs(keys[order])
    found = cells[order[starts]].copy()
    found["price_twice"] = _medians_twice(cells["price_twice"][order], starts, sizes) // 2
    if len(starts):
        found["gpu_hours_milli"] = np.add.reduceat(cells["gpu_hours_milli"][order], starts)
    return found


def grouped(columns: Sequence[Table]) -> Table:
    """Return a number for each row, equal where all columns are, ascending with them in turn."""
    keys, span = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        if not len(column):
            break
        low = int(column.min())
        width = int(column.max()) - low + 1
        if span * width > _SPAN_MAX:
            _, keys = np.unique(keys, return_inverse=True)
            span = len(keys)
        keys = keys * width + (column.astype(np.int64) - low)
        span *= width
    return keys


def _levels(rows: Table, name: str) -> Table:
    """Return a field of OBSERVE rows as the level it counts as. Shape (rows,)."""
    column: Table = rows[name]
    return a_gpu(column, rows["gpu_count"]) if name in A_GPU else column


def a_gpu(column: Table, gpu_count: Table) -> Table:
    """Return what of a machine is one GPU's, to the nearest power of two, at least 1; 0: unknown.

    Providers round as they like, and of machines whose size is not known one GPU is taken.
    Nearest by ratio: 2^(k - 1/2) and above is 2^k. Whole numbers, so all machines agree.
    """
    whole = np.clip(column.astype(np.int64), 0, _MOST)
    gpus = np.maximum(gpu_count.astype(np.int64), 1) ** 2
    powers = sum((2 * whole**2 >= gpus << 2 * power).astype(np.int64) for power in _POWERS)
    level: Table = np.where(whole > 0, 1 << powers, 0)
    return level


def _runs(ordered: Table) -> tuple[Table, Table]:
    """Return where each run of equal keys begins, and how long it is."""
    if not len(ordered):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return starts, np.diff(np.append(starts, len(ordered)))


def _medians_twice(ordered: Table, starts: Table, sizes: Table) -> Table:
    """Return the sum of the two middle values of each run; ascending within a run."""
    middle: Table = ordered[starts + (sizes - 1) // 2] + ordered[starts + sizes // 2]
    return middle
