"""The steps of a default, as they stand in DEFAULT rows; README.md says what each column holds."""

import enum


class Step(enum.IntEnum):
    """The `code` of a DEFAULT row."""

    TERMS = 1  # What stands behind a default from now on.
    DECLARE = 2  # By the house, or by two operators.
    AUCTION = 3  # Of what the defaulter holds in one product; sealed bids from now on.
    ALLOT = 4  # To the best bid.
    TEAR_UP = 5  # No bid was good enough: contracts end against their other side.
    COVER = 6  # What one party bears of the loss in one tranche.
    CLOSE = 7  # The default is over.
    PASS_OVER = 8  # A bid that was better than the winner's, and why it could not win.
    PORT = 9  # Customers of a defaulter go to another member, who takes them.
