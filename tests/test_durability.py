"""What was synced survives what the durability promises, and no more is promised."""

import pathlib
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.disk import Disk
from engine.journal import Journal
from engine.survey import survey
from tests.forgetful import ForgetfulDisk
from tests.journals import HERE, SEGMENT, make_frame, make_frames, read_seqs


def test_what_was_synced_survives_a_loss_of_power_and_the_rest_is_cut() -> None:
    for seed in range(300):
        rng = random.Random(seed)
        disk = ForgetfulDisk()
        journal = Journal.open(HERE, disk, segment_bytes=SEGMENT)
        synced = 0
        sizes = [rng.randint(1, 40) for _ in range(rng.randint(1, 20))]
        for count, frame in enumerate(make_frames(sizes), 1):
            journal.append(frame)
            if rng.random() < 0.3:
                journal.sync()
                synced = count
        disk.lose_power(rng if seed % 2 else None)
        seqs = read_seqs(disk)
        assert len(seqs) >= synced, seed
        assert seqs == [frame.seq for frame in make_frames(sizes)][: len(seqs)], seed


@pytest.mark.parametrize(("durability", "kept"), [("fsync", 5), ("os", 0), ("none", 0)])
def test_a_loss_of_power_tells_durabilities_apart(durability: str, kept: int) -> None:
    disk = ForgetfulDisk()
    journal = Journal.open(HERE, disk, durability, SEGMENT)
    for frame in make_frames([4] * 5):
        journal.append(frame)
        journal.sync()
    disk.lose_power()
    assert len(read_seqs(disk)) == kept


@pytest.mark.parametrize(("durability", "kept"), [("fsync", 5), ("os", 5), ("none", 0)])
def test_kill_9_tells_durabilities_apart(durability: str, kept: int) -> None:
    disk = ForgetfulDisk()
    journal = Journal.open(HERE, disk, durability, SEGMENT)
    for frame in make_frames([4] * 5):
        journal.append(frame)
        journal.sync()
    disk.kill()
    assert len(read_seqs(disk)) == kept


def test_a_new_journal_has_its_full_size_after_a_loss_of_power() -> None:
    disk = ForgetfulDisk()
    Journal.open(HERE, disk, "none", SEGMENT)
    disk.lose_power()
    found = survey(HERE, disk)
    assert (found.sizes, found.torn) == ([SEGMENT], "")


def test_what_a_killed_writer_left_is_kept_before_more_is_promised() -> None:
    disk = ForgetfulDisk()
    journal = Journal.open(HERE, disk, "os", SEGMENT)
    for frame in make_frames([60] * 5):
        journal.append(frame)
    disk.kill()
    journal = Journal.open(HERE, disk, "fsync", SEGMENT)
    journal.append(make_frame(301, 1))
    journal.sync()
    disk.lose_power()
    assert read_seqs(disk) == [1, 61, 121, 181, 241, 301]


def test_another_thread_may_sync_while_frames_are_appended(tmp_path: pathlib.Path) -> None:
    journal = Journal.open(tmp_path, segment_bytes=SEGMENT)
    done = threading.Event()

    def keep_syncing() -> None:
        while not done.is_set():
            journal.sync()

    with ThreadPoolExecutor(1) as pool:
        syncing = pool.submit(keep_syncing)
        for frame in make_frames([8] * 400):
            journal.append(frame)
        done.set()
        syncing.result()
    journal.close()
    assert survey(tmp_path, Disk()).seq == 3_200


WRITER = """
import pathlib, sys
from engine.journal import Journal
from tests.test_journal import SEGMENT, make_frame
journal = Journal.open(pathlib.Path(sys.argv[1]), segment_bytes=SEGMENT)
seq = journal.seq + 1
while True:
    journal.append(make_frame(seq, 9))
    journal.sync()
    print(seq, flush=True)
    seq += 9
"""


def test_what_was_synced_survives_kill_9(tmp_path: pathlib.Path) -> None:
    seen = 0
    for cycle in range(5):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout
        for _ in range(20 + 7 * cycle):
            seen = int(writer.stdout.readline())
        writer.kill()
        rest = writer.stdout.read().split()
        writer.wait()
        seen = int(rest[-1]) if rest else seen
        journal = Journal.open(tmp_path, segment_bytes=SEGMENT)
        assert journal.seq >= seen + 8
        journal.close()


def test_one_sync_covers_all_frames_before_it() -> None:
    disk = ForgetfulDisk()
    journal = Journal.open(HERE, disk, segment_bytes=SEGMENT)
    before = disk.syncs
    for frame in make_frames([1] * 9):
        journal.append(frame)
    journal.sync()
    journal.sync()
    assert disk.syncs == before + 1
