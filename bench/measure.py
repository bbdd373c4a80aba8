"""How every benchmark times, compares and prints."""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
import numba

ROUNDS = 7

B = TypeVar("B")


class Row(msgspec.Struct, frozen=True):
    """One line of a table. `ratio` is value over what `against` names; 0: nothing to compare."""

    name: str
    value: float
    unit: str
    against: str = ""
    ratio: float = 0.0


class Report(msgspec.Struct, frozen=True):
    """What `python -m bench.NAME --json` prints."""

    bench: str
    machine: str
    rows: list[Row]


Timed = Callable[[], float]  # Prepares, runs, and returns the CPU seconds of the run alone.


def options(description: str) -> argparse.ArgumentParser:
    """Return a parser with what every benchmark understands."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--full", action="store_true", help="the sizes that RESULTS.md quotes")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of which one is quoted")
    return parser


def race(contestants: dict[str, Timed], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median seconds of each, run in turn so that all meet the same disturbances."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            seconds[name].append(run())
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def timed(work: Callable[[], object]) -> float:
    """Return the CPU seconds that the process spends in `work`."""
    began = time.process_time()
    work()
    return time.process_time() - began


def warming(batches: Sequence[object]) -> int:
    """Return how many batches, the first tenth, run before the clock starts: caches fill then."""
    return len(batches) // 10


def warmed(work: Callable[[list[B]], object], batches: list[B]) -> float:
    """Return the CPU seconds of `work` on all batches but those that only warm it up."""
    first = warming(batches)
    work(batches[:first])
    rest = batches[first:]
    return timed(lambda: work(rest))


def machine() -> str:
    """Return the processor and what runs on it; no name of a host."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            named = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        model = named[0] if named else model
    except OSError:
        pass
    versions = f"Python {platform.python_version()}, numba {numba.__version__}"
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, {versions}"


def publish(bench: str, rows: list[Row], as_json: bool) -> None:
    """Print the report."""
    report = Report(bench, machine(), rows)
    if as_json:
        print(msgspec.json.encode(report).decode())
        return
    print(f"\nbench.{report.bench} on {report.machine}\n")
    print("| what | value | unit | against | ratio |\n|---|--:|---|---|--:|")
    for row in report.rows:
        ratio = f"{row.ratio:.2f}" if row.ratio else ""
        print(f"| {row.name} | {_digits(row.value)} | {row.unit} | {row.against} | {ratio} |")


def _digits(value: float) -> str:
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
