"""Who bears the loss of a default, tranche by tranche: arithmetic alone, in whole micro-dollars.

The order is that of the Principles for Financial Market Infrastructures (CPMI-IOSCO, principle 4
and "Recovery of financial market infrastructures"): who caused the loss pays first.
"""

import enum
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from clearing.default.shares import shared

Shares = Mapping[int, int]  # Micro-dollars by account.


class Tranche(enum.IntEnum):
    """What is drawn on, in this order."""

    MARGIN = 1  # What the defaulter had while it was last in good standing, and paid in since.
    CONTRIBUTION = 2  # Its own part of the guaranty fund.
    CAPITAL = 3  # The exchange's own.
    FUND = 4  # The other members' parts of the guaranty fund.
    ASSESSMENT = 5  # What they are asked for beyond it.
    GAINS = 6  # Haircut of what the day's winners were paid.
    UNCOVERED = 7  # Nobody: it stays as the defaulter's debt.


class Resources(NamedTuple):
    """What there is to draw on. Micro-dollars, none below 0; shares by account, the defaulter not.

    assessments: the most that each may be asked for.
    """

    margin: int
    contribution: int
    capital: int
    fund: Shares
    assessments: Shares
    gains: Shares

    def prefunded(self) -> int:
        """Return what is there without asking anybody for more."""
        return self.margin + self.contribution + self.capital + sum(self.fund.values())

    def callable(self) -> int:
        """Return what members answer for, in all: what is there, and what they may be asked for."""
        return self.prefunded() + sum(self.assessments.values())


class Payment(NamedTuple):
    """What one party bears in one tranche; HOUSE and the defaulter stand for themselves."""

    tranche: Tranche
    account: int
    amount: int  # Micro-dollars, above 0.


def allocated(loss: int, resources: Resources, defaulter: int, house: int) -> list[Payment]:
    """Return who bears a loss, in the order of the tranches; the payments add up to it.

    A tranche is drawn on once the one before is empty; within one, all pay pro rata to what they
    have in it. loss: micro-dollars, 0 or more. Raises ValueError where something is below 0.
    """
    if loss < 0:
        raise ValueError(f"a loss of {loss} is none")
    payments = []
    for tranche, parts in _tranches(resources, defaulter, house):
        drawn = min(loss, sum(parts.values()))
        amounts = shared(drawn, list(parts.values()))
        borne = zip(parts, amounts, strict=True)
        payments += [Payment(tranche, account, amount) for account, amount in borne if amount]
        loss -= drawn
    if loss:
        payments.append(Payment(Tranche.UNCOVERED, defaulter, loss))
    return payments


def _tranches(resources: Resources, defaulter: int, house: int) -> Iterator[tuple[Tranche, Shares]]:
    yield Tranche.MARGIN, {defaulter: resources.margin}
    yield Tranche.CONTRIBUTION, {defaulter: resources.contribution}
    yield Tranche.CAPITAL, {house: resources.capital}
    yield Tranche.FUND, resources.fund
    yield Tranche.ASSESSMENT, resources.assessments
    yield Tranche.GAINS, resources.gains


def drawn(payments: list[Payment]) -> dict[Tranche, int]:
    """Return what each tranche bears in all; those that bear nothing too."""
    return {
        tranche: sum(each.amount for each in payments if each.tranche == tranche)
        for tranche in Tranche
    }
