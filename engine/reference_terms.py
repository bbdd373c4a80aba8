"""Terms of instruments in the reference: which can be, and how many lots sums can hold.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reference_legs import has_sound_legs
from engine.reference_premium import is_paid_for
from engine.reference_risk import Instrument
from engine.reference_world import Row
from engine.schema import Form

PRICE_MAX = 2**40
STAKE_MAX = 2**54  # Micro-dollars that the largest order or position may gain on its ladder.
LADDER_MAX = 2**17  # Prices of one instrument.


def has_sound_terms(row: Row) -> bool:
    """Whether prices lie on a ladder of bearable length, and no sum can pass 62 bits."""
    if not -PRICE_MAX <= row.low <= row.high <= PRICE_MAX or row.tick <= 0:
        return False
    length = row.high - row.low
    if length % row.tick != 0 or length // row.tick >= LADDER_MAX:
        return False
    sizes = (row.value, row.clip, row.position_max)
    if not all(0 < size <= PRICE_MAX for size in sizes) or row.protection < 0:
        return False
    if row.form not in list(Form) or (is_paid_for(row.form) and row.low < 0):
        return False
    return has_sound_legs(row) and is_bearable(row, max(row.clip, row.position_max))


def is_bearable(terms: Row | Instrument, lots: int) -> bool:
    """Whether no sum over so many lots, 1 or more, can pass 62 bits."""
    return lots <= PRICE_MAX and breadth(terms) * terms.value * lots <= STAKE_MAX


def breadth(terms: Row | Instrument) -> int:
    """Return the price units that a lot may move by; of one that is paid for, that it may cost."""
    return max(1, terms.high - (0 if is_paid_for(terms.form) else terms.low))
