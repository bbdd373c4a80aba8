"""What a QUOTE row says of a side, and which side of the old quote it meets."""

import numpy as np

from engine.jit import Index, Row, kernel
from engine.schema import Side
from engine.state import State

_NONE = np.uint64(0)


@kernel
def quoted(state: State, place: Index, side: int) -> Index:
    """Return the slot of a side of the quote that stands for a position, or 0."""
    position = state.positions[place]
    slot = np.uint64(position.bid if side == Side.BUY else position.ask)
    order = state.orders[slot]
    stands = order.order_id != 0 and order.quote != 0
    if stands and order.side == side and np.uint64(order.position) == place:
        return slot
    return _NONE


@kernel
def lots_of(command: Row, side: int) -> int:
    """Return the lots that a QUOTE row has on a side."""
    return command.quantity if side == Side.BUY else command.display


@kernel
def price_at(command: Row, side: int) -> int:
    """Return the price that a QUOTE row has on a side."""
    return command.price if side == Side.BUY else command.trigger


@kernel
def keeps_place(order: Row, command: Row) -> bool:
    """Whether a side stays where it stands: the price is the same, the lots are no more."""
    lots = lots_of(command, order.side)
    return 0 < lots <= order.leaves and price_at(command, order.side) == order.price
