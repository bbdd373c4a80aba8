"""Guards in the reference: which prices a market takes, and when trading has to pause.

Part of the reference: for readers, and the tests' oracle. All guards are measured
from the market settlement, never from the index mark.
"""

from engine.reasons import Reason
from engine.reference_book import Order, reaches
from engine.reference_implied import best
from engine.reference_risk import Guards, Instrument, Market, RefusedError, daily_limits
from engine.reference_world import Row, World
from engine.schema import NIL, NIL_PRICE, Did, Form, Phase, Side

POINTS_MAX = 2**40
BREAKER_MAX = 10_000
NS_MAX = 2**50
BUCKETS = 20  # Of the window in which velocity is measured.
LOOK_BACK = 60  # Buckets of the circuit breaker.


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

    before = world.market.guards[row.product]
    if (row.batch // BUCKETS, row.value_3) != (before.window // BUCKETS, before.width):
        for instrument in instruments:
            if instrument.product == row.product:
                instrument.prints = []
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
    settles = instrument.last == NIL_PRICE or instrument.is_stale
    start = instrument.settlement if settles else instrument.last
    bid, ask = instrument.book.best(Side.BUY), instrument.book.best(Side.SELL)
    if start != NIL_PRICE and bid > start:
        return bid
    if start != NIL_PRICE and ask != NIL_PRICE and ask < start:
        return ask
    return start


def refuse_unguarded(world: World, order: Order) -> None:
    """Refuse an order whose price a guard does not take, with the bound that it passes."""
    market, instrument = world.market, world.instrument_of(order)
    low, high = daily_limits(market, instrument)
    refuse_past(order.price < low, Reason.DAILY_LIMIT, low, order)
    refuse_past(order.price > high, Reason.DAILY_LIMIT, high, order)
    guards, reference = market.guards[instrument.product], fair(instrument)
    ways = 1 if order.side == Side.BUY else -1
    if guards.band > 0 and reference != NIL_PRICE:
        bound = reference + ways * guards.band
        refuse_past(ways * (order.price - bound) > 0, Reason.PRICE_BAND, bound, order)
    passive = not would_trade(market, instrument, order.side, order.price) and not order.waits
    if variant(market, instrument) > 0 and passive and instrument.phase == Phase.OPEN:
        lowest, highest = looked_back(world, instrument, [])
        bound = lowest if ways > 0 else highest
        bound += ways * variant(market, instrument)
        refuse_past(ways * (order.price - bound) > 0, Reason.CIRCUIT_BREAKER, bound, order)


def refuse_past(wrong: bool, reason: Reason, bound: int, order: Order) -> None:
    """Refuse an order that stands past a bound."""
    if wrong:
        raise RefusedError(reason, bound, order.price)


def would_trade(market: Market, instrument: Instrument, side: int, price: int) -> bool:
    """Whether an order at this price would trade at once, through implied prices too."""
    opposite, _ = best(market, instrument, 1 - side)
    is_met = opposite != NIL_PRICE and reaches(side, price, opposite)
    return instrument.phase == Phase.OPEN and is_met


def variant(market: Market, instrument: Instrument) -> int:
    """Return how far from the prices of the look-back a future may trade; 0: anywhere."""
    if instrument.form != Form.FUTURE or instrument.settlement <= 0:
        return 0
    exact = instrument.settlement * market.guards[instrument.product].breaker // 10_000
    return exact // instrument.tick * instrument.tick


def looked_back(world: World, instrument: Instrument, paid: list[int]) -> tuple[int, int]:
    """Return lowest and highest price of the look-back; without trades the settlement is both.

    paid: prices that the order at hand would have paid before.
    """
    width = world.market.guards[instrument.product].width
    prices = [*late(world, instrument, width, LOOK_BACK), *paid] or [instrument.settlement]
    return min(prices), max(prices)


def late(world: World, instrument: Instrument, width: int, count: int) -> list[int]:
    """Return the prices of trades in the last `count` buckets of so many nanoseconds."""
    if width == 0:
        return []
    now = world.command.time // width
    return [price for time, price in instrument.prints if time // width > now - count]


def breach_of(world: World, instrument: Instrument, price: int, paid: list[int]) -> Reason:
    """Return which guard a trade at this price would breach, or NONE.

    paid: prices that the same order would have paid before.
    """
    guards = world.market.guards[instrument.product]
    away = variant(world.market, instrument)
    lowest, highest = looked_back(world, instrument, paid)
    if away > 0 and not highest - away <= price <= lowest + away:
        return Reason.CIRCUIT_BREAKER
    just = [*late(world, instrument, guards.window // BUCKETS, BUCKETS), *paid]
    if guards.points > 0 and any(abs(price - one) >= guards.points for one in just):
        return Reason.VELOCITY
    return Reason.NONE


def is_watched(market: Market, instrument: Instrument) -> bool:
    """Whether a guard may stop trades of an instrument."""
    guards = market.guards[instrument.product]
    return guards.points > 0 or guards.breaker > 0


def witness(world: World, instrument: Instrument, price: int) -> None:
    """Keep a trade for the guards of later ones, where a guard watches."""
    guards = world.market.guards[instrument.product]
    if is_watched(world.market, instrument):
        now = world.command.time
        oldest = now - max(BUCKETS * guards.window, (LOOK_BACK + 1) * guards.width)
        instrument.prints = [one for one in instrument.prints if one[0] >= oldest]
        instrument.prints.append((now, price))


def halt(world: World, breached: Instrument, reason: Reason) -> None:
    """Send an instrument to pre-open, and with the lead month all of its product; for a time."""
    guards = world.market.guards[breached.product]
    for instrument in world.market.instruments:
        follows = guards.lead == breached.number and instrument.product == breached.product
        if (instrument is breached or follows) and instrument.phase == Phase.OPEN:
            world.move(instrument, Phase.PRE_OPEN, instrument.date, reason)
            instrument.resume = world.command.time + guards.halt
            instrument.halted = reason
