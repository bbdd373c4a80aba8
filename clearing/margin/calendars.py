"""What products' terms charge for months apart or near their end, and credit between products.

As SPAN has it: spreads, tiers and spot rates.
"""

from collections.abc import Sequence
from fractions import Fraction

from clearing.calendar import month_after
from clearing.margin.parameters import MILLION, Leg, SpotRate, Spread, Tier
from clearing.margin_terms import CreditTerms, Range
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


def between(products: Sequence[ProductTerms]) -> tuple[Spread, ...]:
    """Return the spreads between products, in order of priority; who is not listed has none."""
    listed = {terms.model for terms in products}
    asked = [
        (terms.model, each)
        for terms in products
        for each in terms.margin.credits
        if each.other in listed
    ]
    return tuple(
        _credit(number, model, each) for number, (model, each) in enumerate(asked, start=1)
    )


def _credit(number: int, model: str, terms: CreditTerms) -> Spread:
    own, other = map(Fraction, terms.lots)
    legs = Leg(model, "A", own), Leg(terms.other, "B", other)
    return Spread(number, legs, terms.percent * MILLION // 100)


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
