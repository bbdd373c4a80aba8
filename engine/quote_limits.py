"""May an account have this quote in place of its old one? As admission.py, of both sides at once.

Both at once, because the charge of a pair needs one of each, and because of a contract that is
paid for either the sells count or the buys, never both.
"""

from engine.exposures import bound_with_both, exceeds, most_long, most_short, unaffordable
from engine.jit import Index, Row, kernel, rare
from engine.limits import reserve_of
from engine.positions import reach_of
from engine.premium import growth_of_cover
from engine.quote_sides import lots_of, price_at, quoted
from engine.reasons import Reason
from engine.schema import Side
from engine.spread_limits import exceeds_legs, growth_of_spread
from engine.state import State


@rare
def admit_quote(state: State, command: Row, place: Index) -> int:
    """Return why the account may not work both sides in place of the old ones, or NONE.

    place: of its position; 0 where there is none. Of the sides the bid is reported first.
    """
    for side in range(2):
        reason = _exceeds(state, command, place, side)
        if reason != Reason.NONE:
            return reason
    bids = _more(state, command, place, Side.BUY)
    asks = _more(state, command, place, Side.SELL)
    instrument = state.instruments[command.instrument]
    if instrument.premium != 0:
        growth, reserve = _growth_of_premium(state, command, place, asks)
        return unaffordable(state, command.account, growth, reserve)
    if instrument.legs > 0:
        growth = growth_of_spread(state, command.account, command.instrument, bids, asks)
    else:
        growth = _growth(state, command, place, bids, asks)
    return unaffordable(state, command.account, growth, _reserve(state, command, place))


@kernel
def _more(state: State, command: Row, place: Index, side: int) -> int:
    """Return by how many lots a side grows."""
    return lots_of(command, side) - state.orders[quoted(state, place, side)].leaves


@kernel
def _exceeds(state: State, command: Row, place: Index, side: int) -> int:
    """Return POSITION_LIMIT where a side could pass it, or one of a leg; or NONE."""
    account, index = command.account, command.instrument
    more = _more(state, command, place, side)
    if state.instruments[index].legs > 0:
        return exceeds_legs(state, account, index, side, more)
    return exceeds(state, state.positions[place], account, index, side, more)


@kernel
def _growth(state: State, command: Row, place: Index, bids: int, asks: int) -> int:
    """Return by how much the bound of an outright's product rises."""
    instrument, position = state.instruments[command.instrument], state.positions[place]
    exposure = state.exposures[command.account, instrument.product]
    high, low = reach_of(position, Side.BUY), reach_of(position, Side.SELL)
    longs = exposure.longs + max(high + bids, 0) - most_long(position)
    shorts = exposure.shorts + max(low + asks, 0) - most_short(position)
    charge, rate = state.products[instrument.product].charge, instrument.rate
    bound = bound_with_both(exposure, charge, bids * rate, asks * rate, longs, shorts)
    return bound - exposure.bound


@kernel
def _reserve(state: State, command: Row, place: Index) -> int:
    """Return by how much the reserves of both sides rise, where variation is paid."""
    reserve = 0
    for side in range(2):
        old = state.orders[quoted(state, place, side)]
        reserve += lots_of(command, side) * _each(state, command, side) - old.leaves * old.reserve
    return reserve


@kernel
def _growth_of_premium(state: State, command: Row, place: Index, asks: int) -> tuple[int, int]:
    """Return by how much bounds and reserves rise, where the price is paid at the trade."""
    need = state.instruments[command.instrument].need
    paying, earning, excess = 0, 0, 0
    for side in range(2):
        old, lots = state.orders[quoted(state, place, side)], lots_of(command, side)
        each = _each(state, command, side)
        capped = lots * min(each, need) - old.leaves * min(old.reserve, need)
        if side == Side.BUY:
            paying = capped
            excess = lots * each - old.leaves * old.reserve - capped
        else:
            earning = capped
    return growth_of_cover(state, place, command.instrument, asks, paying, earning, excess)


@kernel
def _each(state: State, command: Row, side: int) -> int:
    """Return what a lot of a side reserves; 0 where it has none, and its price means nothing."""
    if lots_of(command, side) == 0:
        return 0
    return reserve_of(state.instruments[command.instrument], side, price_at(command, side))
