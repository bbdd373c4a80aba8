"""Spreads in the reference: what their legs trade at, and how a LIST row gets its legs.

Part of the reference: for readers, and the tests' oracle. A spread is agreed at one
price; its legs must add up to it: sum(ratio x leg price) = divisor x spread price.
Positions stand in the legs alone.
"""

from engine.reasons import Reason
from engine.reference_book import Order
from engine.reference_risk import (
    Instrument,
    Leg,
    Market,
    RefusedError,
    appraise,
    daily_limits,
)
from engine.reference_world import Row, World
from engine.schema import LEGS_MAX, NIL_PRICE, PATHS_MAX, Did, Form, Phase, Role, Side

Bounds = tuple[int, int]  # The lowest and the highest price that a leg may trade at.

RATIOS = {
    Form.CALENDAR: (1, -1),
    Form.INTER: (1, -1),
    Form.BUTTERFLY: (1, -2, 1),
    Form.STRIP: (1,) * LEGS_MAX,
    Form.TAS: (1,),
}
STAKE_MAX = 2**54  # Micro-dollars that the largest order may gain on its legs' ladders.
SETTLEMENT_MAX = 2**40


def has_sound_legs(row: Row) -> bool:
    """Whether a LIST row asks for as many legs as its form has, and is implied where it may be."""
    if row.implied not in (0, 1) or (row.implied and row.form != Form.CALENDAR):
        return False
    if row.form == Form.STRIP:
        return 2 <= row.legs <= LEGS_MAX
    return row.legs == len(RATIOS.get(row.form, ()))


def add_leg(world: World, row: Row) -> None:
    """Give the instrument listed last its next leg."""
    instruments = world.market.instruments
    if not 0 <= row.instrument < len(instruments) or instruments[row.instrument].is_spread():
        raise RefusedError(Reason.INSTRUMENT_UNKNOWN)
    spread, leg = instruments[-1], instruments[row.instrument]
    if not is_fit(world.market, spread, leg, row.ratio):
        raise RefusedError(Reason.TERMS_INVALID)
    if spread.implied and len(world.market.calendars.get(leg.number, [])) == PATHS_MAX:
        raise RefusedError(Reason.LISTING_FULL)

    spread.legs.append(Leg(leg.number, row.ratio))
    price_spread(world.market, spread)
    if spread.implied and spread.is_complete():
        for number in (spread.number, *(leg.number for leg in spread.legs)):
            world.market.calendars.setdefault(number, []).append(spread)
    world.say(Did.NOTED)


def has_leg(spread: Instrument, number: int) -> bool:
    """Whether an instrument is one of those that a spread is made of."""
    return any(leg.number == number for leg in spread.legs)


def is_fit(market: Market, spread: Instrument, leg: Instrument, ratio: int) -> bool:
    """Whether a leg may be the next of a spread."""
    place = len(spread.legs)
    if place == spread.wanted or Phase.EXPIRED in (spread.phase, leg.phase):
        return False
    if leg.form != Form.FUTURE or leg.low == leg.high or has_leg(spread, leg.number):
        return False
    if ratio != RATIOS[Form(spread.form)][place] or leg.value != spread.value:
        return False
    is_foreign = spread.form == Form.INTER and place == 1
    if (leg.product != spread.product) != is_foreign:
        return False
    if spread.implied and leg.tick != spread.tick:
        return False
    over = [one for one in market.instruments if has_leg(one, leg.number)]
    if spread.form == Form.TAS and any(one.form == Form.TAS for one in over):
        return False
    legs = [*spread.legs, Leg(leg.number, ratio)]
    if len(legs) < spread.wanted:
        return True
    return is_reachable(market, spread, legs) and (
        not spread.implied or meets(market, spread, legs)
    )


def meets(market: Market, spread: Instrument, legs: list[Leg]) -> bool:
    """Whether an implied calendar's prices are always on its legs' ticks, and its legs its own."""
    near, far = (market.instruments[leg.number] for leg in legs)
    if (near.low - far.low - spread.low) % spread.tick != 0:
        return False
    return not any(has_leg(one, far.number) for one in market.calendars.get(near.number, []))


