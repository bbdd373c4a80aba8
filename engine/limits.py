"""Can this account hold the worst case? The pre-trade bound, and what trading does to it.

An account's bound in a product is never below what it would need after any
subset of its working orders had filled; bounds add over products without credit.
"""

import numpy as np

from engine.credits import forfeit
from engine.exposures import (
    bound_with,
    count_lots,
    exceeds,
    initial,
    most_long,
    most_short,
    rebound,
    unaffordable,
)
from engine.jit import Index, Row, kernel, rare
from engine.positions import open_position, reach_of
from engine.premium import add_cover, count_premium
from engine.reasons import Reason
from engine.schema import NIL_PRICE, Side
from engine.spread_limits import admit_spread, work_spread
from engine.state import State


@kernel
def reserve_of(instrument: Row, side: int, price: int) -> int:
    """Return what a lot at this limit would lose against the mark, or pay, in micro-dollars."""
    if instrument.premium != 0:
        return price * instrument.value
    if instrument.mark == NIL_PRICE:
        return 0
    loss = instrument.divisor * price - instrument.mark
    return max(0, loss if side == Side.BUY else -loss) * instrument.value


@kernel
def free_money(account: Row) -> int:
    """Return what may be withdrawn: unpaid gains are not yet money."""
    locked = initial(account, account.bounds) + account.reserves
    return account.equity + min(account.open, 0) - locked


@kernel
def admit(
    state: State,
    place: Index,
    account_number: int,
    index: int,
    side: int,
    lots: int,
    reserve: int,
) -> int:
    """Return why the account may not work `lots` more on this side, or NONE.

    place: of its position, as `find_position` returns it. lots: may be below 0, of a replace.
    reserve: the change of its reserves. Leaves the two numbers that were compared in `totals`.
    """
    instrument = state.instruments[index]
    if instrument.legs > 0:
        return admit_spread(state, account_number, index, side, lots, reserve)
    position = state.positions[place]
    reason: int = exceeds(state, position, account_number, index, side, lots)
    if reason != Reason.NONE:
        return reason

    exposure = state.exposures[account_number, instrument.product]
    charge = state.products[instrument.product].charge
    longs, shorts = exposure.longs, exposure.shorts
    if side == Side.BUY:
        longs += max(reach_of(position, side) + lots, 0) - most_long(position)
    else:
        shorts += max(reach_of(position, side) + lots, 0) - most_short(position)
    bound = bound_with(exposure, charge, lots * instrument.rate, side, longs, shorts)
    return unaffordable(state, account_number, bound - exposure.bound, reserve)


@kernel
def work(state: State, order: Row, lots: int) -> None:
    """Count `lots` more of an order as working; below 0: fewer."""
    instrument = state.instruments[order.instrument]
    if instrument.legs > 0:
        work_spread(state, order, lots)
    elif instrument.premium != 0:
        _move_covered(state, order, lots, 0)
        rebound(state, order.account, instrument.product)
    else:
        _work_outright(state, instrument, order, lots)
        rebound(state, order.account, instrument.product)


@kernel
def fill(state: State, order: Row, price: int, quantity: int) -> None:
    """Turn `quantity` working lots of an order into a position; `assign` gives a spread's legs."""
    instrument = state.instruments[order.instrument]
    if instrument.legs > 0:
        work_spread(state, order, -quantity)
        return
    bought = quantity if order.side == Side.BUY else -quantity
    forfeit(state, order.account, instrument, state.positions[order.position].net, bought)
    if instrument.premium != 0:
        _move_covered(state, order, -quantity, bought)
    else:
        _fill_outright(state, instrument, order, quantity)
    _book(state, instrument, state.positions[order.position], bought, price)
    rebound(state, order.account, instrument.product)


@rare
def assign(state: State, number: int, index: int, bought: int, price: int) -> None:
    """Give an account lots at `price` that no working order stood for; below 0: take them."""
    instrument = state.instruments[index]
    place = open_position(state, number, index)
    position = state.positions[place]
    forfeit(state, number, instrument, position.net, bought)
    if instrument.premium != 0:
        add_cover(state, place, -1)
        count_lots(state, position, Side.BUY, 0, bought)
        add_cover(state, place, 1)
        _book(state, instrument, position, bought, price)
        return
    exposure = state.exposures[number, instrument.product]
    exposure.longs -= most_long(position)
    exposure.shorts -= most_short(position)
    count_lots(state, position, Side.BUY, 0, bought)
    exposure.net += bought * instrument.rate
    exposure.longs += most_long(position)
    exposure.shorts += most_short(position)
    _book(state, instrument, position, bought, price)
    rebound(state, number, instrument.product)


@kernel
def _book(state: State, instrument: Row, position: Row, bought: int, price: int) -> None:
    """Count what lots cost, and what they have gained against the mark; or have them paid."""
    if instrument.premium != 0:
        state.accounts[position.account].equity -= bought * price * instrument.value
        return
    position.cost += bought * price
    if instrument.mark != NIL_PRICE:
        gain = bought * (instrument.mark - price) * instrument.value
        state.accounts[position.account].open += gain


@rare
def _move_covered(state: State, order: Row, lots: int, bought: int) -> None:
    """Change what an order at a premium has working, and what its owner holds by `bought`."""
    place = np.uint64(order.position)
    add_cover(state, place, -1)
    count_lots(state, state.positions[place], order.side, lots, bought)
    count_premium(state, order, lots)
    add_cover(state, place, 1)


@kernel
def _work_outright(state: State, instrument: Row, order: Row, lots: int) -> None:
    """Change what an order has working: only its own side can come to reach farther."""
    exposure = state.exposures[order.account, instrument.product]
    position = state.positions[order.position]
    if order.side == Side.BUY:
        exposure.longs -= most_long(position)
        count_lots(state, position, Side.BUY, lots, 0)
        exposure.longs += most_long(position)
        exposure.buys += lots * instrument.rate
    else:
        exposure.shorts -= most_short(position)
        count_lots(state, position, Side.SELL, lots, 0)
        exposure.shorts += most_short(position)
        exposure.sells += lots * instrument.rate
    state.accounts[order.account].reserves += lots * order.reserve


@kernel
def _fill_outright(state: State, instrument: Row, order: Row, quantity: int) -> None:
    """Turn working lots into held ones: only the other side then reaches less far."""
    exposure = state.exposures[order.account, instrument.product]
    position = state.positions[order.position]
    money = quantity * instrument.rate
    if order.side == Side.BUY:
        exposure.shorts -= most_short(position)
        count_lots(state, position, Side.BUY, -quantity, quantity)
        exposure.shorts += most_short(position)
        exposure.net += money
        exposure.buys -= money
    else:
        exposure.longs -= most_long(position)
        count_lots(state, position, Side.SELL, -quantity, -quantity)
        exposure.longs += most_long(position)
        exposure.net -= money
        exposure.sells -= money
    state.accounts[order.account].reserves -= quantity * order.reserve


@kernel
def close(state: State, position: Row) -> None:
    """Let nothing be held of a position whose orders are gone."""
    if position.stake != 0:
        state.stakes[position.stake].net -= position.net
    position.net = 0
    position.cost = 0
