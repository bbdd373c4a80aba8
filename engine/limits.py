"""Can this account hold the worst case? The pre-trade bound, and what trading does to it.

An account's bound in a product is never below what it would need after any
subset of its working orders had filled; bounds add over products without credit.
A contract's lots lie between `net - sells` and `net + buys` whatever fills, so
its longs and shorts are bounded one by one, and an order that closes a position
builds no spread: counting longs + buys against shorts + sells would have charged
a calendar for every closing order, and refused it to an account under call.
"""

import numpy as np

from engine.jit import Row, kernel
from engine.positions import find_position, open_position, reach
from engine.premium import add_cover, count_premium
from engine.schema import NIL_PRICE, Reason, Side, Standing
from engine.state import State


@kernel
def reserve_of(instrument: Row, side: int, price: int) -> int:
    """Return what a lot at this limit would lose against the mark, or pay, in micro-dollars."""
    if instrument.premium != 0:
        return price * instrument.value
    if instrument.mark == NIL_PRICE:
        return 0
    loss = price - instrument.mark if side == Side.BUY else instrument.mark - price
    return max(0, loss) * instrument.value


@kernel
def initial(account: Row, bounds: int) -> int:
    """Return bounds at the account's initial rate, rounded up to the micro-dollar."""
    extra = account.initial_percent - 100
    return bounds + bounds // 100 * extra + (bounds % 100 * extra + 99) // 100


@kernel
def free_money(account: Row) -> int:
    """Return what may be withdrawn: unpaid gains are not yet money."""
    locked = initial(account, account.bounds) + account.reserves
    return account.equity + min(account.open, 0) - locked


@kernel
def admit(state: State, account_number: int, index: int, side: int, lots: int, reserve: int) -> int:
    """Return why the account may not work `lots` more on this side, or NONE.

    lots: may be below 0, of a replace. reserve: the change of its reserves.
    Leaves the two numbers that were compared in `totals`.
    """
    instrument = state.instruments[index]
    position = state.positions[find_position(state, account_number, index)]
    reason: int = exceeds(state, position, account_number, index, side, lots)
    if reason != Reason.NONE:
        return reason
    buys = position.buys + (lots if side == Side.BUY else 0)
    sells = position.sells + (lots if side == Side.SELL else 0)

    exposure = state.exposures[account_number, instrument.product]
    charge = state.products[instrument.product].charge
    longs, shorts = exposure.longs, exposure.shorts
    if side == Side.BUY:
        longs += max(position.net + buys, 0) - _longs(position)
    else:
        shorts += max(sells - position.net, 0) - _shorts(position)
    bound = bound_with(exposure, charge, lots * instrument.rate, side, longs, shorts)
    return unaffordable(state, account_number, bound - exposure.bound, reserve)


@kernel
def exceeds(state: State, position: Row, account: int, index: int, side: int, lots: int) -> int:
    """Return POSITION_LIMIT where `lots` more on this side could pass it, or NONE."""
    position_max, totals = state.instruments[index].position_max, state.totals[0]
    reached = reach(state, position, account, index, side) + lots
    if lots > 0 and reached > position_max:
        totals.required, totals.available = reached, position_max
        return Reason.POSITION_LIMIT
    return Reason.NONE


@kernel
def unaffordable(state: State, account_number: int, more: int, reserve: int) -> int:
    """Return why an account may not bear bounds and reserves that rise by so much, or NONE."""
    if more + reserve <= 0:
        return Reason.NONE
    account, totals = state.accounts[account_number], state.totals[0]
    totals.required = initial(account, account.bounds + more) + account.reserves + reserve
    totals.available = account.equity + account.open
    if account.standing != Standing.GOOD or totals.required > totals.available:
        return Reason.MARGIN_SHORT
    return Reason.NONE


@kernel
def bound_with(exposure: Row, charge: int, money: int, side: int, longs: int, shorts: int) -> int:
    """Return an exposure's bound with `money` more working on a side, and these reaches."""
    buys, sells = exposure.buys, exposure.sells
    if side == Side.BUY:
        buys += money
    else:
        sells += money
    worst = max(abs(exposure.net + buys), abs(exposure.net - sells))
    return worst + charge * (exposure.spreads + min(longs, shorts))


