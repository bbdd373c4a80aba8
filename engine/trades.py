"""The ring of trades: what was traded of late, so that the exchange's desk can still undo it."""

import numpy as np

from engine.jit import Row, kernel
from engine.schema import NIL_PRICE, Side
from engine.state import State

_ONE = np.uint64(1)


@kernel
def appraise(instrument: Row) -> None:
    """Keep what an instrument is worth before a command's trades begin: by these they are judged.

    The last trade, else the market settlement, else the first of the trades to come. One
    price for all trades until its stops are elected: an order that sweeps the book must not
    drag along the price by which it is judged.
    """
    if instrument.trade_low > instrument.trade_high:
        known = instrument.last != NIL_PRICE
        instrument.fair = instrument.last if known else instrument.settlement


@kernel
def remember(state: State, order: Row, other: int, price: int, quantity: int) -> None:
    """Keep the trade that `totals.trades` counted last, in place of the oldest.

    order: one side of it; anything that has `side`, `account` and `instrument`. other: the
    account of the other side. Call after `appraise`.
    """
    is_buyer = order.side == Side.BUY
    buyer = order.account if is_buyer else other
    seller = other if is_buyer else order.account
    record(state, state.totals[0].trades, order.instrument, buyer, seller, price, quantity)


@kernel
def record(
    state: State, trade_id: int, index: int, buyer: int, seller: int, price: int, quantity: int
) -> None:
    """Keep a trade in place of the oldest; call after `appraise`."""
    instrument = state.instruments[index]
    if instrument.fair == NIL_PRICE:
        instrument.fair = price
    trade = trade_at(state, trade_id)
    trade.trade_id = trade_id
    trade.price = price
    trade.quantity = quantity
    trade.fair = instrument.fair
    trade.instrument = index
    trade.buyer, trade.seller = buyer, seller
    trade.busted, trade.block = 0, 0


@kernel
def trade_at(state: State, trade_id: int) -> Row:
    """Return where a trade stands in the ring, or would stand."""
    return state.trades[np.uint64(trade_id) & (np.uint64(len(state.trades)) - _ONE)]


@kernel
def is_known(state: State, trade_id: int) -> bool:
    """Whether a trade is one of the last, as many as the ring holds, and was not busted."""
    trade, oldest = trade_at(state, trade_id), state.totals[0].trades - len(state.trades)
    return trade_id > max(oldest, 0) and trade.trade_id == trade_id and trade.busted == 0
