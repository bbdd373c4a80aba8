"""How much each provider counts: water-filled shares, exact.

This module knows numbers only: no observation, no provider, no float.
"""

from collections.abc import Sequence
from fractions import Fraction


def water_fill(weights: Sequence[int], cap_percent: int) -> list[Fraction]:
    """Return shares that add to 1, none above max(cap_percent / 100, 1 / len(weights)).

    weights: above 0. Those that the cap does not touch keep their ratios to each other;
    the heaviest are scaled down until each holds the cap exactly.
    """
    if not weights:
        return []
    assert min(weights) > 0
    cap = max(Fraction(cap_percent, 100), Fraction(1, len(weights)))
    heaviest_first = sorted(range(len(weights)), key=lambda place: (-weights[place], place))
    left, total, capped = Fraction(1), sum(weights), 0
    for place in heaviest_first:
        if left * weights[place] <= cap * total:
            break
        left, total, capped = left - cap, total - weights[place], capped + 1
    shares = [cap] * len(weights)
    for place in heaviest_first[capped:]:
        shares[place] = left * weights[place] / total
    return shares
