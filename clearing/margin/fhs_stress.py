"""The stress scenarios: moves that no history of a young market holds, and a house must survive.

A fixed set, the same for margin, for stress tests and for disclosure. Three are general; two are
of one model alone, for each; two bend the curve, for positions that are long one month and short
another.
"""

from collections.abc import Sequence
from typing import NamedTuple

GENERATION = -20  # Percent: a new generation of hardware makes those before it worth less.
BREAK_UP, BREAK_DOWN = 40, -7  # Percent: level breaks of an index, as seen in recorded prices.
BEHIND = 50  # Percent of a move that the later months make when the curve bends.


class Stress(NamedTuple):
    """One scenario: a move of the price in percent, of one model or (empty) of all."""

    name: str
    percent: int
    model: str = ""
    behind: int = 100  # Percent of it that months behind the front make.

    def move(self, model: str, is_front: bool) -> float:
        """Return the move of a model's month, as a share of its price."""
        if self.model not in ("", model):
            return 0.0
        return self.percent * (100 if is_front else self.behind) / 10_000


def stresses(models: Sequence[str]) -> tuple[Stress, ...]:
    """Return the scenarios of some models, always in the same order."""
    general = (
        Stress(f"a new generation: every price {GENERATION}%", GENERATION),
        Stress(f"a level break: every price {BREAK_UP:+}%", BREAK_UP),
        Stress(f"a level break: every price {BREAK_DOWN}%", BREAK_DOWN),
    )
    bent = (
        Stress(f"the curve bends: front {BREAK_UP:+}%, behind half", BREAK_UP, behind=BEHIND),
        Stress(f"the curve bends: front {GENERATION}%, behind half", GENERATION, behind=BEHIND),
    )
    alone = [
        Stress(f"{model} alone {percent:+}%", percent, model)
        for model in models
        for percent in (GENERATION, BREAK_UP)
    ]
    return (*general, *bent, *alone)
