"""Commands a second through journal and kernel, against writing the same bytes by hand.

By hand: one pwrite and one fdatasync a frame, into a file allocated like a segment, on the
same file system. A disk that is shared changes its mind within seconds, so the two take
turns frame by frame and medians of wall time are quoted. Where no disk is waited for, it is
CPU time.
"""

import os
import pathlib
import statistics
import tempfile
import time

from bench import workloads
from bench.kernel import cut
from bench.measure import Row, options, publish, race, timed
from engine.disk import Disk
from engine.exchange import Exchange
from engine.frame import NO_HASH, Frame, frame_bytes
from engine.jit import Table
from engine.journal import Durability, Journal
from engine.rows import Batch
from engine.schema import Origin
from engine.segments import SEGMENT_BYTES

SYNCED = (1, 16, 256, 1_024)  # Rows of a frame.
FRAMES = 150
UNSYNCED = 1_024
UNSYNCED_KINDS = (Durability.OS, Durability.NONE)
MESSAGES, MESSAGES_FULL = 200_000, 2_000_000
MILLION = 1e6


class ByHand:
    """A file like a segment."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.file = tempfile.mkstemp(dir=folder)[0]
        os.posix_fallocate(self.file, 0, SEGMENT_BYTES)
        os.fsync(self.file)
        self.offset = 0

    def write(self, content: bytes) -> None:
        """Return once the content is on disk."""
        self.offset += os.pwrite(self.file, content, self.offset)
        os.fdatasync(self.file)

    def close(self) -> None:
        """Close the file."""
        os.close(self.file)


def opened(flow: workloads.Flow, folder: pathlib.Path, kind: Durability) -> Exchange:
    """Return an exchange in a new directory whose books are filled."""
    journal = Journal(pathlib.Path(tempfile.mkdtemp(dir=folder)), Disk(), kind)
    exchange = Exchange(journal, workloads.sizes(flow.instruments))
    for rows in cut(flow.opening, UNSYNCED):
        exchange.submit(batch_of(rows), 0)
    exchange.sync()
    return exchange


def batch_of(rows: Table) -> Batch:
    """Return rows as a batch without text."""
    batch = Batch(len(rows))
    batch.extend(rows)
    return batch


def content_of(batch: Batch) -> bytes:
    """Return as many bytes as a batch's frame has in the journal."""
    rows = batch.rows
    return rows.tobytes().ljust(
        frame_bytes(Frame(Origin.PARTICIPANT, rows, b"", NO_HASH, NO_HASH)), b"-"
    )


def synced(flow: workloads.Flow, folder: pathlib.Path, size: int) -> Row:
    """Return the rate where every frame is synced."""
    exchange, by_hand = opened(flow, folder, Durability.FSYNC), ByHand(folder)
    seconds: tuple[list[float], list[float]] = ([], [])
    for now, batch in enumerate(map(batch_of, cut(flow.messages, size)[:FRAMES])):
        content = content_of(batch)
        began = time.perf_counter()
        exchange.submit(batch, now)
        exchange.sync()
        between = time.perf_counter()
        by_hand.write(content)
        seconds[0].append(between - began)
        seconds[1].append(time.perf_counter() - between)
    exchange.close()
    by_hand.close()
    rate, raw = (size / statistics.median(taken) for taken in seconds)
    label = f"fsync, frames of {size:,}"
    return Row(label, rate, "commands/s", f"by hand: {raw:,.0f}", rate / raw)


def unsynced(flow: workloads.Flow, folder: pathlib.Path, kind: Durability, rounds: int) -> Row:
    """Return the rate where no disk is waited for."""
    batches = [batch_of(rows) for rows in cut(flow.messages, UNSYNCED)]

    def run() -> float:
        exchange = opened(flow, folder, kind)

        def work() -> None:
            for now, batch in enumerate(batches):
                exchange.submit(batch, now)
                exchange.sync()

        seconds = timed(work)
        exchange.close()
        return seconds

    rate = len(flow.messages) / race({"run": run}, rounds)["run"] / MILLION
    return Row(f"{kind}, frames of {UNSYNCED:,}", rate, "M commands/s")


def recovery(flow: workloads.Flow, folder: pathlib.Path, rounds: int) -> Row:
    """Return how fast a journal is read, proven and replayed by the engine."""
    folder = folder / "recovery"
    folder.mkdir()
    exchange = opened(flow, folder, Durability.NONE)
    for now, rows in enumerate(cut(flow.messages, UNSYNCED)):
        exchange.submit(batch_of(rows), now)
    exchange.close()
    (directory,) = folder.iterdir()
    seconds = race({"replay": lambda: _replayed(directory, flow.instruments)}, rounds)["replay"]
    rate = (len(flow.opening) + len(flow.messages)) / seconds / MILLION
    return Row("recovery of the engine", rate, "M commands/s")


def _replayed(directory: pathlib.Path, instruments: int) -> float:
    journal = Journal(directory, Disk(), Durability.OS)
    exchange = Exchange(journal, workloads.sizes(instruments))

    def work() -> None:
        for frame in journal.frames():
            exchange.replay(frame)

    seconds = timed(work)
    exchange.close()
    return seconds


def main() -> None:
    """Measure, and print the table."""
    chosen = options(__doc__ or "").parse_args()
    flow = workloads.flow("A", MESSAGES_FULL if chosen.full else MESSAGES)
    rounds = min(chosen.rounds, 5)
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as name:
        folder = pathlib.Path(name)
        rows = [synced(flow, folder, size) for size in SYNCED]
        rows += [unsynced(flow, folder, kind, rounds) for kind in UNSYNCED_KINDS]
        rows.append(recovery(flow, folder, rounds))
    publish("journal", rows, chosen.json)


if __name__ == "__main__":
    main()
