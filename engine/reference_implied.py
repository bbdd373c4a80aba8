"""Implied prices in the reference: what orders of two books make possible in a third.

Part of the reference: for readers, and the tests' oracle. A calendar S buys the month A
and sells the month B, so S = A - B: orders in two of the books make a price in the third.

    into S:            bid = A.bid - B.ask    ask = A.ask - B.bid
    out to A:          bid = S.bid + B.bid    ask = S.ask + B.ask
    out to B:          bid = A.bid - S.ask    ask = A.ask - S.bid

Only explicit orders make implied prices, and only while all three books are open.
"""

from typing import NamedTuple

from engine.reference_book import Order, reaches
from engine.reference_risk import Instrument, Market, daily_limits
from engine.reference_world import World
from engine.schema import NIL_PRICE, Did, Phase, Side


class Source(NamedTuple):
    """One side of a book that makes part of an implied price: sign x its price."""

    instrument: Instrument
    side: int
    sign: int


class Path(NamedTuple):
    """The two sides of other books that together make a price: of an outright the spread first."""

    first: Source
    second: Source


def paths(market: Market, instrument: Instrument, side: int) -> list[Path]:
    """Return the ways to an implied price of a side: in order of their turns at equal prices."""
    found = list[tuple[tuple[int, int], Path]]()
    for spread in market.calendars.get(instrument.number, []):
        near, far = (market.instruments[leg.number] for leg in spread.legs)
        if all(one.phase == Phase.OPEN for one in (spread, near, far)):
            found.append(turn(instrument, side, spread, near, far))
    return [path for _, path in sorted(found, key=lambda one: one[0])]


def turn(
    instrument: Instrument, side: int, spread: Instrument, near: Instrument, far: Instrument
) -> tuple[tuple[int, int], Path]:
    """Return the way to a price of a calendar, or of one of its legs, and when its turn comes."""
    if instrument is spread:
        return (0, 0), Path(Source(near, side, 1), Source(far, 1 - side, -1))
    if instrument is near:
        return (far.expiry, far.number), Path(Source(spread, side, 1), Source(far, side, 1))
    path = Path(Source(spread, 1 - side, -1), Source(near, side, 1))
    return (near.expiry, near.number), path


def sum_of(path: Path, first: int, second: int) -> int:
    """Return the implied price that two prices make."""
    return path.first.sign * first + path.second.sign * second


def price_through(market: Market, instrument: Instrument, path: Path) -> int:
    """Return the best implied price of a path; NIL_PRICE where there is none within limits."""
    first, second = (source.instrument.book.best(source.side) for source in path)
    if NIL_PRICE in (first, second) or not is_allowed(market, instrument, path, first, second):
        return NIL_PRICE
    return sum_of(path, first, second)


def is_allowed(market: Market, instrument: Instrument, path: Path, first: int, second: int) -> bool:
    """Whether none of the three books would trade beyond its limits of today, or its ladder."""
    books = (instrument, path.first.instrument, path.second.instrument)
    prices = (sum_of(path, first, second), first, second)
    limits = [daily_limits(market, book) for book in books]
    return all(low <= one <= high for one, (low, high) in zip(prices, limits, strict=True))


def best(market: Market, instrument: Instrument, side: int) -> tuple[int, list[Path]]:
    """Return the best price of a side, explicit or implied, and the path to it, if it is implied.

    At one price explicit orders come first, then the paths in their order.
    """
    price, chosen = instrument.book.best(side), list[Path]()
    for path in paths(market, instrument, side):
        other = price_through(market, instrument, path)
        if other != NIL_PRICE and (price == NIL_PRICE or is_better(side, other, price)):
            price, chosen = other, [path]
    return price, chosen


def is_better(side: int, price: int, other: int) -> bool:
    """Whether a bid, or an offer, at a price goes before one at another."""
    return price > other if side == Side.BUY else price < other


def lots_through(market: Market, instrument: Instrument, order: Order, path: Path, end: int) -> int:
    """Return the lots that an order could trade on a path, hidden ones too.

    end: a price that self-match prevention does not let the order pass; NIL_PRICE for none.
    """
    side = 1 - order.side
    left, right = (levels(source) for source in path)
    lots = 0
    while left and right:
        price = sum_of(path, left[0][0], right[0][0])
        allowed = is_allowed(market, instrument, path, left[0][0], right[0][0])
        if not allowed or not reaches(order.side, order.price, price):
            break
        if end != NIL_PRICE and not is_better(side, price, end):
            break
        traded = min(left[0][1], right[0][1])
        lots += traded
        left, right = without(left, traded), without(right, traded)
    return lots


def levels(source: Source) -> list[tuple[int, int]]:
    """Return prices and lots of a side of a book, best first, hidden lots too."""
    queues = source.instrument.book.ladders[source.side].items()
    return [(price, sum(order.leaves for order in queue.values())) for price, queue in queues]


def without(queue: list[tuple[int, int]], lots: int) -> list[tuple[int, int]]:
    """Return prices and lots without these lots of the first price."""
    (price, there), *rest = queue
    return rest if there == lots else [(price, there - lots), *rest]


def publish_implied(world: World) -> None:
    """Report every implied price that is not what was reported last: bids before offers."""
    for number in sorted(world.market.calendars):
        instrument = world.market.instruments[number]
        for side in Side:
            seen = quote(world.market, instrument, side)
            if seen != instrument.implied_quotes[side]:
                instrument.implied_quotes[side] = seen
                told = {"price": seen[0], "quantity": seen[1], "side": side}
                world.say(Did.IMPLIED, account=0, instrument=instrument.number, **told)


def quote(market: Market, instrument: Instrument, side: int) -> tuple[int, int]:
    """Return the best implied price of a side and its lots; (0, 0) for none.

    One that would lock or cross the explicit orders of the other side is not told.
    """
    ways = [
        (path, price_through(market, instrument, path)) for path in paths(market, instrument, side)
    ]
    ways = [(path, price) for path, price in ways if price != NIL_PRICE]
    if not ways:
        return 0, 0
    prices = [price for _, price in ways]
    price = max(prices) if side == Side.BUY else min(prices)
    opposite = instrument.book.best(1 - side)
    if opposite != NIL_PRICE and not is_better(side, opposite, price):
        return 0, 0
    return price, sum(min(map(shown, path)) for path, one in ways if one == price)


def shown(source: Source) -> int:
    """Return the lots that the best price of a side shows."""
    queues = source.instrument.book.ladders[source.side]
    return sum(order.shown for order in queues.peekitem(0)[1].values())
