"""Messages a second through the kernel, against a hand-written C book on the same rows.

The kernel checks account, phase, limits and margin of every order; the C book does
not, nor does the bare book, which is the engine's own without them. All read COMMAND and
write EVENT rows, and must write the same bytes.
"""

import functools
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Self

import numpy as np

from bench import workloads
from bench.bare import bare_step
from bench.bound import ABSENT, Bound, load
from bench.measure import Row, Timed, options, publish, race, warmed, warming
from engine.jit import Table, direct
from engine.kernel import step
from engine.layout import COMMAND, EVENT
from engine.state import State, new_state
from engine.views import Views, views

BATCHES = (1, 16, 256, 4_096)
MESSAGES, MESSAGES_FULL = 500_000, 2_000_000
SINGLES = 100_000  # Messages at batches below 256: the calls from Python take the time.
MILLION = 1e6
# What is switched off to see what it costs: fields, by the array of the state that has them.
FEATURES: dict[str, Mapping[str, tuple[str, ...]]] = {
    "velocity": {"products": ("points", "bucket")},
    "circuit breaker": {"products": ("breaker", "width")},
    "band": {"products": ("band",)},
    "any guard": {"products": ("points", "bucket", "breaker", "width", "band", "daily")},
    "owners": {"accounts": ("owner",), "positions": ("stake",)},
}


class KernelRun:
    """A kernel whose books are filled, to be set back to that before each run."""

    def __init__(self, flow: workloads.Flow, events: Table) -> None:
        self.state = new_state(workloads.sizes(flow.instruments))
        workloads.play(self.state, flow.opening, events)
        self.filled = State(*(array.copy() for array in self.state))
        self.events = events
        self._step = direct(step, self.state, views(flow.opening), 0, events)

    def timer(self, batches: list[Table]) -> Timed:
        """Return a run of these batches; views are made before, as a buffer's are."""
        prepared = [views(rows) for rows in batches]
        return lambda: self._run(prepared)

    def without(self, feature: Mapping[str, tuple[str, ...]]) -> Self:
        """Return it with these fields 0, by the array of the state that has them."""
        for array, names in feature.items():
            for name in names:
                getattr(self.filled, array)[name] = 0
        return self

    def reset(self) -> None:
        """Go back to the filled books."""
        for array, kept in zip(self.state, self.filled, strict=True):
            np.copyto(array, kept)

    def _run(self, batches: list[Views]) -> float:
        self.reset()
        step, state, events = self._step, self.state, self.events

        def work(some: list[Views]) -> None:
            for rows in some:
                step(state, rows, 0, events)

        return warmed(work, batches)


class BareRun:
    """The engine's book alone, on the books of a kernel."""

    def __init__(self, kernel: KernelRun) -> None:
        self.kernel = kernel
        rows = views(np.zeros(1, COMMAND)).order
        self._step = direct(bare_step, kernel.state, rows, kernel.events)

    def apply(self, rows: Table) -> int:
        """Apply rows; return the events written into the kernel's buffer."""
        count: int = self._step(self.kernel.state, views(rows).order, self.kernel.events)
        return count

    def timer(self, batches: list[Table]) -> Timed:
        """Return a run of these batches; views are made before, as a buffer's are."""
        prepared = [views(rows).order for rows in batches]
        return lambda: self._run(prepared)

    def _run(self, batches: list[Table]) -> float:
        self.kernel.reset()
        step, state, events = self._step, self.kernel.state, self.kernel.events

        def work(some: list[Table]) -> None:
            for rows in some:
                step(state, rows, events)

        return warmed(work, batches)


class BoundRun:
    """The C book, likewise."""

    def __init__(self, bound: Bound, flow: workloads.Flow, events: Table) -> None:
        self.bound, self.flow, self.events = bound, flow, events

    def timer(self, batches: list[Table]) -> Timed:
        """Return a run of these batches."""
        prepared = [(rows.ctypes.data, len(rows)) for rows in batches]
        return lambda: self._run(prepared)

    def apply(self, rows: Table) -> int:
        """Apply rows; return the events written."""
        return self.bound.apply(rows, self.events)

    def reset(self) -> None:
        """Go back to the filled books."""
        self.bound.clear()
        trading = self.flow.opening[np.isin(self.flow.opening["kind"], (1, 2, 3))]
        self.bound.apply(trading, np.zeros(3 * len(trading), EVENT))

    def _run(self, batches: list[tuple[int, int]]) -> float:
        self.reset()
        bound, events = self.bound, self.events.ctypes.data

        def work(some: list[tuple[int, int]]) -> None:
            for address, count in some:
                bound.step(address, count, events)

        return warmed(work, batches)


def cut(rows: Table, size: int) -> list[Table]:
    """Return rows as batches of a size, the last one shorter."""
    return [rows[first : first + size] for first in range(0, len(rows), size)]


def compare(kernel: KernelRun, bound: BoundRun, batches: list[Table]) -> int:
    """Return the events of a flow; raises AssertionError where two books differ in a byte."""
    told_c, count = _told(bound.reset, bound.apply, bound.events, batches)
    assert _told(kernel.reset, _play(kernel), kernel.events, batches)[0] == told_c, (
        "kernel and C differ"
    )
    bare = BareRun(kernel)
    assert _told(kernel.reset, bare.apply, kernel.events, batches)[0] == told_c, "bare and C differ"
    return count


