"""The event hash, some frames behind: it is computed in a thread while the next are matched."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from engine.frame import NO_HASH, Frame
from engine.hashes import event_chain
from engine.jit import Table
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
        self._add((events, 0, b""))

    def add_again(self, frame: Frame, events: Table) -> None:
        """Take in the events of a frame of the journal.

        Raises JournalError, now or at a later call, unless the frame was written after the very
        events that were added before.
        """
        self._add((events, frame.seq, frame.event_hash))

    def _add(self, link: _Link) -> None:
        self._links.append(link)
        self._bytes += link[0].nbytes
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
