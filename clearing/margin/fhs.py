"""The second model: filtered historical simulation of a portfolio.

A contract is revalued in every scenario, of the past and of stress, and what a lot loses there is
rounded once, to whole micro-dollars: from there on everything is integers and exact fractions.
`fhs_batch.py` computes the same for many accounts.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearing.default.shares import shared
from clearing.margin.fhs_history import HORIZON, Floats, History, past_moves
from clearing.margin.fhs_stress import Stress, stresses
from clearing.margin.rounding import charge, initial

TAIL = Fraction(1, 100)  # Of the scenarios of the past: value at risk at 99%.
STRESS_WEIGHT = Fraction(1, 4)  # Of the worst stress loss, beside the expected shortfall.
PARTICIPATION = Fraction(1, 4)  # Of a day's volume, that one account can close out.
CLOSING_MAX = 20  # Days; nobody waits longer, whatever the volume is.
SHARE_FREE = Fraction(1, 10)  # Of the open interest, that costs nothing extra.

Integers = NDArray[np.int64]


class Moves(NamedTuple):
    """What prices do in each scenario: those of the past, then those of stress."""

    dates: tuple[int, ...]  # Of the returns (yyyymmdd): those of the past, in order.
    stresses: tuple[Stress, ...]
    past: Mapping[str, Floats]  # By model, shape (dates,).

    def of(self, model: str, is_front: bool) -> Floats:
        """Return the moves of a model's month: shares of its price, by scenario."""
        stressed = [each.move(model, is_front) for each in self.stresses]
        return np.concatenate([self.past[model], stressed])


NO_MOVES = Moves((), (), {})


class Exposure(NamedTuple):
    """What one long lot of a contract loses in each scenario, in micro-dollars; a gain is < 0."""

    name: str
    product: str
    losses: Integers  # By scenario.
    worth: int = 0  # Of a lot as option value.
    owed: int = 0  # By a lot sold, in every scenario: what an event contract may pay.


class Depth(NamedTuple):
    """How much of a product trades and is held, in lots; without any, nothing is added."""

    volume: int  # A day, on average.
    open_interest: int


class Held(NamedTuple):
    """Lots of one contract, short below 0."""

    exposure: Exposure
    quantity: int


class Tail(NamedTuple):
    """The bad end of a portfolio's scenarios. Micro-dollars, a loss is above 0."""

    value_at_risk: int
    at: int  # The scenario of the past that loses it; of several the first.
    total: int  # Of the losses that are as bad or worse,
    size: int  # so many,
    places: tuple[int, ...]  # in these scenarios of the past.
    stress: int  # The worst loss of stress,
    worst: int  # in this scenario of stress.

    @property
    def shortfall(self) -> Fraction:
        """The mean of the losses at and beyond the value at risk."""
        return Fraction(self.total, self.size)

    @property
    def stressed(self) -> Fraction:
        """What the stress weight adds to the shortfall."""
        return STRESS_WEIGHT * max(self.stress - self.shortfall, Fraction(0))

    @property
    def risk(self) -> int:
        """Shortfall and stress, at least 0, rounded up."""
        return max(charge(self.shortfall + self.stressed), 0)


_NO_TAIL = Tail(0, 0, 0, 1, (), 0, 0)


class ProductRisk(NamedTuple):
    """One product's requirement, and what it is made of. Micro-dollars."""

    product: str
    held: tuple[Held, ...]
    tail: Tail  # Of the product alone.
    liquidity: int
    concentration: int
    credit: int  # Its share of what the products together lose less than apart.

    @property
    def owed(self) -> int:
        """What event contracts that were sold may pay."""
        return sum(max(-each.quantity, 0) * each.exposure.owed for each in self.held)

    @property
    def option_value(self) -> int:
        """What bought options are worth, less sold ones."""
        return sum(each.quantity * each.exposure.worth for each in self.held)

    @property
    def added(self) -> int:
        """What size costs: time to close out, share of the open interest."""
        return self.liquidity + self.concentration

    @property
    def scan(self) -> int:
        """What the product alone needs, whatever its size."""
        return self.tail.risk + self.owed

    @property
    def requirement(self) -> int:
        """The product's requirement, before option value."""
        return self.scan + self.added - self.credit


class Simulation(NamedTuple):
    """A portfolio's requirement by historical simulation. Micro-dollars."""

    moves: Moves
    products: tuple[ProductRisk, ...]
    tail: Tail  # Of all products together.
    percent: int  # Initial as a percentage of maintenance.

    @property
    def net_option_value(self) -> int:
        """What bought options are worth, less sold ones."""
        return sum(each.option_value for each in self.products)

    @property
    def maintenance(self) -> int:
        """What the positions need to be kept."""
        needed = sum(each.requirement for each in self.products)
        return max(needed - self.net_option_value, 0)

    @property
    def initial(self) -> int:
        """What they need to be opened; what event contracts may pay is never needed twice."""
        owed = min(sum(each.owed for each in self.products), self.maintenance)
        return initial(self.maintenance - owed, self.percent) + owed