@kernel
def _longs(position: Row) -> int:
    """Return the most lots that a position can come to be long by its working orders."""
    return max(position.net + position.buys, 0)


@kernel
def _shorts(position: Row) -> int:
    return max(position.sells - position.net, 0)


@kernel
def rebound(state: State, account: int, product: int) -> None:
    """Bring the bound of an exposure, and the account's sum, up to date."""
    exposure = state.exposures[account, product]
    charge = state.products[product].charge
    bound = bound_with(exposure, charge, 0, Side.BUY, exposure.longs, exposure.shorts)
    state.accounts[account].bounds += bound - exposure.bound
    exposure.bound = bound


@kernel
def work(state: State, order: Row, lots: int) -> None:
    """Count `lots` more of an order as working; below 0: fewer."""
    _move(state, order, lots, 0)
    rebound(state, order.account, state.instruments[order.instrument].product)


@kernel
def fill(state: State, order: Row, price: int, quantity: int) -> None:
    """Turn `quantity` working lots of an order into a position at `price`."""
    instrument = state.instruments[order.instrument]
    bought = quantity if order.side == Side.BUY else -quantity
    _move(state, order, -quantity, bought)
    _book(state, instrument, state.positions[order.position], bought, price)
    rebound(state, order.account, instrument.product)


@kernel
def assign(state: State, number: int, index: int, bought: int, price: int) -> None:
    """Give an account lots at `price` that no working order stood for; below 0: take them."""
    instrument = state.instruments[index]
    place = open_position(state, number, index)
    position = state.positions[place]
    if instrument.premium != 0:
        add_cover(state, place, -1)
        _count(state, position, Side.BUY, 0, bought)
        add_cover(state, place, 1)
        _book(state, instrument, position, bought, price)
        return
    exposure = state.exposures[number, instrument.product]
    exposure.longs -= _longs(position)
    exposure.shorts -= _shorts(position)
    _count(state, position, Side.BUY, 0, bought)
    exposure.net += bought * instrument.rate
    exposure.longs += _longs(position)
    exposure.shorts += _shorts(position)
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


@kernel
def _move(state: State, order: Row, lots: int, bought: int) -> None:
    """Change what an order has working by `lots` and what its owner holds by `bought`."""
    instrument = state.instruments[order.instrument]
    if instrument.premium != 0:
        place = np.uint64(order.position)
        add_cover(state, place, -1)
        _count(state, state.positions[place], order.side, lots, bought)
        count_premium(state, order, lots)
        add_cover(state, place, 1)
        return
    exposure = state.exposures[order.account, instrument.product]
    position = state.positions[order.position]
    exposure.longs -= _longs(position)
    exposure.shorts -= _shorts(position)
    _count(state, position, order.side, lots, bought)
    exposure.net += bought * instrument.rate
    if order.side == Side.BUY:
        exposure.buys += lots * instrument.rate
    else:
        exposure.sells += lots * instrument.rate
    exposure.longs += _longs(position)
    exposure.shorts += _shorts(position)
    state.accounts[order.account].reserves += lots * order.reserve


@kernel
def _count(state: State, position: Row, side: int, lots: int, bought: int) -> None:
    """Change a position, and its owner's stake, by lots that work and lots that were bought."""
    _add(position, side, lots, bought)
    if position.stake != 0:
        _add(state.stakes[position.stake], side, lots, bought)


@kernel
def _add(held: Row, side: int, lots: int, bought: int) -> None:
    held.net += bought
    if side == Side.BUY:
        held.buys += lots
    else:
        held.sells += lots


@kernel
def close(state: State, position: Row) -> None:
    """Let nothing be held of a position whose orders are gone."""
    if position.stake != 0:
        state.stakes[position.stake].net -= position.net
    position.net = 0
    position.cost = 0
