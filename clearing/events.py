"""Which event contracts are listed: on the index at a fixing to come, at strikes around today's.

Each pays 1 USD if the index is at its strike or above at the fixing of its last trading day.
"""

import datetime
from typing import NamedTuple

from clearing.calendar import next_business_day
from clearing.terms import ProductTerms
from engine.instruments import TICK, as_date, as_number, event_name, units
from engine.rows import Batch
from engine.schema import Form

STEP = units("0.05")  # Between strikes.
_AHEAD = 5  # Business days to the fixing.
_PAYOUT = units("1.00")
_VALUE = 5_000  # Micro-dollars of a price unit: the payout is 1 USD.


class Fixed(NamedTuple):
    """A fixing that has no event contracts yet; `price` is the index today, in price units."""

    product: int
    date: int  # yyyymmdd
    price: int


def ahead(date: int) -> int:
    """Return the date (yyyymmdd) of the fixing that contracts are listed on after a day's own."""
    day: datetime.date = as_date(date)
    for _ in range(_AHEAD):
        day = next_business_day(day)
    return as_number(day)


def strikes(index: int, count: int) -> list[int]:
    """Return the `count` multiples of 0.05 USD nearest to an index, ascending; above 0 alone."""
    nearest = (index + STEP // 2) // STEP
    by_distance = sorted(
        range(max(nearest - count, 1), nearest + count + 1),
        key=lambda step: (abs(step * STEP - index), step),
    )
    return sorted(step * STEP for step in by_distance[:count])


def add_events(batch: Batch, first: int, terms: ProductTerms, fixed: Fixed) -> int:
    """Add LIST rows of a fixing's event contracts; return how many. first: the next number."""
    chosen = strikes(fixed.price, terms.events)
    for number, strike in enumerate(chosen, first):
        batch.listing(
            number,
            fixed.product,
            event_name(terms.model, as_date(fixed.date), strike),
            low=0,
            high=_PAYOUT,
            tick=TICK,
            value=_VALUE,
            clip=terms.clip,
            position_max=terms.position_max,
            protection=terms.protection,
            month=fixed.date // 100,
            expiry=fixed.date,
            form=Form.EVENT,
            strike=strike,
        )
    return len(chosen)
