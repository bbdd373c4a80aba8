"""Which prices a market takes: the guards of a product, bands, limits and the breaker's bounds.

All guards are measured from the market settlement, never from the index mark.
"""

from engine.book import price_of
from engine.emit import say
from engine.jit import Row, Table, kernel
from engine.paths import best_price
from engine.reasons import Reason
from engine.records import BUCKETS
from engine.schema import NIL, NIL_PRICE, Did, Phase, Side
from engine.state import State
from engine.tops import note_change
from engine.windows import breaker_bounds, look_again, restart

_POINTS_MAX = 1 << 40
_BREAKER_MAX = 10_000
_NS_MAX = 1 << 50  # Thirteen days.


@kernel
def set_guards(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Let these guards hold for a product from now on; those that are 0 are off."""
    if not NIL <= command.other < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN, count
    if not 0 <= command.product < state.totals[0].products:
        return Reason.PRODUCT_UNKNOWN, count
    stranger = command.other != NIL and (
        state.instruments[command.other].product != command.product
    )
    if stranger or not _is_sound(command):
        return Reason.TERMS_INVALID, count

    # From here on the command succeeds.
    product = state.products[command.product]
    is_cut_anew = product.bucket != command.batch // BUCKETS or product.width != command.value_3
    product.band = command.value
    product.daily = command.value_2
    product.breaker = command.numerator
    product.points = command.denominator
    product.bucket = command.batch // BUCKETS
    product.width = command.value_3
    product.halt = command.source
    product.lead = command.other
    for index in range(state.totals[0].instruments):
        if state.instruments[index].product == command.product:
            refer(state, index)
            if is_cut_anew:
                restart(state, index)
    return Reason.NONE, say(events, count, command, Did.NOTED)


@kernel
def _is_sound(command: Row) -> bool:
    if not (0 <= command.value <= _POINTS_MAX and 0 <= command.value_2 <= _POINTS_MAX):
        return False
    if not (0 <= command.numerator <= _BREAKER_MAX and command.denominator >= 0):
        return False
    for time in (command.batch, command.value_3, command.source):
        if not 0 <= time <= _NS_MAX:
            return False
    if command.denominator > 0 and (command.batch < BUCKETS or command.source == 0):
        return False
    return command.numerator == 0 or (command.value_3 > 0 and command.source > 0)


@kernel
def settlement_of(state: State, index: int) -> int:
    """Return the market settlement that an instrument's guards refer to; NIL_PRICE: none."""
    return state.instruments[index].settlement


@kernel
def fair(state: State, index: int) -> int:
    """Return the price that a band is measured from; NIL_PRICE where there is none yet.

    Before the opening the indicative price; when open the last trade or the market settlement,
    whichever is newer, or a best bid above it, or a best ask below it. Else the settlement.
    """
    instrument = state.instruments[index]
    gathers = instrument.phase == Phase.PRE_OPEN or instrument.phase == Phase.NO_CANCEL
    if gathers and instrument.indicative_lots > 0:
        return instrument.indicative
    price = settlement_of(state, index)
    if instrument.phase != Phase.OPEN:
        return price
    if instrument.last != NIL_PRICE and not instrument.is_stale:
        price = instrument.last
    if price == NIL_PRICE:
        return price
    bids, asks = state.sides[index, Side.BUY], state.sides[index, Side.SELL]
    if bids.best != 0:
        price = max(price, price_of(instrument, Side.BUY, bids.best))
    if asks.best != 0:
        price = min(price, price_of(instrument, Side.SELL, asks.best))
    return price


@kernel
def daily_limits(state: State, index: int) -> tuple[int, int]:
    """Return the lowest and the highest price of the ladder that today's limits leave."""
    instrument = state.instruments[index]
    return instrument.limit_low, instrument.limit_high


@kernel
def refer(state: State, index: int) -> None:
    """Let an instrument's guards refer to its settlement, and its product's terms, as they are."""
    instrument = state.instruments[index]
    look_again(instrument)
    low, high = _limits(state, index)
    if low != instrument.limit_low or high != instrument.limit_high:
        instrument.limit_low, instrument.limit_high = low, high
        note_change(state, index)


@kernel
def _limits(state: State, index: int) -> tuple[int, int]:
    """Return what the settlement and the product's terms leave of an instrument's ladder."""
    instrument = state.instruments[index]
    settlement = settlement_of(state, index)
    room = state.products[instrument.product].daily
    if room == 0 or settlement == NIL_PRICE:
        return instrument.low, instrument.high
    low, high = settlement - room, settlement + room
    low += (instrument.low - low) % instrument.tick
    high -= (high - instrument.low) % instrument.tick
    # Both stay on the ladder, also where the settlement is far from it.
    low = min(max(low, instrument.low), instrument.high)
    return low, max(min(high, instrument.high), instrument.low)


@kernel
def unguarded(state: State, index: int, side: int, price: int, waits: bool) -> int:
    """Return which guard keeps an order out that would stand at this price, or NONE.

    waits: whether it is a stop. Leaves in `totals` the bound that the price passes, and the price.
    """
    product = state.products[state.instruments[index].product]
    if product.band == 0 and product.daily == 0 and product.breaker == 0:
        return Reason.NONE
    totals = state.totals[0]
    totals.available = price
    low, high = daily_limits(state, index)
    if not low <= price <= high:
        totals.required = low if price < low else high
        return Reason.DAILY_LIMIT
    reference = fair(state, index)
    if product.band > 0 and reference != NIL_PRICE:
        room = product.band if side == Side.BUY else -product.band
        totals.required = reference + room
        if _is_past(side, price, totals.required):
            return Reason.PRICE_BAND
    if product.breaker > 0 and not waits and state.instruments[index].phase == Phase.OPEN:
        low, high = breaker_bounds(state, index)
        totals.required = high if side == Side.BUY else low
        if _is_past(side, price, totals.required) and not _would_trade(state, index, side, price):
            return Reason.CIRCUIT_BREAKER
    return Reason.NONE


@kernel
def _is_past(side: int, price: int, bound: int) -> bool:
    return price > bound if side == Side.BUY else price < bound


@kernel
def _would_trade(state: State, index: int, side: int, price: int) -> bool:
    best = best_price(state, index, 1 - side)
    if best == NIL_PRICE:
        return False
    return price >= best if side == Side.BUY else price <= best
