"""What a fixing leaves behind so that it can be checked: one row an observation, and a hash.

This module turns what `fixing` decided into rows; it decides nothing.
"""

import hashlib
from fractions import Fraction

import numpy as np

from clearing.index.population import Refusal, bodies
from engine.jit import Table

AUDIT = np.dtype(
    [
        ("row", "<i8"),  # The observation's place in the feed it came from.
        ("provider", "<i4"),
        ("price_micro", "<i8"),
        ("adjusted_micro", "<i8"),  # To the base; equal to the price where refused before.
        ("weight_ppb", "<i8"),  # Its part of the day's weight, in billionths, rounded down.
        ("reason", "u1"),  # A Refusal; NONE: it was used.
    ]
)


def audit_table(rows: Table, verdicts: Table) -> Table:
    """Return an AUDIT row for each OBSERVE row, its weight still 0."""
    table = np.zeros(len(rows), AUDIT)
    table["row"], table["provider"] = rows["row"], rows["provider"]
    table["price_micro"] = table["adjusted_micro"] = rows["price_micro"]
    table["reason"] = verdicts
    return table


def in_billionths(part: Fraction) -> int:
    """Return a part of the day's weight as an AUDIT row holds it, rounded down."""
    return part.numerator * 10**9 // part.denominator


def refused(verdicts: Table) -> dict[Refusal, int]:
    """Return how many observations were refused, by reason, for the reasons that occurred."""
    reasons, counts = np.unique(verdicts, return_counts=True)
    counted = zip(reasons.tolist(), counts.tolist(), strict=True)
    return {Refusal(reason): count for reason, count in counted if reason}


def inputs_hash(rows: Table) -> str:
    """Return blake2b-128 of the bodies of OBSERVE rows, ordered by (traded, provider, row)."""
    order = np.lexsort((rows["row"], rows["provider"], rows["traded"]))
    return hashlib.blake2b(bodies(rows[order]).tobytes(), digest_size=16).hexdigest()
