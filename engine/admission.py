"""May this account work this order? The bound of limits.py, and of premium.py where one is paid."""

import numpy as np

from engine.exposures import exceeds, unaffordable
from engine.jit import Index, Row, kernel
from engine.limits import admit, reserve_of
from engine.premium import growth_of_cover
from engine.reasons import Reason
from engine.schema import Side
from engine.state import State


@kernel
def admit_new(
    state: State, place: Index, number: int, index: int, side: int, lots: int, price: int
) -> int:
    """Return why an account may not work a new order at this limit, or NONE.

    place: of its position, as `find_position` returns it.
    """
    instrument = state.instruments[index]
    reserve = reserve_of(instrument, side, price)
    whole = lots * reserve
    if instrument.premium == 0:
        return admit(state, place, number, index, side, lots, whole)
    capped = lots * min(reserve, instrument.need)
    return _admit_premium(state, place, number, index, side, lots, capped, whole)


@kernel
def admit_change(state: State, command: Row, order: Row, lots: int, price: int) -> int:
    """Return why an order may not come to have `lots` left at this limit, or NONE."""
    index = command.instrument
    instrument, side, place = state.instruments[index], order.side, np.uint64(order.position)
    reserve = reserve_of(instrument, side, price)
    more = lots - order.leaves
    whole = lots * reserve - order.leaves * order.reserve
    if instrument.premium == 0:
        return admit(state, place, order.account, index, side, more, whole)
    need = instrument.need
    capped = lots * min(reserve, need) - order.leaves * min(order.reserve, need)
    return _admit_premium(state, place, order.account, index, side, more, capped, whole)


@kernel
def _admit_premium(
    state: State,
    place: Index,
    number: int,
    index: int,
    side: int,
    lots: int,
    capped: int,
    whole: int,
) -> int:
    """As limits.admit. whole, capped: the change of the premiums, and with each at most `need`."""
    reason: int = exceeds(state, state.positions[place], number, index, side, lots)
    if reason != Reason.NONE:
        return reason
    if side == Side.BUY:
        bound, reserve = growth_of_cover(state, place, index, 0, capped, 0, whole - capped)
    else:
        bound, reserve = growth_of_cover(state, place, index, lots, 0, capped, 0)
    return unaffordable(state, number, bound, reserve)
