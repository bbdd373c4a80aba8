"""Which options are listed on a future: calls and puts, strikes around its first mark.

A future among the nearest months gets them on the day it is first marked there; later moves of
its price list no more.
"""

from typing import NamedTuple

from clearing.terms import ProductTerms
from engine.instruments import TICK, VALUE, as_date, option_name, units
from engine.rows import Batch
from engine.schema import Form, Kind

STEP = units("0.10")  # Between strikes.
_FAR = 50  # Percent of the mark, that strikes lie away from it at most.


class Underlying(NamedTuple):
    """One future, as its options see it. Prices in price units, `rate` in micro-dollars a lot."""

    product: int
    month: int  # yyyymm
    expiry: int  # yyyymmdd
    mark: int
    rate: int


def strikes(mark: int) -> list[int]:
    """Return the multiples of 0.10 USD that lie within half of a mark, ascending."""
    lowest = -(-mark * (100 - _FAR) // (100 * STEP)) * STEP
    highest = mark * (100 + _FAR) // (100 * STEP) * STEP
    return list(range(max(lowest, STEP), highest + 1, STEP))


def payoff(form: int, strike: int, price: int) -> int:
    """Return what an option pays where its future ends at `price`."""
    return max(price - strike, 0) if form == Form.CALL else max(strike - price, 0)


def add_options(batch: Batch, first: int, terms: ProductTerms, future: Underlying) -> int:
    """Add LIST, RATE and MARK rows of a future's options; return how many. first: the next number.

    A put can pay its strike at most; a call's ladder ends at twice the mark.
    """
    number = first
    for strike in strikes(future.mark):
        for form, top in ((Form.CALL, 2 * future.mark), (Form.PUT, strike)):
            batch.listing(
                number,
                future.product,
                option_name(terms.model, as_date(future.expiry), strike, form == Form.CALL),
                low=0,
                high=top // TICK * TICK,
                tick=TICK,
                value=VALUE,
                clip=terms.clip,
                position_max=terms.position_max,
                protection=terms.protection,
                month=future.month,
                expiry=future.expiry,
                form=form,
                strike=strike,
            )
            worth = payoff(form, strike, future.mark)
            batch.money(Kind.RATE, instrument=number, value=future.rate)
            batch.money(Kind.MARK, instrument=number, value=worth, value_2=worth)
            number += 1
    return number - first
