"""Price levels and their queues: the only file that touches a link, a level or a bitmap.

Prices of a side are ranks (engine/state.py): the best is the greatest, on both
sides, so one loop serves both. Which ranks hold an order stands in a bitmap of
three tiers, so the next price is found without walking over empty levels.
"""

import numpy as np

from engine.jit import Index, Records, Row, highest_bit, kernel, prefetch
from engine.schema import SLOT_BITS, Side
from engine.state import State

_NONE = np.uint64(0)
_ONE = np.uint64(1)
_SIX = np.uint64(6)
_LOW_SIX = np.uint64(63)
_SLOT_MASK = (1 << SLOT_BITS) - 1
_NEAR, _FAR = 4, 16  # Rows ahead: as long as it takes to fetch an order, or a row, in no cache.


@kernel
def has_slot(state: State) -> bool:
    """Whether one more order fits."""
    return state.totals[0].free != _NONE or state.totals[0].fresh < np.uint64(len(state.orders))


@kernel
def take_slot(state: State) -> Index:
    """Return a slot under a fresh order id; call only after `has_slot`."""
    totals = state.totals[0]
    slot = totals.free
    if slot == _NONE:
        slot = totals.fresh
        totals.fresh += _ONE
    else:
        totals.free = np.uint64(state.orders[slot].next)
    totals.orders += 1
    state.orders[slot].order_id = (totals.orders << SLOT_BITS) | np.int64(slot)
    return slot


@kernel
def free_slot(state: State, slot: Index) -> None:
    """Give back a slot that is in no queue."""
    totals = state.totals[0]
    order = state.orders[slot]
    order.order_id = 0
    if not order.is_whole:
        order.quote = 0
    order.next = totals.free
    totals.free = np.uint64(slot)


@kernel
def find(state: State, order_id: int) -> Index:
    """Return the slot of a live order, or 0."""
    slot = np.uint64(order_id & _SLOT_MASK)
    if order_id <= 0 or slot >= np.uint64(len(state.orders)):
        return _NONE
    return slot if state.orders[slot].order_id == order_id else _NONE


@kernel
def expect(state: State, rows: Records, done: int) -> None:
    """Ask for memory before its turn: a far row's, and that of the order that a near one names."""
    prefetch(rows, np.uint64(done + _FAR))  # Beyond the last row it asks in vain.
    if done + _NEAR < len(rows):
        prefetch(state.orders, _named(state, rows[np.uint64(done + _NEAR)]))


@kernel
def _named(state: State, command: Row) -> Index:
    """Return the slot that the order had when it was entered; 0 where a command names none."""
    slot = np.uint64(command.order_id & _SLOT_MASK)
    return slot if slot < np.uint64(len(state.orders)) else _NONE


@kernel
def rank_of(instrument: Row, side: int, price: int) -> Index:
    """Return the rank of a price on the ladder: 1 is the farthest from the market."""
    away = price - instrument.low if side == Side.BUY else instrument.high - price
    return np.uint64(ticks_of(instrument, away) + 1)


@kernel
def ticks_of(instrument: Row, distance: int) -> int:
    """Return how many whole ticks lie in a distance; most ladders spare the division."""
    return distance if instrument.tick == 1 else distance // instrument.tick


@kernel
def price_of(instrument: Row, side: int, rank: Index) -> int:
    """Return the price of a rank: the inverse of `rank_of`."""
    away = (np.int64(rank) - 1) * instrument.tick
    return instrument.low + away if side == Side.BUY else instrument.high - away


@kernel
def trigger_rank_of(instrument: Row, side: int, trigger: int) -> Index:
    """Return the rank of a stop: the nearest trigger is the greatest, as if it were opposite."""
    return rank_of(instrument, 1 - side, trigger)


@kernel
def facing(side: Row, rank: Index) -> Index:
    """Return the rank that the same price has on the other side."""
    return side.ranks + _ONE - rank


@kernel
def link(state: State, slot: Index) -> None:
    """Put an order at the back of the queue of its level."""
    order = state.orders[slot]
    level = state.levels[order.level]
    order.prev = level.tail
    order.next = 0
    if level.tail == 0:
        level.head = slot
        _occupy(state, state.sides[order.instrument, order.ladder], order.level)
    else:
        state.orders[level.tail].next = slot
    level.tail = slot
    level.lots += order.leaves
    level.shown += shown_of(order)
    _count(state, order, 1)


@kernel
def unlink(state: State, slot: Index) -> None:
    """Take an order, with what is left of it, out of its queue."""
    order = state.orders[slot]
    level = state.levels[order.level]
    if order.prev == 0:
        level.head = order.next
    else:
        state.orders[order.prev].next = order.next
    if order.next == 0:
        level.tail = order.prev
    else:
        state.orders[order.next].prev = order.prev
    level.lots -= order.leaves
    level.shown -= shown_of(order)
    if level.head == 0:
        _vacate(state, state.sides[order.instrument, order.ladder], order.level)
    _count(state, order, -1)


