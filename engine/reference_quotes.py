"""Quotes in the reference: two-sided, replaced together; and what protects their maker.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_auction import publish_indicative
from engine.reference_book import Order
from engine.reference_guards import refuse_unguarded
from engine.reference_limits import refuse_beyond_limit
from engine.reference_match import elect, place
from engine.reference_orders import has_no_base, refuse, refuse_above, refuse_off_ladder, warn
from engine.reference_risk import (
    Account,
    Instrument,
    Protection,
    refuse_beyond_margin,
)
from engine.reference_world import Row, World
from engine.schema import MONEY_MAX, NIL, Did, Flag, Phase, Side, Smp, Standing, Tif, Type


def quote(world: World, row: Row) -> None:
    """Replace an account's quote in an instrument: what differs goes, then bid and ask come."""
    account, instrument = refuse_misnamed(world, row)
    refuse_misshapen(instrument, row)
    asked = sides(row)
    for order in asked:
        refuse_off_ladder(instrument, order.price)
    refuse(len(asked) == 2 and row.price >= row.trigger, Reason.QUOTE_CROSSED)
    old = {order.side: order for order in quotes_of(account, instrument)}
    for order in asked:
        if order.side not in old or not keeps_place(old[order.side], order):
            refuse_unguarded(world, order)
    refuse_unbearable(world, account, old, asked)

    before = world.spoken
    had = {side: order.leaves for side, order in old.items()}
    new = {order.side: order for order in asked}
    for side, order in sorted(old.items()):
        if side not in new or not keeps_place(order, new[side]):
            world.remove(order, Reason.REQUOTED)
            del old[side]
    for side, order in sorted(new.items()):
        if side in old:
            renew(world, old[side], order)
        else:
            come(world, order, order.leaves - had.get(side, 0))
    if world.spoken == before:
        world.say(Did.NOTED)
    elect(world)


def sides(row: Row) -> list[Order]:
    """Return the sides that a quote has, the bid first, as orders without an id."""
    terms = ((Side.BUY, row.price, row.quantity), (Side.SELL, row.trigger, row.display))
    return [side_of(row, side, price, lots) for side, price, lots in terms if lots > 0]


def side_of(row: Row, side: Side, price: int, lots: int) -> Order:
    """Return one side of a quote as an order for the day."""
    return Order(
        order_id=0,
        tag=row.tag,
        session=row.session,
        account=row.account,
        instrument=row.instrument,
        side=side,
        type=Type.LIMIT,
        tif=Tif.DAY,
        expiry=0,
        smp_id=row.smp_id,
        smp_rule=row.smp_rule,
        price=price,
        leaves=lots,
        display=0,
        trigger=0,
        waits=False,
        shown=lots,
        is_quote=True,
    )


def quotes_of(account: Account, instrument: Instrument) -> list[Order]:
    """Return the sides of the quote that stands for an account in an instrument, bid first."""
    own = [order for order in account.orders.values() if order.is_quote]
    here = [order for order in own if order.instrument == instrument.number]
    return sorted(here, key=lambda order: order.side)


def keeps_place(order: Order, asked: Order) -> bool:
    """Whether a side stays where it stands: the price is the same, the lots are no more."""
    return asked.price == order.price and asked.leaves <= order.leaves


def renew(world: World, order: Order, asked: Order) -> None:
    """Bring a side that keeps its place up to date with the new quote."""
    order.tag, order.session = asked.tag, asked.session
    order.smp_id, order.smp_rule = asked.smp_id, asked.smp_rule
    order.leaves = order.shown = asked.leaves
    world.tell(Did.REPLACED, order, order.leaves)


def come(world: World, order: Order, more: int) -> None:
    """Let a side of a quote trade, then rest. more: than the account's old quote had there."""
    order.order_id = world.next_order_id()
    world.accept(order)
    flags = Type.LIMIT | Tif.DAY << 8 | Flag.QUOTE << 16
    world.tell(Did.ENTERED, order, order.leaves, flags=flags)
    warn(world, order, more)
    place(world, order)


