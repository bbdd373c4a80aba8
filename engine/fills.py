"""What every trade leaves behind: a last price, the rows of both sides, refills of what rested."""

import numpy as np

from engine.book import free_slot, refill, unlink
from engine.emit import last, tell
from engine.jit import Index, Row, Table, kernel
from engine.protection import count_fill
from engine.schema import NOT_HELD, Did
from engine.state import State

_NONE = np.uint64(0)
_ONE = np.uint64(1)


@kernel
def note_trade(state: State, index: int, price: int, command: Row) -> None:
    """Make a price the last one of a book, whose stops are then to be elected in its turn."""
    instrument = state.instruments[index]
    if instrument.trade_low > instrument.trade_high:
        _queue(state, index)
    instrument.last = price
    instrument.is_stale = 0
    instrument.traded = command.seq
    instrument.trade_low = min(instrument.trade_low, price)
    instrument.trade_high = max(instrument.trade_high, price)


@kernel
def _queue(state: State, index: int) -> None:
    """Put an instrument behind those whose stops are to be elected before its own."""
    totals, place = state.totals[0], np.uint64(index) + _ONE
    if totals.first_traded == _NONE:
        totals.first_traded = place
    else:
        state.instruments[totals.last_traded - _ONE].next_traded = place
    totals.last_traded = place


@kernel
def keep_up(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """After a fill of a queued order: let it go if it is done, refill it if nothing shows."""
    order = state.orders[slot]
    if order.leaves == 0:
        unlink(state, slot)
        free_slot(state, slot)
    elif order.shown == 0:
        refill(state, slot)
        count = tell(events, count, command, order, Did.REFILLED, order.shown)
    return count


@kernel
def tell_filled(
    state: State,
    order: Row,
    price: int,
    quantity: int,
    role: int,
    command: Row,
    events: Table,
    count: int,
) -> int:
    """Write one side of the last trade, and count what a quote has filled; return the new count."""
    count = tell(events, count, command, order, Did.FILLED, quantity)
    last(events, count).price = price
    last(events, count).trade_id = state.totals[0].trades
    last(events, count).role = role
    if state.instruments[order.instrument].legs > 0:
        last(events, count).flags = NOT_HELD
    if not order.is_whole and order.quote != 0:
        count_fill(state, order, quantity, command.time)
    return count
