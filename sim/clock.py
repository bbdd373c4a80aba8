"""Virtual time: a heap of (time, turn, who), and the latency of a link.

It alone decides what happens next among the participants. Times are nanoseconds
since the Unix epoch; two entries of one time come out in the order they went in.
"""

import heapq
from typing import NamedTuple

import msgspec
import numpy as np

from engine.rows import Batch

NEVER = int(np.iinfo(np.int64).max)
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

_MICROSECOND = 1_000
_TAIL = 10  # No delay is longer than the base and ten times the jitter.


class Entry(NamedTuple):
    """One thing that is due: `who` looks at the market, or, where rows stand, they arrive."""

    time: int
    turn: int
    who: str
    rows: Batch


class Clock:
    """What is due, soonest first."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._turn = 0

    def add(self, time: int, who: str, rows: Batch) -> None:
        """Remember that `rows` of `who` arrive at `time`; no rows: that `who` looks then."""
        self._turn += 1
        heapq.heappush(self._heap, Entry(time, self._turn, who, rows))

    def next_due(self) -> int:
        """Return the time of the soonest entry, or NEVER."""
        return self._heap[0].time if self._heap else NEVER

    def pop(self) -> Entry:
        """Return the soonest entry and forget it. Needs one."""
        return heapq.heappop(self._heap)


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a message takes: a base, and an exponential part of mean `jitter_us` above it."""

    base_us: int = 500
    jitter_us: int = 200

    def __post_init__(self) -> None:
        for name in ("base_us", "jitter_us"):
            if not 0 <= getattr(self, name) <= 10_000_000:
                raise ValueError(f"{name} must be 0 to 10000000, got {getattr(self, name)}")

    def draw(self, rng: np.random.Generator) -> int:
        """Return the delay of one message in nanoseconds."""
        jitter = min(rng.standard_exponential(), _TAIL) * self.jitter_us
        return self.base_us * _MICROSECOND + round(jitter * _MICROSECOND)

    @property
    def longest(self) -> int:
        """The longest delay that can be drawn, in nanoseconds."""
        return (self.base_us + _TAIL * self.jitter_us) * _MICROSECOND
