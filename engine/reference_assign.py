"""Assignments in the reference: lots that change hands off the market.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_desk import book, tell
from engine.reference_limits import most_lots
from engine.reference_orders import refuse
from engine.reference_risk import Instrument, Leg, open_variation
from engine.reference_terms import breadth, is_bearable
from engine.reference_world import Row, Trade, World
from engine.schema import MONEY_MAX, NIL_PRICE, Did, Flag, Phase, Role, Side


def reassign(world: World, row: Row) -> None:
    """Move lots from a seller to a buyer at a price, whoever they are. It is never reviewed."""
    instrument = refuse_unassignable(world, row)
    refuse(not is_bearable(instrument, row.quantity), Reason.VALUE_TOO_LARGE)
    for number, ratio in ((row.account, 1), (row.give_up, -1)):
        refuse_unbearable(world, number, Leg(row.instrument, ratio), row.quantity)
    sides = [world.accounts[number] for number in (row.account, row.give_up)]
    new = [account for account in sides if row.instrument not in account.positions]
    refuse(world.held + len(new) > world.sizes.positions, Reason.POSITIONS_FULL)

    world.trades += 1
    named = world.trades, row.instrument, row.account, row.give_up
    trade = Trade(*named, row.price, row.quantity, fair=NIL_PRICE)
    book(world, trade, trade.quantity)
    tell(world, trade, Did.FILLED, role=Role.ASSIGNED)


def refuse_unassignable(world: World, row: Row) -> Instrument:
    """Return what is to change hands, if it can by these terms."""
    known = range(1, len(world.accounts))
    refuse(row.account not in known or row.give_up not in known, Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.instrument < len(world.market.instruments), Reason.INSTRUMENT_UNKNOWN)
    instrument = world.market.instruments[row.instrument]
    refuse(instrument.is_spread(), Reason.INSTRUMENT_UNKNOWN)
    refuse(row.account == row.give_up, Reason.ORDER_NOT_YOURS)
    refuse(row.side != Side.BUY, Reason.SIDE_UNKNOWN)
    refuse(row.flags != Flag.OPERATOR, Reason.FLAG_UNKNOWN)
    refuse(instrument.phase == Phase.EXPIRED, Reason.PHASE_FORBIDS)
    refuse(row.quantity <= 0, Reason.QUANTITY_NOT_POSITIVE)
    refuse(not instrument.low <= row.price <= instrument.high, Reason.PRICE_OFF_LADDER)
    return instrument


def refuse_unbearable(world: World, number: int, move: Leg, lots: int) -> None:
    """Refuse lots that would take an account's sums, or its owner's, beyond what they can hold."""
    account, instrument = world.accounts[number], world.market.instruments[move.number]
    working, partners = list(account.orders.values()), world.partners(account)
    reached = lots + most_lots(account, working, partners, move, world.market)
    refuse(not is_bearable(instrument, max(reached, 1)), Reason.VALUE_TOO_LARGE)
    at_most = MONEY_MAX - breadth(instrument) * instrument.value * lots
    owned = abs(account.equity), abs(open_variation(account, world.market))
    refuse(max(owned) > at_most, Reason.VALUE_TOO_LARGE)