def is_reachable(market: Market, spread: Instrument, legs: list[Leg]) -> bool:
    """Whether for every price of the spread the legs have prices, whose sums bear its orders."""
    least = most = breadth = 0
    for number, ratio in legs:
        low, high = (ratio * end for end in market.ladder(number))
        least, most = least + min(low, high), most + max(low, high)
        breadth += abs(high - low)
    divisor = spread.divisor()
    if spread.form == Form.TAS:  # Its prices come on top of the leg's: all can be reached.
        breadth += spread.high - spread.low
        least, most = divisor * spread.low, divisor * spread.high
    stake = breadth * spread.value * max(spread.clip, spread.position_max)
    return least <= divisor * spread.low and divisor * spread.high <= most and stake <= STAKE_MAX


def price_spread(market: Market, spread: Instrument) -> None:
    """Take a spread's settlement from those of its legs; none where one is missing.

    A TAS book's prices are offsets to a settlement: once there is one to stand in at it is 0.
    """
    if spread.form == Form.TAS:
        marked = spread.is_complete() and base(market, spread) != NIL_PRICE
        spread.settlement = 0 if marked else NIL_PRICE
        return
    settlements = [market.instruments[number].settlement for number, _ in spread.legs]
    spread.settlement = NIL_PRICE
    if spread.is_complete() and all(abs(one) <= SETTLEMENT_MAX for one in settlements):
        pairs = zip(spread.legs, settlements, strict=True)
        total = sum(leg.ratio * settlement for leg, settlement in pairs)
        spread.settlement = total // spread.divisor()


def base(market: Market, book: Instrument) -> int:
    """Return at what a TAS book's month stands in for its settlement: at its mark."""
    return market.instruments[book.legs[0].number].mark


def spreads_over(market: Market, number: int) -> list[Instrument]:
    """Return the spreads that an instrument is a leg of, and that have not expired."""
    alive = (one for one in market.instruments if one.phase != Phase.EXPIRED)
    return [spread for spread in alive if has_leg(spread, number)]


def fill_legs(
    world: World, spread: Instrument, one: Order, two: Order, price: int, lots: int
) -> None:
    """Turn a trade of a spread, just told, into trades of its legs: a number each."""
    for leg, leg_price in zip(spread.legs, leg_prices(world.market, spread, price), strict=True):
        world.trades += 1
        remember_leg(world, one, two, leg, leg_price, lots)
        for order in (one, two):
            fill_leg(world, order, leg, leg_price, lots, world.trades)
    if spread.form == Form.TAS:
        buyer, seller = sorted((one, two), key=lambda order: order.side)
        await_price(world, spread, buyer.account, seller.account, lots)


def await_price(world: World, book: Instrument, buyer: int, seller: int, lots: int) -> None:
    """Note the last trade's lots as not yet priced; what stands in for a price is not reviewed."""
    world.hold(buyer, book.number, lots, base(world.market, book))
    world.hold(seller, book.number, -lots, base(world.market, book))
    del world.recent[world.trades]


def remember_leg(world: World, one: Order, two: Order, leg: Leg, price: int, lots: int) -> None:
    """Keep the trade of a leg, for the exchange's desk: whoever bought the spread, or sold it."""
    instrument, is_bought = world.market.instruments[leg.number], leg.ratio > 0
    buyer = one if (one.side == Side.BUY) == is_bought else two
    seller = two if buyer is one else one
    appraise(instrument)
    world.remember(instrument, buyer.account, seller.account, price, abs(leg.ratio) * lots)


def fill_leg(world: World, order: Order, leg: Leg, price: int, lots: int, trade_id: int) -> None:
    """Give the owner of a spread order a leg's lots, as many as `lots` of the spread move."""
    bought = leg.ratio * lots if order.side == Side.BUY else -leg.ratio * lots
    world.hold(order.account, leg.number, bought, price)
    told = {"instrument": leg.number, "side": Side.BUY if bought > 0 else Side.SELL}
    told |= {"price": price, "role": Role.LEG, "trade_id": trade_id}
    world.tell(Did.FILLED, order, abs(bought), **told)


