"""Orders in the reference: enter, replace, cancel. Each refuses first, then succeeds.

Part of the reference: for readers, and the tests' oracle.
"""

import dataclasses

from engine.reference_book import Order, reaches
from engine.reference_risk import (
    Account,
    Instrument,
    RefusedError,
    refuse_beyond_limit,
    refuse_beyond_margin,
)
from engine.reference_world import Row, World
from engine.schema import NIL, NIL_PRICE, Did, Flag, Phase, Reason, Side, Smp, Standing, Tif, Type

KNOWN_FLAGS = Flag.IN_FLIGHT | Flag.OPERATOR
RESTING = (Tif.DAY, Tif.GTC, Tif.GTD)
LASTING = (Tif.GTC, Tif.GTD)


def refuse(wrong: bool, reason: Reason) -> None:
    """Raise RefusedError where `wrong` holds. Calls stand in order of precedence."""
    if wrong:
        raise RefusedError(reason)


def enter(world: World, row: Row) -> None:
    """Trade a new order, then rest what is left."""
    account, instrument = refuse_misnamed(world, row)
    refuse_misshapen(instrument, row)
    price = limit(instrument, row)
    refuse_off_ladder(instrument, price)
    order = new_order(row, price)
    working = [*account.orders.values(), order]
    refuse_beyond_limit(account, working, order, instrument.position_max)
    refuse_beyond_margin(account, working, world.market)
    refuse(not world.has_order_room(), Reason.ORDERS_FULL)
    new = row.instrument not in account.positions
    refuse(new and world.held == world.sizes.positions, Reason.POSITIONS_FULL)

    order.order_id = world.next_order_id()
    world.accept(order)
    flags = row.type | row.tif << 8 | row.flags << 16
    world.tell(Did.ENTERED, order, order.leaves, flags=flags)
    minimum = row.quantity if row.tif == Tif.FOK else row.minimum
    if minimum > fillable(instrument, order):
        world.drop(order, Reason.UNFILLED)
    else:
        place(world, order)


def place(world: World, order: Order) -> None:
    """Trade an order that is in no queue where the phase matches; rest or drop what is left."""
    instrument = world.instrument_of(order)
    if instrument.phase == Phase.OPEN:
        world.cross(order)
    if order.leaves == 0:
        world.forget(order)
    elif order.tif in RESTING:
        instrument.book.add(order)
        world.tell(Did.RESTED, order, order.leaves)
    else:
        world.drop(order, Reason.UNFILLED)


def refuse_misnamed(world: World, row: Row) -> tuple[Account, Instrument]:
    """Return the account and the instrument that an order names, if all that it names exists."""
    refuse(not 0 < row.account < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.instrument < len(world.market.instruments), Reason.INSTRUMENT_UNKNOWN)
    refuse(row.side not in list(Side), Reason.SIDE_UNKNOWN)
    refuse(row.type not in (Type.LIMIT, Type.MARKET_LIMIT, Type.MARKET), Reason.TYPE_UNKNOWN)
    refuse(row.tif not in list(Tif), Reason.TIF_UNKNOWN)
    refuse(row.smp_rule not in list(Smp), Reason.SMP_RULE_UNKNOWN)
    refuse(row.flags & ~KNOWN_FLAGS != 0, Reason.FLAG_UNKNOWN)
    account = world.accounts[row.account]
    refuse(account.standing == Standing.SUSPENDED, Reason.ACCOUNT_SUSPENDED)
    return account, world.market.instruments[row.instrument]


def refuse_misshapen(instrument: Instrument, row: Row) -> None:
    """Refuse an order that the phase does not take, or whose terms contradict each other."""
    refuse(not may_enter(instrument.phase, row.type, row.tif), Reason.PHASE_FORBIDS)
    refuse(row.quantity <= 0, Reason.QUANTITY_NOT_POSITIVE)
    refuse(row.quantity > instrument.clip, Reason.QUANTITY_ABOVE_CLIP)
    refuse(not 0 <= row.minimum <= row.quantity, Reason.MINIMUM_INVALID)
    refuse(row.minimum > 0 and row.tif != Tif.FAK, Reason.MINIMUM_INVALID)
    refuse(row.display != 0, Reason.DISPLAY_INVALID)
    refuse(row.trigger != 0, Reason.TRIGGER_INVALID)
    refuse(row.protection < 0, Reason.PROTECTION_INVALID)
    refuse((row.tif == Tif.GTD) != (row.expiry != 0), Reason.EXPIRY_INVALID)


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
            return type == Type.LIMIT and tif in RESTING
        case Phase.POST_CLOSE:
            return type == Type.LIMIT and tif in LASTING
    return False


