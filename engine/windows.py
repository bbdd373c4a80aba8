"""What traded of late in each instrument, and whether a price is too fast or too far from it.

Of each instrument two rings of spans: the last BUCKETS of the velocity window, and the
last LOOK_BACK of the circuit breaker. A span's number is the row's time // its width. Lowest
and highest of a ring are kept until a bucket ends, so few orders look at the spans themselves.
"""

import numpy as np

from engine.jit import Row, kernel
from engine.reasons import Reason
from engine.records import BUCKETS, LOOK_BACK
from engine.schema import NIL_PRICE, Form
from engine.state import State

_NEVER = np.iinfo(np.int64).max


@kernel
def watch(state: State, index: int) -> bool:
    """Whether a guard may stop trades of an instrument; makes ready for `breach_of`."""
    instrument = state.instruments[index]
    product = state.products[instrument.product]
    if product.points == 0 and product.breaker == 0:
        return False
    time = state.totals[0].time
    if time >= instrument.fast_until:
        low, high = _extremes(state, index, 0, BUCKETS, product.bucket)
        instrument.fast_low, instrument.fast_high = low, high
        instrument.fast_until = _end(time, product.bucket)
    if time >= instrument.slow_until:
        low, high = _extremes(state, index, BUCKETS, LOOK_BACK, product.width)
        instrument.slow_low, instrument.slow_high = low, high
        instrument.variant = _variant(state, index)
        instrument.slow_until = _end(time, product.width)
    return True


@kernel
def look_again(instrument: Row) -> None:
    """Let the next `watch` of an instrument look at its spans, guards and settlement anew."""
    instrument.fast_until, instrument.slow_until = 0, 0


@kernel
def witness(state: State, index: int, price: int) -> None:
    """Keep a trade at this price in the windows of an instrument that is watched."""
    instrument = state.instruments[index]
    product = state.products[instrument.product]
    _keep(state, index, 0, BUCKETS, product.bucket, price)
    _keep(state, index, BUCKETS, LOOK_BACK, product.width, price)
    instrument.fast_low = min(instrument.fast_low, price)
    instrument.fast_high = max(instrument.fast_high, price)
    instrument.slow_low = min(instrument.slow_low, price)
    instrument.slow_high = max(instrument.slow_high, price)


@kernel
def restart(state: State, index: int) -> None:
    """Forget what traded in an instrument."""
    look_again(state.instruments[index])
    for place in range(BUCKETS + LOOK_BACK):
        state.spans[index, np.uint64(place)].number = 0


@kernel
def breach_of(state: State, index: int, price: int, first: int) -> int:
    """Return which guard a trade at this price would breach, or NONE; call after `watch`.

    first: the price at which the same order would have begun to trade, or NIL_PRICE.
    """
    instrument = state.instruments[index]
    low, high = instrument.slow_low, instrument.slow_high
    if first != NIL_PRICE:
        low, high = min(low, first), max(high, first)
    if instrument.variant > 0 and _is_beyond(state, index, price, low, high):
        return Reason.CIRCUIT_BREAKER
    points = state.products[instrument.product].points
    low, high = min(instrument.fast_low, price), max(instrument.fast_high, price)
    if first != NIL_PRICE:
        low, high = min(low, first), max(high, first)
    if points > 0 and (price - low >= points or high - price >= points):
        return Reason.VELOCITY
    return Reason.NONE


@kernel
def is_breach(state: State, index: int, price: int) -> bool:
    """Whether a guard forbids a trade at this price, named in `breach`; else it is witnessed."""
    instrument = state.instruments[index]
    instrument.breach = breach_of(state, index, price, NIL_PRICE)
    if instrument.breach != Reason.NONE:
        return True
    witness(state, index, price)
    return False


@kernel
def breaker_bounds(state: State, index: int) -> tuple[int, int]:
    """Return the lowest offer and the highest bid that the circuit breaker allows."""
    if not watch(state, index) or state.instruments[index].variant == 0:
        return NIL_PRICE, -NIL_PRICE
    instrument = state.instruments[index]
    low, high = instrument.slow_low, instrument.slow_high
    if low > high:
        low, high = instrument.settlement, instrument.settlement
    return high - instrument.variant, low + instrument.variant


@kernel
def _is_beyond(state: State, index: int, price: int, low: int, high: int) -> bool:
    instrument = state.instruments[index]
    if low > high:  # No trade in the look-back: the settlement stands for one.
        low, high = instrument.settlement, instrument.settlement
    return price > low + instrument.variant or price < high - instrument.variant


@kernel
def _variant(state: State, index: int) -> int:
    """Return how far from low and high of the look-back a future may trade; 0: anywhere."""
    instrument = state.instruments[index]
    share = state.products[instrument.product].breaker
    if instrument.form != Form.FUTURE or instrument.settlement <= 0:
        return 0
    variant = instrument.settlement * share // 10_000
    return variant - variant % instrument.tick


@kernel
def _end(time: int, width: int) -> int:
    """Return when the bucket of a time ends, with which extremes may change unasked."""
    return (time // width + 1) * width if width > 0 else _NEVER


@kernel
def _extremes(state: State, index: int, first: int, count: int, width: int) -> tuple[int, int]:
    """Return lowest and highest price of a ring's spans that are not too old; crossed: none."""
    low, high = -NIL_PRICE, NIL_PRICE
    if width == 0:
        return low, high
    oldest = max(state.totals[0].time // width + 2 - count, 1)
    for place in range(first, first + count):
        span = state.spans[index, np.uint64(place)]
        if span.number >= oldest:
            low, high = min(low, span.low), max(high, span.high)
    return low, high


@kernel
def _keep(state: State, index: int, first: int, count: int, width: int, price: int) -> None:
    if width == 0:
        return
    number = state.totals[0].time // width + 1
    span = state.spans[index, np.uint64(first + number % count)]
    if span.number != number:
        span.number, span.low, span.high = number, price, price
    span.low, span.high = min(span.low, price), max(span.high, price)
