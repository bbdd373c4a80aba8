"""Messages a second through the kernel, against a hand-written C book on the same rows.

The kernel checks account, phase, limits and margin of every order; the C book does
not. Both read COMMAND and write EVENT rows, and must write the same bytes.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

from bench import workloads
from bench.bound import ABSENT, Bound, load
from bench.measure import Row, Timed, options, publish, race, timed
from engine.jit import Table
from engine.kernel import Views, step, views
from engine.layout import EVENT
from engine.state import State, new_state

BATCHES = (1, 16, 256, 4_096)
MESSAGES, MESSAGES_FULL = 500_000, 2_000_000
SINGLES = 100_000  # Messages at batches below 256: the calls from Python take the time.
MILLION = 1e6


class KernelRun:
    """A kernel whose books are filled, to be set back to that before each run."""

    def __init__(self, flow: workloads.Flow, events: Table) -> None:
        self.state = new_state(workloads.sizes(flow.instruments))
        workloads.play(self.state, flow.opening, events)
        self.filled = State(*(array.copy() for array in self.state))
        self.events = events

    def timer(self, batches: list[Table]) -> Timed:
        """Return a run of these batches; views are made before, as a buffer's are."""
        prepared = [views(rows) for rows in batches]
        return lambda: self._run(prepared)

    def reset(self) -> None:
        """Go back to the filled books."""
        for array, kept in zip(self.state, self.filled, strict=True):
            np.copyto(array, kept)

    def _run(self, batches: list[Views]) -> float:
        self.reset()
        state, events = self.state, self.events

        def work() -> None:
            for rows in batches:
                step(state, rows, 0, events)

        return timed(work)


class BoundRun:
    """The C book, likewise."""

    def __init__(self, bound: Bound, flow: workloads.Flow, events: Table) -> None:
        self.bound, self.flow, self.events = bound, flow, events

    def timer(self, batches: list[Table]) -> Timed:
        """Return a run of these batches."""
        prepared = [(rows.ctypes.data, len(rows)) for rows in batches]
        return lambda: self._run(prepared)

    def reset(self) -> None:
        """Go back to the filled books."""
        self.bound.clear()
        trading = self.flow.opening[np.isin(self.flow.opening["kind"], (1, 2, 3))]
        self.bound.apply(trading, np.zeros(3 * len(trading), EVENT))

    def _run(self, batches: list[tuple[int, int]]) -> float:
        self.reset()
        bound, events = self.bound, self.events.ctypes.data

        def work() -> None:
            for address, count in batches:
                bound.step(address, count, events)

        return timed(work)


def cut(rows: Table, size: int) -> list[Table]:
    """Return rows as batches of a size, the last one shorter."""
    return [rows[first : first + size] for first in range(0, len(rows), size)]


def compare(kernel: KernelRun, bound: BoundRun, batches: list[Table]) -> int:
    """Return the events of a flow; raises AssertionError where the two books differ in a byte."""
    kernel.reset()
    bound.reset()
    total, hashes = 0, (hashlib.sha256(), hashlib.sha256())
    for rows in batches:
        count = workloads.play(kernel.state, rows, kernel.events)
        hashes[0].update(kernel.events[:count].tobytes())
        count_c = bound.bound.apply(rows, bound.events)
        hashes[1].update(bound.events[:count_c].tobytes())
        total += count
    assert hashes[0].digest() == hashes[1].digest(), "kernel and C book differ"
    return total


def measure_flow(name: str, messages: int, rounds: int) -> list[Row]:
    """Return the rows of one workload."""
    flow = workloads.flow(name, messages)
    kernel = KernelRun(flow, np.zeros(workloads.EVENTS, EVENT))
    library = load()
    if library is None:
        batches = cut(flow.messages, BATCHES[-1])
        seconds = race({"kernel": kernel.timer(batches)}, rounds)["kernel"]
        return [Row(f"{name}, 4,096 a batch", messages / seconds / MILLION, "M msg/s", ABSENT)]
    book = Bound(library, flow.instruments, workloads.RANKS, workloads.ORDERS)
    bound = BoundRun(book, flow, np.zeros(workloads.EVENTS, EVENT))
    events = compare(kernel, bound, cut(flow.messages, BATCHES[-1]))
    rows = [Row(f"{name}, events a message", events / messages, "", "the same bytes as C")]
    cuts = BATCHES if name == "A" else BATCHES[-1:]
    rows += [_against(name, flow.messages, size, kernel, bound, rounds) for size in cuts]
    book.close()
    return rows


def _against(
    name: str, messages: Table, size: int, kernel: KernelRun, bound: BoundRun, rounds: int
) -> Row:
    taken = messages if size >= 256 else messages[:SINGLES]
    batches = cut(taken, size)
    seconds = race({"kernel": kernel.timer(batches), "c": bound.timer(batches)}, rounds)
    rate, rate_c = (len(taken) / seconds[key] / MILLION for key in ("kernel", "c"))
    label = f"{name}, {size:,} a batch"
    return Row(label, rate, "M msg/s", f"C book: {rate_c:.1f}", rate / rate_c)


_START = """
import numpy
from engine.kernel import step, views
from engine.layout import COMMAND, EVENT
from engine.state import Sizes, new_state
step(new_state(Sizes(64, 64, 8, 1, 8, 8)), views(numpy.zeros(1, COMMAND)), 0, \
numpy.zeros(64, EVENT))
"""


def starts() -> list[Row]:
    """Return the wall seconds from no process to the first event, without and with a cache."""
    with tempfile.TemporaryDirectory() as cache:
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", _START], check=True, env={**os.environ, "CFX_CACHE": cache}
            )
            seconds.append(time.perf_counter() - began)
    return [
        Row("cold start: compile, first event", seconds[0], "s"),
        Row("warm start: from the cache", seconds[1], "s"),
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = options(__doc__ or "")
    parser.add_argument("--flows", default="ABC", help="which workloads")
    chosen = parser.parse_args()
    messages = MESSAGES_FULL if chosen.full else MESSAGES
    rows = [row for name in chosen.flows for row in measure_flow(name, messages, chosen.rounds)]
    publish("kernel", rows + starts(), chosen.json)


if __name__ == "__main__":
    main()
