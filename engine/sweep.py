"""Verbs that touch all orders of an instrument: mass cancel, phase changes, the end of a day."""

import numpy as np

from engine.auction import publish, uncross
from engine.book import below, head_of
from engine.emit import say
from engine.halts import plan, tell_phase
from engine.jit import Row, Table, kernel, rare
from engine.limits import reserve_of
from engine.match import remove
from engine.phases import may_cancel
from engine.positions import find_position
from engine.premium import count_premium, cover_again, need_of, uncover
from engine.reasons import Reason
from engine.schema import NIL, Did, Flag, Phase, Side, Tif
from engine.state import State
from engine.windows import restart, watch, witness

LADDERS = 4  # Of an instrument: bids, asks, stops to buy, stops to sell.
_DATE_MAX = np.iinfo(np.int32).max
_NONE = np.uint64(0)


@rare
def cancel_all(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Cancel an account's orders: of an instrument, a product, a side, or all."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN, count
    if not NIL <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN, count
    if not NIL <= command.product < state.totals[0].products:
        return Reason.PRODUCT_UNKNOWN, count
    if not 0 <= command.code <= Side.SELL + 1:
        return Reason.SIDE_UNKNOWN, count

    # From here on the command succeeds.
    first, last = command.instrument, command.instrument + 1
    if command.instrument == NIL:
        first, last = 0, state.totals[0].instruments
    before = count
    for index in range(first, last):
        position = state.positions[find_position(state, command.account, index)]
        instrument = state.instruments[index]
        allowed = command.flags & Flag.OPERATOR or may_cancel(instrument.phase)
        meant = command.product == NIL or command.product == instrument.product
        if allowed and meant and position.buys + position.sells > 0:
            told = count
            for number in range(LADDERS):
                if command.code == 0 or command.code == number % 2 + 1:
                    count = _cancel_of(state, index, number, 0, command, events, count)
            if count > told:
                count = publish(state, index, command, events, count)
    if count == before:
        count = say(events, count, command, Did.NOTED)
    return Reason.NONE, count


@rare
def cancel_tagged(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Cancel those of an account's orders in an instrument that carry a tag."""
    if not 0 < command.account < state.totals[0].accounts:
        return Reason.ACCOUNT_UNKNOWN, count
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN, count
    operator = command.flags & Flag.OPERATOR != 0
    if not operator and not may_cancel(state.instruments[command.instrument].phase):
        return Reason.PHASE_FORBIDS, count

    # From here on the command succeeds, if there is one.
    before = count
    for number in range(LADDERS):
        count = _cancel_of(state, command.instrument, number, command.tag, command, events, count)
    return Reason.ORDER_UNKNOWN if count == before else Reason.NONE, count


@kernel
def _cancel_of(
    state: State, index: int, number: int, tag: int, command: Row, events: Table, count: int
) -> int:
    """Cancel the account's orders on a ladder, of one tag or, at 0, of any."""
    reason = Reason.MASS_CANCEL if tag == 0 else Reason.NONE
    side = state.sides[index, number]
    rank = side.best
    while rank != _NONE:
        slot = head_of(state, side, rank)
        while slot != _NONE:
            order = state.orders[slot]
            following = np.uint64(order.next)
            if order.account == command.account and (tag == 0 or order.tag == tag):
                count = remove(state, slot, command, reason, events, count)
            slot = following
        rank = below(state, side, rank)
    return count


@rare
def change_phase(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Move an instrument, or all of a product that have not expired, into a phase."""
    totals = state.totals[0]
    if not NIL <= command.instrument < totals.instruments:
        return Reason.INSTRUMENT_UNKNOWN, count
    if command.instrument == NIL and not 0 <= command.product < totals.products:
        return Reason.PRODUCT_UNKNOWN, count
    if not Phase.PRE_OPEN <= command.code <= Phase.POST_CLOSE:
        return Reason.TERMS_INVALID, count
    if not 0 <= command.value <= _DATE_MAX:
        return Reason.TERMS_INVALID, count

    # From here on the command succeeds.
    for index in range(totals.instruments):
        instrument = state.instruments[index]
        named = index == command.instrument
        if command.instrument == NIL:
            named = instrument.product == command.product
        if named and instrument.phase != Phase.EXPIRED:
            count = _move(state, index, command, events, count)
    plan(state)
    return Reason.NONE, count


@kernel
def _move(state: State, index: int, command: Row, events: Table, count: int) -> int:
    instrument = state.instruments[index]
    if command.code == Phase.CLOSE:
        for number in range(LADDERS):
            count = _end_session(state, index, number, command, events, count)
        instrument.indicative, instrument.indicative_lots = 0, 0
    if command.code == Phase.OPEN:
        count = _open(state, index, command, events, count)
    instrument.halted = Reason.NONE
    return tell_phase(state, index, command.code, command.value, command, events, count)


@rare
def resume(state: State, command: Row, events: Table, count: int) -> int:
    """Open every instrument again whose halt ends by this command's time, with an auction."""
    for index in range(state.totals[0].instruments):
        instrument = state.instruments[index]
        if 0 < instrument.resume <= command.time:
            count = _open(state, index, command, events, count)
            date = instrument.date
            count = tell_phase(state, index, Phase.OPEN, date, command, events, count)
    plan(state)
    return count


@kernel
def _open(state: State, index: int, command: Row, events: Table, count: int) -> int:
    """Uncross an instrument; what traded before the auction does not count for its guards."""
    before = state.totals[0].trades
    count = uncross(state, index, command, events, count)
    restart(state, index)
    if state.totals[0].trades > before and watch(state, index):
        witness(state, index, state.instruments[index].last)
    return count


@kernel
def _end_session(
    state: State, index: int, number: int, command: Row, events: Table, count: int
) -> int:
    """Cancel the orders of a side that last no longer than the session of `value`."""
    side = state.sides[index, number]
    rank = side.best
    while rank != _NONE:
        slot = head_of(state, side, rank)
        while slot != _NONE:
            order = state.orders[slot]
            following = np.uint64(order.next)
            dated = order.tif == Tif.GTD and order.expiry <= command.value
            if order.tif == Tif.DAY or dated:
                count = remove(state, slot, command, Reason.SESSION_ENDED, events, count)
            slot = following
        rank = below(state, side, rank)
    return count


@rare
def expire_orders(state: State, index: int, command: Row, events: Table, count: int) -> int:
    """Cancel every order of an instrument."""
    for number in range(LADDERS):
        side = state.sides[index, number]
        while side.best != _NONE:
            slot = head_of(state, side, side.best)
            count = remove(state, slot, command, Reason.EXPIRED, events, count)
    return count


@rare
def renew_reserves(state: State, index: int) -> None:
    """Bring the reserves of an instrument's orders, and all covers, up to date with its mark."""
    instrument = state.instruments[index]
    if instrument.premium != 0:
        uncover(state, index)
        instrument.need = need_of(instrument)
    for number in range(LADDERS):
        side = state.sides[index, number]
        rank = side.best
        while rank != _NONE:
            slot = head_of(state, side, rank)
            while slot != _NONE:
                order = state.orders[slot]
                if instrument.premium != 0:
                    count_premium(state, order, order.leaves)
                else:
                    _renew_reserve(state, instrument, order)
                slot = np.uint64(order.next)
            rank = below(state, side, rank)
    if instrument.premium != 0:
        cover_again(state, index)


@kernel
def _renew_reserve(state: State, instrument: Row, order: Row) -> None:
    reserve = reserve_of(instrument, order.side, order.price)
    change = order.leaves * (reserve - order.reserve)
    state.accounts[order.account].reserves += change
    order.reserve = reserve
