"""Guards and position limits as rows: at the founding, and when a month changes its part.

Rows of the calendar, so that a replay never asks for a date.
"""

import datetime

from clearing.calendar import business_days, next_business_day
from clearing.directory import Directory, Instrument
from clearing.terms import GuardTerms
from engine.instruments import as_number
from engine.rows import Batch
from engine.schema import NIL, Kind

SPOT_DAYS = 3  # Business days before the last trading day.
_MS = 1_000_000


def add_guards(batch: Batch, product: int, terms: GuardTerms, lead: int, halt_ms: int) -> None:
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
            source=halt_ms * _MS,
        )


def add_changes(batch: Batch, directory: Directory, date: datetime.date, is_late: bool) -> None:
    """Add what holds from late in a trade date on, or from its close: guards, spot limits.

    Late halts are short; from the close on they are not, and the lead month may be another:
    the nearest whose averaging has not begun.
    """
    month = as_number(date if is_late else next_business_day(date)) // 100
    for number, product in enumerate(directory.products):
        terms, futures = product.terms, directory.futures(number)
        later = [each.number for each in futures if each.month > month]
        halt_ms = terms.guards.late_halt_ms if is_late else terms.guards.halt_ms
        add_guards(batch, number, terms.guards, later[0] if later else NIL, halt_ms)
        if not is_late and terms.spot_max < terms.position_max:
            _add_limits(batch, futures, date, terms.spot_max)


def _add_limits(batch: Batch, futures: list[Instrument], date: datetime.date, most: int) -> None:
    """Add the limit of the month that is so near its last trading day, if it is that day."""
    month = as_number(date) // 100
    if date == business_days(month)[-1 - SPOT_DAYS]:
        for future in futures:
            if future.month == month:
                batch.money(Kind.LIMIT, instrument=future.number, value=most)
