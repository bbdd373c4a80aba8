"""A whole amount over several parties, in proportion, with nothing left over."""

from collections.abc import Sequence


def shared(amount: int, weights: Sequence[int]) -> list[int]:
    """Return `amount` in parts that are proportional to `weights`, and add up to it exactly.

    Each part is rounded down; what that leaves goes, one each, to the parts that lost most by it,
    the earlier first. No part exceeds its weight where `amount` does not exceed their sum.
    Raises ValueError where something is below 0, or there is nobody to take an amount.
    """
    total = sum(weights)
    if amount < 0 or min(weights, default=0) < 0 or (amount and not total):
        raise ValueError(f"{amount} cannot be shared by {list(weights)}")
    if not amount:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    by_loss = sorted(range(len(weights)), key=lambda place: -(amount * weights[place] % total))
    for place in by_loss[: amount - sum(parts)]:
        parts[place] += 1
    return parts
