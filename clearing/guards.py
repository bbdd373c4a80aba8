"""Guards and position limits as rows: at the founding, and when a month changes its part.

Rows of the calendar, so that a replay never asks for a date.
"""

import datetime

from clearing.calendar import business_days, next_business_day
from clearing.directory import Directory, Instrument
from clearing.terms import MS, GuardTerms
from engine.instruments import as_number
from engine.rows import Batch
from engine.schema import NIL, Flag, Kind

SPOT_DAYS = 3  # Business days before the last trading day.


def add_guards(batch: Batch, product: int, terms: GuardTerms, lead: int, halt_ms: int) -> None:
    """Add the row that sets a product's guards, if any is on. lead: the lead month, or NIL."""
    if terms.are_on:
        _add_guards(batch, product, terms, lead, halt_ms)


def add_operators_guards(
    batch: Batch,
    directory: Directory,
    product: int,
    terms: GuardTerms,
    date: datetime.date,
    text: str,
) -> None:
    """Add the row by which an operator sets a product's guards, or switches all of them off.

    The directory remembers it, so that the rows of the evening do not put back the product's terms.
    """
    lead = _lead(directory.futures(product), as_number(date) // 100)
    _add_guards(batch, product, terms, lead, terms.halt_ms, Flag.OPERATOR, text)


def _add_guards(
    batch: Batch,
    product: int,
    terms: GuardTerms,
    lead: int,
    halt_ms: int,
    flags: int = 0,
    text: str = "",
) -> None:
    batch.money(
        Kind.GUARD,
        product=product,
        other=lead,
        value=terms.band,
        value_2=terms.daily,
        value_3=terms.breaker_ms * MS,
        numerator=terms.breaker,
        denominator=terms.velocity,
        batch=terms.velocity_ms * MS,
        source=halt_ms * MS,
        flags=flags,
        text=text,
    )


def _lead(futures: list[Instrument], month: int) -> int:
    """Return the nearest future whose averaging has not begun in a month (yyyymm), or NIL."""
    later = [each.number for each in futures if each.month > month]
    return later[0] if later else NIL


def add_changes(batch: Batch, directory: Directory, date: datetime.date, is_late: bool) -> None:
    """Add what holds from late in a trade date on, or from its close: guards, spot limits.

    Late halts are short; from the close on they are not, and the lead month may be another:
    the nearest whose averaging has not begun.
    """
    month = as_number(date if is_late else next_business_day(date)) // 100
    for number, product in enumerate(directory.products):
        terms, futures = product.terms, directory.futures(number)
        guards = directory.guards[number]
        halt_ms = guards.late_halt_ms if is_late else guards.halt_ms
        add_guards(batch, number, guards, _lead(futures, month), halt_ms)
        if not is_late and terms.spot_max < terms.position_max:
            _add_limits(batch, futures, date, terms.spot_max)


def _add_limits(batch: Batch, futures: list[Instrument], date: datetime.date, most: int) -> None:
    """Add the limit of the month that is so near its last trading day, if it is that day."""
    month = as_number(date) // 100
    if date == business_days(month)[-1 - SPOT_DAYS]:
        for future in futures:
            if future.month == month:
                batch.money(Kind.LIMIT, instrument=future.number, value=most)
