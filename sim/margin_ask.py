"""What `cfx margin` is asked: whose positions, and what each model would ask for them."""

import pathlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from clearing.margin import fhs, fhs_spn
from clearing.margin.parameters import Parameters
from clearing.margin.span import margin as span
from clearing.terms import INITIAL_PERCENT
from engine.schema import AccountType
from sim.margin_figures import Figures, of_fhs, of_span
from sim.margin_read import read_history

Lots = Mapping[str, int]  # By contract.
Measure = Callable[[Lots], Figures]


class Asked(NamedTuple):
    """Positions, what measures any positions by each model, and the parameters of a file."""

    held: Lots
    measures: Mapping[str, Measure]
    parameters: Parameters | None = None


def percent_of(kind: str) -> int:
    """Return the initial margin of a type of account, as a percentage of maintenance."""
    return INITIAL_PERCENT[AccountType[kind.upper()]]


def by_file(
    parameters: Parameters, held: Lots, kind: str | None, history: pathlib.Path | None
) -> Asked:
    """Return a portfolio and what measures it by the parameters of a `.spn` file.

    kind: of account. history: of the index, by commodity code; measuring raises ValueError where
    historical simulation lacks it.
    """
    percent = percent_of(kind or "speculator")

    def spanned(lots: Lots) -> Figures:
        return of_span(span(parameters, lots, percent))

    def simulated(lots: Lots) -> Figures:
        if history is None:
            raise ValueError("a .spn file holds no history: say --history FILE with --model fhs")
        contracts = [parameters.contracts[name] for name in lots]
        if not contracts:
            return of_fhs(fhs.simulate(fhs.NO_MOVES, {}, {}, {}, percent))
        moves = fhs.moves(read_history(history, sorted({each.product for each in contracts})))
        exposures = fhs_spn.exposures(contracts, moves)
        return of_fhs(fhs.simulate(moves, exposures, lots, {}, percent))

    return Asked(held, {"span": spanned, "fhs": simulated}, parameters)
