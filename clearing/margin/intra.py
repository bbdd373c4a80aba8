"""Charges within a product: spreads between its periods, and deltas close to delivery.

A scan assumes that all periods move together; spreads charge for what they may not. Source: CME
Group, Standard Portfolio Analysis of Risk, "Intracommodity spread charge", "Spot charge".
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from clearing.margin.coherence import tier_of
from clearing.margin.parameters import DELTA_ONE, Leg, Product, Spread, Tier
from clearing.margin.rounding import charge
from clearing.margin.scenarios import Position

Deltas = dict[str, Fraction]  # By period, signed, in ten-thousandths of a lot; nearest first.


class Formed(NamedTuple):
    """Spreads formed at once, and what they cost."""

    spread: Spread
    times: Fraction  # How many.
    a_is_long: bool  # Whether the legs on side A were the long ones.
    exact: Fraction  # Micro-dollars.
    amount: int


class Spot(NamedTuple):
    """What the deltas of a period near its end are charged."""

    period: str
    used: Fraction  # Deltas, in ten-thousandths, that spreads used.
    left: Fraction
    exact: Fraction
    amount: int


def net_deltas(positions: Iterable[Position]) -> Deltas:
    """Return the net composite delta of each period."""
    deltas: Deltas = {}
    for contract, quantity in positions:
        before = deltas.get(contract.period, Fraction())
        deltas[contract.period] = before + quantity * contract.delta
    return dict(sorted(deltas.items()))


def form(product: Product, deltas: Deltas) -> Iterator[Formed]:
    """Yield the spreads that form, in order of number; `deltas` keep what is left, in place.

    Each is tried twice: legs A long and legs B short, then the other way round. A leg of a tier
    draws on its nearest period first. Deltas are not rounded.
    """
    for spread in product.spreads:
        tiers = {leg: tier_of(leg, product.intra_tiers) or Tier(0) for leg in spread.legs}
        for a_is_long in (True, False):
            signs = {leg: 1 if (leg.side == "A") == a_is_long else -1 for leg in spread.legs}
            count = min(
                _available(deltas, tiers[leg], signs[leg]) / leg.ratio for leg in spread.legs
            )
            if count == 0:
                continue
            for leg in spread.legs:
                _draw(deltas, tiers[leg], signs[leg], count * leg.ratio)
            exact = count * spread.rate / DELTA_ONE
            yield Formed(spread, count / DELTA_ONE, a_is_long, exact, charge(exact))


def spot_charges(
    product: Product, before: Mapping[str, Fraction], after: Mapping[str, Fraction]
) -> Iterator[Spot]:
    """Yield what each spot period is charged: one rate for deltas in spreads, one for the rest."""
    for rate in product.spot:
        left = abs(after.get(rate.period, Fraction()))
        used = abs(before.get(rate.period, Fraction())) - left
        exact = (used * rate.spread + left * rate.outright) / DELTA_ONE
        if used or left:
            yield Spot(rate.period, used, left, exact, charge(exact))


def leg_text(leg: Leg, product: str = "") -> str:
    """Return how a leg is called on a page; its product is told where it is another one."""
    where = leg.period or (f"tier {leg.tier}" if leg.tier else "all periods")
    named = f"{leg.product} " if leg.product not in {"", product} else ""
    ratio = "" if leg.ratio == 1 else f"{leg.ratio} x "
    return f"{leg.side}: {ratio}{named}{where}"


def _available(deltas: Mapping[str, Fraction], tier: Tier, sign: int) -> Fraction:
    signed = (sign * delta for period, delta in deltas.items() if tier.holds(period))
    return sum((delta for delta in signed if delta > 0), Fraction())


def _draw(deltas: Deltas, tier: Tier, sign: int, wanted: Fraction) -> None:
    for period, delta in deltas.items():
        if tier.holds(period) and sign * delta > 0:
            taken = min(sign * delta, wanted)
            deltas[period] = delta - sign * taken
            wanted -= taken
    assert wanted == 0
