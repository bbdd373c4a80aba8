"""Small journals on a forgetful disk, for the tests that read, spoil and write them."""

import pathlib
from collections.abc import Iterator

import numpy as np

from engine.disk import Disk
from engine.frame import MAGIC, Frame, unpack
from engine.journal import Journal, JournalError
from engine.layout import COMMAND
from engine.schema import Origin
from engine.survey import segment_name, survey

HERE = pathlib.Path("journal")
FIRST = segment_name(1)
SEGMENT = 16 << 10


HUNDRED = [1, 20, 7, 30, 1, 1, 25, 15]  # Rows of each frame.


def make_frame(seq: int, rows: int, text: bytes = b"") -> Frame:
    """Return a frame of numbered rows."""
    commands = np.zeros(rows, COMMAND)
    commands["seq"] = np.arange(seq, seq + rows)
    commands["tag"] = commands["seq"] * 7
    chain = seq.to_bytes(16, "little")
    return Frame(Origin.PARTICIPANT, commands, text, chain)


def make_frames(sizes: list[int]) -> Iterator[Frame]:
    """Yield frames of the given numbers of rows, one after the other."""
    seq = 1
    for rows in sizes:
        yield make_frame(seq, rows, b"a name" if rows % 2 else b"")
        seq += rows


def write(disk: Disk, sizes: list[int], durability: str = "fsync", segment: int = SEGMENT) -> None:
    """Append frames to a new journal, each synced."""
    journal = Journal.open(HERE, disk, durability, segment)
    for frame in make_frames(sizes):
        journal.append(frame)
        journal.sync()
    journal.close()


def read_seqs(disk: Disk) -> list[int]:
    """Open the journal, cut its torn tail, and return the first seq of each frame."""
    journal = Journal.open(HERE, disk, segment_bytes=SEGMENT)
    seqs = [frame.seq for frame in journal.frames()]
    journal.close()
    return seqs


def judge(disk: Disk) -> str:
    """Return "refused", "torn" or the hash of the last frame: what `cfx verify` looks at first."""
    try:
        found = survey(HERE, disk)
    except JournalError:
        return "refused"
    return "torn" if found.torn else found.hash.hex()


def starts(spoiled: bytes | bytearray) -> list[int]:
    """Return where each frame begins, and where the last one ends."""
    places, offset, content = [], 0, bytes(spoiled)
    while content[offset : offset + 8] == MAGIC:
        places.append(offset)
        offset += unpack(content, offset)[0].size
    return [*places, offset]
