"""Terms of what is traded, and the one place where decimals become price units and money.

A price counts units of 0.005 USD per GPU-hour; a lot is 730 GPU-hours; so one
unit of one lot is 3,650,000 micro-dollars, whole.
"""

import datetime
from decimal import Decimal, InvalidOperation

UNIT_MICRO = 5_000  # One price unit, in micro-dollars per GPU-hour.
LOT_HOURS = 730
VALUE = UNIT_MICRO * LOT_HOURS  # Micro-dollars that one unit of one lot is worth.
TICK = 2  # Of outrights and calendars: 0.01 USD per GPU-hour.
LADDER_MAX = 4_094 * TICK  # Highest price of an outright: 40.94 USD per GPU-hour.
CLIP = 2_000  # Lots, the most of one order.
MONTHS = 36  # Listed at a time.

_MICRO = 1_000_000
_DECIMAL_MAX = 10**12  # USD: beyond it no price and no amount is meant.
_MONTH_NAMES = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_MONTH_CODES = "FGHJKMNQUVXZ"

assert (TICK * VALUE) % 10_000 == 0, "a tick of one lot must be whole cents"


def units(price: str | Decimal) -> int:
    """Return a price in USD per GPU-hour as price units.

    Raises ValueError where it is no number or not a multiple of 0.005.
    """
    return _whole(price, UNIT_MICRO, "price", "a multiple of 0.005")


def usd(price: int) -> str:
    """Return price units as decimal text in USD per GPU-hour: 562 is "2.81", 561 is "2.805"."""
    text = f"{Decimal(price) * UNIT_MICRO / _MICRO:.3f}"
    return text[:-1] if text.endswith("0") else text


def money(micro: int) -> str:
    """Return micro-dollars as decimal text in USD, at least two decimals."""
    sign, whole = "-" * (micro < 0), abs(micro)
    fraction = f"{whole % _MICRO:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole // _MICRO}.{fraction}"


def micro(amount: str | Decimal) -> int:
    """Return an amount in USD as micro-dollars. Raises ValueError."""
    return _whole(amount, 1, "amount of money", "whole micro-dollars")


def _whole(text: str | Decimal, step: int, what: str, grid: str) -> int:
    try:
        exact = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a {what}") from None
    if not exact.is_finite() or abs(exact) > _DECIMAL_MAX:
        raise ValueError(f"{text!r} is not a {what}")
    whole = int(exact * _MICRO / step)
    if exact * _MICRO != whole * step:
        raise ValueError(f"{text} is not {grid}")
    return whole


def future_name(model: str, expiry: datetime.date) -> str:
    """Return the API name of a future: H100_USD-31DEC26."""
    return f"{model}_USD-{day_name(expiry)}"


def day_name(date: datetime.date) -> str:
    """Return a date as it stands in names: 31DEC26."""
    return f"{date.day}{_MONTH_NAMES[date.month - 1]}{date:%y}"


def option_name(model: str, expiry: datetime.date, strike: int, is_call: bool) -> str:
    """Return the API name of an option on a future: H100_USD-31DEC26-2d5-C."""
    decimal = usd(strike).rstrip("0").rstrip(".").replace(".", "d")
    return f"{future_name(model, expiry)}-{decimal}-{'C' if is_call else 'P'}"


def event_name(model: str, date: datetime.date, strike: int) -> str:
    """Return the API name of an event contract on a day's fixing: H100_USD-31DEC26-2d85-E."""
    decimal = usd(strike).rstrip("0").rstrip(".").replace(".", "d")
    return f"{future_name(model, date)}-{decimal}-E"


def code_name(model: str, month: int) -> str:
    """Return the exchange-style alias of a month (yyyymm): H1HZ6 for the H100 of 202612."""
    return f"{model[0]}{model[1]}H{_MONTH_CODES[month % 100 - 1]}{month // 100 % 10}"


def as_date(yyyymmdd: int) -> datetime.date:
    """Return the date that a row's integer means. Raises ValueError."""
    return datetime.date(yyyymmdd // 10_000, yyyymmdd // 100 % 100, yyyymmdd % 100)


def as_number(date: datetime.date) -> int:
    """Return a date as a row's integer, yyyymmdd."""
    return date.year * 10_000 + date.month * 100 + date.day
