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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from bench import workloads
from bench.kernel import cut
from bench.measure import Row, options, publish, race, timed
from clearing.house import House
from clearing.terms import ProductTerms, encode_terms
from clearing.venue import Venue
from engine.ahead import ahead
from engine.disk import Disk
from engine.exchange import Exchange
from engine.frame import Frame, frame_bytes
from engine.hashes import state_hash
from engine.jit import Table
from engine.journal import Durability, Journal
from engine.rows import Batch
from engine.runs import runs
from engine.segments import SEGMENT_BYTES
from engine.state import Sizes

SYNCED = (1, 16, 256, 1_024)  # Rows of a frame.
FRAMES = 150
TURNS = 5  # Of so many frames each, in turn with those by hand.
UNSYNCED = 1_024
AHEAD = 4  # Runs that are read ahead together, as a venue does.
RECOVERED = (16, 1_024)
UNSYNCED_KINDS = (Durability.OS, Durability.NONE)
MESSAGES, MESSAGES_FULL = 200_000, 2_000_000
MILLION = 1e6
Hashes = tuple[tuple[str, bytes], bytes]  # State and events; the ledger.

TERMS = ProductTerms(model="H100", rates=(Decimal(400),))


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
    return batch.rows.tobytes().ljust(frame_bytes(batch.rows, b""), b"-")


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


def overlapped(flow: workloads.Flow, folder: pathlib.Path, size: int) -> Row:
    """Return the rate where frames are matched while a sync is under way, as the gateway does.

    One sync is in flight and covers all that was appended before it began. By hand: the same
    bytes, in as many writes and syncs.
    """
    exchange, by_hand = opened(flow, folder, Durability.FSYNC), ByHand(folder)
    batches = [batch_of(rows) for rows in cut(flow.messages, size)]
    rates: tuple[list[float], list[float]] = ([], [])
    with ThreadPoolExecutor(1) as pool:
        for first in range(0, min(TURNS * FRAMES, len(batches)), FRAMES):
            turn = batches[first : first + FRAMES]
            rows = sum(map(len, turn))
            began = time.perf_counter()
            groups = _submit_beside(exchange, turn, pool)
            taken = time.perf_counter() - began
            contents = [b"".join(map(content_of, group)) for group in groups]
            began = time.perf_counter()
            for content in contents:
                by_hand.write(content)
            rates[0].append(rows / taken)
            rates[1].append(rows / (time.perf_counter() - began))
    exchange.close()
    by_hand.close()
    rate, raw = (statistics.median(each) for each in rates)
    label = f"fsync beside matching, frames of {size:,}"
    return Row(label, rate, "commands/s", f"by hand: {raw:,.0f}", rate / raw)


def _submit_beside(
    exchange: Exchange, batches: list[Batch], pool: ThreadPoolExecutor
) -> list[list[Batch]]:
    """Submit batches and return, once all are kept, which of them went into each sync."""
    groups: list[list[Batch]] = [[]]
    syncing = pool.submit(exchange.sync)
    for batch in batches:
        exchange.submit(batch, 0)
        groups[-1].append(batch)
        if syncing.done():
            syncing = pool.submit(exchange.sync)
            groups.append([])
    syncing.result()
    exchange.sync()
    return [group for group in groups if group]


def recovery(flow: workloads.Flow, folder: pathlib.Path, size: int, rounds: int) -> list[Row]:
    """Return how fast a journal is opened: read once, proven and replayed, all hashes equal.

    By the engine, and by engine and house; on the clock, and in processor time of all threads.
    """
    folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
    hashes = _recorded(flow, folder, size)
    seconds: dict[str, list[tuple[float, float]]] = {"engine": [], "engine and house": []}
    for _ in range(rounds):
        for who, taken in seconds.items():
            taken.append(_replayed(folder, flow.instruments, who == "engine and house", hashes))
    rows, found = (len(flow.opening) + len(flow.messages)) / MILLION, []
    for who, taken in seconds.items():
        wall, processor = (statistics.median(each) for each in zip(*taken, strict=True))
        label = f"recovery of {who}, frames of {size:,}"
        found.append(Row(label, rows / wall, "M commands/s"))
        found.append(Row(f"{label}, processor", rows / processor, "M commands/s"))
    return found


def _recorded(flow: workloads.Flow, folder: pathlib.Path, size: int) -> Hashes:
    """Write a flow's journal, and return what it hashes to."""
    journal = Journal(folder, Disk(), Durability.NONE)
    venue = Venue(Exchange(journal, workloads.sizes(flow.instruments)), House())
    market = workloads.market(flow.instruments, encode_terms(TERMS))
    fills = batch_of(flow.opening[len(market) :])
    for batch in (market, fills, *map(batch_of, cut(flow.messages, size))):
        venue.submit(batch, 0)
    hashes = _hashes(venue.exchange), venue.house.ledger.hash()
    venue.close()
    return hashes


def _hashes(exchange: Exchange) -> tuple[str, bytes]:
    return state_hash(exchange.state), exchange.chain


def _replayed(
    directory: pathlib.Path, instruments: int, with_house: bool, hashes: Hashes
) -> tuple[float, float]:
    """Return the seconds of a replay that ends in these hashes: by the clock, and of processor."""
    sizes = workloads.sizes(instruments)
    wall, processor = time.perf_counter(), time.process_time()
    if with_house:
        venue = Venue.open(directory, Disk(), Durability.OS, sizes)
        exchange = venue.exchange
    else:
        exchange = _engine_alone(directory, sizes)
    exchange.prove()
    seconds = time.perf_counter() - wall, time.process_time() - processor
    assert _hashes(exchange) == hashes[0]
    assert not with_house or venue.house.ledger.hash() == hashes[1]
    exchange.close()
    return seconds


def _engine_alone(directory: pathlib.Path, sizes: Sizes) -> Exchange:
    exchange = Exchange(sizes=sizes)

    def replay(frames: Iterator[Frame]) -> None:
        for run in ahead(runs(frames, frozenset(), exchange.is_sealed), AHEAD):
            exchange.follow(run.frames, exchange.apply(run.whole))

    exchange.journal = Journal(directory, Disk(), Durability.OS, reader=replay)
    return exchange


def main() -> None:
    """Measure, and print the table."""
    chosen = options(__doc__ or "").parse_args()
    flow = workloads.flow("A", MESSAGES_FULL if chosen.full else MESSAGES)
    rounds = min(chosen.rounds, 5)
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as name:
        folder = pathlib.Path(name)
        rows = [synced(flow, folder, size) for size in SYNCED]
        rows += [overlapped(flow, folder, size) for size in SYNCED]
        rows += [unsynced(flow, folder, kind, rounds) for kind in UNSYNCED_KINDS]
        for size in RECOVERED:
            rows += recovery(flow, folder, size, rounds)
    publish("journal", rows, chosen.json)


if __name__ == "__main__":
    main()