def moves(known: History) -> Moves:
    """Return the scenarios of a history: its own, and those of stress."""
    past = past_moves(known)
    columns = {model: past[:, place] for place, model in enumerate(known.models)}
    return Moves(known.dates[1:], stresses(known.models), columns)


def losses(worth: float, moved: Floats) -> Integers:
    """Return what a lot loses by scenario. The one rounding: to the nearest micro-dollar.

    worth: micro-dollars of a lot that still move with the price; moved: shares of the price.
    """
    return np.rint(-worth * moved).astype(np.int64)


def tail(found: Integers, past: int) -> Tail:
    """Return the bad end of losses by scenario, of which the first `past` are of the past.

    Value at risk is the place ceil(0.01 n) of the ascending profits; the shortfall is the mean
    of all profits that are not above it.
    """
    rank = math.ceil(TAIL * past)
    at_risk = int(np.sort(found[:past])[past - rank])
    places = np.flatnonzero(found[:past] >= at_risk)
    stressed = found[past:]
    worst = int(stressed.argmax())
    total = int(found[places].sum())
    at = int((found[:past] == at_risk).argmax())
    tail_places = tuple(places.tolist())
    return Tail(at_risk, at, total, len(places), tail_places, int(stressed[worst]), worst)


def simulate(
    moved: Moves,
    exposures: Mapping[str, Exposure],
    lots: Mapping[str, int],
    depths: Mapping[str, Depth],
    percent: int,
) -> Simulation:
    """Return the requirement of lots by contract, initial at `percent` of maintenance.

    depths: by product; one that is missing costs nothing for its size.
    """
    by_product: dict[str, list[Held]] = {}
    for name, quantity in lots.items():
        if quantity:
            exposure = exposures[name]
            by_product.setdefault(exposure.product, []).append(Held(exposure, quantity))
    if not by_product:
        return Simulation(moved, (), _NO_TAIL, percent)
    past = len(moved.dates)
    alone = {name: lost(held, moved) for name, held in by_product.items()}
    together = tail(sum(alone.values(), np.zeros(past + len(moved.stresses), np.int64)), past)
    tails = [tail(each, past) for each in alone.values()]
    risks = [each.risk for each in tails]
    saved = max(
        sum(risks) - together.risk, 0
    )  # Equal losses at the edge of a tail could exceed it.
    products = tuple(
        _product(name, tuple(by_product[name]), each, depths.get(name), credit)
        for name, each, credit in zip(by_product, tails, shared(saved, risks), strict=True)
    )
    return Simulation(moved, products, together, percent)


def lost(held: Sequence[Held], moved: Moves) -> Integers:
    """Return what positions lose by scenario, in micro-dollars."""
    total = np.zeros(len(moved.dates) + len(moved.stresses), np.int64)
    for exposure, quantity in held:
        total += quantity * exposure.losses
    return total


def liquidity(risk: int, lots: int, depth: Depth) -> int:
    """Return what is added because closing out takes longer than the horizon; rounded up.

    risk x (sqrt(days / horizon) - 1), where a day closes a quarter of its volume.
    """
    closed = PARTICIPATION * depth.volume
    days = min(Fraction(lots) / closed, Fraction(CLOSING_MAX)) if closed else CLOSING_MAX
    ratio = Fraction(days) / HORIZON
    if ratio <= 1:
        return 0
    square = risk * risk * ratio.numerator * ratio.denominator
    root = math.isqrt(square)
    root += root * root < square
    return -(-root // ratio.denominator) - risk


def concentration(risk: int, lots: int, depth: Depth) -> int:
    """Return what is added for a share of the open interest beyond a tenth; rounded up.

    risk x (share - a tenth); who holds everything adds nine tenths.
    """
    if not depth.open_interest:
        return 0
    share = min(Fraction(lots, depth.open_interest), Fraction(1))
    return charge(risk * max(share - SHARE_FREE, Fraction(0)))


def _product(
    name: str, held: tuple[Held, ...], alone: Tail, depth: Depth | None, credit: int
) -> ProductRisk:
    lots = sum(abs(each.quantity) for each in held)
    added = (0, 0)
    if depth:
        added = liquidity(alone.risk, lots, depth), concentration(alone.risk, lots, depth)
    return ProductRisk(name, held, alone, *added, credit)
