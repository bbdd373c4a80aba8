"""Frames are written once and read whole, whatever the disk does meanwhile."""

import errno
import pathlib
import random
import subprocess
import sys

import pytest

from engine.disk import Disk
from engine.frame import HEADER_BYTES, NO_HASH, Frame
from engine.journal import Journal, JournalError, JournalFullError
from engine.survey import survey
from tests.forgetful import ForgetfulDisk
from tests.journals import FIRST, HERE, SEGMENT, make_frame, make_frames, read_seqs, starts, write


def same(left: Frame, right: Frame) -> bool:
    """Whether two frames hold the same bytes."""
    rows = left.commands.tobytes() == right.commands.tobytes()
    return rows and left[0] == right[0] and left[2:] == right[2:]


# What is written is read.


def test_frames_are_read_back_as_they_were_written(tmp_path: pathlib.Path) -> None:
    journal = Journal.open(tmp_path)
    written = list(make_frames([1, 7, 1_024, 3]))
    for frame in written:
        journal.append(frame)
    journal.close()
    again = Journal.open(tmp_path)
    assert all(same(*pair) for pair in zip(written, again.frames(), strict=True))
    assert again.seq == 1_035
    assert not again.torn
    assert not next(again.frames()).commands.flags.writeable
    again.close()


def test_a_journal_goes_on_where_it_was_closed() -> None:
    disk = ForgetfulDisk()
    write(disk, [2, 3])
    journal = Journal.open(HERE, disk, segment_bytes=SEGMENT)
    journal.append(make_frame(6, 1))
    journal.close()
    assert read_seqs(disk) == [1, 3, 6]


@pytest.mark.parametrize("durability", ["fsync", "os", "none"])
def test_segments_roll_when_a_frame_does_not_fit(durability: str) -> None:
    disk = ForgetfulDisk()
    write(disk, [40] * 10, durability)
    assert read_seqs(disk) == list(range(1, 401, 40))
    assert len(survey(HERE, disk).sizes) >= 4
    assert set(survey(HERE, disk).sizes) == {SEGMENT}


def test_a_frame_larger_than_a_segment_gets_one_of_its_size() -> None:
    disk = ForgetfulDisk()
    write(disk, [70, 500, 1, 100])
    assert read_seqs(disk) == [1, 71, 571, 572]
    assert HEADER_BYTES * 501 in survey(HERE, disk).sizes


def test_a_frame_of_half_a_million_bytes_of_text() -> None:
    disk = ForgetfulDisk()
    journal = Journal.open(HERE, disk, segment_bytes=SEGMENT)
    frame = make_frame(1, 1, b"x" * 500_001)
    journal.append(frame)
    journal.close()
    again = Journal.open(HERE, disk, segment_bytes=SEGMENT)
    assert [len(read.text) for read in again.frames()] == [500_001]


def test_only_one_may_hold_a_journal(tmp_path: pathlib.Path) -> None:
    journal = Journal.open(tmp_path)
    with pytest.raises(JournalError, match="open in another process"):
        Journal.open(tmp_path)
    journal.close()
    Journal.open(tmp_path).close()


def test_a_journal_that_was_refused_is_free_again(tmp_path: pathlib.Path) -> None:
    first = tmp_path / "deep" / "journal" / FIRST
    Journal.open(first.parent, segment_bytes=SEGMENT).close()
    first.write_bytes(b"spoiled".ljust(SEGMENT, b"\0"))
    with pytest.raises(JournalError, match="this is no cfx journal"):
        Journal.open(first.parent)
    first.write_bytes(bytes(SEGMENT))
    Journal.open(first.parent).close()


# Any call of the disk may fail.


