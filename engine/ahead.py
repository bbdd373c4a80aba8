"""Reads ahead: what an iterator makes is made in a thread of its own while it is used."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

_WAITING_MAX = 4  # Times as many.


def ahead(made: Iterator[T], at_once: int) -> Iterator[T]:
    """Yield what an iterator yields, and raise what it raises, which may be a little sooner.

    at_once: how many the thread makes before it hands them over.
    """

    def take() -> list[T]:
        return list(islice(made, at_once))

    with ThreadPoolExecutor(1, "reading ahead") as pool:
        waiting: deque[Future[list[T]]] = deque(pool.submit(take) for _ in range(_WAITING_MAX))
        while several := waiting.popleft().result():
            waiting.append(pool.submit(take))
            yield from several
