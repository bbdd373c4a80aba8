"""Matching: an order against the other side of its book, and how orders come and go in it."""

import numpy as np

from engine.book import (
    below,
    facing,
    free_slot,
    head_of,
    link,
    lots_at,
    price_of,
    show,
    shown_of,
    take,
    unlink,
)
from engine.emit import last, tell, tell_canceled
from engine.fills import keep_up, note_trade, tell_filled
from engine.halts import halt
from engine.implied import trade_path
from engine.jit import Index, Row, Table, kernel, rare
from engine.limits import fill, work
from engine.paths import best_path, path_lots
from engine.reasons import Reason
from engine.schema import NIL, NIL_PRICE, Did, Role, Side, Smp, Tif, Type
from engine.spreads import fill_legs
from engine.state import State
from engine.tops import is_better, number_of
from engine.trades import appraise, remember
from engine.windows import breach_of, is_breach, watch

_NONE = np.uint64(0)


@kernel
def cross(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Fill an order that is in no queue from the other side, best price first, oldest first."""
    taker = state.orders[slot]
    if _may_reach_path(state, taker):
        return _cross_paths(state, slot, command, events, count)
    instrument = state.instruments[taker.instrument]
    own = state.sides[taker.instrument, taker.side]
    other = state.sides[taker.instrument, 1 - taker.side]
    limit = facing(own, np.uint64(taker.level) - own.first)
    if other.best < limit:
        return count
    appraise(instrument)
    is_watched = watch(state, taker.instrument)
    while taker.leaves > 0 and other.best >= limit and instrument.breach == Reason.NONE:
        maker_slot = head_of(state, other, other.best)
        count = _meet(state, taker, maker_slot, is_watched, command, events, count)
    return count


@kernel
def _meet(
    state: State,
    taker: Row,
    maker_slot: Index,
    is_watched: bool,
    command: Row,
    events: Table,
    count: int,
) -> int:
    """Let an order trade with one that rests, or cancel what self-match prevention says.

    Where a guard forbids the trade, nothing happens but that `breach` says which.
    """
    maker = state.orders[maker_slot]
    if taker.smp_id != 0 and maker.smp_id == taker.smp_id:
        return _prevent(state, taker, maker_slot, command, events, count)
    traded = min(taker.leaves, shown_of(maker))
    price = maker.price
    if is_watched and is_breach(state, taker.instrument, price):
        return count
    is_spread = state.instruments[taker.instrument].legs > 0
    state.totals[0].trades += 1
    if not is_spread:
        remember(state, taker, maker.account, price, traded)
    note_trade(state, taker.instrument, price, command)
    fill(state, taker, price, traded)
    fill(state, maker, price, traded)
    taker.leaves -= traded
    taker.filled += traded
    take(state, maker_slot, traded)
    count = tell_filled(state, taker, price, traded, Role.TAKER, command, events, count)
    count = tell_filled(state, maker, price, traded, Role.MAKER, command, events, count)
    if is_spread:
        count = fill_legs(state, taker, maker, price, traded, command, events, count)
    return keep_up(state, maker_slot, command, events, count)


@rare
def _prevent(
    state: State, taker: Row, maker_slot: Index, command: Row, events: Table, count: int
) -> int:
    """Cancel the one, the other or both of two orders that may not trade with each other."""
    if taker.smp_rule != Smp.CANCEL_INCOMING:
        count = remove(state, maker_slot, command, Reason.SELF_MATCH, events, count)
    if taker.smp_rule != Smp.CANCEL_RESTING:
        count = tell_canceled(events, count, command, taker, Reason.SELF_MATCH)
        work(state, taker, -taker.leaves)
        taker.leaves = 0
    return count


@kernel
def _may_reach_path(state: State, taker: Row) -> bool:
    """Whether an order may reach an implied price; false only where it certainly does not."""
    if state.instruments[taker.instrument].paths == 0:
        return False
    totals = state.totals[0]
    is_own = totals.touched == 1 and state.touched[0] == taker.instrument
    if totals.stale > 0 or (totals.touched > 0 and not is_own):
        return True  # More has moved since the prices were told than its own book, in no path here.
    price = state.tops[number_of(taker.instrument, 1 - taker.side)].path_price
    return price != NIL_PRICE and not is_better(taker.side, price, taker.price)


@rare
def _cross_paths(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Fill an order from the other side and through paths; at one price the book goes first."""
    taker = state.orders[slot]
    instrument, resting = state.instruments[taker.instrument], 1 - taker.side
    other = state.sides[taker.instrument, resting]
    appraise(instrument)
    is_watched = watch(state, taker.instrument)
    while taker.leaves > 0 and instrument.breach == Reason.NONE:
        number, price = best_path(state, taker.instrument, resting)
        if number != NIL and is_better(taker.side, price, taker.price):
            number = NIL
        if other.best != _NONE:
            explicit = price_of(instrument, resting, other.best)
            is_first = number == NIL or not is_better(resting, price, explicit)
            if is_first and not is_better(taker.side, explicit, taker.price):
                maker_slot = head_of(state, other, other.best)
                count = _meet(state, taker, maker_slot, is_watched, command, events, count)
                continue
        if number == NIL or (is_watched and is_breach(state, taker.instrument, price)):
            return count
        count = trade_path(state, slot, number, price, is_watched, command, events, count)
    return count


@rare
def fillable(state: State, taker: Row, enough: int) -> int:
    """Return how many lots would trade at once within the limit; counting stops at `enough`.

    It stops too where a guard would stop trading: then `breach` says which.
    """
    own = state.sides[taker.instrument, taker.side]
    other = state.sides[taker.instrument, 1 - taker.side]
    limit = facing(own, np.uint64(taker.level) - own.first)
    instrument = state.instruments[taker.instrument]
    is_watched = watch(state, taker.instrument)
    lots, rank, first = 0, other.best, NIL_PRICE
    if is_watched and instrument.paths > 0:
        first = _better_implied(state, taker, other)
    while rank >= limit and lots < enough:
        more, ends = lots_at(state, other, rank), False
        if taker.smp_id != 0:
            more, ends = _tradable(state, taker, head_of(state, other, rank))
        if is_watched and more > 0:
            price = price_of(instrument, 1 - taker.side, rank)
            instrument.breach = breach_of(state, taker.instrument, price, first)
            if instrument.breach != Reason.NONE:
                return lots
            if first == NIL_PRICE:
                first = price
        lots += more
        if ends:
            price = price_of(instrument, 1 - taker.side, rank)
            end = price - 1 if taker.side == Side.BUY else price + 1
            return lots + _implied_lots(state, taker, end, enough - lots, is_watched)
        rank = below(state, other, rank)
    return lots + _implied_lots(state, taker, taker.price, enough - lots, is_watched)


@kernel
def _better_implied(state: State, taker: Row, other: Row) -> int:
    """Return the implied price at which an order would begin to trade; NIL_PRICE: at none."""
    resting = 1 - taker.side
    number, price = best_path(state, taker.instrument, resting)
    if number == NIL or other.best == _NONE:
        return NIL_PRICE
    explicit = price_of(state.instruments[taker.instrument], resting, other.best)
    return price if is_better(resting, price, explicit) else NIL_PRICE


@kernel
def _implied_lots(state: State, taker: Row, worst: int, enough: int, is_watched: bool) -> int:
    """Return the lots that all paths would trade up to the price `worst`.

    None where a guard watches: how far it lets the order trade depends on each price before.
    """
    lots = 0
    for number in range(state.instruments[taker.instrument].paths):
        if lots < enough and not is_watched:
            more = enough - lots
            lots += path_lots(state, taker.instrument, number, 1 - taker.side, worst, more)
    return lots


@kernel
def _tradable(state: State, taker: Row, slot: Index) -> tuple[int, bool]:
    """Return what a queue would trade, and whether self-match prevention ends the order in it.

    Before such an end only what is shown trades: refills go behind the order that ends it.
    """
    shown, whole = 0, 0
    while slot != _NONE:
        maker = state.orders[slot]
        if maker.smp_id != taker.smp_id:
            shown += maker.shown
            whole += maker.leaves
        elif taker.smp_rule != Smp.CANCEL_RESTING:
            return shown, True
        slot = np.uint64(maker.next)
    return whole, False


@kernel
def rest(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Queue what is left of an order; eliminate it where it may not rest; free it at 0."""
    order = state.orders[slot]
    if order.leaves == 0:
        free_slot(state, slot)
        return count
    if state.instruments[order.instrument].breach != Reason.NONE:
        return _break_off(state, slot, command, events, count)
    if order.tif == Tif.FAK or order.tif == Tif.FOK:
        return drop(state, slot, command, Reason.UNFILLED, events, count)
    return _queue(state, slot, command, events, count)


@kernel
def _queue(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    order = state.orders[slot]
    show(order)
    link(state, slot)
    count = tell(events, count, command, order, Did.RESTED, order.leaves)
    last(events, count).other = order.shown
    return count


@rare
def _break_off(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Rest an order that came up against a guard, and halt; what may not rest goes.

    Velocity is broken by what would rest; what may not goes alone, and the market stays open.
    """
    order = state.orders[slot]
    index = order.instrument
    reason = state.instruments[index].breach
    may_rest = order.tif <= Tif.GTD
    if order.type == Type.MARKET or order.type == Type.MARKET_LIMIT:
        may_rest = False
    if may_rest:
        state.instruments[index].breach = Reason.NONE
        count = _queue(state, slot, command, events, count)
    else:
        count = eliminate(state, slot, command, events, count)
        if reason == Reason.VELOCITY:
            return count
    return halt(state, index, reason, command, events, count)


@kernel
def eliminate(state: State, slot: Index, command: Row, events: Table, count: int) -> int:
    """Cancel an order that could not fill, and say if it was velocity that kept it from that."""
    instrument = state.instruments[state.orders[slot].instrument]
    reason: int = Reason.UNFILLED
    if instrument.breach == Reason.VELOCITY:
        reason = Reason.VELOCITY
    instrument.breach = Reason.NONE
    return drop(state, slot, command, reason, events, count)


@kernel
def drop(state: State, slot: Index, command: Row, reason: int, events: Table, count: int) -> int:
    """Cancel an order that is in no queue."""
    order = state.orders[slot]
    count = tell_canceled(events, count, command, order, reason)
    work(state, order, -order.leaves)
    free_slot(state, slot)
    return count


@kernel
def remove(state: State, slot: Index, command: Row, reason: int, events: Table, count: int) -> int:
    """Cancel an order that rests in the book."""
    unlink(state, slot)
    return drop(state, slot, command, reason, events, count)
