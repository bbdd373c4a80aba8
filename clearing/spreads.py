"""Which books over months are listed: calendars, butterflies, strips, pairs of products, TAS.

A function of the months that live: a roll lists what it names and nobody has listed yet.
"""

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from clearing.terms import ProductTerms
from engine.instruments import (
    LADDER_MAX,
    TICK,
    VALUE,
    as_date,
    day_name,
    future_name,
    units,
)
from engine.rows import Batch
from engine.schema import Form

MONTHS = 12  # The nearest so many have calendars, butterflies and pairs.
APART_MAX = 3  # Months between the legs of a calendar.
_REACH = units("5.00")  # A calendar's ladder, up and down.
_PAIR_REACH = units("10.00")
_PAIR_TICK = units("0.005")
_OFFSET = 10 * TICK  # Above and below the settlement that a trade at settlement may be.


class Month(NamedTuple):
    """One live future."""

    instrument: int
    month: int  # yyyymm
    expiry: int  # yyyymmdd


class Curve(NamedTuple):
    """A product's live months, nearest first."""

    product: int
    terms: ProductTerms
    months: list[Month]


class Spread(NamedTuple):
    """One spread: what its LIST row and its LEG rows say. Prices in price units."""

    name: str
    curve: Curve
    form: Form
    legs: tuple[tuple[Month, int], ...]  # With the lots of each a lot of the spread.
    low: int
    high: int
    tick: int = TICK


def add_spreads(batch: Batch, first: int, curves: Sequence[Curve], known: Container[str]) -> None:
    """Add LIST and LEG rows of every spread whose name is not known. first: the next number."""
    number = first
    for spread in spreads(curves):
        if spread.name not in known:
            _add(batch, number, spread)
            number += 1


def spreads(curves: Sequence[Curve]) -> Iterator[Spread]:
    """Yield the spreads that the terms of these products ask for, product by product."""
    for curve in curves:
        yield from _books_at_settlement(curve)
        if curve.terms.spreads != "none":
            yield from _calendars(curve)
        if curve.terms.spreads == "all":
            yield from _butterflies(curve)
            yield from _strips(curve)
    paired = [curve for curve in curves if curve.terms.spreads == "all"]
    for place, one in enumerate(paired):
        for other in paired[place + 1 :]:
            yield from _pairs(one, other)


def _books_at_settlement(curve: Curve) -> Iterator[Spread]:
    """Yield the TAS book of each of the nearest months that are to have one."""
    for month in curve.months[: curve.terms.tas]:
        name = f"{future_name(curve.terms.model, as_date(month.expiry))}-TAS"
        yield Spread(name, curve, Form.TAS, ((month, 1),), -_OFFSET, _OFFSET)


def _calendars(curve: Curve) -> Iterator[Spread]:
    """Yield each month against the next three: buying one buys the nearby."""
    months = curve.months[:MONTHS]
    for place, near in enumerate(months):
        for far in months[place + 1 : place + 1 + APART_MAX]:
            name = f"{curve.terms.model}_USD-FS-{_days(near, far)}"
            legs = ((near, 1), (far, -1))
            yield Spread(name, curve, Form.CALENDAR, legs, -_REACH, _REACH)


def _butterflies(curve: Curve) -> Iterator[Spread]:
    """Yield three consecutive months: buying one buys the wings and sells the body twice."""
    months = curve.months[:MONTHS]
    for near, body, far in zip(months, months[1:], months[2:], strict=False):
        name = f"{curve.terms.model}_USD-FB-{_days(near, body, far)}"
        legs = ((near, 1), (body, -2), (far, 1))
        yield Spread(name, curve, Form.BUTTERFLY, legs, -_REACH, _REACH)


def _strips(curve: Curve) -> Iterator[Spread]:
    """Yield the quarters and the calendar years of which every month lives."""
    months = {each.month: each for each in curve.months}
    for length in (3, 12):
        for first in months:
            wanted = range(first, first + length)
            if (first % 100 - 1) % length == 0 and all(month in months for month in wanted):
                quarter = f"{first % 100 // 3 + 1}Q" if length == 3 else "20"
                name = f"{curve.terms.model}_USD-ST-{quarter}{first // 100 % 100:02}"
                legs = tuple((months[month], 1) for month in wanted)
                yield Spread(name, curve, Form.STRIP, legs, 0, LADDER_MAX)


def _pairs(one: Curve, other: Curve) -> Iterator[Spread]:
    """Yield the same month of two products: buying one buys the first-named."""
    months = {each.month: each for each in other.months[:MONTHS]}
    for near in one.months[:MONTHS]:
        if near.month in months:
            name = f"{one.terms.model}_USD-IS-{other.terms.model}-{_days(near)}"
            legs = ((near, 1), (months[near.month], -1))
            reach = _PAIR_REACH
            yield Spread(name, one, Form.INTER, legs, -reach, reach, _PAIR_TICK)


def _days(*months: Month) -> str:
    return "_".join(day_name(as_date(each.expiry)) for each in months)


def _add(batch: Batch, number: int, spread: Spread) -> None:
    terms, nearest = spread.curve.terms, spread.legs[0][0]
    batch.listing(
        number,
        spread.curve.product,
        spread.name,
        low=spread.low,
        high=spread.high,
        tick=spread.tick,
        value=VALUE,
        clip=terms.clip,
        position_max=terms.position_max,
        protection=terms.protection,
        month=nearest.month,
        expiry=nearest.expiry,
        form=spread.form,
        legs=len(spread.legs),
        implied=int(spread.form == Form.CALENDAR),
    )
    for leg, ratio in spread.legs:
        batch.leg(leg.instrument, ratio)