def _told(
    reset: Callable[[], None], apply: Callable[[Table], int], events: Table, batches: list[Table]
) -> tuple[bytes, int]:
    """Return the hash of what a book wrote, and how many events it was."""
    reset()
    total, sha = 0, hashlib.sha256()
    for rows in batches:
        count = apply(rows)
        sha.update(events[:count].tobytes())
        total += count
    return sha.digest(), total


def measure_flow(name: str, messages: int, rounds: int) -> list[Row]:
    """Return the rows of one workload."""
    flow = workloads.flow(name, messages)
    kernel = KernelRun(flow, np.zeros(workloads.EVENTS, EVENT))
    library = load()
    if library is None:
        batches = cut(flow.messages, BATCHES[-1])
        seconds = race({"kernel": kernel.timer(batches)}, rounds)["kernel"]
        timed_rows = sum(map(len, batches[warming(batches) :]))
        return [Row(f"{name}, 4,096 a batch", timed_rows / seconds / MILLION, "M msg/s", ABSENT)]
    book = Bound(library, flow.instruments, workloads.RANKS, workloads.ORDERS)
    bound = BoundRun(book, flow, np.zeros(workloads.EVENTS, EVENT))
    events = compare(kernel, bound, cut(flow.messages, BATCHES[-1]))
    rows = [Row(f"{name}, events a message", events / messages, "", "the same bytes as C")]
    bare = BareRun(kernel)
    cuts = BATCHES if name == "A" else BATCHES[-1:]
    rows += [_against(name, flow.messages, size, kernel, bound, rounds) for size in cuts]
    rows += [
        _against(f"{name}, bare book", flow.messages, size, bare, bound, rounds) for size in cuts
    ]
    book.close()
    return rows


def _against(
    name: str,
    messages: Table,
    size: int,
    ours: KernelRun | BareRun,
    bound: BoundRun,
    rounds: int,
) -> Row:
    taken = messages if size >= 256 else messages[:SINGLES]
    batches = cut(taken, size)
    seconds = race({"ours": ours.timer(batches), "c": bound.timer(batches)}, rounds)
    timed_rows = sum(map(len, batches[warming(batches) :]))
    rate, rate_c = (timed_rows / seconds[key] / MILLION for key in ("ours", "c"))
    label = f"{name}, {size:,} a batch"
    return Row(label, rate, "M msg/s", f"C book: {rate_c:.1f}", rate / rate_c)


def measure_features(name: str, messages: int, rounds: int) -> list[Row]:
    """Return what the kernel does of a workload without a feature, against itself with all."""
    flow = workloads.flow(name, messages)
    batches = cut(flow.messages, BATCHES[-1])
    runs = {label: _fresh(flow).without(off) for label, off in FEATURES.items()}
    runs["all"] = _fresh(flow)
    told = {_told(run.reset, _play(run), run.events, batches)[0] for run in runs.values()}
    assert len(told) == 1, "no feature refuses anything in these flows"
    seconds = race({label: run.timer(batches) for label, run in runs.items()}, rounds)
    timed_rows = sum(map(len, batches[warming(batches) :]))
    rates = {label: timed_rows / taken / MILLION for label, taken in seconds.items()}
    every = rates.pop("all")
    return [
        Row(f"{name}, without {label}", rate, "M msg/s", f"with all: {every:.1f}", rate / every)
        for label, rate in rates.items()
    ]


def _fresh(flow: workloads.Flow) -> KernelRun:
    return KernelRun(flow, np.zeros(workloads.EVENTS, EVENT))


def _play(run: KernelRun) -> Callable[[Table], int]:
    return functools.partial(workloads.play, run.state, events=run.events)


_START = """
import numpy
from engine.kernel import step
from engine.views import views
from engine.layout import COMMAND, EVENT
from engine.state import Sizes, new_state
step(new_state(Sizes(64, 64, 8, 1, 8, 8)), views(numpy.zeros(1, COMMAND)), 0, \
numpy.zeros(64, EVENT))
"""


def starts() -> list[Row]:
    """Return the CPU seconds from no process to the first event, without and with a cache."""
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for label in ("cold start: compile, first event", "warm start: from the cache"):
            began, spent = time.perf_counter(), _spent_by_children()
            subprocess.run(
                [sys.executable, "-c", _START], check=True, env={**os.environ, "CFX_CACHE": cache}
            )
            spent = _spent_by_children() - spent
            wall = f"by the wall: {time.perf_counter() - began:.2f} s"
            rows.append(Row(label, spent, "s of the processor", wall))
    return rows


def _spent_by_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure, and print the table."""
    parser = options(__doc__ or "")
    parser.add_argument("--flows", default="ABC", help="which workloads")
    chosen = parser.parse_args()
    messages = MESSAGES_FULL if chosen.full else MESSAGES
    rows = [row for name in chosen.flows for row in measure_flow(name, messages, chosen.rounds)]
    rows += measure_features(chosen.flows[0], messages, chosen.rounds)
    publish("kernel", rows + starts(), chosen.json)


if __name__ == "__main__":
    main()
