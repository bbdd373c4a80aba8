"""The event hash, some frames behind: it is computed in a thread while the next are matched."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from engine.frame import NO_HASH, Frame
from engine.hashes import event_chain
from engine.jit import Table
from engine.layout import EVENT
from engine.survey import JournalError

_ENOUGH = 32 << 10  # Bytes of events: below, another thread would begin too late to be of use.
_BEHIND_MAX = 8  # Times that the thread may be given more before it is waited for.

# A frame's events; and, if it comes from a journal, its seq and what they are to follow.
_Link = tuple[Table, int, bytes]


class EventChain:
    """The chain over all events so far, of one exchange and for its thread."""

    def __init__(self, begun: bytes = NO_HASH) -> None:
        self._value = begun
        self._links: deque[_Link] = deque()  # Not hashed, nor given to the thread.
        self._bytes = 0  # Of their events.
        self._pool = ThreadPoolExecutor(1, "event hash")
        self._behind: deque[Future[None]] = deque()  # What failed stays, and fails all that follow.

    def value(self) -> bytes:
        """Return the chain after the frame that was added last.

        Raises JournalError where a frame did not follow: see `add_again`.
        """
        self._wait(0)
        self._hash(self._links)
        self._bytes = 0
        return self._value

    def add(self, events: Table) -> None:
        """Take in the events of the next frame (EVENT, contiguous), which must not change."""
        self._links.append((events, 0, b""))
        self._begin(events.nbytes)

    def add_again(self, frames: Sequence[Frame], events: Table, bounds: Sequence[int]) -> None:
        """Take in the events of frames of the journal (EVENT, contiguous), which must not change.

        bounds: the place where each frame's events begin, and how many there are in all.
        Raises JournalError, now or at a later call, unless each frame was written after the very
        events that were added before.
        """
        content, size = events.view(np.uint8), EVENT.itemsize
        for frame, (first, end) in zip(frames, pairwise(bounds), strict=True):
            part = content[first * size : end * size]
            self._links.append((part, frame.seq, frame.event_hash))
        self._begin(events.nbytes)

    def _begin(self, size: int) -> None:
        """Give the thread what is waiting, once it is enough. size: bytes that were added."""
        self._bytes += size
        if self._bytes >= _ENOUGH:
            self._wait(_BEHIND_MAX)
            self._behind.append(self._pool.submit(self._hash, self._links))
            self._links, self._bytes = deque(), 0

    def _wait(self, count: int) -> None:
        """Return once the thread has no more than `count` pieces of work left."""
        while len(self._behind) > count:
            self._behind[0].result()
            self._behind.popleft()

    def _hash(self, links: deque[_Link]) -> None:
        """Take in links, and leave what does not follow, with all behind it."""
        while links:
            events, seq, event_hash = links[0]
            if seq and event_hash != self._value:
                raise JournalError(
                    f"the replay differs before seq {seq}: its events hash to "
                    f"{self._value.hex()}, the journal says {event_hash.hex()}"
                )
            self._value = event_chain(self._value, events)
            links.popleft()
