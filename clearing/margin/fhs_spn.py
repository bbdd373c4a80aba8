"""Exposures of contracts as a `.spn` file states them: futures, whose price moves as a whole."""

from collections.abc import Mapping, Sequence

from clearing.margin.fhs import Exposure, Moves, losses
from clearing.margin.parameters import MILLION, Contract


def exposures(contracts: Sequence[Contract], moves: Moves) -> dict[str, Exposure]:
    """Return the exposures of contracts; a product's nearest period is its front.

    ValueError names an option: a file does not say what its volatility is.
    """
    fronts: dict[str, str] = {}
    for contract in contracts:
        _check(contract)
        nearest = fronts.get(contract.product, contract.period)
        fronts[contract.product] = min(nearest, contract.period)
    return {each.name: _exposure(each, moves, fronts) for each in contracts}


def _exposure(contract: Contract, moves: Moves, fronts: Mapping[str, str]) -> Exposure:
    is_front = contract.period == fronts[contract.product]
    worth = float(contract.price * contract.value_factor * MILLION)
    moved = moves.of(contract.product, is_front)
    return Exposure(contract.name, contract.product, losses(worth, moved))


def _check(contract: Contract) -> None:
    if contract.kind.is_option:
        raise ValueError(
            f"{contract.name} is an option: a .spn file does not say how to revalue it"
        )
    if contract.price <= 0:
        raise ValueError(f"{contract.name} has no price above 0 to be revalued from")
