"""What operators tell the clearing house outside of its timetable: REVIEW rows, by their code.

The engine notes such a row and does nothing; the house reads it, and answers with rows of its own.
"""

import enum

from clearing.collateral import Collateral
from clearing.corrections import Corrections
from clearing.interest import Interest
from clearing.ledger import Ledger
from clearing.tasks import Task
from engine.jit import Row


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

    def take(self, row: Row, date: int) -> Task:
        """Take in an accepted row on a trade date; return the task that it sets."""
        match row["code"]:
            case Review.CYCLE:
                return Task.MARGIN
            case Review.CORRECT:
                self.corrections.take(row, date)
                return Task.CORRECT
            case Review.INTEREST:
                self.interest.take(row)
            case Review.HAIRCUT:
                self.collateral.take(row)
                return Task.HAIRCUT
        return Task.NOTHING
