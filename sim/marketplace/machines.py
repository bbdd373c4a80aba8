"""Machines whose quality shows only when they are measured, and what is made of a measurement.

A host's performance is a part of what its configuration promises. It differs from host to host and
drifts; no participant ever sees it, but a benchmark before delivery does, with noise. Below the
promised floor a machine is refused and the provider's next one is tried; else the price goes up or
down with what was measured. The spread is that of real machines, 38% between the best and the worst
of 253 H200 in memory bandwidth; all other parameters are illustrative.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from engine.jit import Table
from sim.marketplace.goods import NOMINAL

SPREAD_SIGMA = 0.068  # Between hosts, in logs: of 253 the best is 38% above the worst.
PROVIDER_SIGMA = 0.02  # Between providers' means, in logs: hardware and care of one house.
DRIFT_SIGMA = 0.0002  # A day and host, in logs.
NOISE_SIGMA = 0.01  # Of one measurement, in logs.
TRIES = 3  # Machines that a provider may bring, one after the other.

HOST = np.dtype(
    [
        ("provider", "<i4"),
        ("model", "<i4"),
        ("region", "<i4"),
        ("performance", "<f8"),  # On day 0, in logs of what is promised. Nobody is told.
        ("drift", "<f8"),  # A day, in logs. Nobody is told.
    ]
)


class Fleet(NamedTuple):
    """All machines, and who has which."""

    hosts: Table  # HOST rows.
    stock: Mapping[tuple[int, int, int], Table]  # Places by provider, model and region, if any.


class Delivery(NamedTuple):
    """What came of the machines that were brought for a trade."""

    host: int  # The one that was taken; -1: none.
    measured: int  # Of it, in 1/10,000 of what was promised.
    refused: tuple[int, ...]  # What those measured that were not taken.


def draw_fleet(
    chance: np.random.Generator, providers: int, models: int, regions: int, each: int
) -> Fleet:
    """Return a fleet: of each provider and model `each` machines, spread over the regions.

    Providers are numbered from 1.
    """
    hosts = np.zeros(providers * models * each, HOST)
    places = np.arange(len(hosts))
    hosts["provider"] = 1 + places // (models * each)
    hosts["model"] = places // each % models
    hosts["region"] = places % each % regions
    houses = PROVIDER_SIGMA * chance.standard_normal(providers)
    hosts["performance"] = SPREAD_SIGMA * chance.standard_normal(len(hosts))
    hosts["performance"] += houses[hosts["provider"] - 1]
    hosts["drift"] = DRIFT_SIGMA * chance.standard_normal(len(hosts))
    owners = zip(*(hosts[name].tolist() for name in ("provider", "model", "region")), strict=True)
    stock: dict[tuple[int, int, int], list[int]] = {}
    for place, owner in enumerate(owners):
        stock.setdefault(owner, []).append(place)
    return Fleet(hosts, {owner: np.array(where) for owner, where in stock.items()})


def measured(host: Table, day: int, chance: np.random.Generator) -> int:
    """Return what a benchmark says of a host on a day, in 1/10,000 of what was promised."""
    log = host["performance"] + host["drift"] * day + NOISE_SIGMA * chance.standard_normal()
    return round(NOMINAL * math.exp(log))


def deliver(
    fleet: Fleet, owner: tuple[int, int, int], day: int, floor: int, chance: np.random.Generator
) -> Delivery:
    """Return which of a provider's machines is taken: the first of three that holds the floor.

    owner: a provider that has machines of a model in a region. floor: in 1/10,000.
    """
    stock, refused = fleet.stock[owner], list[int]()
    for host in chance.choice(stock, min(TRIES, len(stock)), replace=False).tolist():
        found = measured(fleet.hosts[host], day, chance)
        if found >= floor:
            return Delivery(host, found, tuple(refused))
        refused.append(found)
    return Delivery(-1, 0, tuple(refused))


def premium(found: int, share_percent: int, most: int) -> int:
    """Return the premium for a measurement, in 1/10,000 of the price; below 0: a discount.

    A share of what lies beyond the promise, rounded down, and never more than `most` either way.
    """
    return min(max((found - NOMINAL) * share_percent // 100, -most), most)
