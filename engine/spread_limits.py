"""What working orders of spreads put at stake: lots in each leg, money on the side they move.

A spread is never held. A lot of it counts in the reach of each leg, |ratio| lots on the leg's
side, and in the bound of its product by the signed sum of its legs' rates, kept in the spread's
row; of an inter-commodity spread in both products. So a calendar that closes a calendar adds
nothing, and no subset of fills leaves these ranges.
"""

from engine.exposures import (
    bound_with_both,
    count_lots,
    exceeds,
    most_long,
    most_short,
    rebound,
    unaffordable,
)
from engine.jit import Row, kernel, rare
from engine.positions import find_position, reach_of
from engine.reasons import Reason
from engine.schema import Side
from engine.state import State


@kernel
def side_of(leg: Row, side: int) -> int:
    """Return the side of a leg that an order on this side of its spread is on."""
    return side if leg.ratio > 0 else 1 - side


@rare
def admit_spread(
    state: State, account_number: int, index: int, side: int, lots: int, reserve: int
) -> int:
    """Return why the account may not work `lots` more of a spread on this side, or NONE."""
    reason: int = exceeds_legs(state, account_number, index, side, lots)
    if reason != Reason.NONE:
        return reason
    bids = lots if side == Side.BUY else 0
    growth = growth_of_spread(state, account_number, index, bids, lots - bids)
    return unaffordable(state, account_number, growth, reserve)


@rare
def exceeds_legs(state: State, account: int, index: int, side: int, lots: int) -> int:
    """Return POSITION_LIMIT where `lots` more of a spread could pass a leg's, or NONE."""
    for number in range(state.instruments[index].legs):
        leg = state.legs[index, number]
        position = state.positions[find_position(state, account, leg.instrument)]
        more, at = lots * abs(leg.ratio), side_of(leg, side)
        reason: int = exceeds(state, position, account, leg.instrument, at, more)
        if reason != Reason.NONE:
            return reason
    return Reason.NONE


@rare
def growth_of_spread(state: State, account: int, index: int, bids: int, asks: int) -> int:
    """Return by how much an account's bounds rise when so many lots more of a spread work."""
    spread = state.instruments[index]
    growth = _growth(state, account, index, spread.product, spread.rate, bids, asks)
    if spread.far_product != spread.product:
        far, rate = spread.far_product, spread.far_rate
        growth += _growth(state, account, index, far, rate, bids, asks)
    return growth


@kernel
def _growth(
    state: State, account: int, index: int, product: int, rate: int, bids: int, asks: int
) -> int:
    """Return by how much a product's bound rises when so many lots more of a spread work."""
    exposure = state.exposures[account, product]
    longs, shorts = exposure.longs, exposure.shorts
    for number in range(state.instruments[index].legs):
        leg = state.legs[index, number]
        if state.instruments[leg.instrument].product == product:
            position = state.positions[find_position(state, account, leg.instrument)]
            bought, sold = bids * abs(leg.ratio), asks * abs(leg.ratio)
            if leg.ratio < 0:
                bought, sold = sold, bought
            longs += max(reach_of(position, Side.BUY) + bought, 0) - most_long(position)
            shorts += max(reach_of(position, Side.SELL) + sold, 0) - most_short(position)
    up, down = bids * abs(rate), asks * abs(rate)
    if rate < 0:
        up, down = down, up
    charge = state.products[product].charge
    return bound_with_both(exposure, charge, up, down, longs, shorts) - exposure.bound


@rare
def work_spread(state: State, order: Row, lots: int) -> None:
    """Count `lots` more of a spread's order as working, in each of its legs."""
    count_lots(state, state.positions[order.position], order.side, lots, 0)
    for number in range(state.instruments[order.instrument].legs):
        leg = state.legs[order.instrument, number]
        held = state.positions[find_position(state, order.account, leg.instrument)]
        exposure = state.exposures[order.account, state.instruments[leg.instrument].product]
        exposure.longs -= most_long(held)
        exposure.shorts -= most_short(held)
        _count_leg(held, side_of(leg, order.side), lots * abs(leg.ratio))
        if held.stake != 0:
            _count_leg(state.stakes[held.stake], side_of(leg, order.side), lots * abs(leg.ratio))
        exposure.longs += most_long(held)
        exposure.shorts += most_short(held)
    state.accounts[order.account].reserves += lots * order.reserve
    stake_spread(state, order.account, order.instrument, order.side, lots)


@kernel
def _count_leg(held: Row, side: int, lots: int) -> None:
    """Change what working spreads could add to a position, or to an owner's stake."""
    if side == Side.BUY:
        held.leg_buys += lots
    else:
        held.leg_sells += lots


@kernel
def stake_spread(state: State, account: int, index: int, side: int, lots: int) -> None:
    """Put the money of working lots of a spread at stake, by its rates as they stand."""
    spread = state.instruments[index]
    _stake(state.exposures[account, spread.product], side, lots, spread.rate)
    rebound(state, account, spread.product)
    if spread.far_product != spread.product:
        _stake(state.exposures[account, spread.far_product], side, lots, spread.far_rate)
        rebound(state, account, spread.far_product)


@kernel
def _stake(exposure: Row, side: int, lots: int, rate: int) -> None:
    """Add working lots at a signed rate to the side of the money that they move."""
    if (side == Side.BUY) == (rate >= 0):
        exposure.buys += lots * abs(rate)
    else:
        exposure.sells += lots * abs(rate)
