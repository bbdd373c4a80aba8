"""How much each provider, and each of its cells, counts: water-filled shares, exact.

This module knows whole numbers only: no observation and no float.
"""

from collections.abc import Sequence
from fractions import Fraction

UNKNOWN_HOURS_MILLI = 1_000  # A cell without known GPU-hours weighs as one hour.


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


def provider_shares(
    providers: Sequence[int], hours_milli: Sequence[int], cap_percent: int
) -> list[Fraction]:
    """Return the shares of cells; they add to 1, and no provider's exceed the cap together.

    providers, hours_milli: of each cell. A cell without known hours weighs as one hour.
    """
    weights = [hours or UNKNOWN_HOURS_MILLI for hours in hours_milli]
    totals: dict[int, int] = {}
    for provider, weight in zip(providers, weights, strict=True):
        totals[provider] = totals.get(provider, 0) + weight
    capped = water_fill(list(totals.values()), cap_percent)
    of_one = {
        provider: share / total
        for (provider, total), share in zip(totals.items(), capped, strict=True)
    }
    return [of_one[provider] * weight for provider, weight in zip(providers, weights, strict=True)]
