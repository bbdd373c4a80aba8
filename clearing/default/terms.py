"""What stands behind a default besides the defaulter's own money, as an exchange is founded with.

Amounts come in as USD and leave as micro-dollars on one row, which a replay reads them from.
"""

from decimal import Decimal
from typing import NamedTuple

import msgspec

from clearing.default.steps import Step
from engine.instruments import micro
from engine.jit import Row
from engine.rows import Batch
from engine.schema import Kind

_USD_MAX = 1_000_000_000


class FundTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The guaranty fund and the exchange's own capital, in USD. As it stands, there is neither."""

    capital: Decimal = Decimal(0)  # Of the exchange, before the other members pay.
    contribution: Decimal = Decimal(0)  # The least that each member puts into the fund,
    share_percent: int = 0  # or this part of its maintenance margin, where that is more.
    assessments: int = 0  # What a member may be asked for beyond it, in contributions.

    def __post_init__(self) -> None:
        for name, amount in (("capital", self.capital), ("contribution", self.contribution)):
            if not amount.is_finite() or not 0 <= amount <= _USD_MAX:
                raise ValueError(f"{name} {amount} is not between 0 and {_USD_MAX} USD")
            try:
                micro(amount)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        for name, number, most in (
            ("share_percent", self.share_percent, 100),
            ("assessments", self.assessments, 10),
        ):
            if not 0 <= number <= most:
                raise ValueError(f"{name} {number} is not between 0 and {most}")


class Backing(NamedTuple):
    """The same terms in integers, as their row says them."""

    capital: int = 0  # Micro-dollars.
    contribution: int = 0  # Micro-dollars, of each member.
    share_percent: int = 0
    assessments: int = 0


def add_terms(batch: Batch, terms: FundTerms) -> None:
    """Add the row that says what stands behind a default, unless nothing does."""
    if terms != FundTerms():
        batch.money(
            Kind.DEFAULT,
            code=Step.TERMS,
            value=micro(terms.capital),
            value_2=micro(terms.contribution),
            numerator=terms.share_percent,
            denominator=terms.assessments,
        )


def backing_of(row: Row) -> Backing:
    """Return what a TERMS row says."""
    share, times = int(row["numerator"]), int(row["denominator"])
    return Backing(int(row["value"]), int(row["value_2"]), share, times)
