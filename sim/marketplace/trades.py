"""What was traded, and the same as observations of the spot market."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from clearing.index.population import TERMS, Tier
from engine.jit import Table
from engine.layout import OBSERVE
from sim.marketplace.contracts import Contract
from sim.marketplace.goods import Configuration, paid_micro
from sim.marketplace.machines import Fleet, deliver, premium
from sim.marketplace.terms import SpotTerms

BOARDS = {"A100": 80, "H100": 80, "B200": 180, "H200": 141}  # GB of memory.
GPU_COUNT = 8  # In each machine.
FORM = 1  # SXM.

_MILLI = 1_000


class Trade(NamedTuple):
    """Hours that changed hands, and the machine that they were delivered on."""

    time: int  # ns
    buyer: int
    provider: int
    configuration: Configuration
    hours: int  # GPU-hours.
    price_micro: int  # As it was agreed, a GPU-hour,
    paid_micro: int  # and with the premium or discount for what was measured.
    measured: int  # In 1/10,000 of what was promised; 0: not at once, so of a contract.
    refused: int  # Machines that the provider brought in vain.
    origin: Literal["auction", "request", "contract"]


class Agreed(NamedTuple):
    """Hours that were sold at once, before a machine is brought."""

    time: int
    buyer: int
    provider: int
    configuration: Configuration
    hours: int
    price_micro: int
    origin: Literal["auction", "request"]


class Failure(NamedTuple):
    """Hours that were sold and not paid: every machine that was brought was refused."""

    time: int
    buyer: int
    provider: int
    configuration: Configuration
    hours: int
    refused: int


def handed_over(
    agreed: Agreed, fleet: Fleet, terms: SpotTerms, day: int, chance: np.random.Generator
) -> Trade | Failure:
    """Return what came of hours that were sold: a machine is measured, and the price follows."""
    time, buyer, provider, configuration, hours, price_micro, origin = agreed
    owner = provider, configuration.model, configuration.region
    found = deliver(fleet, owner, day, 100 * terms.floor_percent, chance)
    if found.host < 0:
        return Failure(time, buyer, provider, configuration, hours, len(found.refused))
    extra = premium(found.measured, terms.premium_percent, 100 * terms.premium_most)
    paid, tried = paid_micro(price_micro, extra), len(found.refused)
    sold = time, buyer, provider, configuration, hours
    return Trade(*sold, price_micro, paid, found.measured, tried, origin)


def signed(contract: Contract, time: int) -> Trade:
    """Return a contract as a trade: of all its hours, at its price."""
    hours = contract.hours * len(contract.months)
    price = contract.price_micro
    terms = contract.configuration, hours, price, price, 0, 0
    return Trade(time, contract.buyer, contract.provider, *terms, "contract")


def observations(trades: Sequence[Trade], first_row: int, models: Sequence[str]) -> Table:
    """Return OBSERVE rows of trades, numbered from `first_row`.

    A row's `region` is the place among the regions plus 1, since 0 is "not known"; provider,
    seller and buyer are parties. models: by number.
    """
    rows = np.zeros(len(trades), OBSERVE)
    rows["row"] = first_row + np.arange(len(trades))
    rows["price_micro"] = [trade.paid_micro for trade in trades]
    rows["gpu_hours_milli"] = [_MILLI * trade.hours for trade in trades]
    rows["traded"] = [trade.time for trade in trades]
    rows["provider"] = rows["seller"] = [trade.provider for trade in trades]
    rows["buyer"] = [trade.buyer for trade in trades]
    rows["model"] = [trade.configuration.model for trade in trades]
    rows["region"] = [1 + trade.configuration.region for trade in trades]
    rows["term"] = [TERMS[trade.configuration.term] for trade in trades]
    rows["memory_gb"] = [BOARDS.get(models[trade.configuration.model], 0) for trade in trades]
    rows["gpu_count"], rows["form"], rows["tier"] = GPU_COUNT, FORM, Tier.TRADE
    return rows


def new_names(rows: Table, names: Mapping[int, str], known: set[int]) -> dict[int, str]:
    """Return, by place in the rows, the names of providers that are new; they are known then."""
    providers, places = np.unique(rows["provider"], return_index=True)
    pairs = zip(providers.tolist(), places.tolist(), strict=True)
    fresh = {place: names[number] for number, place in pairs if number not in known}
    known.update(providers.tolist())
    return fresh
