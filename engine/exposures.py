"""What an account has at stake in a product, and its bound: never below what could be needed.

Whatever subset of an account's working orders fills, a contract's lots lie between
`net - sells` and `net + buys`, so its longs and shorts are bounded one by one, and an
order that closes a position builds no spread: counting longs + buys against shorts + sells
would have charged a calendar for every closing order, and refused it to an account under call.

A credit rests on what is held, and ends with it. So while an account has any, no order counts as
closing: fills that turn a product's net from 10 to -10 end a credit that 10 had earned, and leave
10 to be margined, so they need the money of 20.
"""

from engine.jit import Row, kernel
from engine.positions import reach, reach_of
from engine.reasons import Reason
from engine.schema import Side, Standing
from engine.state import State


@kernel
def initial(account: Row, bounds: int) -> int:
    """Return bounds less credits, at the account's initial rate, rounded up to the micro-dollar."""
    owed = max(bounds - account.credits, 0)
    extra = account.initial_percent - 100
    return owed + owed // 100 * extra + (owed % 100 * extra + 99) // 100


@kernel
def exceeds(state: State, position: Row, account: int, index: int, side: int, lots: int) -> int:
    """Return POSITION_LIMIT where `lots` more on this side could pass it, or NONE.

    Leaves in `totals` how far the side could come.
    """
    position_max, totals = state.instruments[index].position_max, state.totals[0]
    reached = reach(state, position, account, index, side) + lots
    totals.reached = reached
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
    buys = money if side == Side.BUY else 0
    return bound_with_both(exposure, charge, buys, money - buys, longs, shorts)


@kernel
def bound_with_both(
    exposure: Row, charge: int, buys: int, sells: int, longs: int, shorts: int
) -> int:
    """Return an exposure's bound with this much more working on both sides, and these reaches."""
    buys += exposure.buys
    sells += exposure.sells
    pairs = charge * min(longs, shorts)
    if exposure.is_credited:
        return max(max(exposure.net, 0) + buys, max(-exposure.net, 0) + sells) + pairs
    return max(abs(exposure.net + buys), abs(exposure.net - sells)) + pairs


@kernel
def mark_credited(state: State, account: int) -> None:
    """Let every bound of an account, of products to come too, be one with credits, or without."""
    for product in range(len(state.products)):
        state.exposures[account, product].is_credited = state.accounts[account].credits != 0
        rebound(state, account, product)


@kernel
def rebound(state: State, account: int, product: int) -> None:
    """Bring the bound of an exposure, and the account's sum, up to date."""
    exposure = state.exposures[account, product]
    charge = state.products[product].charge
    bound = bound_with(exposure, charge, 0, Side.BUY, exposure.longs, exposure.shorts)
    state.accounts[account].bounds += bound - exposure.bound
    exposure.bound = bound


@kernel
def most_long(position: Row) -> int:
    """Return the most lots that a position can come to be long by all that works."""
    return max(reach_of(position, Side.BUY), 0)


@kernel
def most_short(position: Row) -> int:
    """Return the most lots that a position can come to be short by all that works."""
    return max(reach_of(position, Side.SELL), 0)


@kernel
def count_lots(state: State, position: Row, side: int, lots: int, bought: int) -> None:
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
