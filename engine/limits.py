"""Can this account hold the worst case? The pre-trade bound, and what trading does to it.

An account's bound in a product is never below what it would need after any
subset of its working orders had filled; bounds add over products without credit.
"""

import numpy as np

from engine.jit import Index, Row, kernel
from engine.schema import NIL_PRICE, Reason, Side, Standing
from engine.state import State

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)
_ONE = np.uint64(1)


@kernel
def find_position(state: State, account: int, instrument: int) -> Index:
    """Return the place of a position, or 0, a row of zeros, where there is none."""
    return np.uint64(state.table[_probe(state, account, instrument)])


@kernel
def has_position_room(state: State) -> bool:
    """Whether one more position fits."""
    return state.totals[0].positions < np.uint64(len(state.positions))


@kernel
def open_position(state: State, account: int, instrument: int) -> Index:
    """Return the place of a position, made where there is none; call after `has_position_room`."""
    entry = _probe(state, account, instrument)
    if state.table[entry] != 0:
        return np.uint64(state.table[entry])
    place = state.totals[0].positions
    state.totals[0].positions += _ONE
    state.table[entry] = place
    position = state.positions[place]
    position.account = account
    position.instrument = instrument
    position.next = state.instruments[instrument].holders
    state.instruments[instrument].holders = place
    return place


@kernel
def _probe(state: State, account: int, instrument: int) -> Index:
    """Return the entry of `table` that holds this position, or the empty one where it would."""
    mask = np.uint64(len(state.table) - 1)
    key = (np.uint64(account) << _SHIFT) | np.uint64(instrument)
    entry = ((key * _GOLDEN) >> _SHIFT) & mask
    while True:
        place = state.table[entry]
        if place == 0:
            return entry
        position = state.positions[place]
        if position.account == account and position.instrument == instrument:
            return entry
        entry = (entry + _ONE) & mask


@kernel
def reserve_of(instrument: Row, side: int, price: int) -> int:
    """Return what a lot at this limit would lose against the mark, in micro-dollars."""
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
    totals = state.totals[0]
    buys = position.buys + (lots if side == Side.BUY else 0)
    sells = position.sells + (lots if side == Side.SELL else 0)
    reach = position.net + buys if side == Side.BUY else sells - position.net
    if lots > 0 and reach > instrument.position_max:
        totals.required, totals.available = reach, instrument.position_max
        return Reason.POSITION_LIMIT

    account = state.accounts[account_number]
    exposure = state.exposures[account_number, instrument.product]
    charge = state.products[instrument.product].charge
    bound = bound_with(exposure, charge, instrument.rate, side, lots)
    bounds = account.bounds + bound - exposure.bound
    reserves = account.reserves + reserve
    if bounds + reserves <= account.bounds + account.reserves:
        return Reason.NONE
    totals.required = initial(account, bounds) + reserves
    totals.available = account.equity + account.open
    if account.standing != Standing.GOOD or totals.required > totals.available:
        return Reason.MARGIN_SHORT
    return Reason.NONE


@kernel
def bound_with(exposure: Row, charge: int, rate: int, side: int, lots: int) -> int:
    """Return an exposure's bound with `lots` more working on a side."""
    buys, sells = exposure.buys, exposure.sells
    buy_lots, sell_lots = exposure.buy_lots, exposure.sell_lots
    if side == Side.BUY:
        buys += lots * rate
        buy_lots += lots
    else:
        sells += lots * rate
        sell_lots += lots
    worst = max(abs(exposure.net + buys), abs(exposure.net - sells))
    longs = exposure.long + buy_lots + exposure.spreads
    shorts = exposure.short + sell_lots + exposure.spreads
    return worst + charge * min(longs, shorts)


@kernel
def rebound(state: State, account: int, product: int) -> None:
    """Bring the bound of an exposure, and the account's sum, up to date."""
    exposure = state.exposures[account, product]
    bound = bound_with(exposure, state.products[product].charge, 0, Side.BUY, 0)
    state.accounts[account].bounds += bound - exposure.bound
    exposure.bound = bound


@kernel
def work(state: State, order: Row, lots: int) -> None:
    """Count `lots` more of an order as working; below 0: fewer."""
    instrument = state.instruments[order.instrument]
    _work(state, order, instrument, lots)
    rebound(state, order.account, instrument.product)


@kernel
def _work(state: State, order: Row, instrument: Row, lots: int) -> None:
    exposure = state.exposures[order.account, instrument.product]
    position = state.positions[order.position]
    if order.side == Side.BUY:
        position.buys += lots
        exposure.buys += lots * instrument.rate
        exposure.buy_lots += lots
    else:
        position.sells += lots
        exposure.sells += lots * instrument.rate
        exposure.sell_lots += lots
    state.accounts[order.account].reserves += lots * order.reserve


@kernel
def fill(state: State, order: Row, price: int, quantity: int) -> None:
    """Turn `quantity` working lots of an order into a position at `price`."""
    instrument = state.instruments[order.instrument]
    _work(state, order, instrument, -quantity)
    bought = quantity if order.side == Side.BUY else -quantity
    position = state.positions[order.position]
    exposure = state.exposures[order.account, instrument.product]
    exposure.long += max(position.net + bought, 0) - max(position.net, 0)
    exposure.short += max(-position.net - bought, 0) - max(-position.net, 0)
    exposure.net += bought * instrument.rate
    position.net += bought
    position.cost += bought * price
    if instrument.mark != NIL_PRICE:
        gain = bought * (instrument.mark - price) * instrument.value
        state.accounts[order.account].open += gain
    rebound(state, order.account, instrument.product)
