"""What operators tell the clearing house outside of its timetable: REVIEW rows, by their code.

The engine notes such a row and does nothing; the house reads it, and answers with rows of its own.
"""

import enum

from clearing.collateral import Collateral
from clearing.corrections import Corrections
from clearing.interest import Interest
from clearing.ledger import Ledger
from engine.jit import Row

# Beside the cycles of the calendar: what is answered to a row of this module, and no answer.
MARGIN, CORRECTIONS, HAIRCUTS = 100, 101, 102
_NONE = 103


class Review(enum.IntEnum):
    """The `code` of a REVIEW row; what its columns hold stands in the folder's README."""

    CYCLE = 1  # A margin cycle now.
    CORRECT = 2  # Reverse an entry of the ledger.
    INTEREST = 3  # The rates of interest from the next end of day on.
    HAIRCUT = 4  # What an asset counts for from now on.


class Reviews:
    """What was told, and what it set going."""

    def __init__(self, ledger: Ledger) -> None:
        self.corrections = Corrections(ledger)
        self.interest = Interest(ledger)
        self.collateral = Collateral()

    def take(self, row: Row, date: int) -> int:
        """Take in an accepted row on a trade date; return the cycle that it asks for, if any."""
        match row["code"]:
            case Review.CYCLE:
                return MARGIN
            case Review.CORRECT:
                self.corrections.take(row, date)
                return CORRECTIONS
            case Review.INTEREST:
                self.interest.take(row)
            case Review.HAIRCUT:
                self.collateral.take(row)
                return HAIRCUTS
        return _NONE
