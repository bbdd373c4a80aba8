"""The first batch of an exchange: products, their listed months, and the margin they need."""

import datetime
from collections.abc import Sequence

from clearing.calendar import (
    eve,
    fixings_of,
    is_business_day,
    last_trading_day,
    month_after,
    phase_at,
    trade_date,
)
from clearing.guards import add_guards
from clearing.spreads import Curve, Month, add_spreads
from clearing.terms import ProductTerms, encode_terms
from engine.instruments import LADDER_MAX, MONTHS, TICK, VALUE, as_date, as_number, future_name
from engine.rows import Batch
from engine.schema import NIL, Form, Kind, Phase


def genesis(products: Sequence[ProductTerms], first_day: datetime.date, now: int = 0) -> Batch:
    """Return the rows that found an exchange.

    first_day: date of the first fixing; fixings of its month are counted from it on.
    now: when the exchange is founded; 0: on the eve of `first_day`. The phase that the
    timetable gives this moment stands in the last rows.

    Raises ValueError where a product is named twice, a credit names no other product, or the first
    day is no business day.
    """
    if not is_business_day(first_day):
        raise ValueError(f"{first_day} is no business day")
    _check(products)
    founded = now or eve(first_day)
    front = first_day.year * 100 + first_day.month
    batch = Batch(len(products) * (2 * MONTHS + 3))
    for product, terms in enumerate(products):
        batch.money(Kind.PRODUCT, product=product, text=encode_terms(terms))
        batch.money(Kind.RATE, product=product, value=terms.charge_micro())
    curves = []
    for product, terms in enumerate(products):
        months = []
        for ahead in range(MONTHS):
            number, month = product * MONTHS + ahead, month_after(front, ahead)
            months.append(add_month(batch, number, product, terms, month, first_day))
            add_rate(batch, number, terms, ahead, month, first_day)
        curves.append(Curve(product, terms, months))
    add_spreads(batch, len(products) * MONTHS, curves, ())
    for product, terms in enumerate(products):
        add_guards(batch, product, terms.guards, product * MONTHS + 1, terms.guards.halt_ms)
    _add_phase(batch, len(products), founded)
    return batch


def _check(products: Sequence[ProductTerms]) -> None:
    models = [terms.model for terms in products]
    for terms in products:
        if models.count(terms.model) > 1:
            raise ValueError(f"product {terms.model} is named twice")
        for each in terms.margin.credits:
            if each.other == terms.model or each.other not in models:
                raise ValueError(f"credits of {terms.model}: {each.other!r} is no other product")


def add_month(
    batch: Batch,
    instrument: int,
    product: int,
    terms: ProductTerms,
    month: int,
    first_day: datetime.date,
) -> Month:
    """Add the LIST row of a month's future; return the future."""
    assert fixings_of(month, first_day) > 0
    expiry = last_trading_day(month)
    batch.listing(
        instrument,
        product,
        future_name(terms.model, expiry),
        low=0,
        high=LADDER_MAX,
        tick=TICK,
        value=VALUE,
        clip=terms.clip,
        position_max=terms.position_max,
        protection=terms.protection,
        month=month,
        expiry=as_number(expiry),
        form=Form.FUTURE,
        block=terms.block,
    )
    return Month(instrument, month, as_number(expiry))


def add_rate(
    batch: Batch,
    instrument: int,
    terms: ProductTerms,
    ahead: int,
    month: int,
    first_day: datetime.date,
) -> None:
    """Add a new future's RATE row: `value` the rate, `value_2` the N fixings of its month."""
    count = fixings_of(month, first_day)
    batch.money(Kind.RATE, instrument=instrument, value=terms.rate_micro(ahead), value_2=count)


def _add_phase(batch: Batch, products: int, founded: int) -> None:
    phase = phase_at(founded)
    date = as_number(trade_date(founded))
    for product in range(products):
        batch.money(
            Kind.PHASE,
            instrument=NIL,
            product=product,
            code=Phase.CLOSE if phase == Phase.POST_CLOSE else phase,
            value=date,
            source=founded,
        )


def add_far_month(
    batch: Batch, instrument: int, product: int, terms: ProductTerms, month: int, today: int
) -> Month:
    """Add LIST and RATE rows of one more month, at the far end. today: yyyymmdd."""
    added = add_month(batch, instrument, product, terms, month, as_date(today))
    add_rate(batch, instrument, terms, MONTHS - 1, month, as_date(today))
    return added
