"""What implied prices cost: messages a second of twelve months with thirty implied calendars.

Beside them, in turn, two flows by the same rules: with the calendars not implied, and the twelve
months alone. Each is a flow of its own, because its cancels name the orders of its own past.
"""

import numpy as np

from bench import workloads
from bench.kernel import MILLION, KernelRun, cut
from bench.measure import Row, options, publish, race, warming
from bench.months import LISTED, months_flow
from engine.jit import Table
from engine.layout import EVENT
from engine.schema import Did, Role
from engine.state import State

BATCHES = (256, 1_024, 4_096)
MESSAGES, MESSAGES_FULL = 300_000, 2_000_000
WATCHED = 30_000  # Messages played one by one, to see which of them change a best level.
BESIDE = {"plain": "calendars not implied", "months": "the months alone"}


def measure(messages: int, rounds: int) -> list[Row]:
    """Return the rows of the table."""
    flows = {kind: months_flow(kind, messages) for kind in LISTED}
    runs = {
        kind: KernelRun(flow, np.zeros(workloads.EVENTS, EVENT)) for kind, flow in flows.items()
    }
    rows = _described(runs["implied"], flows["implied"].messages)
    for size in BATCHES:
        batches = {kind: cut(flow.messages, size) for kind, flow in flows.items()}
        contest = {kind: run.timer(batches[kind]) for kind, run in runs.items()}
        timed_rows = sum(map(len, batches["implied"][warming(batches["implied"]) :]))
        rates = {
            kind: timed_rows / seconds / MILLION for kind, seconds in race(contest, rounds).items()
        }
        for kind, name in BESIDE.items():
            against, ratio = f"{name}: {rates[kind]:.2f}", rates["implied"] / rates[kind]
            rows.append(Row(f"D, {size:,} a batch", rates["implied"], "M msg/s", against, ratio))
    return rows


def _described(run: KernelRun, messages: Table) -> list[Row]:
    """Return what a message of the flow brings about."""
    kinds, roles, changed = np.zeros(256), np.zeros(256), 0
    run.reset()
    tops = _tops(run.state)
    watched = messages[:WATCHED]
    for message in cut(watched, 1):
        count = workloads.play(run.state, message, run.events)
        told = run.events[:count]
        kinds += np.bincount(told["kind"], minlength=256)
        roles += np.bincount(told["role"], minlength=256)
        seen, tops = tops, _tops(run.state)
        changed += not np.array_equal(seen, tops)
    each = len(watched)
    return [
        Row("D, events a message", kinds.sum() / each, ""),
        Row("D, messages that change a best level", 100 * changed / each, "%"),
        Row("D, told implied prices a message", kinds[Did.IMPLIED] / each, ""),
        Row("D, refused messages", 100 * kinds[Did.REJECTED] / each, "%"),
        Row("D, trades of 100 messages", 100 * roles[Role.TAKER] / each, ""),
        Row("D, of them implied", 50 * roles[Role.IMPLIED] / each, ""),
    ]


def _tops(state: State) -> Table:
    """Return rank and shown lots of the best level of every side of a book."""
    sides = state.sides[:, :2]
    shown = state.levels["shown"][sides["first"] + sides["best"]]
    return np.stack((sides["best"], np.where(sides["best"] > 0, shown, 0)))


def main() -> None:
    """Measure, and print the table."""
    chosen = options(__doc__ or "").parse_args()
    publish(
        "implied", measure(MESSAGES_FULL if chosen.full else MESSAGES, chosen.rounds), chosen.json
    )


if __name__ == "__main__":
    main()
