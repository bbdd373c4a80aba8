"""Orders that stand, in the reference: cancel and replace. Each refuses first, then succeeds.

Part of the reference: for readers, and the tests' oracle.
"""

import dataclasses

from engine.reasons import Reason
from engine.reference_auction import publish_indicative
from engine.reference_book import Order, reaches
from engine.reference_guards import refuse_unguarded
from engine.reference_limits import refuse_beyond_limit
from engine.reference_match import elect, place
from engine.reference_orders import (
    LASTING,
    refuse,
    refuse_above,
    refuse_barred,
    refuse_off_ladder,
    refuse_untriggerable,
    shows_too_little,
    warn,
)
from engine.reference_risk import (
    Account,
    Instrument,
    RefusedError,
    daily_limits,
    refuse_beyond_margin,
)
from engine.reference_world import Row, World
from engine.schema import NIL, Did, Flag, Phase, Side, Type

KNOWN_FLAGS = Flag.IN_FLIGHT | Flag.OPERATOR


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
    """Remove an order, or all of the account in the instrument that carry a tag."""
    operator = bool(row.flags & Flag.OPERATOR)
    if row.order_id == 0 and row.tag != 0:
        cancel_tagged(world, row, operator)
        return
    order = found(world, row, operator)
    forbidden = not operator and not may_cancel(world.instrument_of(order).phase)
    refuse(forbidden, Reason.PHASE_FORBIDS)

    world.remove(order, Reason.NONE)


def cancel_tagged(world: World, row: Row, operator: bool) -> None:
    """Remove those of an account's orders in an instrument that carry a tag."""
    refuse(not 0 < row.account < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.instrument < len(world.market.instruments), Reason.INSTRUMENT_UNKNOWN)
    instrument = world.market.instruments[row.instrument]
    refuse(not operator and not may_cancel(instrument.phase), Reason.PHASE_FORBIDS)

    own, before = (row.account, row.tag), world.spoken
    world.sweep(instrument, Reason.NONE, lambda order: (order.account, order.tag) == own)
    refuse(world.spoken == before, Reason.ORDER_UNKNOWN)


def may_cancel(phase: int) -> bool:
    """Whether a phase lets participants take orders out."""
    return phase in (Phase.PRE_OPEN, Phase.OPEN, Phase.HALT, Phase.POST_CLOSE)


def cancel_all(world: World, row: Row) -> None:
    """Remove an account's orders: of an instrument, a product, a side, or all."""
    instruments = world.market.instruments
    refuse(not 0 < row.account < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    refuse(not NIL <= row.instrument < len(instruments), Reason.INSTRUMENT_UNKNOWN)
    refuse(not NIL <= row.product < len(world.market.charges), Reason.PRODUCT_UNKNOWN)
    refuse(row.code not in (0, Side.BUY + 1, Side.SELL + 1), Reason.SIDE_UNKNOWN)

    def is_meant(order: Order) -> bool:
        return order.account == row.account and row.code in (0, order.side + 1)

    begin = world.spoken
    for instrument in instruments:
        named = row.instrument in (NIL, instrument.number)
        named = named and row.product in (NIL, instrument.product)
        if named and (row.flags & Flag.OPERATOR or may_cancel(instrument.phase)):
            before = world.spoken
            world.sweep(instrument, Reason.MASS_CANCEL, is_meant)
            if world.spoken > before:
                publish_indicative(world, instrument)
    if world.spoken == begin:
        world.say(Did.NOTED)


def replace(world: World, row: Row) -> None:
    """Change an order's price or what is left of it; it keeps its place if only that falls."""
    order = found(world, row, operator=False)
    account, instrument = world.accounts[order.account], world.instrument_of(order)
    refuse_unreplaceable(account, instrument, order, row)
    if order.waits:
        replace_stop(world, account, order, row)
        return
    refuse_off_ladder(instrument, row.price)
    leaves = row.quantity - (order.filled if row.flags & Flag.IN_FLIGHT else 0)
    if leaves <= 0:
        world.remove(order, Reason.REPLACED_AWAY)
        return
    keeps_place = row.price == order.price and leaves <= order.leaves
    if not keeps_place:
        refuse_unbearable_change(world, account, order, row.price, leaves)

    if not keeps_place:
        instrument.book.remove(order)
    more = leaves - order.leaves
    order.tag = row.tag or order.tag
    order.price, order.leaves = row.price, leaves
    order.shown = min(order.shown, leaves)
    world.tell(Did.REPLACED, order, leaves)
    warn(world, order, more)
    if not keeps_place:
        place(world, order)
        elect(world)


def replace_stop(world: World, account: Account, order: Order, row: Row) -> None:
    """Change a stop that is not elected yet; it keeps its place if only its lots fall."""
    instrument = world.instrument_of(order)
    trigger, price = row.trigger or order.trigger, row.price
    if order.type == Type.STOP:
        low, high = daily_limits(world.market, instrument)
        price = min(max(trigger + order.price - order.trigger, low), high)
    if trigger != order.trigger:
        refuse_untriggerable(instrument, order.side, trigger)
    limited = order.type == Type.STOP_LIMIT
    refuse(limited and not reaches(order.side, price, trigger), Reason.TRIGGER_INVALID)
    refuse_off_ladder(instrument, price)
    keeps_place = trigger == order.trigger and row.quantity <= order.leaves
    if not keeps_place or price != order.price:
        refuse_unbearable_change(world, account, order, price, row.quantity)

    if not keeps_place:
        instrument.book.remove(order)
    more = row.quantity - order.leaves
    order.tag = row.tag or order.tag
    order.trigger, order.price, order.leaves = trigger, price, row.quantity
    order.shown = min(order.display or order.leaves, order.leaves)
    if not keeps_place:
        instrument.book.add(order)
    world.tell(Did.REPLACED, order, order.leaves, other=trigger)
    warn(world, order, more)


def refuse_unbearable_change(
    world: World, account: Account, order: Order, price: int, leaves: int
) -> None:
    """Refuse a change that the guards do not take, or the account beside what works."""
    changed = dataclasses.replace(order, price=price, leaves=leaves)
    refuse_unguarded(world, changed)
    working = [changed if o is order else o for o in account.orders.values()]
    if leaves > order.leaves:
        refuse_beyond_limit(account, working, world.partners(account), changed, world.market)
    refuse_beyond_margin(account, working, world.market)


def refuse_unreplaceable(account: Account, instrument: Instrument, order: Order, row: Row) -> None:
    """Refuse a replace that the order, the phase or the instrument does not take."""
    refuse(row.flags & ~KNOWN_FLAGS != 0, Reason.FLAG_UNKNOWN)
    refuse_barred(account)
    allowed = instrument.phase in (Phase.PRE_OPEN, Phase.OPEN)
    lasting = instrument.phase == Phase.POST_CLOSE and order.tif in LASTING
    refuse(not allowed and not lasting, Reason.PHASE_FORBIDS)
    refuse(row.quantity <= 0, Reason.QUANTITY_NOT_POSITIVE)
    refuse_above(row.quantity, instrument.clip)
    refuse(shows_too_little(order.display, row.quantity), Reason.DISPLAY_INVALID)