def limit(instrument: Instrument, row: Row) -> int:
    """Return the worst price at which the order may trade."""
    if row.type == Type.LIMIT:
        return int(row.price)
    best = instrument.book.best(1 - row.side)
    refuse(best == NIL_PRICE, Reason.NO_OPPOSITE)
    if row.type == Type.MARKET_LIMIT:
        return best
    points = row.protection or instrument.protection
    points -= points % instrument.tick
    if row.side == Side.BUY:
        return int(min(best + points, instrument.high))
    return int(max(best - points, instrument.low))


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
    )


def fillable(instrument: Instrument, order: Order) -> int:
    """Return the lots that would trade at once, without those that SMP would keep from it."""
    lots = 0
    for maker in instrument.book.by_priority(1 - order.side):
        if not reaches(order.side, order.price, maker.price):
            break
        if maker.smp_id != order.smp_id or order.smp_id == 0:
            lots += maker.leaves
        elif order.smp_rule != Smp.CANCEL_RESTING:
            break
    return lots


def found(world: World, row: Row, operator: bool) -> Order:
    """Return the order that a row names, if the row may name it. An operator may name any."""
    known = operator or 0 < row.account < len(world.accounts)
    refuse(not known, Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.instrument < len(world.market.instruments), Reason.INSTRUMENT_UNKNOWN)
    order = world.live.get(row.order_id)
    if order is None or order.instrument != row.instrument:
        raise RefusedError(Reason.ORDER_UNKNOWN)
    refuse(not operator and order.account != row.account, Reason.ORDER_NOT_YOURS)
    return order


def cancel(world: World, row: Row) -> None:
    """Remove a resting order."""
    operator = bool(row.flags & Flag.OPERATOR)
    order = found(world, row, operator)
    forbidden = not operator and not may_cancel(world.instrument_of(order).phase)
    refuse(forbidden, Reason.PHASE_FORBIDS)

    world.remove(order, Reason.NONE)


def may_cancel(phase: int) -> bool:
    """Whether a phase lets participants take orders out."""
    return phase in (Phase.PRE_OPEN, Phase.OPEN, Phase.HALT, Phase.POST_CLOSE)


def cancel_all(world: World, row: Row) -> None:
    """Remove an account's orders where the phase allows, in one instrument or in all."""
    instruments = world.market.instruments
    refuse(not 0 < row.account < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    known = row.instrument == NIL or 0 <= row.instrument < len(instruments)
    refuse(not known, Reason.INSTRUMENT_UNKNOWN)

    chosen = instruments if row.instrument == NIL else [instruments[row.instrument]]
    for instrument in chosen:
        if row.flags & Flag.OPERATOR or may_cancel(instrument.phase):
            before = world.spoken
            world.sweep(instrument, Reason.MASS_CANCEL, lambda o: o.account == row.account)
            if world.spoken > before:
                world.publish_indicative(instrument)
    if world.spoken == 0:
        world.say(Did.NOTED)


def replace(world: World, row: Row) -> None:
    """Change an order's price or what is left of it; it keeps its place if only that falls."""
    order = found(world, row, operator=False)
    account, instrument = world.accounts[order.account], world.instrument_of(order)
    refuse_unreplaceable(account, instrument, order, row)
    leaves = row.quantity - (order.filled if row.flags & Flag.IN_FLIGHT else 0)
    if leaves <= 0:
        world.remove(order, Reason.REPLACED_AWAY)
        return
    keeps_place = row.price == order.price and leaves <= order.leaves
    if not keeps_place:
        changed = dataclasses.replace(order, price=row.price, leaves=leaves)
        working = [changed if o is order else o for o in account.orders.values()]
        if leaves > order.leaves:
            refuse_beyond_limit(account, working, changed, instrument.position_max)
        refuse_beyond_margin(account, working, world.market)

    if not keeps_place:
        instrument.book.remove(order)
    order.tag = row.tag or order.tag
    order.price, order.leaves = row.price, leaves
    world.tell(Did.REPLACED, order, leaves)
    if not keeps_place:
        place(world, order)


def refuse_unreplaceable(account: Account, instrument: Instrument, order: Order, row: Row) -> None:
    """Refuse a replace that the order, the phase or the instrument does not take."""
    refuse(row.flags & ~KNOWN_FLAGS != 0, Reason.FLAG_UNKNOWN)
    refuse(account.standing == Standing.SUSPENDED, Reason.ACCOUNT_SUSPENDED)
    allowed = instrument.phase in (Phase.PRE_OPEN, Phase.OPEN)
    lasting = instrument.phase == Phase.POST_CLOSE and order.tif in LASTING
    refuse(not allowed and not lasting, Reason.PHASE_FORBIDS)
    refuse(row.quantity <= 0, Reason.QUANTITY_NOT_POSITIVE)
    refuse(row.quantity > instrument.clip, Reason.QUANTITY_ABOVE_CLIP)
    refuse_off_ladder(instrument, row.price)
