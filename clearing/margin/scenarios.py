"""Scan risk: the worst of 16 scenarios, and what of it is risk of price alone.

Source: CME Group, Standard Portfolio Analysis of Risk, "Scan risk" and "Weighted futures price
risk". Losses are in micro-dollars; positive is a loss.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from clearing.margin.parameters import PAIRED, SCENARIOS, Contract


class Position(NamedTuple):
    """Lots of one contract, negative where sold."""

    contract: Contract
    quantity: int


class Scan(NamedTuple):
    """What positions lose in each scenario, and in the worst one."""

    losses: tuple[int, ...]
    active: int  # The scenario of the greatest loss, from 0; of equals the first.
    amount: int  # That loss, or 0 where no scenario loses.

    @property
    def price_risk_twice(self) -> int:
        """Twice the price risk: the active pair of scenarios less what time alone does.

        Volatility up and down at the active price, averaged, less the same at an unchanged one.
        """
        active_pair = self.losses[self.active] + self.losses[PAIRED[self.active]]
        return max(active_pair - self.losses[0] - self.losses[1], 0)


def scan(positions: Iterable[Position]) -> Scan:
    """Return the scan of positions together."""
    losses = [0] * len(SCENARIOS)
    for contract, quantity in positions:
        for place, loss in enumerate(contract.losses):
            losses[place] += quantity * loss
    return scan_of(losses)


def scan_of(losses: Sequence[int]) -> Scan:
    """Return the scan of losses that are added up already."""
    worst = max(losses)
    return Scan(tuple(losses), losses.index(worst), max(worst, 0))


def joint(scans: Sequence[Scan]) -> Scan:
    """Return the scan of several products as if they were one."""
    return scan_of([sum(losses) for losses in zip(*(each.losses for each in scans), strict=True)])
