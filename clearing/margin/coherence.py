"""Whether parameters fit together: every name leads somewhere, no delta can be counted twice."""

from collections.abc import Sequence
from itertools import combinations

from clearing.margin.parameters import Leg, Parameters, Product, Spread, Tier


def check(parameters: Parameters) -> None:
    """Raise ValueError for the first name that leads nowhere or leg that overlaps another."""
    for contract in parameters.contracts.values():
        _product(parameters, contract.product, f"contract {contract.name}")
    for product in parameters.products.values():
        for spread in product.spreads:
            _check_within(product, spread)
    for spread in parameters.spreads:
        _check_between(parameters, spread)
    _check_pools(parameters)
    for joint in parameters.joint:
        for name in joint.products:
            _product(parameters, name, f"interSpreads, spread by scanning {joint.number}")


def tier_of(leg: Leg, tiers: Sequence[Tier]) -> Tier | None:
    """Return the periods of a leg as a tier, or None where it names a tier that is not there.

    Tier 0 is all periods, and so is tier 1 where a product has no tiers.
    """
    if leg.period:
        return Tier(0, leg.period, leg.period)
    if leg.tier == 0 or (leg.tier == 1 and not tiers):
        return Tier(leg.tier)
    return next((tier for tier in tiers if tier.number == leg.tier), None)


def _check_within(product: Product, spread: Spread) -> None:
    where = f"product {product.name}, spread {spread.number}"
    sides: dict[str, list[Tier]] = {"A": [], "B": []}
    for leg in spread.legs:
        if leg.product not in {"", product.name}:
            raise ValueError(f"{where} names the product {leg.product!r}")
        sides[leg.side].append(_tier(leg, product.intra_tiers, where))
    if any(_overlap(tiers) for tiers in sides.values()):
        raise ValueError(f"{where} has two legs over the same periods on one side")


def _check_between(parameters: Parameters, spread: Spread) -> None:
    where = f"interSpreads, spread {spread.number}"
    for leg in spread.legs:
        _tier(leg, _product(parameters, leg.product, where).inter_tiers, where)
    ends = [(leg.product, leg.tier) for leg in spread.legs]
    if len(set(ends)) < len(ends):
        raise ValueError(f"{where} has two legs over the same deltas")


def _check_pools(parameters: Parameters) -> None:
    """Deltas of a product are drawn from one pool or from several, never from one twice."""
    named: dict[str, dict[int, Tier]] = {}
    for spread in parameters.spreads:
        for leg in spread.legs:
            tiers = parameters.products[leg.product].inter_tiers
            named.setdefault(leg.product, {})[leg.tier] = _tier(leg, tiers, "interSpreads")
    for product, pools in named.items():
        if _overlap(list(pools.values())):
            raise ValueError(
                f"interSpreads name tiers {', '.join(map(str, sorted(pools)))} of {product}, "
                "which overlap (tier 0 is the whole)"
            )


def _overlap(tiers: Sequence[Tier]) -> bool:
    return any(
        (not other.last or one.first[: len(other.last)] <= other.last)
        and (not one.last or other.first[: len(one.last)] <= one.last)
        for one, other in combinations(tiers, 2)
    )


def _tier(leg: Leg, tiers: Sequence[Tier], where: str) -> Tier:
    found = tier_of(leg, tiers)
    if found is None:
        raise ValueError(f"{where} names tier {leg.tier}, which its product does not have")
    return found


def _product(parameters: Parameters, name: str, where: str) -> Product:
    if name not in parameters.products:
        raise ValueError(f"{where} names the product {name!r}, which has no ccDef")
    return parameters.products[name]
