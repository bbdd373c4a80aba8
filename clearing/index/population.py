"""Which observations count: each that does not is refused for one named reason.

Refusals are tested in the order of their numbers, and the first that holds is the one that
is reported. Nothing is refused silently, and nothing is repaired.
"""

import enum
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from clearing.index.estimators import median, weighted_median
from engine.jit import Table
from engine.layout import COMMAND, OBSERVE

REVERSAL_NS = 120_000_000_000  # A trade undone within two minutes was none.
BAND = 5  # A price is refused below 1/5 of the day's median and above 5 times of it.
HOURS_MILLI_MAX = 10**12  # In one observation; a billion GPU-hours.
HEAD = COMMAND.itemsize - 80  # Bytes of a row before its body.


class Term(enum.IntEnum):
    """What kind of rental an observation prices."""

    ON_DEMAND = 1
    SPOT = 2
    RESERVED = 3
    OTHER = 4


TERMS: Mapping[str, Term] = {  # By the names that index terms and panels use.
    "on-demand": Term.ON_DEMAND,
    "spot": Term.SPOT,
    "reserved": Term.RESERVED,
}


class Tier(enum.IntEnum):
    """How good the inputs of a fixing are. Observations are TRADE, POSTED or, flagged, NONE."""

    NONE = 0  # A fixing: no value. An observation: its own source doubts it.
    TRADE = 1
    POSTED = 2  # An executable quote or a posted price.
    CARRIED = 3  # The last fixing, again.
    MANUAL = 4  # Set by the operator.


class Refusal(enum.IntEnum):
    """Why an observation does not count."""

    NONE = 0
    INCOMPLETE = 1  # No positive price, absurd GPU-hours, or provider or tier unknown.
    OTHER_TERM = 2  # Not one of the markets of the index.
    EXCLUDED_PROVIDER = 3  # Named by the index terms.
    FLAGGED = 4  # The source marks it as doubtful.
    STALE = 5  # Made before the window opened.
    LATE = 6  # Made when the window had closed.
    DUPLICATE = 7  # Equal to an earlier row in all but its place in the feed.
    ONE_OWNER = 8  # A trade whose buyer and seller are one.
    REVERSED = 9  # A trade that the same two undid within two minutes, and what undid it.
    OUT_OF_BAND = 10  # Beyond 1/5 or 5 times of the median of the providers' median prices.
    RETURNING = 11  # Its provider was absent too often; it must be there for a while first.
    UNADJUSTED = 12  # Its provider, or part of its configuration, has no effect estimated yet.


def judge(
    rows: Table,
    names: Mapping[int, str],
    markets: Sequence[str],
    excluded: Sequence[str],
    window: tuple[int, int],
) -> Table:
    """Return the Refusal of each OBSERVE row by itself and its day, NONE for those that count.

    What depends on earlier days, RETURNING and UNADJUSTED, is for `fixing` to say.
    names: of the providers, by number. window: from, inclusive, and to, exclusive, in ns.
    """
    verdicts = np.zeros(len(rows), np.uint8)
    for reason, fails in (
        (Refusal.INCOMPLETE, _incomplete(rows, names)),
        (Refusal.OTHER_TERM, ~np.isin(rows["term"], [TERMS[name] for name in markets])),
        (Refusal.EXCLUDED_PROVIDER, np.isin(rows["provider"], _numbers(names, excluded))),
        (Refusal.FLAGGED, rows["tier"] == Tier.NONE),
        (Refusal.STALE, rows["traded"] < window[0]),
        (Refusal.LATE, rows["traded"] >= window[1]),
    ):
        verdicts[(verdicts == Refusal.NONE) & fails] = reason
    _refuse_duplicates(rows, verdicts)
    _refuse_sham_trades(rows, verdicts)
    _refuse_out_of_band(rows, verdicts)
    return verdicts


def by_provider(rows: Table) -> list[Table]:
    """Return the places of each provider's rows, ascending; providers by number, ascending."""
    order = np.argsort(rows["provider"], kind="stable")
    _, starts = np.unique(rows["provider"][order], return_index=True)
    return [places for places in np.split(order, starts[1:]) if len(places)]


def bodies(rows: Table) -> Table:
    """Return the 80 bytes of each OBSERVE row that its source wrote. Shape (rows, 80)."""
    assert rows.dtype == OBSERVE
    packed = np.ascontiguousarray(rows).view(np.uint8)
    return packed.reshape(len(rows), COMMAND.itemsize)[:, HEAD:]


def _incomplete(rows: Table, names: Mapping[int, str]) -> Table:
    is_named = np.isin(rows["provider"], list(names))
    hours = rows["gpu_hours_milli"]
    is_absurd = (rows["price_micro"] <= 0) | (hours < 0) | (hours > HOURS_MILLI_MAX)
    return is_absurd | ~is_named | (rows["tier"] > Tier.POSTED)


def _numbers(names: Mapping[int, str], wanted: Sequence[str]) -> list[int]:
    folded = {name.casefold() for name in wanted}
    return [number for number, name in names.items() if name.casefold() in folded]


def _refuse_duplicates(rows: Table, verdicts: Table) -> None:
    """Refuse all rows but the first in the feed of those that are equal. In place."""
    counted = np.flatnonzero(verdicts == Refusal.NONE)
    _, when, times = np.unique(rows["traded"][counted], return_inverse=True, return_counts=True)
    counted = counted[times[when] > 1]  # A moment of its own is like no other row's.
    counted = counted[np.argsort(rows["row"][counted], kind="stable")]
    unplaced = rows[counted].copy()
    unplaced["row"] = 0
    keys = np.ascontiguousarray(bodies(unplaced)).view("V80").ravel()
    _, first = np.unique(keys, return_index=True)
    is_repeated = np.ones(len(counted), bool)
    is_repeated[first] = False
    verdicts[counted[is_repeated]] = Refusal.DUPLICATE


def _refuse_sham_trades(rows: Table, verdicts: Table) -> None:
    """Refuse trades of one owner with itself, and trades that the same two undid. In place."""
    is_named = (rows["buyer"] != 0) & (rows["seller"] != 0) & (verdicts == Refusal.NONE)
    places = np.flatnonzero(is_named)
    buyer, seller, traded = (rows[name][places] for name in ("buyer", "seller", "traded"))
    verdicts[places[buyer == seller]] = Refusal.ONE_OWNER
    pair = np.minimum(buyer, seller), np.maximum(buyer, seller)
    order = np.lexsort((traded, *pair))
    before, after = order[:-1], order[1:]
    is_same = (pair[0][before] == pair[0][after]) & (pair[1][before] == pair[1][after])
    is_undone = is_same & (buyer[before] == seller[after]) & (buyer[before] != buyer[after])
    is_undone &= traded[after] - traded[before] <= REVERSAL_NS
    verdicts[places[before[is_undone]]] = Refusal.REVERSED
    verdicts[places[after[is_undone]]] = Refusal.REVERSED


def _refuse_out_of_band(rows: Table, verdicts: Table) -> None:
    """Refuse prices far from the middle of what is left, each provider one voice. In place."""
    counted = np.flatnonzero(verdicts == Refusal.NONE)
    if len(counted) == 0:
        return
    prices = rows["price_micro"][counted]
    voices = [median(prices[places].tolist()) for places in by_provider(rows[counted])]
    center = weighted_median(voices, [Fraction(1)] * len(voices))
    is_out = (prices < math.ceil(center / BAND)) | (prices > math.floor(center * BAND))
    verdicts[counted[is_out]] = Refusal.OUT_OF_BAND
