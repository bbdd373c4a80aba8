"""What `cfx margin` is asked: whose positions, and what each model would ask for them."""

import pathlib
from collections.abc import Callable, Mapping

from clearing.margin import fhs, fhs_spn
from clearing.margin.parameters import Parameters
from clearing.margin.span import margin as span
from clearing.terms import INITIAL_PERCENT
from engine.schema import AccountType
from sim.margin_figures import Figures, of_fhs, of_span
from sim.margin_read import read_history

Lots = Mapping[str, int]  # By contract.
Measure = Callable[[Lots], Figures]

MODELS = ("span", "fhs")


def percent_of(kind: str) -> int:
    """Return the initial margin of a type of account, as a percentage of maintenance."""
    return INITIAL_PERCENT[AccountType[kind.upper()]]


def by_file(
    parameters: Parameters, kind: str, history: pathlib.Path | None
) -> Mapping[str, Measure]:
    """Return what measures positions by the parameters of a `.spn` file, for a type of account.

    history: of the index, by commodity code. ValueError where historical simulation lacks it.
    """
    percent = percent_of(kind)

    def simulated(lots: Lots) -> Figures:
        if history is None:
            raise ValueError("a .spn file holds no history: say --history FILE with --model fhs")
        held = [parameters.contracts[name] for name in lots]
        if not held:
            return of_fhs(fhs.simulate(fhs.NO_MOVES, {}, {}, {}, percent))
        moves = fhs.moves(read_history(history, sorted({each.product for each in held})))
        exposures = fhs_spn.exposures(held, moves)
        return of_fhs(fhs.simulate(moves, exposures, lots, {}, percent))

    return {"span": lambda lots: of_span(span(parameters, lots, percent)), "fhs": simulated}
