"""What others would publish of the same observations: the means that the index is held against.

No money follows from any of them, so they are floats.
"""

import numpy as np

from clearing.index.population import Refusal, by_provider
from clearing.index.weights import UNKNOWN_HOURS_MILLI
from engine.jit import Table


def provider_mean(rows: Table) -> float:
    """Return the mean of the providers' mean prices in USD; nan of nothing.

    rows: OBSERVE rows, then weighted by the providers' GPU-hours where known; or AUDIT rows.
    """
    if not len(rows):
        return float("nan")
    groups = by_provider(rows)
    means = [float(rows["price_micro"][places].mean()) for places in groups]
    hours = [0.0] * len(groups)
    if "gpu_hours_milli" in (rows.dtype.names or ()):
        hours = [float(rows["gpu_hours_milli"][places].sum()) for places in groups]
    return float(np.average(means, weights=hours if any(hours) else None)) / 1e6


def volume_weighted(rows: Table) -> float:
    """Return the plain average price weighted by GPU-hours, 1 where unknown; nan of nothing."""
    if not len(rows):
        return float("nan")
    hours = np.where(rows["gpu_hours_milli"] > 0, rows["gpu_hours_milli"], UNKNOWN_HOURS_MILLI)
    return float(np.average(rows["price_micro"], weights=hours)) / 1e6


def used(audit: Table) -> Table:
    """Return the AUDIT rows that counted, and those that only the adjustment kept out.

    A plain mean knows neither attendance nor adjustment, so it takes newcomers at once.
    """
    return audit[np.isin(audit["reason"], (Refusal.NONE, Refusal.UNADJUSTED, Refusal.RETURNING))]
