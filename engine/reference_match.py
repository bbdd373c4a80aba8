"""Trading in the reference: an order against the book and through paths, and stops.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_book import Book, Order, reaches
from engine.reference_guards import breach_of, halt, is_watched, witness
from engine.reference_implied import Path, best, lots_through, paths
from engine.reference_legs import fill_leg, fill_legs
from engine.reference_risk import Instrument, appraise
from engine.reference_world import World
from engine.schema import NIL_PRICE, NOT_HELD, Did, Phase, Role, Side, Smp, Tif, Type

RESTING = (Tif.DAY, Tif.GTC, Tif.GTD)


def place(world: World, order: Order) -> None:
    """Trade an order that is in no queue where the phase matches; rest or drop what is left."""
    instrument = world.instrument_of(order)
    breach = Reason.NONE
    if instrument.phase == Phase.OPEN:
        breach = cross(world, instrument, order)
    if order.leaves == 0:
        world.forget(order)
    elif breach != Reason.NONE:
        break_off(world, instrument, order, breach)
    elif order.tif in RESTING:
        rest(world, instrument, order)
    else:
        world.drop(order, Reason.UNFILLED)


def rest(world: World, instrument: Instrument, order: Order) -> None:
    """Queue what is left of an order."""
    order.show()
    instrument.book.add(order)
    world.tell(Did.RESTED, order, order.leaves, other=order.shown)


def break_off(world: World, instrument: Instrument, order: Order, breach: Reason) -> None:
    """Rest an order that came up against a guard, and halt; what may not rest goes.

    Velocity is broken by what would rest; what may not goes alone, and the market stays open.
    """
    if order.tif in RESTING and order.type not in (Type.MARKET, Type.MARKET_LIMIT):
        rest(world, instrument, order)
    elif breach == Reason.VELOCITY:
        world.drop(order, Reason.VELOCITY)
        return
    else:
        world.drop(order, Reason.UNFILLED)
    halt(world, instrument, breach)


def cross(world: World, instrument: Instrument, taker: Order) -> Reason:
    """Fill an order that is in no queue: best price first, oldest order first, then implied.

    Returns the guard that its next trade would breach, if it ended there.
    """
    appraise(instrument)
    other = 1 - taker.side
    while taker.leaves > 0:
        price, path = best(world.market, instrument, other)
        if price == NIL_PRICE or not reaches(taker.side, taker.price, price):
            return Reason.NONE
        makers = [] if path else instrument.book.first(other)
        if any(maker.smp_id == taker.smp_id != 0 for maker in makers):
            prevent_self_match(world, taker, makers[0])
            continue
        breach = breach_of(world, instrument, price, [])
        if breach != Reason.NONE:
            return breach
        if path:
            trade_through(world, instrument, taker, path[0], price)
        else:
            maker = makers[0]
            lots = min(taker.leaves, maker.shown)
            note(world, instrument, price)
            trade(world, instrument, (taker, Role.TAKER), (maker, Role.MAKER), price, lots)
    return Reason.NONE


def note(world: World, instrument: Instrument, price: int) -> None:
    """Keep a price at which an order traded in a book: its stops are elected afterwards."""
    appraise(instrument)
    witness(world, instrument, price)
    instrument.last, instrument.traded_at = price, world.command.seq
    instrument.is_stale = False
    instrument.traded.append(price)
    if instrument not in world.electing:
        world.electing.append(instrument)


def prevent_self_match(world: World, taker: Order, maker: Order) -> None:
    """Cancel one of two orders of the same SMP id, or both, as the incoming one asks."""
    if taker.smp_rule != Smp.CANCEL_INCOMING:
        world.remove(maker, Reason.SELF_MATCH)
    if taker.smp_rule != Smp.CANCEL_RESTING:
        world.tell(Did.CANCELED, taker, taker.leaves, leaves=0, reason=Reason.SELF_MATCH)
        taker.leaves = 0


def trade(
    world: World,
    instrument: Instrument,
    one: tuple[Order, Role],
    two: tuple[Order, Role],
    price: int,
    lots: int,
) -> None:
    """Fill two orders with each other; of those in the book the filled go, the others refill.

    Of a spread nothing is held: its legs trade too, and are.
    """
    instrument.last, instrument.traded_at = price, world.command.seq
    instrument.is_stale = False
    world.trades += 1
    if not instrument.is_spread():
        buyer, seller = sorted((one[0], two[0]), key=lambda order: order.side)
        world.remember(instrument, buyer.account, seller.account, price, lots)
    for order, role in (one, two):
        fill(world, order, price, lots, role, world.trades)
    if instrument.is_spread():
        fill_legs(world, instrument, one[0], two[0], price, lots)
    for order, role in (one, two):
        if role != Role.TAKER:
            order.shown -= lots
            keep_up(world, instrument.book, order)


def count_fill(world: World, instrument: Instrument, order: Order, lots: int) -> None:
    """Count what a quote has filled against its maker's protection, if there is one."""
    protection = world.accounts[order.account].protections.get(instrument.product)
    if protection is None or protection.lots == 0:
        return
    now = world.command.time
    if protection.counted == 0 or now > protection.since + protection.window:
        protection.since, protection.counted = now, 0
    protection.counted += lots
    protection.is_breached |= protection.counted >= protection.lots


