"""Venue time: it goes on from the last row's time, at its own speed, while the server runs."""

import time

REAL = 1
MAX = 0  # No waiting: time jumps to what is due next.


def speed_of(text: str) -> int:
    """Return venue seconds a wall second; MAX for "max". Raises ValueError."""
    if text == "real":
        return REAL
    if text == "max":
        return MAX
    if text.endswith("x") and text[:-1].isdecimal() and 0 < int(text[:-1]) <= 100_000:
        return int(text[:-1])
    raise ValueError(f"speed {text!r} is not real, max or a number with an x, such as 60x")


class Clock:
    """Nanoseconds since the epoch, as the venue counts them."""

    def __init__(self, start: int, speed: int) -> None:
        self._start = start
        self._speed = speed
        self._began = time.monotonic_ns()

    def now(self) -> int:
        """Return the venue's time."""
        elapsed = time.monotonic_ns() - self._began
        return self._start + elapsed * max(self._speed, 1)

    def seconds_until(self, moment: int) -> float:
        """Return how long to wait for a moment of the venue's time, in wall seconds."""
        if self._speed == MAX:
            return 0.0
        return max(moment - self.now(), 0) / (1_000_000_000 * self._speed)

    def reach(self, moment: int) -> None:
        """Jump to a moment that is due, if time does not wait; it never steps back."""
        if self._speed == MAX:
            self._start += max(moment - self.now(), 0)
