"""The end of a month: contracts are billed for what was delivered, and some parties default."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sim.marketplace.contracts import Bill, CloseOut, Contract, bill, close_out
from sim.marketplace.goods import Configuration
from sim.marketplace.machines import Fleet, deliver

_OUTAGE = 0.01  # Of a month's hours that are lost, on average.
_REPAIR = 0.1  # Of them that each refused machine costs.


def delivered_hours(
    contract: Contract, fleet: Fleet, day: int, floor: int, chance: np.random.Generator
) -> int:
    """Return the GPU-hours of a month that were delivered; 0 where no machine holds the floor."""
    model, region, _ = contract.configuration
    found = deliver(fleet, (contract.provider, model, region), day, floor, chance)
    if found.host < 0:
        return 0
    lost = _OUTAGE * chance.standard_exponential() + _REPAIR * len(found.refused)
    return math.floor(contract.hours * max(0.0, 1.0 - lost))


def defaulting(
    parties: Sequence[int], defaults_a_year: float, chance: np.random.Generator
) -> list[int]:
    """Return which of some parties default in a month."""
    rolls = chance.random(len(parties)).tolist()
    hazard = 1.0 - math.exp(-defaults_a_year / 12)
    return [party for party, roll in zip(parties, rolls, strict=True) if roll < hazard]


def billed(
    contracts: Sequence[Contract],
    month: int,
    delivered: Mapping[int, int],
    prices: Mapping[Configuration, int],
) -> list[Bill]:
    """Return the month's bills. delivered: hours by contract. prices: see `replacement`."""
    return [
        bill(one, month, delivered[one.number], replacement(one, prices))
        for one in contracts
        if month in one.months
    ]


def closed_out(
    contracts: Sequence[Contract],
    gone: Sequence[int],
    bills: Sequence[Bill],
    since: int,
    prices: Mapping[Configuration, int],
    recovery_percent: int,
) -> list[CloseOut]:
    """Return what the contracts of parties that default come to, before the month `since`.

    bills: of the month that ends, which nobody who defaulted, or deals with such, has paid.
    Where both default, the provider is taken for the defaulter: it has not delivered.
    """
    unpaid = {one.contract: one.due_micro - one.damages_micro for one in bills}
    found = []
    for one in contracts:
        failed = [party for party in (one.provider, one.buyer) if party in gone]
        if failed and (one.months[-1] >= since or one.number in unpaid):
            months = {month: replacement(one, prices) for month in one.months}
            owed = unpaid.get(one.number, 0)
            found.append(close_out(one, failed[0], since, owed, months, recovery_percent))
    return found


def replacement(contract: Contract, prices: Mapping[Configuration, int]) -> int:
    """Return what a GPU-hour costs elsewhere, micro-dollars: the last on-demand auction's price.

    The contract's own where there was none. prices: by configuration.
    """
    model, region, _ = contract.configuration
    return prices.get(Configuration(model, region, "on-demand"), contract.price_micro)
