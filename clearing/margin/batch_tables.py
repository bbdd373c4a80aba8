"""Parameters to the tables of `batch_layout.py`, and how many lots their integers can hold."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm, prod
from typing import NamedTuple

import numpy as np

from clearing.margin.batch_layout import (
    CONTRACT,
    JOINT,
    LEG,
    MEMBER,
    POOL,
    PRODUCT,
    RUN,
    SPREAD,
    Terms,
)
from clearing.margin.coherence import tier_of
from clearing.margin.parameters import (
    DELTA_ONE,
    MILLION,
    Contract,
    Kind,
    Parameters,
    Product,
    Spread,
    Tier,
)
from clearing.margin.span import minimum_rate

_AMOUNT_MAX = 2**50  # Micro-dollars: a double tells a quotient of this size from its neighbours.
_DIVISOR_MAX = 2**60  # So that a few of them still fit into 64 bits.


class Tables(NamedTuple):
    """The tables, the grain of credits, and the most lots that one account may hold."""

    terms: Terms
    credit_grain: int
    lots_max: int


def tables(parameters: Parameters) -> Tables:
    """Return parameters as tables; ValueError where 64 bits do not hold what they lead to."""
    making = _Making(parameters)
    for product in parameters.products.values():
        making.add_product(product)
    making.add_between()
    lots_max = making.lots_max()
    if lots_max < 1:
        raise ValueError("a ratio, a rate or a loss is too large for integers of 64 bits")
    return Tables(making.terms(), making.credit_grain, lots_max)


class _Making:
    """Rows so far, and where each product's periods, runs and pools stand."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._numbers = {name: number for number, name in enumerate(parameters.products)}
        self._places: dict[tuple[str, str], int] = {}  # Of a product's period.
        self._pools: dict[tuple[str, int], int] = {}  # Of a product's tier.
        self._rows: dict[str, list[tuple[int, ...]]] = {name: [] for name in ("products", *_DTYPES)}
        self._periods: list[int] = []
        self._grains: list[int] = []
        self.credit_grain = _grain(parameters.spreads)

    def add_product(self, product: Product) -> None:
        """Add a product's periods, runs, pools and spreads."""
        periods = sorted(
            {
                one.period
                for one in self._parameters.contracts.values()
                if one.product == product.name
            }
        )
        pools = self._tiers_between(product)
        within = [
            tier_of(leg, product.intra_tiers) for each in product.spreads for leg in each.legs
        ]
        spots = [Tier(0, rate.period, rate.period) for rate in product.spot]
        ends = _cuts(periods, [*filter(None, within), *pools.values(), *spots])
        starts = {name: len(self._rows[name]) for name in ("runs", "spreads", "pools")}
        first_period, grain = len(self._periods), _grain_within(product.spreads)
        for run, (begin, end) in enumerate(ends, start=starts["runs"]):
            self._places |= {
                (product.name, periods[place]): first_period + place for place in range(begin, end)
            }
            self._periods += [run] * (end - begin)
            rates = [each for each in product.spot if each.period == periods[begin]]
            self._add("runs", sum(r.spread for r in rates), sum(r.outright for r in rates))
        spans = _Spans(periods, ends, starts["runs"])
        for number, tier in pools.items():
            self._pools[product.name, number] = len(self._rows["pools"])
            self._add("pools", self._numbers[product.name], *spans.of(tier))
        for spread in product.spreads:
            tiers = [tier_of(leg, product.intra_tiers) or Tier(0) for leg in spread.legs]
            self._add_spread("spreads", "legs", spread, [spans.of(tier) for tier in tiers])
        self._grains.append(grain)
        self._add(
            *("products", first_period, len(self._periods)),
            *(bound for name, start in starts.items() for bound in (start, len(self._rows[name]))),
        )

    def _tiers_between(self, product: Product) -> dict[int, Tier]:
        legs = [leg for spread in self._parameters.spreads for leg in spread.legs]
        ours = [leg for leg in legs if leg.product == product.name]
        return {leg.tier: tier_of(leg, product.inter_tiers) or Tier(0) for leg in ours}

    def add_between(self) -> None:
        """Add spreads and joint scans between products."""
        for spread in self._parameters.spreads:
            pools = [self._pools[leg.product, leg.tier] for leg in spread.legs]
            self._add_spread("credits", "credit_legs", spread, [(at, at + 1) for at in pools])
        for joint in self._parameters.joint:
            first = len(self._rows["members"])
            for name in joint.products:
                self._add("members", self._numbers[name], int(name in joint.required))
            share = Fraction(joint.rate, MILLION)
            self._add(
                "joints", share.numerator, share.denominator, first, first + len(joint.products)
            )

    def _add_spread(
        self, spreads: str, legs: str, spread: Spread, spans: Sequence[tuple[int, int]]
    ) -> None:
        first = len(self._rows[legs])
        for leg, span in zip(spread.legs, spans, strict=True):
            ratio = (leg.ratio.numerator, leg.ratio.denominator)
            self._add(legs, int(leg.side == "A"), *ratio, *span)
        share = Fraction(spread.rate, MILLION) if spreads == "credits" else Fraction(spread.rate)
        bounds = (first, len(self._rows[legs]))
        self._add(spreads, share.numerator, share.denominator, *bounds)

    def _add(self, table: str, *row: int) -> None:
        self._rows[table].append(row)

    def lots_max(self) -> int:
        """Return how many lots an account may hold: every sum and product then fits 64 bits."""
        contracts = self._parameters.contracts.values()
        products = self._parameters.products.values()
        loss = max((abs(loss) for one in contracts for loss in one.losses), default=0)
        delta = max([DELTA_ONE, *(abs(one.delta) for one in contracts)])
        spreads = [each for product in products for each in product.spreads]
        often = max((1 / leg.ratio for each in spreads for leg in each.legs), default=Fraction(1))
        rates = [int(each.rate * often) + 1 for each in spreads]
        rates += [rate for each in products for spot in each.spot for rate in spot[1:]]
        rates += [tier.rate for each in products for tier in each.som_tiers]
        amount = max([1, loss, *(one.premium for one in contracts), *rates]) * delta // DELTA_ONE
        over = max([1, *(row[1] for name in ("credits", "joints") for row in self._rows[name])])
        halves = max([1, *(row[2] for name in ("legs", "credit_legs") for row in self._rows[name])])
        return min(
            _AMOUNT_MAX // (amount + 1),
            _DIVISOR_MAX // ((loss + 1) * over),
            _DIVISOR_MAX // (2 * delta * self.credit_grain * over * halves),
            _DIVISOR_MAX // (delta * max(self._grains, default=1) * halves),
        )

    def terms(self) -> Terms:
        """Return all tables."""
        products = list(self._parameters.products.values())
        rows = [
            (*row, grain, int(each.som_takes_greater), int(each.caps_option_value))
            for row, grain, each in zip(self._rows["products"], self._grains, products, strict=True)
        ]
        contracts = self._parameters.contracts.values()
        made = {name: np.array(self._rows[name], dtype) for name, dtype in _DTYPES.items()}
        return Terms(
            **made,
            products=np.array(rows, PRODUCT),
            contracts=np.array([self._contract(one) for one in contracts], CONTRACT),
            losses=np.array([one.losses for one in contracts], np.int64).reshape(-1, 16),
            periods=np.array(self._periods, np.int64),
        )

    def _contract(self, one: Contract) -> tuple[int, ...]:
        product = self._parameters.products[one.product]
        minimum = minimum_rate(product.som_tiers, one.period)
        return (
            *(self._numbers[one.product], self._places[one.product, one.period]),
            *(one.delta, one.premium),
            *(minimum * (one.kind == Kind.CALL), minimum * (one.kind == Kind.PUT)),
        )