def fill(world: World, order: Order, price: int, lots: int, role: Role, trade_id: int) -> None:
    """Take lots off an order and tell it; unless it is a spread's they are held from now on."""
    order.leaves -= lots
    order.filled += lots
    told = {"price": price, "role": role, "trade_id": trade_id}
    if world.instrument_of(order).is_spread():
        told |= {"flags": NOT_HELD}
    else:
        bought = lots if order.side == Side.BUY else -lots
        world.hold(order.account, order.instrument, bought, price)
    world.tell(Did.FILLED, order, lots, **told)
    if order.is_quote:
        count_fill(world, world.instrument_of(order), order, lots)


def trade_through(
    world: World, instrument: Instrument, taker: Order, path: Path, price: int
) -> None:
    """Trade an order with the first order of each of two other books.

    Three prints, a trade id each: the taker's, then those of the path's books. A spread
    order's legs carry the ids of the two outrights' prints: there its other side stands.
    """
    makers = [source.instrument.book.first(source.side)[0] for source in path]
    lots = min(taker.leaves, *(maker.shown for maker in makers))
    prints = dict[int, tuple[int, int]]()  # Trade id and price, by instrument.
    for order, at in ((taker, price), *((maker, maker.price) for maker in makers)):
        world.trades += 1
        prints[order.instrument] = world.trades, at
        note(world, world.instrument_of(order), at)
    orders = [taker, *makers]
    (spread_order,) = (one for one in orders if world.instrument_of(one).is_spread())
    for order in orders:
        trade_id, at = prints[order.instrument]
        fill(world, order, at, lots, Role.TAKER if order is taker else Role.IMPLIED, trade_id)
        if order is spread_order:
            for leg in world.instrument_of(order).legs:
                trade_id, at = prints[leg.number]
                fill_leg(world, order, leg, at, lots, trade_id)
        else:
            accounts = order.account, spread_order.account
            buyer, seller = accounts if order.side == Side.BUY else accounts[::-1]
            world.remember(world.instrument_of(order), buyer, seller, at, lots, trade_id)
    for source, maker in zip(path, makers, strict=True):
        maker.shown -= lots
        keep_up(world, source.instrument.book, maker)


def keep_up(world: World, book: Book, order: Order) -> None:
    """Let a queued order go that is filled; let one show its next lots that shows none."""
    if order.shown == 0:
        book.remove(order)
        if order.leaves == 0:
            world.forget(order)
        else:
            order.show()
            book.add(order)
            world.tell(Did.REFILLED, order, order.shown)


def fillable(world: World, instrument: Instrument, order: Order) -> tuple[int, Reason]:
    """Return the lots that would trade at once, and the guard that would end that.

    Without those that SMP would keep from it. Where a guard watches, implied prices count only
    as where the order would begin to trade: how far it may go depends on each price before.
    """
    market, side = world.market, 1 - order.side
    price, path = best(market, instrument, side)
    begins = [price] if path and is_watched(market, instrument) else []
    lots, end, breach = explicit_lots(world, instrument, order, begins)
    if not is_watched(market, instrument):
        ways = paths(market, instrument, side)
        lots += sum(lots_through(world.market, instrument, order, path, end) for path in ways)
    return lots, breach


def explicit_lots(
    world: World, instrument: Instrument, order: Order, begins: list[int]
) -> tuple[int, int, Reason]:
    """Return the lots of its own book that an order would trade, what ends it: a price, a guard.

    Where SMP would end the order at one of its own, a price has traded only what stood
    in the queue before that one: what an iceberg refills stands behind it. Else NIL_PRICE.
    begins: the implied price at which it would begin to trade, if there is a better one.
    """
    lots, paid = 0, [*begins]
    for price, queue in instrument.book.ladders[1 - order.side].items():
        if not reaches(order.side, order.price, price):
            break
        makers = list(queue.values())
        own = [order.smp_id != 0 and maker.smp_id == order.smp_id for maker in makers]
        ends = any(own) and order.smp_rule != Smp.CANCEL_RESTING
        more = sum(maker.leaves for maker, is_own in zip(makers, own, strict=True) if not is_own)
        if ends:
            more = sum(maker.shown for maker in makers[: own.index(True)])
        breach = breach_of(world, instrument, price, paid) if more > 0 else Reason.NONE
        if breach != Reason.NONE:
            return lots, NIL_PRICE, breach
        lots += more
        paid += [price] if more > 0 else []
        if ends:
            return lots, price, Reason.NONE
    return lots, NIL_PRICE, Reason.NONE


def elect(world: World) -> None:
    """Turn every stop that the trades so far have reached into an order, book after book.

    The book goes first that traded first. Each stop is a new aggressor, whose trades may
    reach more, in its own book and in others: those come after the books that wait already.
    """
    while world.electing:
        elect_in(world, world.electing[0])
        del world.electing[0]


def elect_in(world: World, instrument: Instrument) -> None:
    """Turn every stop of a book that trades have reached into an order, one after the other."""
    while stops := reached(instrument):
        stop = min(stops, key=lambda one: (abs(one.trigger - instrument.last), one.order_id))
        instrument.book.remove(stop)
        stop.waits = False
        world.tell(Did.TRIGGERED, stop, stop.leaves)
        place(world, stop)
    instrument.traded = []


def reached(instrument: Instrument) -> list[Order]:
    """Return the stop to buy and the one to sell whose turn is next, if trades reached them."""
    book = instrument.book
    turns = [*book.first(Side.BUY + 2), *book.first(Side.SELL + 2)]
    return [one for one in turns if any(map(one.is_reached_by, instrument.traded))]
