"""What simulated traders have to offer to take part in a served exchange; sim passes them in."""

from collections.abc import Sequence
from typing import Protocol

from engine.exchange import Outcome
from engine.rows import Batch


class Crowd(Protocol):
    """Traders that wake at times of the venue and see only what is published."""

    def next_wake(self) -> int:
        """Return when somebody wakes next, nanoseconds of the venue's time."""

    def wake(self, now: int) -> Batch:
        """Return the rows of those who wake by `now`; it may be empty."""

    def publish(self, outcomes: Sequence[Outcome]) -> None:
        """Take in what was published, in order; at the start also what was recovered."""
