"""Whether margin covered what it was to cover: tests of how often it did not, and of when.

Kupiec, "Techniques for Verifying the Accuracy of Risk Measurement Models" (1995): proportion of
failures. Christoffersen, "Evaluating Interval Forecasts" (1998): independence. Both statistics are
chi-square with one degree of freedom where the model is right.
"""

import itertools
import math
from collections.abc import Iterable, Sequence

EXPECTED = 0.01  # Of days on which a loss may exceed the margin: coverage at 99%.
CRITICAL = 3.841459  # Of chi-square with one degree of freedom, at 95%.


def kupiec(observations: int, breaches: int, expected: float = EXPECTED) -> float:
    """Return the likelihood ratio of so many breaches against the expected share.

    Raises ValueError unless 0 <= breaches <= observations, and there is an observation.
    """
    if not 0 <= breaches <= observations or not observations:
        raise ValueError(f"{breaches} breaches of {observations} observations cannot be")
    at_most = _likelihood(breaches, observations, breaches / observations)
    return 2 * (at_most - _likelihood(breaches, observations, expected))


def christoffersen(sequences: Iterable[Sequence[bool]]) -> float:
    """Return the likelihood ratio of breaches that follow breaches against independent ones.

    sequences: of each account, day after day, whether there was a breach. Without two days in a
    row it is 0: nothing speaks against independence.
    """
    pairs = [pair for each in sequences for pair in itertools.pairwise(each)]
    if not pairs:
        return 0.0
    after = {was: [now for before, now in pairs if before == was] for was in (False, True)}
    breaches = sum(now for _, now in pairs)
    apart = sum(
        _likelihood(sum(each), len(each), sum(each) / len(each)) for each in after.values() if each
    )
    return 2 * (apart - _likelihood(breaches, len(pairs), breaches / len(pairs)))


def is_accepted(ratio: float) -> bool:
    """Whether a likelihood ratio speaks for the model at 95%."""
    return ratio <= CRITICAL


def _likelihood(hits: int, of: int, share: float) -> float:
    """Return the logarithm of the likelihood of some hits, in their order, at a share."""
    misses = of - hits
    found = hits * math.log(share) if hits else 0.0
    return found + (misses * math.log(1 - share) if misses else 0.0)
