"""What follows for spreads from what befalls their legs: marks, rates, the end.

A spread has no mark, settlement or rate of its own. They are sums over its legs,
kept in its row so that a reserve, a bound or a stop asks no leg.
"""

import numpy as np

from engine.guards import refer
from engine.halts import tell_phase
from engine.jit import Row, Table, kernel, rare
from engine.reasons import Reason
from engine.schema import NIL_PRICE, Form, Phase, Side
from engine.spread_limits import stake_spread
from engine.state import State
from engine.sweep import expire_orders, renew_reserves
from engine.tas import price_all

PRICE_MAX = 1 << 40  # No price of a ladder, and no settlement, is beyond it.
_NONE = np.uint64(0)


@kernel
def _is_over(state: State, index: int, leg: int) -> bool:
    """Whether an instrument is a spread over a leg, with all its legs listed, and alive."""
    spread = state.instruments[index]
    if spread.legs == 0 or spread.known < spread.legs or spread.phase == Phase.EXPIRED:
        return False
    return has_leg(state, index, leg)


@kernel
def has_leg(state: State, index: int, leg: int) -> bool:
    """Whether an outright is a leg of an instrument, as far as its legs are listed."""
    for number in range(state.instruments[index].known):
        if state.legs[index, number].instrument == leg:
            return True
    return False


@rare
def follow_marks(state: State, leg: int) -> None:
    """Bring marks, settlements and reserves of the spreads over a leg up to date."""
    for index in range(state.totals[0].instruments):
        if _is_over(state, index, leg):
            sum_marks(state, index)
            renew_reserves(state, index)


@rare
def follow_rates(state: State, leg: int) -> None:
    """Bring the rates of the spreads over a leg, and what works of them, up to date."""
    for index in range(state.totals[0].instruments):
        if _is_over(state, index, leg):
            _stake_all(state, index, -1)
            sum_rates(state, index)
            _stake_all(state, index, 1)


@kernel
def _stake_all(state: State, index: int, sign: int) -> None:
    """Put everyone's working lots of a spread at stake, or with -1 take them back."""
    place = np.uint64(state.instruments[index].holders)
    while place != _NONE:
        position = state.positions[place]
        stake_spread(state, position.account, index, Side.BUY, sign * position.buys)
        stake_spread(state, position.account, index, Side.SELL, sign * position.sells)
        place = np.uint64(position.next)


@rare
def expire_spreads(state: State, leg: int, command: Row, events: Table, count: int) -> int:
    """End every spread over a leg that ends at `value`; return the new count.

    What traded at settlement and was not priced gets the last settlement there is.
    """
    for index in range(state.totals[0].instruments):
        if state.instruments[index].phase != Phase.EXPIRED and has_leg(state, index, leg):
            if state.instruments[index].form == Form.TAS:
                count = price_all(state, index, command, events, count)
            count = expire_orders(state, index, command, events, count)
            state.instruments[index].halted = Reason.NONE
            count = tell_phase(state, index, Phase.EXPIRED, 0, command, events, count)
    return count


@kernel
def sum_rates(state: State, index: int) -> None:
    """Write what a lot bought of a spread moves, in the money of each of its products."""
    spread = state.instruments[index]
    spread.rate, spread.far_rate = 0, 0
    for number in range(spread.legs):
        leg = state.legs[index, number]
        instrument = state.instruments[leg.instrument]
        if instrument.product == spread.product:
            spread.rate += leg.ratio * instrument.rate
        else:
            spread.far_rate += leg.ratio * instrument.rate


@kernel
def sum_marks(state: State, index: int) -> None:
    """Write a spread's mark and settlement, each if every leg has one.

    The mark is the sum over its legs; the settlement is a price of the spread, rounded down.
    Of a TAS book both are 0, once its month has a mark to stand in at.
    """
    spread = state.instruments[index]
    if spread.form == Form.TAS:
        _level(state, index)
        return
    mark, settlement = 0, 0
    is_marked, is_settled = True, True
    for number in range(spread.legs):
        leg = state.legs[index, number]
        instrument = state.instruments[leg.instrument]
        is_marked = is_marked and instrument.mark != NIL_PRICE
        is_settled = is_settled and instrument.settlement != NIL_PRICE
        mark += leg.ratio * instrument.mark
        settlement += leg.ratio * instrument.settlement
    spread.mark = mark if is_marked else NIL_PRICE
    spread.settlement = settlement // spread.divisor if is_settled else NIL_PRICE
    spread.is_stale = is_settled
    refer(state, index)


@kernel
def _level(state: State, index: int) -> None:
    """Make 0 the mark and the settlement of a TAS book: its prices are offsets to both."""
    book = state.instruments[index]
    if state.instruments[state.legs[index, 0].instrument].mark != NIL_PRICE:
        book.mark, book.settlement, book.is_stale = 0, 0, 1
        refer(state, index)
