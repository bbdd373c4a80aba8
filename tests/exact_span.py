"""SPAN once more, in exact fractions and as plainly as the published text: the tests' oracle.

It shares no line with `clearing/margin`, but the records that both read. It rounds where the
rules say so and nowhere else: charges up, credits down, each to the micro-dollar.
"""

import math
from collections import defaultdict
from fractions import Fraction
from typing import Any

from clearing.margin.parameters import Kind, Parameters, Product, Tier
from clearing.margin.span import Margin

ONE_LOT = 10_000


def reaches(tier: Tier, period: str) -> bool:
    """Whether a tier's first and last period stand around a period; missing ends are open."""
    after = not tier.first or int(period[: len(tier.first)]) >= int(tier.first)
    before = not tier.last or int(period[: len(tier.last)]) <= int(tier.last)
    return after and before


def covers(tiers: tuple[Tier, ...], number: int, period: str) -> bool:
    """Whether a tier, by number, takes in a period; 0, or 1 of none, takes in all."""
    if number == 0 or not tiers:
        return True
    return reaches({each.number: each for each in tiers}[number], period)


class ExactProduct:
    """Sums of one product's positions, and its figures."""

    def __init__(self, terms: Product) -> None:
        self.terms = terms
        self.lost = [Fraction()] * 16
        self.longs: dict[str, Fraction] = defaultdict(Fraction)
        self.sold = {Kind.CALL: Fraction(), Kind.PUT: Fraction()}
        self.value = Fraction()
        self.inter = 0
        self.intra = 0
        self.spot = 0

    def hold(self, contract: Any, lots: int) -> None:
        """Add a position."""
        self.lost = [a + lots * b for a, b in zip(self.lost, contract.losses, strict=True)]
        self.longs[contract.period] += Fraction(lots * contract.delta, ONE_LOT)
        self.value += lots * contract.premium
        if contract.kind in self.sold and lots < 0:
            inside = [each for each in self.terms.som_tiers if reaches(each, contract.period)]
            self.sold[contract.kind] -= lots * (inside[0].rate if inside else 0)

    @property
    def scan(self) -> Fraction:
        return max(Fraction(), *self.lost)

    @property
    def price_risk(self) -> Fraction:
        active = self.lost.index(max(self.lost))
        paired = active if active > 13 else active + 1 - 2 * (active % 2)
        time_risk = (self.lost[0] + self.lost[1]) / 2
        return max(Fraction(), (self.lost[active] + self.lost[paired]) / 2 - time_risk)

    @property
    def minimum(self) -> Fraction:
        calls, puts = self.sold.values()
        return max(calls, puts) if self.terms.som_takes_greater else calls + puts

    @property
    def requirement(self) -> int:
        return int(max(self.scan + self.intra + self.spot - self.inter, self.minimum))

    def spread_within(self) -> None:
        """Form spreads within the product; then charge deltas that are close to their end."""
        left = dict(sorted(self.longs.items()))
        for spread in sorted(self.terms.spreads, key=lambda each: each.number):
            for long_side in "AB":
                reach = []
                for leg in spread.legs:
                    sign = 1 if leg.side == long_side else -1
                    inside = [
                        period
                        for period in left
                        if (
                            period == leg.period
                            if leg.period
                            else covers(self.terms.intra_tiers, leg.tier, period)
                        )
                        and left[period] * sign > 0
                    ]
                    reach.append((leg, sign, inside))
                formed = min(
                    sum(abs(left[period]) for period in inside) / leg.ratio
                    for leg, _, inside in reach
                )
                self.intra += math.ceil(formed * spread.rate)
                for leg, sign, inside in reach:
                    open_ = formed * leg.ratio
                    for period in inside:
                        used = min(open_, abs(left[period]))
                        left[period] -= sign * used
                        open_ -= used
        for rate in self.terms.spot:
            outright = abs(left.get(rate.period, Fraction()))
            in_spreads = abs(self.longs.get(rate.period, Fraction())) - outright
            self.spot += math.ceil(in_spreads * rate.spread + outright * rate.outright)


def exact_margin(parameters: Parameters, lots: dict[str, int]) -> dict[str, Any]:
    """Return maintenance, net option value and every product's figures, in micro-dollars."""
    held: dict[str, ExactProduct] = {}
    for name, quantity in lots.items():
        contract = parameters.contracts[name]
        if quantity:
            terms = parameters.products[contract.product]
            held.setdefault(contract.product, ExactProduct(terms)).hold(contract, quantity)
    for each in held.values():
        each.spread_within()
    taken = _scan_together(parameters, held)
    _spread_between(parameters, {name: one for name, one in held.items() if name not in taken})
    total = Fraction()
    for each in held.values():
        value = Fraction(each.value)
        total += each.requirement
        if each.terms.caps_option_value:
            value = min(value, Fraction(each.requirement))
        total -= value
    return {
        "maintenance": int(max(total, Fraction())),
        "net_option_value": int(sum((each.value for each in held.values()), Fraction())),
        "products": {
            name: (int(one.scan), one.intra, one.spot, one.inter, int(one.minimum), one.requirement)
            for name, one in held.items()
        },
    }


def figures(made: Margin) -> dict[str, Any]:
    """Return a margin of the code under test in the same form."""
    return {
        "maintenance": made.maintenance,
        "net_option_value": made.net_option_value,
        "products": {
            each.product: (
                *(each.scan.amount, each.intra, each.spot, each.inter),
                *(each.minimum, each.requirement),
            )
            for each in made.products
        },
    }


def _scan_together(parameters: Parameters, held: dict[str, ExactProduct]) -> set[str]:
    taken: set[str] = set()
    for joint in sorted(parameters.joint, key=lambda each: each.number):
        here = [held[name] for name in joint.products if name in held and name not in taken]
        names = {each.terms.name for each in here}
        losses = [each.lost for each in here]
        if len(here) < 2 or joint.required - names:
            continue
        together = max(Fraction(), *(sum(row, Fraction()) for row in zip(*losses, strict=True)))
        apart = sum((each.scan for each in here), Fraction())
        taken |= names
        if apart > together:
            for each in here:
                share = Fraction(joint.rate, 10**6) * (apart - together) * each.scan / apart
                each.inter += math.floor(share)
    return taken


def _spread_between(parameters: Parameters, held: dict[str, ExactProduct]) -> None:
    used: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for spread in sorted(parameters.spreads, key=lambda each: each.number):
        if any(leg.product not in held for leg in spread.legs):
            continue
        nets = []
        for leg in spread.legs:
            one = held[leg.product]
            tiers = one.terms.inter_tiers
            nets.append(
                sum((n for p, n in one.longs.items() if covers(tiers, leg.tier, p)), Fraction())
            )
        rooms = [
            (leg, max(Fraction(), abs(net) - used[leg.product, leg.tier]), net > 0)
            for leg, net in zip(spread.legs, nets, strict=True)
        ]
        if len({(leg.side == "A") == is_long for leg, room, is_long in rooms}) != 1:
            continue
        formed = min(room / leg.ratio for leg, room, _ in rooms)
        for leg, _, _ in rooms:
            one = held[leg.product]
            used[leg.product, leg.tier] += formed * leg.ratio
            net = abs(sum(one.longs.values(), Fraction()))
            weighted = one.price_risk / net if net else Fraction()
            one.inter += math.floor(formed * leg.ratio * weighted * Fraction(spread.rate, 10**6))
