"""Liquidations in the reference: market orders of the house on an account's behalf.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_orders import new_order, priced, refuse, trade_new
from engine.reference_risk import Position
from engine.reference_world import Row, World
from engine.schema import Did, Flag, Side, Smp, Tif, Type


def liquidate(world: World, row: Row) -> None:
    """Trade a market order that can only bring a position closer to 0, whoever holds it."""
    refuse_misnamed(world, row)
    instrument, account = world.market.instruments[row.instrument], world.accounts[row.account]
    price = priced(world, instrument, row)
    parts = [world.instrument_of(order).parts() for order in account.orders.values()]
    works = any(leg.number == row.instrument for legs in parts for leg in legs)
    net = account.positions.get(row.instrument, Position()).net
    held = net if row.side == Side.SELL else -net
    refuse(works or row.quantity > held, Reason.REDUCE_ONLY)
    refuse(not world.has_order_room(), Reason.ORDERS_FULL)

    order = new_order(row, price)
    order.order_id = world.next_order_id()
    world.accept(order)
    flags = row.type | row.tif << 8 | (row.flags | Flag.LIQUIDATION) << 16
    world.tell(Did.ENTERED, order, order.leaves, flags=flags)
    trade_new(world, order, row)


def refuse_misnamed(world: World, row: Row) -> None:
    """Refuse what names nothing that can be held, or asks for any other order."""
    instruments = world.market.instruments
    refuse(not 0 < row.account < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.instrument < len(instruments), Reason.INSTRUMENT_UNKNOWN)
    refuse(instruments[row.instrument].is_spread(), Reason.INSTRUMENT_UNKNOWN)
    refuse(row.side not in list(Side), Reason.SIDE_UNKNOWN)
    refuse(row.type != Type.MARKET, Reason.TYPE_UNKNOWN)
    refuse(row.tif != Tif.FAK, Reason.TIF_UNKNOWN)
    refuse(row.smp_rule not in list(Smp), Reason.SMP_RULE_UNKNOWN)
    refuse(row.flags & ~Flag.OPERATOR != 0, Reason.FLAG_UNKNOWN)
