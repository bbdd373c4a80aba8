"""Events a second through the house's folds: of positions, fees, variation, and of what rests.

The events are what the kernel said to workload A. The ratio is to the rate at which the
kernel itself wrote them: above 1, the house keeps up with the engine on one core.
"""

from collections.abc import Callable

import numpy as np

from bench import workloads
from bench.kernel import KernelRun, cut
from bench.measure import Row, options, publish, race, warmed, warming
from clearing.positions import Positions
from clearing.quotes import Quotes
from engine.jit import Table
from engine.layout import EVENT
from engine.schema import AccountType, Did

FRAMES = (16, 1_024)  # Commands of a frame.
MESSAGES, MESSAGES_FULL = 200_000, 2_000_000
FEES = (350_000, 500_000, 350_000, 500_000, 600_000, 730_000)
MILLION = 1e6


def positions(instruments: int) -> Positions:
    """Return a fold that knows the workload's accounts and instruments, all marked."""
    made = Positions()
    for _ in range(workloads.ACCOUNTS):
        made.add_account(AccountType.MEMBER)
    for _ in range(instruments):
        made.add_instrument(1_000, FEES)
    made.contracts["mark"] = workloads.RANKS // 2
    return made


def events_of(kernel: KernelRun, batches: list[Table]) -> list[Table]:
    """Return the events of each batch."""
    kernel.reset()
    told = []
    for rows in batches:
        count = workloads.play(kernel.state, rows, kernel.events)
        told.append(kernel.events[:count].copy())
    return told


def measure(kernel: KernelRun, messages: Table, size: int, rounds: int) -> Row:
    """Return the fold's rate over frames of so many commands."""
    batches = cut(messages, size)
    frames = events_of(kernel, batches)
    events = sum(map(len, frames[warming(frames) :]))
    held, quotes = positions(1), Quotes()
    quotes.add_instrument()
    held.fold(frames[0][:0])
    seconds = race(
        {
            "fold": lambda: warmed(_folding(held, quotes), frames),
            "kernel": kernel.timer(batches),
        },
        rounds,
    )
    held.check()
    held.check_whole()
    rate, rate_kernel = (events / seconds[key] / MILLION for key in ("fold", "kernel"))
    label = f"A, frames of {size:,} commands"
    return Row(label, rate, "M events/s", f"kernel: {rate_kernel:.1f}", rate / rate_kernel)


def _folding(held: Positions, quotes: Quotes) -> Callable[[list[Table]], None]:
    def work(frames: list[Table]) -> None:
        for events in frames:
            held.fold(events)
            quotes.fold(events)

    return work


def main() -> None:
    """Measure, and print the table."""
    chosen = options(__doc__ or "").parse_args()
    flow = workloads.flow("A", MESSAGES_FULL if chosen.full else MESSAGES)
    kernel = KernelRun(flow, np.zeros(workloads.EVENTS, EVENT))
    rows = [measure(kernel, flow.messages, size, chosen.rounds) for size in FRAMES]
    share = fills_share(events_of(kernel, cut(flow.messages, FRAMES[-1])))
    publish("fold", [*rows, Row("events that are fills", share, "")], chosen.json)


def fills_share(frames: list[Table]) -> float:
    """Return the share of events that change a position."""
    fills = sum(int((events["kind"] == Did.FILLED).sum()) for events in frames)
    return fills / sum(map(len, frames))


if __name__ == "__main__":
    main()
