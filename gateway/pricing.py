"""What an operator says that something is worth: a day's index, or a month that cannot settle.

Both are asked for twice, by two operators, with a reason each.
"""

import datetime
from decimal import Decimal

from clearing.index.fixing import UNIT, unfixed
from clearing.index.population import Tier
from clearing.market_settlement import MANUAL
from clearing.publication import objection
from engine.instruments import as_date, as_number, micro, units, usd
from engine.rows import Batch
from engine.schema import Kind, Phase
from gateway.opening import OperatorError
from gateway.refusals import RefusedError
from gateway.signed import Signed
from gateway.view import View

_VALUE_MAX = 1_000  # USD per GPU-hour.


class Fix(Signed, tag="fix"):
    """The index of a model on a trade date, in place of what the observations made of it."""

    model: str
    date: datetime.date
    value: Decimal


class Settle(Signed, tag="settle"):
    """The final price of a contract that has ended and could not be settled."""

    instrument: str
    price: Decimal


def require_reason(asked: Signed) -> None:
    """Raise OperatorError where an act says no reason."""
    if not asked.reason.strip():
        raise OperatorError("a price that an operator sets needs a reason")


def add_fixing(batch: Batch, view: View, asked: Fix, text: str) -> None:
    """Add the INDEX row of an operator's fixing, the next version. Raises OperatorError."""
    product = view.directory.product_of.get(asked.model)
    if product is None:
        raise OperatorError(f"model {asked.model!r} does not exist")
    today, last = view.indexes.date, view.indexes[product.number]
    if as_number(asked.date) != today:
        raise OperatorError(f"{asked.date} is not today's trade date, {as_date(today)}")
    value = _value(asked.value)
    why = objection(last, today, value)
    if why:
        raise OperatorError(why)
    batch.money(
        Kind.INDEX,
        product=product.number,
        value=value,
        source=today,
        revision=last.version + 1,
        code=Tier.MANUAL,
        text=f"{unfixed(product.number).inputs_hash} 0 {text}",
    )


def add_settlement(batch: Batch, view: View, asked: Settle, text: str) -> None:
    """Add the SETTLE row of an operator's final price. Raises OperatorError."""
    try:
        terms = view.instrument(asked.instrument)
    except RefusedError:
        raise OperatorError(f"instrument {asked.instrument!r} does not exist") from None
    if terms.is_spread:
        raise OperatorError(f"{terms.name} is a spread: it ends with its months")
    if view.markets[terms.number].phase == Phase.EXPIRED:
        raise OperatorError(f"{terms.name} is settled")
    if terms.expiry > view.indexes.settled:
        raise OperatorError(f"{terms.name} settles by itself on {as_date(terms.expiry)}")
    try:
        price = units(asked.price)
    except ValueError as error:
        raise OperatorError(str(error)) from None
    if not terms.low <= price <= terms.high or (price - terms.low) % terms.tick:
        ladder = f"{usd(terms.low)} to {usd(terms.high)} in steps of {usd(terms.tick)}"
        raise OperatorError(f"price {asked.price} is not on the ladder of {terms.name}, {ladder}")
    batch.money(
        Kind.SETTLE,
        instrument=terms.number,
        value=price,
        value_2=price,
        source=view.indexes.date,
        revision=MANUAL,
        code=Tier.MANUAL,
        text=text,
    )


def _value(value: Decimal) -> int:
    """Return an index value in micro-dollars. Raises OperatorError."""
    try:
        exact = micro(value)
    except ValueError as error:
        raise OperatorError(f"value: {error}") from None
    if not 0 < exact <= _VALUE_MAX * 1_000_000 or exact % UNIT:
        raise OperatorError(f"value {value} is not a multiple of 0.01 up to {_VALUE_MAX} USD")
    return exact
