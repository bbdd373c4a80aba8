"""Guards and position limits as rows: at the founding, and when a month changes its part.

Rows of the calendar, so that a replay never asks for a date.
"""

import datetime

from clearing.calendar import business_days, next_business_day
from clearing.directory import Directory
from clearing.terms import GuardTerms
from engine.instruments import as_number
from engine.rows import Batch
from engine.schema import NIL, Kind

SPOT_DAYS = 3  # Business days before the last trading day.
_MS = 1_000_000


def add_guards(batch: Batch, product: int, terms: GuardTerms, lead: int) -> None:
    """Add the row that sets a product's guards. lead: the lead month's instrument, or NIL."""
    if terms.are_on:
        batch.money(
            Kind.GUARD,
            product=product,
            other=lead,
            value=terms.band,
            value_2=terms.daily,
            value_3=terms.breaker_ms * _MS,
            numerator=terms.breaker,
            denominator=terms.velocity,
            batch=terms.velocity_ms * _MS,
            source=terms.halt_ms * _MS,
        )


def add_changes(batch: Batch, directory: Directory, date: datetime.date) -> None:
    """Add what holds from the close of a trade date on: a new lead month, a spot month's limit.

    The lead month is the nearest whose averaging has not begun.
    """
    today, following = as_number(date) // 100, as_number(next_business_day(date)) // 100
    for number, product in enumerate(directory.products):
        terms, futures = product.terms, directory.futures(number)
        if following != today:
            later = [each.number for each in futures if each.month > following]
            add_guards(batch, number, terms.guards, later[0] if later else NIL)
        spot = [each.number for each in futures if each.month == today]
        if terms.spot_max < terms.position_max and date == business_days(today)[-1 - SPOT_DAYS]:
            for instrument in spot:
                batch.money(Kind.LIMIT, instrument=instrument, value=terms.spot_max)