@kernel
def shrink(state: State, slot: Index, quantity: int) -> None:
    """Take lots off a queued order, first of what it hides; it keeps its place."""
    order = state.orders[slot]
    level = state.levels[order.level]
    level.lots -= quantity
    level.shown -= order.shown
    _count_refills(state, order, -1)
    order.leaves -= quantity
    order.shown = min(order.shown, order.leaves)
    _count_refills(state, order, 1)
    level.shown += order.shown
    touch(state, order.instrument)


@kernel
def take(state: State, slot: Index, quantity: int) -> None:
    """Take traded lots off what a queued order shows."""
    order = state.orders[slot]
    level = state.levels[order.level]
    level.lots -= quantity
    level.shown -= quantity
    order.leaves -= quantity
    order.shown -= quantity
    order.filled += quantity
    touch(state, order.instrument)


@kernel
def refill(state: State, slot: Index) -> None:
    """Show the next lots of an order, at the back of its queue."""
    unlink(state, slot)
    show(state.orders[slot])
    link(state, slot)


@kernel
def show(order: Row) -> None:
    """Let an order show as much as its display quantity allows."""
    order.shown = order.leaves
    if order.display > 0:
        order.shown = min(order.display, order.leaves)


@kernel
def shown_of(order: Row) -> int:
    """Return what the book displays of an order; of most this asks one line of memory."""
    return order.leaves if order.is_whole else order.shown


@kernel
def _count(state: State, order: Row, change: int) -> None:
    instrument = state.instruments[order.instrument]
    instrument.live += change
    state.totals[0].live += change
    if not order.is_whole:
        _count_refills(state, order, change)
        state.totals[0].quotes += change * order.quote
    touch(state, order.instrument)


@kernel
def touch(state: State, index: int) -> None:
    """Note that a book has changed, where implied prices may hang on it."""
    instrument = state.instruments[index]
    if instrument.paths > 0 and instrument.touched == 0:
        instrument.touched = 1
        state.touched[state.totals[0].touched] = index
        state.totals[0].touched += 1


@kernel
def _count_refills(state: State, order: Row, sign: int) -> None:
    if order.display > 0:
        hidden = order.leaves - order.shown
        refills = (hidden + order.display - 1) // order.display
        instrument = state.instruments[order.instrument]
        instrument.refills += sign * refills
        state.totals[0].refills += sign * refills


@kernel
def _occupy(state: State, side: Row, level: Index) -> None:
    rank = np.uint64(level) - side.first
    word = rank >> _SIX
    group = word >> _SIX
    state.words[side.words + word] |= _ONE << (rank & _LOW_SIX)
    state.words[side.middle + group] |= _ONE << (word & _LOW_SIX)
    state.words[side.top] |= _ONE << group
    if rank > side.best:
        side.best = rank


@kernel
def _vacate(state: State, side: Row, level: Index) -> None:
    rank = np.uint64(level) - side.first
    word = rank >> _SIX
    state.words[side.words + word] &= ~(_ONE << (rank & _LOW_SIX))
    if state.words[side.words + word] == _NONE:
        group = word >> _SIX
        state.words[side.middle + group] &= ~(_ONE << (word & _LOW_SIX))
        if state.words[side.middle + group] == _NONE:
            state.words[side.top] &= ~(_ONE << group)
    if rank == side.best:
        side.best = below(state, side, rank)


@kernel
def below(state: State, side: Row, rank: Index) -> Index:
    """Return the next occupied rank farther from the market than `rank`, or 0."""
    word = rank >> _SIX
    bits = state.words[side.words + word] & ((_ONE << (rank & _LOW_SIX)) - _ONE)
    if bits == _NONE:
        group = word >> _SIX
        bits = state.words[side.middle + group] & ((_ONE << (word & _LOW_SIX)) - _ONE)
        if bits == _NONE:
            bits = state.words[side.top] & ((_ONE << group) - _ONE)
            if bits == _NONE:
                return _NONE
            group = highest_bit(bits)
            bits = state.words[side.middle + group]
        word = (group << _SIX) | highest_bit(bits)
        bits = state.words[side.words + word]
    return (word << _SIX) | highest_bit(bits)


@kernel
def head_of(state: State, side: Row, rank: Index) -> Index:
    """Return the slot of the oldest order at a rank."""
    return np.uint64(state.levels[side.first + rank].head)


@kernel
def lots_at(state: State, side: Row, rank: Index) -> int:
    """Return the lots that rest at a rank."""
    return state.levels[side.first + rank].lots