_DTYPES = {  # Of the tables whose rows are whole as they are added.
    "runs": RUN,
    "pools": POOL,
    "spreads": SPREAD,
    "legs": LEG,
    "credits": SPREAD,
    "credit_legs": LEG,
    "joints": JOINT,
    "members": MEMBER,
}


class _Spans(NamedTuple):
    """Which runs a tier covers."""

    periods: Sequence[str]
    ends: Sequence[tuple[int, int]]
    first: int

    def of(self, tier: Tier) -> tuple[int, int]:
        """Return the first run of a tier, and the one behind its last."""
        inside = [
            self.first + run
            for run, (begin, _) in enumerate(self.ends)
            if tier.holds(self.periods[begin])
        ]
        return (inside[0], inside[-1] + 1) if inside else (self.first, self.first)


def _cuts(periods: Sequence[str], tiers: Iterable[Tier]) -> list[tuple[int, int]]:
    """Return the runs of adjacent periods that the same tiers hold, as places among periods."""
    known = list(dict.fromkeys(tiers))
    marks = [tuple(tier.holds(period) for tier in known) for period in periods]
    starts = [place for place in range(len(marks)) if not place or marks[place] != marks[place - 1]]
    return list(zip(starts, [*starts[1:], len(periods)], strict=True))


def _grain(spreads: Iterable[Spread]) -> int:
    """Return what deltas are multiplied by, so that each spread divides them without rest."""
    return prod(_step(spread) for spread in spreads)


def _grain_within(spreads: Iterable[Spread]) -> int:
    """Return the same of spreads within a product, whose tiers may be drawn on both ways round."""
    return prod(
        _step(spread) ** (1 if all(leg.period for leg in spread.legs) else 2) for spread in spreads
    )


def _step(spread: Spread) -> int:
    ratios = [leg.ratio for leg in spread.legs]
    return lcm(*(each.numerator for each in ratios)) * lcm(*(each.denominator for each in ratios))
