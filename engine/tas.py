"""Trades at settlement: held at once in the month, and priced once its settlement is known.

Until then they stand there at the month's mark plus the offset that was agreed on, so nothing
but the offset is open. The TAS book's own position row keeps what waits for its price: `net`
lots, and as `cost` the marks that they stood in at, times lots. No risk sum reads it.
"""

from engine.emit import say
from engine.exposures import count_lots
from engine.jit import Row, Table, kernel, rare
from engine.positions import find_position, open_position
from engine.reasons import Reason
from engine.schema import NIL_PRICE, Did, Form, Phase, Side
from engine.state import State
from engine.trades import trade_at


@kernel
def has_book(state: State, month: int) -> bool:
    """Whether a month has a TAS book already."""
    for index in range(state.totals[0].instruments):
        book = state.instruments[index]
        is_whole = book.form == Form.TAS and book.known > 0
        if is_whole and state.legs[index, 0].instrument == month:
            return True
    return False


@kernel
def has_no_base(book: Row) -> bool:
    """Whether nothing can trade at settlement yet: its month was never marked."""
    return book.form == Form.TAS and book.mark == NIL_PRICE


@kernel
def stand_in(state: State, index: int, price: int) -> None:
    """Write at what the month's lots stand in that trade now: its mark, and the offset on top."""
    leg = state.legs[index, 0]
    leg.price = state.instruments[leg.instrument].mark + price


@rare
def await_price(
    state: State, index: int, buyer: int, seller: int, lots: int, trade_id: int
) -> None:
    """Count the lots of a trade just recorded as not yet priced; there is nothing to review in it.

    Its price lies within an offset of the settlement, wherever that will be.
    """
    base = state.instruments[state.legs[index, 0].instrument].mark
    _await(state, buyer, index, lots, base)
    _await(state, seller, index, -lots, base)
    trade_at(state, trade_id).busted = 1


@kernel
def _await(state: State, account: int, index: int, bought: int, base: int) -> None:
    """Count lots of an account that wait for their price, and stand in at `base`."""
    position = state.positions[open_position(state, account, index)]
    count_lots(state, position, Side.BUY, 0, bought)
    position.cost += bought * base


@rare
def price(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Give what traded in a TAS book since it was last priced its price: `value` and the offset."""
    reason = _unpriceable(state, command)
    if reason != Reason.NONE:
        return reason, count

    # From here on the command succeeds.
    index, lots = command.instrument, 0
    for account in range(1, state.totals[0].accounts):
        lots += max(state.positions[find_position(state, account, index)].net, 0)
    count = say(events, count, command, Did.PRICED)
    events[count - 1].price = command.value
    events[count - 1].quantity = lots
    return Reason.NONE, price_all(state, index, command, events, count)


@kernel
def _unpriceable(state: State, command: Row) -> int:
    """Return why a book cannot be priced, or not at this settlement, or NONE."""
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN
    book = state.instruments[command.instrument]
    if book.form != Form.TAS:
        return Reason.INSTRUMENT_UNKNOWN
    if book.known < book.legs:
        return Reason.TERMS_INVALID
    if book.phase == Phase.EXPIRED:
        return Reason.PHASE_FORBIDS
    month = state.instruments[state.legs[command.instrument, 0].instrument]
    if not month.low <= command.value <= month.high:
        return Reason.PRICE_OFF_LADDER
    return Reason.NONE


@rare
def price_all(state: State, index: int, command: Row, events: Table, count: int) -> int:
    """Price what waits in a TAS book at `value`, account by account; return the new count.

    What the month's lots cost moves from the marks that they stood in at to the settlement, and
    the account is told. Longs waited at the same marks as shorts: nobody pays for it but them.
    """
    number = state.legs[index, 0].instrument
    month = state.instruments[number]
    for account in range(1, state.totals[0].accounts):
        waiting = state.positions[find_position(state, account, index)]
        net, moved = waiting.net, waiting.net * command.value - waiting.cost
        if net == 0 and moved == 0:
            continue
        count_lots(state, waiting, Side.BUY, 0, -net)
        waiting.cost = 0
        state.positions[find_position(state, account, number)].cost += moved
        if month.mark != NIL_PRICE:
            state.accounts[account].open -= moved * month.value
        count = say(events, count, command, Did.PRICED)
        event = events[count - 1]
        event.account = account
        event.instrument = number
        event.price = command.value
        event.quantity = abs(net)
        event.side = Side.BUY if net >= 0 else Side.SELL
        event.other = moved
    return count
