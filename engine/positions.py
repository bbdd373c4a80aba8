"""Where positions and owners' stakes stand, by instrument, and how far they reach.

Their lots are changed by limits.py alone.
"""

import numpy as np

from engine.jit import Index, Records, Row, kernel
from engine.schema import Side
from engine.state import State

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)
_NONE = np.uint64(0)
_ONE = np.uint64(1)


@kernel
def find_position(state: State, account: int, instrument: int) -> Index:
    """Return the place of a position, or 0, a row of zeros, where there is none."""
    return np.uint64(state.table[_probe(state.table, state.positions, account, instrument)])


@kernel
def has_position_room(state: State, place: Index, account: int, index: int) -> bool:
    """Whether the positions that an order in an instrument takes, its legs' too, exist or fit.

    place: what `find_position` returns for them.
    """
    if place != _NONE and state.instruments[index].legs == 0:
        return True
    room = np.uint64(len(state.positions)) - state.totals[0].positions
    if room > np.uint64(state.instruments[index].legs):
        return True
    missing = int(place == _NONE)
    for number in range(state.instruments[index].legs):
        if find_position(state, account, state.legs[index, number].instrument) == _NONE:
            missing += 1
    return np.uint64(missing) <= room


@kernel
def open_positions(state: State, place: Index, account: int, index: int) -> Index:
    """Return the place of a position, made where there is none, as are its legs'.

    place: what `find_position` returns for them. Call after `has_position_room`.
    """
    if place == _NONE:
        place = open_position(state, account, index)
    for number in range(state.instruments[index].legs):
        open_position(state, account, state.legs[index, number].instrument)
    return place


@kernel
def reach(state: State, position: Row, account: int, index: int, side: int) -> int:
    """Return the lots that a side can come to hold: the account's, or its owner's where more.

    position: the account's in the instrument; a row of zeros where there is none.
    """
    reached = reach_of(position, side)
    if position.stake != 0:
        return max(reached, reach_of(state.stakes[position.stake], side))
    owner = state.accounts[account].owner
    if owner != 0:  # The first order of this account, of whose owner others may hold.
        entry = _probe(state.stake_table, state.stakes, owner, index)
        return max(reached, reach_of(state.stakes[state.stake_table[entry]], side))
    return reached


@kernel
def reach_of(held: Row, side: int) -> int:
    """Return the lots that a position or a stake can come to hold on a side by all that works."""
    if side == Side.BUY:
        return held.net + held.buys + held.leg_buys
    return held.sells + held.leg_sells - held.net


@kernel
def open_position(state: State, account: int, instrument: int) -> Index:
    """Return the place of a position, made where there is none."""
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
