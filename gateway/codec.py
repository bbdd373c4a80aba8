"""Decimals of the wire to price units and lots, rows of orders, and back.

The only place where a client's number becomes an integer of the exchange.
"""

import functools
from decimal import Decimal

from clearing.directory import Account, Instrument
from engine.instruments import UNIT_MICRO, usd
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import NIL_PRICE, Flag, Form, Phase, Tif, Type
from gateway import messages
from gateway.refusals import (
    AMOUNT_NOT_WHOLE,
    BY_REASON,
    ORDER_ID_INVALID,
    Code,
    RefusedError,
    invalid,
)

TIFS = {
    "good_til_cancelled": Tif.GTC,
    "good_til_day": Tif.DAY,
    "fill_or_kill": Tif.FOK,
    "immediate_or_cancel": Tif.FAK,
}
TIF_NAMES = {tif: name for name, tif in TIFS.items()} | {Tif.GTD: "good_til_date"}
TYPES = {
    "limit": Type.LIMIT,
    "market": Type.MARKET,
    "market_limit": Type.MARKET_LIMIT,
    "stop_limit": Type.STOP_LIMIT,
    "stop_market": Type.STOP,
}
TYPE_NAMES = {type_: name for name, type_ in TYPES.items()}
SIDES = ("buy", "sell")
STATES = {phase: phase.name.lower() for phase in Phase}

_DIGITS_MAX = 15  # A number with more digits before or behind the point is refused.
_MICRO = 1_000_000
_UNIT = Decimal(UNIT_MICRO) / _MICRO


@functools.lru_cache(maxsize=1 << 14)
def decimal(price: int) -> Decimal:
    """Return price units in USD per GPU-hour."""
    return Decimal(usd(price))


def decimal_or_none(price: int) -> Decimal | None:
    """Return price units in USD per GPU-hour; None where there is no price yet."""
    return None if price == NIL_PRICE else decimal(price)


def dollars(micro: int) -> Decimal:
    """Return micro-dollars in USD, exactly."""
    return Decimal(micro).scaleb(-6)


def average(cost: int, lots: int) -> Decimal:
    """Return the mean price of lots that cost `cost` price units, to a micro-dollar; 0 for none."""
    if lots == 0:
        return Decimal(0)
    return (Decimal(cost) * _UNIT / lots).quantize(Decimal("0.000001")).normalize()


def lots(param: str, amount: Decimal) -> int:
    """Return an amount as whole lots. Raises RefusedError: no number, not whole, not positive."""
    _check_number(param, amount)
    if amount != amount.to_integral_value():
        raise _wrong(AMOUNT_NOT_WHOLE, param, amount, "is not whole")
    if amount <= 0:
        code = BY_REASON[Reason.QUANTITY_NOT_POSITIVE]
        raise _wrong(code, param, amount, "is not positive")
    return int(amount)


def price_units(price: Decimal, instrument: Instrument, param: str = "price") -> int:
    """Return a price in units. Raises RefusedError: no number, off the tick."""
    _check_number(param, price)
    units = price / _UNIT
    if units != units.to_integral_value() or (int(units) - instrument.low) % instrument.tick:
        reason = f"is not a multiple of {decimal(instrument.tick)}"
        raise _wrong(BY_REASON[Reason.PRICE_OFF_TICK], param, price, reason)
    return int(units)


def add_order(
    batch: Batch,
    order: messages.Order,
    side: int,
    account: Account,
    instrument: Instrument,
    key: int,
    received: int,
) -> None:
    """Add the row of a new order; its label is the row's text. Raises RefusedError."""
    kind = TYPES[order.type]
    amount = lots("amount", order.amount)
    batch.enter(
        account.number,
        instrument.number,
        side,
        amount,
        _asked(order, "price", kind in (Type.LIMIT, Type.STOP_LIMIT), instrument),
        type=kind,
        trigger=_asked(order, "trigger_price", kind in (Type.STOP, Type.STOP_LIMIT), instrument),
        display=0 if order.max_show is None else lots("max_show", order.max_show),
        flags=_flags(order),
        tif=_tif(order, instrument),
        smp_id=account.owner,
        key=key,
        received=received,
        text=order.label,
    )


def _tif(order: messages.Order, instrument: Instrument) -> int:
    """Return how long an order lasts: unless it says so until cancelled, at settlement a day."""
    if order.time_in_force is not None:
        return TIFS[order.time_in_force]
    return Tif.DAY if instrument.form == Form.TAS else Tif.GTC


def _asked(order: messages.Order, param: str, is_needed: bool, instrument: Instrument) -> int:
    """Return a price that the order's type needs, in units; 0 where it needs none."""
    price = getattr(order, param)
    if not is_needed:
        if price is not None and param != "price":
            raise invalid(param, price, f"a {order.type} order has none")
        return 0
    if price is None:
        raise invalid(param, "missing", f"a {order.type} order needs one")
    return price_units(price, instrument, param)


def _flags(order: messages.Order) -> int:
    """Return the order's bits."""
    if order.reject_post_only and not order.post_only:
        raise invalid("reject_post_only", True, "is for post-only orders")
    slides = order.post_only and not order.reject_post_only
    return (
        order.post_only * Flag.POST_ONLY
        | slides * Flag.SLIDE
        | order.reduce_only * Flag.REDUCE_ONLY
    )


def add_edit(
    batch: Batch,
    edit: messages.Edit,
    account: int,
    instrument: Instrument,
    order_id: int,
    price: int,
    key: int,
    received: int,
) -> None:
    """Add the row of a changed order; its amount is the total. Raises RefusedError.

    price: price units, where the edit names none.
    """
    batch.replace(
        account,
        instrument.number,
        order_id,
        lots("amount", edit.amount),
        price if edit.price is None else price_units(edit.price, instrument),
        flags=Flag.IN_FLIGHT,
        key=key,
        received=received,
    )


def order_number(text: str) -> int:
    """Return an order id as a number. Raises RefusedError."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise _wrong(ORDER_ID_INVALID, "order_id", text, "is no order id")
    return int(text)


def _check_number(param: str, value: Decimal) -> None:
    if not value.is_finite():
        raise invalid(param, value, "is not a number")
    if value.adjusted() >= _DIGITS_MAX or int(value.as_tuple().exponent) < -_DIGITS_MAX:
        raise invalid(param, value, f"has more than {_DIGITS_MAX} digits")


def _wrong(code: Code, param: str, value: object, reason: str) -> RefusedError:
    return RefusedError(code, param=param, value=str(value)[:64], reason=reason)
