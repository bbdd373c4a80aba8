"""What ended and could not be settled: it stays closed until an operator says its price."""

from clearing.directory import Directory
from clearing.marking import Marking
from clearing.premiums import Premiums


def unsettled(directory: Directory, marking: Marking, premiums: Premiums, date: int) -> list[int]:
    """Return the contracts that ended before a date (yyyymmdd) and wait, and spreads over them."""
    live = [each.terms for each in marking.contracts.values()]
    live += [each.terms for each in premiums.contracts.values()]
    waiting = {terms.number for terms in live if terms.expiry < date}
    over = [
        spread
        for spread, legs in directory.legs.items()
        if waiting and waiting.intersection(leg.instrument for leg in legs)
    ]
    return sorted(waiting) + over
