"""Can this account hold the worst case? The pre-trade bound, and what trading does to it.

An account's bound in a product is never below what it would need after any
subset of its working orders had filled; bounds add over products without credit.
A contract's lots lie between `net - sells` and `net + buys` whatever fills, so
its longs and shorts are bounded one by one, and an order that closes a position
builds no spread: counting longs + buys against shorts + sells would have charged
a calendar for every closing order, and refused it to an account under call.
"""

import numpy as np

from engine.jit import Index, Records, Row, kernel
from engine.schema import NIL_PRICE, Reason, Side, Standing
from engine.state import State

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)
_ONE = np.uint64(1)


@kernel
def find_position(state: State, account: int, instrument: int) -> Index:
    """Return the place of a position, or 0, a row of zeros, where there is none."""
    return np.uint64(state.table[_probe(state.table, state.positions, account, instrument)])


@kernel
def has_position_room(state: State) -> bool:
    """Whether one more position fits."""
    return state.totals[0].positions < np.uint64(len(state.positions))


@kernel
def open_position(state: State, account: int, instrument: int) -> Index:
    """Return the place of a position, made where there is none; call after `has_position_room`."""
    entry = _probe(state.table, state.positions, account, instrument)
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
    owner = state.accounts[account].owner
    if owner != 0:
        position.stake = _open_stake(state, owner, instrument)
    return place


@kernel
def _open_stake(state: State, owner: int, instrument: int) -> Index:
    """Return the place of what an owner has in an instrument, made where there is none."""
    entry = _probe(state.stake_table, state.stakes, owner, instrument)
    if state.stake_table[entry] == 0:
        place = state.totals[0].stakes
        state.totals[0].stakes += _ONE
        state.stake_table[entry] = place
        state.stakes[place].account = owner
        state.stakes[place].instrument = instrument
    return np.uint64(state.stake_table[entry])


@kernel
def _probe(table: Records, rows: Records, account: int, instrument: int) -> Index:
    """Return the entry of a table that holds this row, or the empty one where it would."""
    mask = np.uint64(len(table) - 1)
    key = (np.uint64(account) << _SHIFT) | np.uint64(instrument)
    entry = ((key * _GOLDEN) >> _SHIFT) & mask
    while True:
        place = table[entry]
        if place == 0:
            return entry
        row = rows[place]
        if row.account == account and row.instrument == instrument:
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
    reached = reach(state, position, account_number, index, side) + lots
    if lots > 0 and reached > instrument.position_max:
        totals.required, totals.available = reached, instrument.position_max
        return Reason.POSITION_LIMIT

    account = state.accounts[account_number]
    exposure = state.exposures[account_number, instrument.product]
    charge = state.products[instrument.product].charge
    longs, shorts = exposure.longs, exposure.shorts
    if side == Side.BUY:
        longs += max(position.net + buys, 0) - _longs(position)
    else:
        shorts += max(sells - position.net, 0) - _shorts(position)
    bound = bound_with(exposure, charge, lots * instrument.rate, side, longs, shorts)
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
def reach(state: State, position: Row, account: int, index: int, side: int) -> int:
    """Return the lots that a side can come to hold: the account's, or its owner's where more.

    position: the account's in the instrument; a row of zeros where there is none.
    """
    reached = _reach_of(position, side)
    if position.stake != 0:
        return max(reached, _reach_of(state.stakes[position.stake], side))
    owner = state.accounts[account].owner
    if owner != 0:  # The first order of this account, of whose owner others may hold.
        entry = _probe(state.stake_table, state.stakes, owner, index)
        return max(reached, _reach_of(state.stakes[state.stake_table[entry]], side))
    return reached


@kernel
def _reach_of(held: Row, side: int) -> int:
    return held.net + held.buys if side == Side.BUY else held.sells - held.net


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
    exposure = state.exposures[number, instrument.product]
    position = state.positions[open_position(state, number, index)]
    exposure.longs -= _longs(position)
    exposure.shorts -= _shorts(position)
    _count(position, Side.BUY, 0, bought)
    if position.stake != 0:
        _count(state.stakes[position.stake], Side.BUY, 0, bought)
    exposure.net += bought * instrument.rate
    exposure.longs += _longs(position)
    exposure.shorts += _shorts(position)
    _book(state, instrument, position, bought, price)
    rebound(state, number, instrument.product)


@kernel
def _book(state: State, instrument: Row, position: Row, bought: int, price: int) -> None:
    """Count what lots cost, and what they have gained against the mark."""
    position.cost += bought * price
    if instrument.mark != NIL_PRICE:
        gain = bought * (instrument.mark - price) * instrument.value
        state.accounts[position.account].open += gain


@kernel
def _move(state: State, order: Row, lots: int, bought: int) -> None:
    """Change what an order has working by `lots` and what its owner holds by `bought`."""
    instrument = state.instruments[order.instrument]
    exposure = state.exposures[order.account, instrument.product]
    position = state.positions[order.position]
    exposure.longs -= _longs(position)
    exposure.shorts -= _shorts(position)
    _count(position, order.side, lots, bought)
    if position.stake != 0:
        _count(state.stakes[position.stake], order.side, lots, bought)
    exposure.net += bought * instrument.rate
    if order.side == Side.BUY:
        exposure.buys += lots * instrument.rate
    else:
        exposure.sells += lots * instrument.rate
    exposure.longs += _longs(position)
    exposure.shorts += _shorts(position)
    state.accounts[order.account].reserves += lots * order.reserve


@kernel
def _count(held: Row, side: int, lots: int, bought: int) -> None:
    """Change a position, or an owner's stake, by lots that work and lots that were bought."""
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
