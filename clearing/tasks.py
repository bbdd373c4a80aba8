"""What the house does one after another: the calendar's cycles, and its own tasks between them."""

import enum

from engine.schema import Cycle


class Task(enum.IntEnum):
    """A task that no calendar names. Its number is no Cycle's."""

    NOTHING = 100
    MARGIN = 101  # Look at every account's margin, and call.
    CORRECT = 102  # Reverse what operators named.
    HAIRCUT = 103  # Count collateral anew.
    SELL = 104  # What defaulters hold.
    COVER = 105  # What defaulters lost.


assert not {int(task) for task in Task} & {int(cycle) for cycle in Cycle}