def leg_prices(market: Market, spread: Instrument, price: int) -> list[int]:
    """Return what each leg trades at, so that together they make this price of the spread.

    Legs start where their markets are. The leg that traded last keeps its price if it
    can; the others move, the last one first, each as far as it must and its bounds let it.
    """
    if spread.form == Form.TAS:
        return [base(market, spread) + price]
    legs = [market.instruments[number] for number, _ in spread.legs]
    bounds = bounds_of(market, spread, legs, price)
    prices = [within(one, start(spread, leg)) for one, leg in zip(bounds, legs, strict=True)]
    if spread.form == Form.STRIP:
        spread_evenly(legs, bounds, prices, price * len(legs) - sum(prices))
    ratios = [leg.ratio for leg in spread.legs]
    turns = sorted(range(len(legs)), reverse=True)
    anchor = max(turns, key=lambda i: (legs[i].traded_at, -i))
    turns.remove(anchor)
    turns.append(anchor)
    while owed := owed_by(spread, prices, price):
        before = list(prices)
        for i in turns:
            owed = owed_by(spread, prices, price)
            prices[i] = within(bounds[i], prices[i] + toward_zero(owed, ratios[i]))
        if prices == before:
            step(bounds, ratios, prices, turns, owed)
    return prices


def bounds_of(
    market: Market, spread: Instrument, legs: list[Instrument], price: int
) -> list[Bounds]:
    """Return today's limits of each leg; the ladders where the legs could not make the price so."""
    limits = [daily_limits(market, leg) for leg in legs]
    ends = [
        sorted((leg.ratio * low, leg.ratio * high))
        for leg, (low, high) in zip(spread.legs, limits, strict=True)
    ]
    least, most = (sum(end) for end in zip(*ends, strict=True))
    all_move = all(low < high for low, high in limits)
    if all_move and least <= spread.divisor() * price <= most:
        return limits
    return [(leg.low, leg.high) for leg in legs]


def owed_by(spread: Instrument, prices: list[int], price: int) -> int:
    """Return by how much the legs' prices fall short of a price of the spread."""
    worth = sum(leg.ratio * one for leg, one in zip(spread.legs, prices, strict=True))
    return spread.divisor() * price - worth


def step(
    bounds: list[Bounds], ratios: list[int], prices: list[int], turns: list[int], owed: int
) -> None:
    """Move the first leg that can by one unit, past what is owed: others then move back."""
    for i in turns:
        moved = prices[i] + (1 if owed * ratios[i] > 0 else -1)
        if moved == within(bounds[i], moved):
            prices[i] = moved
            return


def spread_evenly(
    legs: list[Instrument], bounds: list[Bounds], prices: list[int], owed: int
) -> None:
    """Move every leg by the same, in ticks; the first legs take the odd ticks, then odd units."""
    common = owed // len(legs)
    for i, leg in enumerate(legs):
        before = prices[i]
        prices[i] = within(bounds[i], before + common - common % leg.tick)
        owed -= prices[i] - before
    for sizes in ([leg.tick for leg in legs], [1] * len(legs)):
        for i, size in enumerate(sizes):
            moved = prices[i] + (size if owed > 0 else -size)
            if abs(owed) >= size and moved == within(bounds[i], moved):
                owed -= moved - prices[i]
                prices[i] = moved


def start(spread: Instrument, leg: Instrument) -> int:
    """Return where a leg's price starts: where its market is; of a strip where it settled."""
    if spread.form == Form.STRIP and leg.settlement != NIL_PRICE:
        return leg.settlement
    return standing(leg)


def standing(leg: Instrument) -> int:
    """Return where the market of an instrument stands."""
    middle = leg.low + (leg.high - leg.low) // 2 // leg.tick * leg.tick
    known = [one for one in (leg.last, leg.settlement, leg.mark) if one != NIL_PRICE]
    price = [*known, middle][0]
    if leg.last != NIL_PRICE and leg.phase == Phase.OPEN:
        bid, ask = leg.book.best(Side.BUY), leg.book.best(Side.SELL)
        if bid != NIL_PRICE and bid > price:
            return bid
        if ask != NIL_PRICE and ask < price:
            return ask
    return price


def within(bounds: Bounds, price: int) -> int:
    """Return the price between two bounds that is nearest to this one."""
    low, high = bounds
    return min(max(price, low), high)


def toward_zero(owed: int, ratio: int) -> int:
    """Return owed / ratio without its fraction."""
    lots = abs(owed) // abs(ratio)
    return lots if owed * ratio > 0 else -lots