def refuse_misnamed(world: World, row: Row) -> tuple[Account, Instrument]:
    """Return account and instrument of a quote, if all that it names is there and may be."""
    refuse(not 0 < row.account < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.instrument < len(world.market.instruments), Reason.INSTRUMENT_UNKNOWN)
    refuse(row.side != 0, Reason.SIDE_UNKNOWN)
    refuse(row.type != 0, Reason.TYPE_UNKNOWN)
    refuse(row.tif != 0, Reason.TIF_UNKNOWN)
    refuse(row.smp_rule not in list(Smp), Reason.SMP_RULE_UNKNOWN)
    refuse(row.flags != 0, Reason.FLAG_UNKNOWN)
    account, instrument = world.accounts[row.account], world.market.instruments[row.instrument]
    refuse(not instrument.is_complete(), Reason.TERMS_INVALID)
    refuse(account.standing == Standing.SUSPENDED, Reason.ACCOUNT_SUSPENDED)
    refuse(account.is_killed, Reason.ACCOUNT_KILLED)
    protection = account.protections.get(instrument.product, Protection())
    refuse(protection.is_breached, Reason.QUOTES_PROTECTED)
    return account, instrument


def refuse_misshapen(instrument: Instrument, row: Row) -> None:
    """Refuse a quote that the phase or the instrument does not take."""
    refuse(instrument.phase != Phase.OPEN, Reason.PHASE_FORBIDS)
    refuse(has_no_base(instrument), Reason.PHASE_FORBIDS)
    refuse(row.quantity < 0 or row.display < 0, Reason.QUANTITY_NOT_POSITIVE)
    refuse_above(max(row.quantity, row.display), instrument.clip)
    refuse(row.minimum != 0, Reason.MINIMUM_INVALID)
    refuse(row.protection != 0, Reason.PROTECTION_INVALID)
    refuse(row.expiry != 0, Reason.EXPIRY_INVALID)


def refuse_unbearable(
    world: World, account: Account, old: dict[int, Order], asked: list[Order]
) -> None:
    """Refuse a quote that account or exchange cannot bear in place of the old one."""
    others = [order for order in account.orders.values() if order not in old.values()]
    working, partners = [*others, *asked], world.partners(account)
    for order in asked:
        before = old[order.side].leaves if order.side in old else 0
        if order.leaves > before:
            refuse_beyond_limit(account, working, partners, order, world.market)
    refuse_beyond_margin(account, working, world.market)
    room = world.sizes.orders - len(world.live)
    refuse(len(asked) - len(old) > room, Reason.ORDERS_FULL)
    new = len(world.unopened(asked[0])) if asked else 0
    refuse(new > 0 and world.held + new > world.sizes.positions, Reason.POSITIONS_FULL)


def protect(world: World, row: Row) -> None:
    """Set how many lots an account's quotes in a product may fill; forget a breach."""
    refuse(not 0 < row.account < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.product < len(world.market.charges), Reason.PRODUCT_UNKNOWN)
    refuse(row.value < 0 or (row.value > 0 >= row.batch), Reason.VALUE_NOT_POSITIVE)
    refuse(max(row.value, row.batch) > MONEY_MAX, Reason.VALUE_TOO_LARGE)

    protections = world.accounts[row.account].protections
    protections[row.product] = Protection(row.value, row.batch)
    world.say(Did.NOTED)


def enforce(world: World) -> None:
    """Take out the quotes of everyone whose protection the command has breached."""
    for number, account in enumerate(world.accounts):
        for product, protection in sorted(account.protections.items()):
            if protection.is_breached and not protection.is_told:
                protection.is_told = True
                withdraw(world, account, product)
                counted = {"quantity": protection.counted, "other": protection.lots}
                whose = {"account": number, "instrument": NIL, "session": 0}
                world.say(Did.PROTECTED, **whose, **counted, leaves=product)


def withdraw(world: World, account: Account, product: int) -> None:
    """Cancel all of an account's quotes in a product."""
    for instrument in world.market.instruments:
        if instrument.product == product:
            orders = quotes_of(account, instrument)
            for order in orders:
                world.remove(order, Reason.PROTECTION)
            if orders:
                publish_indicative(world, instrument)
