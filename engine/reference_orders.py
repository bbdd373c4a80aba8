"""New orders in the reference: refuse first, then succeed.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_book import Order, reaches
from engine.reference_guards import refuse_unguarded, would_trade
from engine.reference_implied import best
from engine.reference_limits import most_lots, moves, refuse_beyond_limit
from engine.reference_match import RESTING, elect, fillable, place
from engine.reference_risk import (
    Account,
    Instrument,
    Market,
    RefusedError,
    daily_limits,
    reach,
    refuse_beyond_margin,
)
from engine.reference_world import Row, World
from engine.schema import (
    NIL_PRICE,
    Did,
    Flag,
    Form,
    Phase,
    Side,
    Smp,
    Standing,
    Tif,
    Type,
)

KNOWN_FLAGS = Flag.POST_ONLY | Flag.SLIDE | Flag.REDUCE_ONLY | Flag.IN_FLIGHT | Flag.OPERATOR
LASTING = (Tif.GTC, Tif.GTD)
MARKETS = (Type.MARKET, Type.MARKET_LIMIT)
STOPS = (Type.STOP, Type.STOP_LIMIT)
DISPLAY_PARTS = 60  # A display quantity is at least this part of the quantity.


def refuse(wrong: bool, reason: Reason) -> None:
    """Raise RefusedError where `wrong` holds. Calls stand in order of precedence."""
    if wrong:
        raise RefusedError(reason)


def refuse_above(lots: int, most: int) -> None:
    """Refuse more lots than one order may have, with both numbers."""
    if lots > most:
        raise RefusedError(Reason.QUANTITY_ABOVE_CLIP, lots, most)


def enter(world: World, row: Row) -> None:
    """Trade a new order, then rest what is left."""
    account, instrument = refuse_misnamed(world, row)
    price = priced(world, instrument, row)
    refuse_unbearable(world, account, row, price)

    order = new_order(row, price)
    order.order_id = world.next_order_id()
    world.accept(order)
    flags = row.type | row.tif << 8 | row.flags << 16
    world.tell(Did.ENTERED, order, order.leaves, flags=flags, other=order.trigger)
    warn(world, order, order.leaves)
    if order.waits:
        instrument.book.add(order)
    else:
        trade_new(world, order, row)


def priced(world: World, instrument: Instrument, row: Row) -> int:
    """Return the limit of a new order, if the market will have it."""
    refuse_misshapen(instrument, row)
    price = limit(world.market, instrument, row)
    refuse_off_ladder(instrument, price)
    yields = row.flags & Flag.POST_ONLY and would_trade(world.market, instrument, row.side, price)
    if yields and row.flags & Flag.SLIDE:
        price, yields = slid(world.market, instrument, row.side), False
        refuse(not instrument.low <= price <= instrument.high, Reason.POST_ONLY)
    refuse_unguarded(world, new_order(row, price))
    refuse(bool(yields), Reason.POST_ONLY)
    return price


def trade_new(world: World, order: Order, row: Row) -> None:
    """Trade an order that was just accepted, then rest what is left."""
    minimum = row.quantity if row.tif == Tif.FOK else row.minimum
    lots, breach = fillable(world, world.instrument_of(order), order)
    if minimum > lots:
        world.drop(order, Reason.VELOCITY if breach == Reason.VELOCITY else Reason.UNFILLED)
    else:
        place(world, order)
        elect(world)


def warn(world: World, order: Order, more: int) -> None:
    """Warn of an order whose `more` lots bring its side to four fifths of a position limit."""
    account, market = world.accounts[order.account], world.market
    working, partners = list(account.orders.values()), world.partners(account)
    for leg, move in zip(world.instrument_of(order).parts(), moves(order, market), strict=True):
        top = market.instruments[leg.number].position_max
        now = most_lots(account, working, partners, move, market)
        if more > 0 and 5 * (now - abs(leg.ratio) * more) < 4 * top <= 5 * now:
            side = Side.BUY if move.ratio > 0 else Side.SELL
            world.tell(Did.ALERTED, order, now, instrument=leg.number, side=side, other=top)


def slid(market: Market, instrument: Instrument, side: int) -> int:
    """Return the best price at which an order of this side does not trade."""
    opposite, _ = best(market, instrument, 1 - side)
    return opposite - instrument.tick if side == Side.BUY else opposite + instrument.tick


def refuse_unbearable(world: World, account: Account, row: Row, price: int) -> None:
    """Refuse an order that the account, or the exchange, cannot bear beside what works."""
    order, working = new_order(row, price), list(account.orders.values())
    working.append(order)
    if row.flags & Flag.REDUCE_ONLY:
        low, high = reach(account, working, world.market)[row.instrument]
        refuse(high > 0 if row.side == Side.BUY else low < 0, Reason.REDUCE_ONLY)
    refuse_beyond_limit(account, working, world.partners(account), order, world.market)
    refuse_beyond_margin(account, working, world.market)
    refuse(not world.has_order_room(), Reason.ORDERS_FULL)
    new = len(world.unopened(order))
    refuse(new > 0 and world.held + new > world.sizes.positions, Reason.POSITIONS_FULL)


def refuse_misnamed(world: World, row: Row) -> tuple[Account, Instrument]:
    """Return the account and the instrument that an order names, if all that it names exists."""
    refuse(not 0 < row.account < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.instrument < len(world.market.instruments), Reason.INSTRUMENT_UNKNOWN)
    refuse(row.side not in list(Side), Reason.SIDE_UNKNOWN)
    refuse(row.type not in list(Type), Reason.TYPE_UNKNOWN)
    refuse(row.tif not in list(Tif), Reason.TIF_UNKNOWN)
    refuse(row.type in STOPS and row.tif not in RESTING, Reason.TIF_UNKNOWN)
    account, instrument = world.accounts[row.account], world.market.instruments[row.instrument]
    refuse(instrument.form == Form.TAS and row.tif in LASTING, Reason.TIF_UNKNOWN)
    refuse(row.smp_rule not in list(Smp), Reason.SMP_RULE_UNKNOWN)
    refuse(row.flags & ~KNOWN_FLAGS != 0 or is_contrary(row), Reason.FLAG_UNKNOWN)
    reduces = instrument.is_spread() and row.flags & Flag.REDUCE_ONLY != 0
    refuse(reduces, Reason.FLAG_UNKNOWN)
    refuse(not instrument.is_complete(), Reason.TERMS_INVALID)
    refuse_barred(account)
    return account, instrument


def refuse_misshapen(instrument: Instrument, row: Row) -> None:
    """Refuse an order that the phase does not take, or whose terms contradict each other."""
    refuse(not may_enter(instrument.phase, row.type, row.tif), Reason.PHASE_FORBIDS)
    refuse(has_no_base(instrument), Reason.PHASE_FORBIDS)
    refuse(row.quantity <= 0, Reason.QUANTITY_NOT_POSITIVE)
    refuse_above(row.quantity, instrument.clip)
    refuse(not 0 <= row.minimum <= row.quantity, Reason.MINIMUM_INVALID)
    refuse(row.minimum > 0 and row.tif != Tif.FAK, Reason.MINIMUM_INVALID)
    refuse(not 0 <= row.display <= row.quantity, Reason.DISPLAY_INVALID)
    refuse(shows_too_little(row.display, row.quantity), Reason.DISPLAY_INVALID)
    if row.type in STOPS:
        refuse_untriggerable(instrument, row.side, row.trigger)
        limited = row.type == Type.STOP_LIMIT
        refuse(limited and not reaches(row.side, row.price, row.trigger), Reason.TRIGGER_INVALID)
    refuse(row.type not in STOPS and row.trigger != 0, Reason.TRIGGER_INVALID)
    refuse(row.protection < 0, Reason.PROTECTION_INVALID)
    refuse((row.tif == Tif.GTD) != (row.expiry != 0), Reason.EXPIRY_INVALID)
    first = instrument.date + (instrument.phase == Phase.POST_CLOSE)  # The first that is not over.
    refuse(row.tif == Tif.GTD and row.expiry < first, Reason.EXPIRY_INVALID)


def has_no_base(instrument: Instrument) -> bool:
    """Whether nothing can trade at settlement yet: the month was never marked."""
    return instrument.form == Form.TAS and instrument.settlement == NIL_PRICE


def refuse_barred(account: Account) -> None:
    """Refuse an account that may not trade at all."""
    refuse(account.standing == Standing.SUSPENDED, Reason.ACCOUNT_SUSPENDED)
    refuse(account.is_killed, Reason.ACCOUNT_KILLED)


def is_contrary(row: Row) -> bool:
    """Whether flags ask for what the type or the time in force excludes."""
    posts, slides = row.flags & Flag.POST_ONLY, row.flags & Flag.SLIDE
    return (slides and not posts) or (posts and (row.type != Type.LIMIT or row.tif not in RESTING))


def shows_too_little(display: int, quantity: int) -> bool:
    """Whether an order that hides lots shows too small a part of them."""
    return display != 0 and display * DISPLAY_PARTS < quantity


def refuse_untriggerable(instrument: Instrument, side: int, trigger: int) -> None:
    """Refuse a trigger off the ladder, or one that the last trade has reached already."""
    off = (trigger - instrument.low) % instrument.tick != 0
    outside = not instrument.low <= trigger <= instrument.high
    refuse(off or outside, Reason.TRIGGER_INVALID)
    last = instrument.settlement if instrument.last == NIL_PRICE else instrument.last
    passed = trigger <= last if side == Side.BUY else trigger >= last
    refuse(last != NIL_PRICE and passed, Reason.TRIGGER_INVALID)


def refuse_off_ladder(instrument: Instrument, price: int) -> None:
    """Refuse a price that is between ticks, or outside of the ladder."""
    refuse(abs(price) >= 2**61, Reason.PRICE_OFF_LADDER)
    refuse((price - instrument.low) % instrument.tick != 0, Reason.PRICE_OFF_TICK)
    refuse(not instrument.low <= price <= instrument.high, Reason.PRICE_OFF_LADDER)


def may_enter(phase: int, type: int, tif: int) -> bool:
    """Whether a phase takes new orders of this type and time in force."""
    match phase:
        case Phase.OPEN:
            return True
        case Phase.PRE_OPEN | Phase.NO_CANCEL:
            return type not in MARKETS and tif in RESTING
        case Phase.POST_CLOSE:
            return type == Type.LIMIT and tif in LASTING
    return False


def limit(market: Market, instrument: Instrument, row: Row) -> int:
    """Return the worst price at which the order may trade."""
    if row.type in (Type.LIMIT, Type.STOP_LIMIT):
        return int(row.price)
    opposite, _ = best(market, instrument, 1 - row.side)
    start = row.trigger if row.type == Type.STOP else opposite
    refuse(start == NIL_PRICE, Reason.NO_OPPOSITE)
    if row.type == Type.MARKET_LIMIT:
        return int(start)
    points = row.protection or instrument.protection
    points -= points % instrument.tick
    low, high = daily_limits(market, instrument)
    if row.side == Side.BUY:
        return min(start + points, high)
    return max(start - points, low)


def new_order(row: Row, price: int) -> Order:
    """Return the order that a row asks for, without an id."""
    return Order(
        order_id=0,
        tag=row.tag,
        session=row.session,
        account=row.account,
        instrument=row.instrument,
        side=row.side,
        type=row.type,
        tif=row.tif,
        expiry=row.expiry,
        smp_id=row.smp_id,
        smp_rule=row.smp_rule,
        price=price,
        leaves=row.quantity,
        display=row.display,
        trigger=row.trigger,
        waits=row.type in STOPS,
        shown=min(row.display or row.quantity, row.quantity),
    )