@pytest.mark.parametrize("failure", [errno.EIO, errno.ENOSPC, "short"])
@pytest.mark.parametrize("for_ever", [False, True])
@pytest.mark.parametrize("durability", ["fsync", "os", "none"])
def test_any_call_may_fail(failure: int | str, for_ever: bool, durability: str) -> None:
    """Fail the n-th call, n = 1, 2, ..., until a run completes: what was synced is there."""
    for n in range(1, 200):
        disk = ForgetfulDisk()
        disk.fail_at, disk.fails_for_ever = n, for_ever
        disk.short = failure == "short"
        disk.failure = errno.EIO if failure == "short" else int(failure)
        synced, completed = run_until_failure(disk, durability)
        disk.fail_at = 0
        disk.kill()
        seqs = read_seqs(disk)
        assert seqs == [frame.seq for frame in make_frames(MANY)][: len(seqs)]
        assert len(seqs) >= (synced if durability != "none" or completed else 0)
        if completed and disk.calls < n:
            return
    pytest.fail("the run never completed")


MANY = [30, 50, 40, 45, 60, 1, 20]


def run_until_failure(disk: ForgetfulDisk, durability: str) -> tuple[int, bool]:
    """Return how many frames were synced, and whether all were and the journal was closed."""
    synced = 0
    try:
        journal = Journal.open(HERE, disk, durability, SEGMENT)
        for frame in make_frames(MANY):
            try:
                journal.append(frame)
            except JournalFullError:
                journal.append(frame)
            journal.sync()
            synced += 1
        journal.close()
    except JournalError:
        return synced, False
    return synced, True


def test_any_call_may_fail_during_recovery() -> None:
    for n in range(1, 50):
        disk = ForgetfulDisk()
        write(disk, [3, 4, 5])
        content = disk.file(FIRST)
        content[starts(content)[2] + 150] ^= 1
        disk.put(FIRST, bytes(content))
        disk.fail_at = disk.calls + n
        try:
            Journal.open(HERE, disk, segment_bytes=SEGMENT).close()
        except JournalError:
            disk.lose_power(random.Random(n))
            disk.fail_at = 0
            assert read_seqs(disk) == [1, 4]
        else:
            return
    pytest.fail("recovery never completed")


def test_after_a_failed_sync_nothing_is_tried_again() -> None:
    disk = ForgetfulDisk()
    journal = Journal.open(HERE, disk, segment_bytes=SEGMENT)
    journal.append(make_frame(1, 1))
    disk.fail_at = disk.calls + 1
    with pytest.raises(JournalError, match="the disk failed after seq 1"):
        journal.sync()
    calls = disk.calls
    for refused in (journal.sync, lambda: journal.append(make_frame(2, 1)), journal.sync):
        with pytest.raises(JournalError, match="takes no more frames"):
            refused()
    journal.close()
    assert disk.calls == calls


def test_a_full_disk_shows_while_there_is_room_left() -> None:
    disk = ForgetfulDisk()
    disk.free = SEGMENT
    journal = Journal.open(HERE, disk, segment_bytes=SEGMENT)
    seq = 1
    while not journal.is_full:
        journal.append(make_frame(seq, 10))
        seq += 10
    assert journal._segments._offset < 0.7 * SEGMENT
    while journal._segments._offset + HEADER_BYTES * 11 <= SEGMENT:
        journal.append(make_frame(seq, 10))
        seq += 10
    with pytest.raises(JournalFullError, match="journal-000002 has no room"):
        journal.append(make_frame(seq, 10))
    journal.sync()
    assert len(list(journal.frames())) == seq // 10
    disk.free = SEGMENT
    journal.append(make_frame(seq, 10))
    assert not journal.is_full
    journal.close()
    assert len(read_seqs(disk)) == seq // 10 + 1


LIMITED = """
import pathlib, resource, sys
from engine.journal import Journal, JournalFullError
from tests.test_journal import make_frame
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
journal = Journal.open(pathlib.Path(sys.argv[1]), segment_bytes=1 << 15)
journal.append(make_frame(1, 200))
try:
    journal.append(make_frame(201, 600))
except JournalFullError:
    journal.append(make_frame(201, 3))
journal.close()
"""


def test_a_real_limit_on_file_sizes_is_a_full_disk(tmp_path: pathlib.Path) -> None:
    subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], check=True, timeout=60)
    found = survey(tmp_path, Disk())
    assert (found.seq, found.frames, found.torn) == (203, 2, "")


def test_a_header_is_128_bytes_and_hashes_are_16() -> None:
    assert HEADER_BYTES == 128
    assert len(NO_HASH) == 16
