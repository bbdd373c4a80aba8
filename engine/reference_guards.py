"""Guards in the reference: which prices a market takes.

Part of the reference: for readers, and the tests' oracle. All guards are measured
from the market settlement, never from the index mark.
"""

from engine.reference_risk import Guards, Instrument, Market, RefusedError
from engine.reference_world import Row, World
from engine.schema import NIL, NIL_PRICE, Did, Phase, Reason, Side

POINTS_MAX = 2**40
BREAKER_MAX = 10_000
NS_MAX = 2**50
BUCKETS = 20  # Of the window in which velocity is measured.


def set_guards(world: World, row: Row) -> None:
    """Let these guards hold for a product from now on; those that are 0 are off."""
    instruments = world.market.instruments
    if not NIL <= row.other < len(instruments):
        raise RefusedError(Reason.INSTRUMENT_UNKNOWN)
    if not 0 <= row.product < len(world.market.guards):
        raise RefusedError(Reason.PRODUCT_UNKNOWN)
    leads = row.other == NIL or instruments[row.other].product == row.product
    if not (leads and are_sound(row)):
        raise RefusedError(Reason.TERMS_INVALID)

    world.market.guards[row.product] = Guards(
        band=row.value,
        daily=row.value_2,
        breaker=row.numerator,
        points=row.denominator,
        window=row.batch,
        width=row.value_3,
        halt=row.source,
        lead=row.other,
    )
    world.say(Did.NOTED)


def are_sound(row: Row) -> bool:
    """Whether every guard is within its bounds, and has what it needs."""
    points = (row.value, row.value_2, row.denominator)
    times = (row.batch, row.value_3, row.source)
    if not all(0 <= one <= POINTS_MAX for one in points) or not 0 <= row.numerator <= BREAKER_MAX:
        return False
    if not all(0 <= one <= NS_MAX for one in times):
        return False
    measures_velocity = row.batch >= BUCKETS and row.source > 0
    looks_back = row.value_3 > 0 and row.source > 0
    return (row.denominator == 0 or measures_velocity) and (row.numerator == 0 or looks_back)


def fair(instrument: Instrument) -> int:
    """Return the price that a band is measured from; NIL_PRICE where there is none yet."""
    price, lots = instrument.indicative
    if instrument.phase in (Phase.PRE_OPEN, Phase.NO_CANCEL) and lots > 0:
        return price
    if instrument.phase != Phase.OPEN:
        return instrument.settlement
    start = instrument.settlement if instrument.last == NIL_PRICE else instrument.last
    bid, ask = instrument.book.best(Side.BUY), instrument.book.best(Side.SELL)
    if start != NIL_PRICE and bid > start:
        return bid
    if start != NIL_PRICE and ask != NIL_PRICE and ask < start:
        return ask
    return start


def daily_limits(market: Market, instrument: Instrument) -> tuple[int, int]:
    """Return the lowest and the highest price of the ladder that today's limits leave."""
    low, high, tick = instrument.low, instrument.high, instrument.tick
    room, middle = market.guards[instrument.product].daily, instrument.settlement
    if room == 0 or middle == NIL_PRICE:
        return low, high
    rungs = (high - low) // tick
    first = -((low - (middle - room)) // tick)  # Rungs from the foot up to the lower limit.
    last = (middle + room - low) // tick
    return low + min(max(first, 0), rungs) * tick, low + max(min(last, rungs), 0) * tick


def refuse_unguarded(market: Market, instrument: Instrument, side: int, price: int) -> None:
    """Refuse a price that a guard does not take, with the bound that it passes."""
    low, high = daily_limits(market, instrument)
    if price < low:
        raise RefusedError(Reason.DAILY_LIMIT, low, price)
    if price > high:
        raise RefusedError(Reason.DAILY_LIMIT, high, price)
    band, reference = market.guards[instrument.product].band, fair(instrument)
    if band == 0 or reference == NIL_PRICE:
        return
    if side == Side.BUY and price > reference + band:
        raise RefusedError(Reason.PRICE_BAND, reference + band, price)
    if side == Side.SELL and price < reference - band:
        raise RefusedError(Reason.PRICE_BAND, reference - band, price)
