"""Money, marks, rates and phases in the reference: rows of the house and of the calendar.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_auction import uncross
from engine.reference_book import Order
from engine.reference_legs import price_spread, spreads_over
from engine.reference_orders import refuse
from engine.reference_risk import Account, Instrument, Position, RefusedError, free_money
from engine.reference_terms import PRICE_MAX
from engine.reference_world import Row, World
from engine.schema import MONEY_MAX, NIL, NIL_PRICE, Did, Form, Phase, Side, Standing, Tif

RATE_MAX = 2**40
DATE_MAX = 2**31 - 1


def account_of(world: World, number: int) -> Account:
    """Return an account that participants may name."""
    refuse(not 0 < number < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    return world.accounts[number]


def instruments_of(world: World, row: Row) -> list[Instrument]:
    """Return the instrument that a row names, or all of a product where it names none."""
    instruments = world.market.instruments
    refuse(not NIL <= row.instrument < len(instruments), Reason.INSTRUMENT_UNKNOWN)
    if row.instrument != NIL:
        return [instruments[row.instrument]]
    refuse(not 0 <= row.product < len(world.market.charges), Reason.PRODUCT_UNKNOWN)
    return [instrument for instrument in instruments if instrument.product == row.product]


def deposit(world: World, row: Row) -> None:
    """Add money to an account."""
    account = account_of(world, row.account)
    refuse(row.value <= 0, Reason.VALUE_NOT_POSITIVE)
    refuse(account.equity + row.value > MONEY_MAX, Reason.VALUE_TOO_LARGE)

    pay_in(world, row.account, row.value, NIL)


def withdraw(world: World, row: Row) -> None:
    """Take money off an account that neither positions nor working orders need."""
    account = account_of(world, row.account)
    refuse(account.standing == Standing.SUSPENDED, Reason.ACCOUNT_SUSPENDED)
    refuse(row.value <= 0, Reason.VALUE_NOT_POSITIVE)
    refuse_unfunded(world, account, row.value)

    pay_out(world, row.account, row.value, NIL)


def transfer(world: World, row: Row) -> None:
    """Move money from one account to another."""
    giver, receiver = account_of(world, row.account), account_of(world, row.other)
    refuse(giver.standing == Standing.SUSPENDED, Reason.ACCOUNT_SUSPENDED)
    refuse(row.value <= 0, Reason.VALUE_NOT_POSITIVE)
    refuse(receiver.equity + row.value > MONEY_MAX, Reason.VALUE_TOO_LARGE)
    refuse_unfunded(world, giver, row.value)

    pay_out(world, row.account, row.value, row.other)
    pay_in(world, row.other, row.value, row.account)


def refuse_unfunded(world: World, account: Account, value: int) -> None:
    """Refuse to take more from an account than it may withdraw."""
    free = free_money(account, world.market)
    if value > free:
        raise RefusedError(Reason.FUNDS_SHORT, value, free)


def pay_in(world: World, number: int, value: int, giver: int) -> None:
    """Add to an account's equity, and say so."""
    account = world.accounts[number]
    account.equity += value
    told = {"quantity": value, "leaves": account.equity, "other": giver}
    world.say(Did.DEPOSITED, account=number, **told)


def pay_out(world: World, number: int, value: int, receiver: int) -> None:
    """Take off an account's equity, and say so."""
    account = world.accounts[number]
    account.equity -= value
    world.say(Did.TAKEN, quantity=value, leaves=account.equity, other=receiver)


def charge(world: World, row: Row) -> None:
    """Take a fee off an account, or with a negative value give it."""
    account = account_of(world, row.account)
    refuse(abs(row.value) > MONEY_MAX, Reason.VALUE_TOO_LARGE)

    account.equity -= row.value
    world.say(Did.CHARGED, quantity=row.value, leaves=account.equity, other=row.code)


def suspend(world: World, row: Row) -> None:
    """Set what an account may do."""
    account = account_of(world, row.account)
    refuse(row.code not in list(Standing), Reason.TERMS_INVALID)

    account.standing = row.code
    world.say(Did.SUSPENDED, quantity=row.code, leaves=row.value)


def rate(world: World, row: Row) -> None:
    """Set what a lot of an instrument requires, or a product's calendar charge."""
    instruments = instruments_of(world, row)
    refuse(row.instrument != NIL and instruments[0].is_spread(), Reason.INSTRUMENT_UNKNOWN)
    refuse(row.value < 0, Reason.VALUE_NOT_POSITIVE)
    refuse(row.value > RATE_MAX, Reason.VALUE_TOO_LARGE)

    if row.instrument == NIL:
        world.market.charges[row.product] = row.value
    else:
        instruments[0].rate = row.value
    world.say(Did.RATED, quantity=row.value)


def markable(world: World, row: Row) -> Instrument:
    """Return the instrument that a row puts a price on."""
    refuse(row.instrument == NIL, Reason.INSTRUMENT_UNKNOWN)
    instrument = instruments_of(world, row)[0]
    refuse(instrument.is_spread(), Reason.INSTRUMENT_UNKNOWN)
    refuse(instrument.phase == Phase.EXPIRED, Reason.PHASE_FORBIDS)
    refuse(not instrument.low <= row.value <= instrument.high, Reason.PRICE_OFF_LADDER)
    return instrument


