"""What a product's terms charge for months held apart and months near their end, as SPAN has it."""

from collections.abc import Sequence
from fractions import Fraction

from clearing.calendar import month_after
from clearing.margin.parameters import Leg, SpotRate, Spread, Tier
from clearing.margin_terms import Range
from clearing.terms import ProductTerms
from engine.instruments import micro


def charges(terms: ProductTerms, front: int) -> tuple[tuple[Spread, ...], tuple[Tier, ...]]:
    """Return the spreads within a product, in order of priority, and the tiers that they name.

    Those of the terms come first; the charge of all months takes what is left.
    front: the nearest month, yyyymm.
    """
    calendars = terms.margin.calendars
    ranges = list(dict.fromkeys(span for each in calendars for span in (each.near, each.far)))
    tiers = tuple(_tier(number, span, front) for number, span in enumerate(ranges, start=1))
    named = [
        _spread(number, ranges.index(each.near) + 1, ranges.index(each.far) + 1, micro(each.charge))
        for number, each in enumerate(calendars, start=1)
    ]
    return (*named, _spread(len(named) + 1, 0, 0, micro(terms.charge))), tiers


def spot_charges(terms: ProductTerms, begun: Sequence[str]) -> tuple[SpotRate, ...]:
    """Return what the months whose fixings have begun are charged, in a spread or not."""
    rate = terms.margin.spot_micro()
    return tuple(SpotRate(period, rate, rate) for period in begun if rate)


def _tier(number: int, span: Range, front: int) -> Tier:
    first, last = (str(month_after(front, ahead)) for ahead in span)
    return Tier(number, first, last)


def _spread(number: int, near: int, far: int, rate: int) -> Spread:
    legs = Leg("", "A", Fraction(1), near), Leg("", "B", Fraction(1), far)
    return Spread(number, legs, rate)
