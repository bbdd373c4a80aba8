"""The exchange's desk in the reference: blocks that are reported, trades undone or adjusted.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_book import Order
from engine.reference_legs import await_price, leg_prices
from engine.reference_limits import refuse_beyond_limit
from engine.reference_orders import has_no_base, refuse, refuse_above, refuse_off_ladder
from engine.reference_risk import (
    Account,
    Instrument,
    RefusedError,
    appraise,
    refuse_beyond_margin,
)
from engine.reference_world import Row, Trade, World
from engine.schema import (
    NIL_PRICE,
    NOT_HELD,
    Did,
    Flag,
    Form,
    Phase,
    Role,
    Side,
    Smp,
    Standing,
    Tif,
    Type,
)


def block(world: World, row: Row) -> None:
    """Book a trade that two accounts agreed on elsewhere. The book does not hear of it."""
    instrument = refuse_unreportable(world, row)
    sides = (Side.BUY, row.account), (Side.SELL, row.give_up)
    for side, account in sides:
        refuse_unbearable(world, block_side(row, side, account))
    new = [leg for _, n in sides for leg in unopened(world.accounts[n], instrument)]
    refuse(world.held + len(new) > world.sizes.positions, Reason.POSITIONS_FULL)

    if instrument.is_spread():
        report_spread(world, instrument, row)
    else:
        report(world, instrument, (row.account, row.give_up), row.price, row.quantity)


def unopened(account: Account, instrument: Instrument) -> list[int]:
    """Return what an account would hold after a block, and never had."""
    moved = [number for number, _ in instrument.parts()]
    if instrument.form == Form.TAS:
        moved.append(instrument.number)
    return [number for number in moved if number not in account.positions]


def report(
    world: World,
    instrument: Instrument,
    sides: tuple[int, int],
    price: int,
    lots: int,
    block_id: int = 0,
) -> None:
    """Book a trade of a block between a buyer and a seller, and tell it.

    block_id: of the spread's trade whose leg it is.
    """
    world.trades += 1
    appraise(instrument)
    world.remember(instrument, *sides, price, lots)
    trade = world.recent[world.trades]
    trade.is_block = True
    book(world, trade, trade.quantity)
    tell(world, trade, Did.FILLED, other=block_id)


def report_spread(world: World, spread: Instrument, row: Row) -> None:
    """Tell a block of a spread, which nobody holds; its legs are trades that can be reviewed."""
    world.trades += 1
    block_id, prices = world.trades, leg_prices(world.market, spread, row.price)
    sides = row.account, row.give_up
    lots, unknown = row.quantity, NIL_PRICE
    whole = Trade(block_id, spread.number, *sides, row.price, lots, unknown, is_block=True)
    tell(world, whole, Did.FILLED, flags=NOT_HELD)
    for leg, price in zip(spread.legs, prices, strict=True):
        instrument, lots = world.market.instruments[leg.number], abs(leg.ratio) * row.quantity
        owners = sides if leg.ratio > 0 else sides[::-1]
        report(world, instrument, owners, price, lots, block_id)
    if spread.form == Form.TAS:
        await_price(world, spread, *sides, row.quantity)


def bust(world: World, row: Row) -> None:
    """Undo a trade: both sides hold what they would hold if it had never been."""
    trade = reviewable(world, row)

    book(world, trade, -trade.quantity)
    del world.recent[trade.trade_id]
    tell(world, trade, Did.BUSTED)


def adjust(world: World, row: Row) -> None:
    """Give a trade another price, as if it had always had it."""
    trade = reviewable(world, row)
    refuse_off_ladder(world.market.instruments[trade.instrument], row.price)

    before = trade.price
    book(world, trade, -trade.quantity)
    trade.price = row.price
    book(world, trade, trade.quantity)
    tell(world, trade, Did.ADJUSTED, other=before)


def refuse_unreportable(world: World, row: Row) -> Instrument:
    """Return what a block trades, if a block of these terms can be. Clip does not bound it."""
    known = range(1, len(world.accounts))
    refuse(row.account not in known or row.give_up not in known, Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.instrument < len(world.market.instruments), Reason.INSTRUMENT_UNKNOWN)
    refuse(row.account == row.give_up, Reason.ORDER_NOT_YOURS)
    refuse(row.side != Side.BUY, Reason.SIDE_UNKNOWN)
    refuse(row.flags != Flag.OPERATOR, Reason.FLAG_UNKNOWN)
    instrument = world.market.instruments[row.instrument]
    refuse(not instrument.is_complete(), Reason.TERMS_INVALID)
    sides = [world.accounts[number] for number in (row.account, row.give_up)]
    suspended = any(account.standing == Standing.SUSPENDED for account in sides)
    refuse(suspended, Reason.ACCOUNT_SUSPENDED)
    refuse(any(account.is_killed for account in sides), Reason.ACCOUNT_KILLED)
    refuse(instrument.phase == Phase.EXPIRED, Reason.PHASE_FORBIDS)
    refuse(has_no_base(instrument), Reason.PHASE_FORBIDS)
    refuse(row.quantity <= 0, Reason.QUANTITY_NOT_POSITIVE)
    refuse_above(row.quantity, 2 * instrument.position_max)
    refuse(row.quantity < instrument.block, Reason.QUANTITY_BELOW_BLOCK)
    refuse_off_ladder(instrument, row.price)
    return instrument


def block_side(row: Row, side: Side, account: int) -> Order:
    """Return one side of a block as the order that it might have been."""
    return Order(
        order_id=0,
        tag=row.tag,
        session=row.session,
        account=account,
        instrument=row.instrument,
        side=side,
        type=Type.LIMIT,
        tif=Tif.DAY,
        expiry=0,
        smp_id=0,
        smp_rule=Smp.CANCEL_RESTING,
        price=row.price,
        leaves=row.quantity,
        display=0,
        trigger=0,
        waits=False,
    )


def refuse_unbearable(world: World, order: Order) -> None:
    """Refuse a side of a block that its account could not work as an order."""
    account = world.accounts[order.account]
    working = [*account.orders.values(), order]
    partners = world.partners(account)
    refuse_beyond_limit(account, working, partners, order, world.market)
    refuse_beyond_margin(account, working, world.market)


def reviewable(world: World, row: Row) -> Trade:
    """Return the trade that a row names, if it is far enough from what it was worth."""
    trade = world.recent.get(row.order_id)
    if trade is None or row.order_id <= world.trades - world.recent_max:
        raise RefusedError(Reason.TRADE_UNKNOWN)
    refuse(row.flags != Flag.OPERATOR, Reason.FLAG_UNKNOWN)
    instrument = world.market.instruments[trade.instrument]
    refuse(instrument.phase == Phase.EXPIRED, Reason.PHASE_FORBIDS)
    distance, beyond = abs(trade.price - trade.fair), 2 * instrument.protection
    if distance <= beyond:
        raise RefusedError(Reason.NOT_REVIEWABLE, beyond, distance)
    return trade


def book(world: World, trade: Trade, quantity: int) -> None:
    """Give both sides of a trade its lots; below 0: take them back."""
    world.hold(trade.buyer, trade.instrument, quantity, trade.price)
    world.hold(trade.seller, trade.instrument, -quantity, trade.price)


def tell(world: World, trade: Trade, did: Did, **fields: int) -> None:
    """Report what happened to a trade, to the buyer, then to the seller."""
    told = {"trade_id": trade.trade_id, "instrument": trade.instrument, "price": trade.price}
    told |= {"quantity": trade.quantity, "tag": world.command.tag}
    told |= {"role": Role.BLOCK if trade.is_block else Role.NONE} | fields
    world.say(did, account=trade.buyer, side=Side.BUY, **told)
    world.say(did, account=trade.seller, side=Side.SELL, **told)