def mark(world: World, row: Row) -> None:
    """Mark an instrument; its holders are paid what it moved."""
    instrument = markable(world, row)
    refuse(row.value_2 != NIL_PRICE and abs(row.value_2) > PRICE_MAX, Reason.VALUE_TOO_LARGE)

    world.say(Did.MARKED, price=row.value, quantity=instrument.mark, other=row.value_2)
    instrument.settlement, instrument.is_stale = row.value_2, row.value_2 != NIL_PRICE
    if instrument.is_paid_for:
        instrument.mark = row.value
    else:
        pay_variation(world, instrument, row.value)
    for spread in spreads_over(world.market, instrument.number):
        price_spread(world.market, spread)
        spread.is_stale = spread.settlement != NIL_PRICE


def settle(world: World, row: Row) -> None:
    """End an instrument and all spreads over it: orders go, the last variation is paid.

    Of what was paid for at the trade the cost is 0: its holders are paid the final price itself.
    """
    instrument = markable(world, row)

    for spread in spreads_over(world.market, instrument.number):
        if spread.form == Form.TAS:
            price_all(world, spread, row.value)
        world.sweep(spread, Reason.EXPIRED, lambda _order: True)
        world.move(spread, Phase.EXPIRED, 0, Reason.NONE)
    world.sweep(instrument, Reason.EXPIRED, lambda _order: True)
    pay_variation(world, instrument, row.value)
    for account in world.accounts:
        if account.positions.pop(instrument.number, Position()).net != 0:
            account.credits.clear()
    world.say(Did.SETTLED, price=row.value)
    world.move(instrument, Phase.EXPIRED, 0, Reason.NONE)


def price(world: World, row: Row) -> None:
    """Give all that traded in a TAS book since it was last priced its price."""
    instruments = world.market.instruments
    refuse(not 0 <= row.instrument < len(instruments), Reason.INSTRUMENT_UNKNOWN)
    book = instruments[row.instrument]
    refuse(book.form != Form.TAS, Reason.INSTRUMENT_UNKNOWN)
    refuse(not book.is_complete(), Reason.TERMS_INVALID)
    refuse(book.phase == Phase.EXPIRED, Reason.PHASE_FORBIDS)
    low, high = world.market.ladder(book.legs[0].number)
    refuse(not low <= row.value <= high, Reason.PRICE_OFF_LADDER)

    waiting = [account.positions.get(book.number, Position()) for account in world.accounts]
    lots = sum(max(one.net, 0) for one in waiting)
    world.say(Did.PRICED, price=row.value, quantity=lots)
    price_all(world, book, row.value)


def price_all(world: World, book: Instrument, settlement: int) -> None:
    """Let what waits in a TAS book cost the settlement in place of what it stood in at."""
    month = book.legs[0].number
    for number, account in enumerate(world.accounts):
        waiting = account.positions.get(book.number, Position())
        moved = waiting.net * settlement - waiting.cost
        if waiting.net != 0 or moved != 0:
            account.positions[month].cost += moved
            side = Side.BUY if waiting.net >= 0 else Side.SELL
            told = {"account": number, "instrument": month, "side": side, "other": moved}
            world.say(Did.PRICED, price=settlement, quantity=abs(waiting.net), **told)
            waiting.net = waiting.cost = 0


def pay_variation(world: World, instrument: Instrument, price: int) -> None:
    """Pay each holder net x price - cost, so that nothing is open at the new mark."""
    for account in world.accounts:
        position = account.positions.get(instrument.number, Position())
        account.equity += (position.net * price - position.cost) * instrument.value
        position.cost = position.net * price
    instrument.mark = price


def change_phase(world: World, row: Row) -> None:
    """Move an instrument, or all of a product, into a phase; what has expired stays so."""
    instruments = instruments_of(world, row)
    refuse(not Phase.PRE_OPEN <= row.code <= Phase.POST_CLOSE, Reason.TERMS_INVALID)
    refuse(not 0 <= row.value <= DATE_MAX, Reason.TERMS_INVALID)

    for instrument in instruments:
        if instrument.phase != Phase.EXPIRED:
            if row.code == Phase.CLOSE:
                world.sweep(instrument, Reason.SESSION_ENDED, lambda o: ends(o, row.value))
                instrument.indicative = (0, 0)
            if row.code == Phase.OPEN:
                uncross(world, instrument)
            world.move(instrument, row.code, row.value, Reason.NONE)


def resume(world: World) -> None:
    """Open every instrument again whose halt ends by the time of the row, with an auction."""
    for instrument in world.market.instruments:
        if 0 < instrument.resume <= world.command.time:
            uncross(world, instrument)
            world.move(instrument, Phase.OPEN, instrument.date, instrument.halted)


def ends(order: Order, date: int) -> bool:
    """Whether an order lasts no longer than the session of this trade date."""
    return order.tif == Tif.DAY or (order.tif == Tif.GTD and order.expiry <= date)
