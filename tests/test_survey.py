"""What is not a sound journal is torn at its end, or refused: never another one."""

import pytest

from engine.journal import Journal, JournalError
from engine.schema import RULES
from engine.survey import segment_name, survey
from tests.forgetful import ForgetfulDisk
from tests.journals import (
    FIRST,
    HERE,
    HUNDRED,
    SEGMENT,
    judge,
    make_frame,
    make_frames,
    read_seqs,
    starts,
    write,
)


def test_truncation_at_every_byte_is_torn_or_refused() -> None:
    disk = ForgetfulDisk()
    write(disk, HUNDRED)
    whole = bytes(disk.file(FIRST))
    sound = judge(disk)
    used = starts(whole)[-1]
    for size in [*range(used + 1), len(whole) - 1]:
        disk.put(FIRST, whole[:size])
        assert judge(disk) in ("torn", "refused"), size
    disk.put(FIRST, whole)
    assert judge(disk) == sound


def test_a_flipped_bit_is_torn_or_refused() -> None:
    """In every byte here; `test_verify.py` flips every bit."""
    disk = ForgetfulDisk()
    write(disk, HUNDRED)
    content = disk.file(FIRST)
    sound = judge(disk)
    for place in range(starts(content)[-1] + 256):
        content[place] ^= 1 << place % 8
        assert judge(disk) in ("torn", "refused"), place
        content[place] ^= 1 << place % 8
    assert judge(disk) == sound


def test_a_torn_tail_is_cut_by_whole_frames_and_said() -> None:
    disk = ForgetfulDisk()
    write(disk, [3, 4, 5])
    whole = bytes(disk.file(FIRST))
    third = starts(whole)[2]
    for size in range(third + 1, len(whole.rstrip(b"\0"))):
        disk.put(FIRST, whole[:size].ljust(SEGMENT, b"\0"))
        journal = Journal.open(HERE, disk, segment_bytes=SEGMENT)
        journal.close()
        if any(whole[third:size]):
            assert f"offset {third}, frame 3, seq 8: the tail is torn" in journal.torn
        assert journal.seq == 7
        assert bytes(disk.file(FIRST)) == whole[:third].ljust(SEGMENT, b"\0")


def test_a_journal_goes_on_behind_what_was_cut() -> None:
    disk = ForgetfulDisk()
    write(disk, [3, 4, 5])
    whole = bytes(disk.file(FIRST))
    disk.put(FIRST, whole[: starts(whole)[2] + 200])
    journal = Journal.open(HERE, disk, segment_bytes=SEGMENT)
    journal.append(make_frame(8, 2))
    journal.close()
    assert read_seqs(disk) == [1, 4, 8]


@pytest.mark.parametrize("durability", ["fsync", "os", "none"])
def test_damage_that_a_kept_frame_follows_is_refused(durability: str) -> None:
    disk = ForgetfulDisk()
    write(disk, [3, 1, 5], durability)
    content = disk.file(FIRST)
    content[starts(content)[1] + 200] ^= 1
    with pytest.raises(JournalError, match="offset 640, frame 2, seq 4: the frame is damaged"):
        Journal.open(HERE, disk, segment_bytes=SEGMENT)
    assert len(content) == SEGMENT


def test_damage_among_frames_of_one_unfinished_sync_is_torn() -> None:
    disk = ForgetfulDisk()
    journal = Journal.open(HERE, disk, segment_bytes=SEGMENT)
    for frame in make_frames([3, 4, 5]):
        journal.append(frame)
    disk.kill()
    content = disk.file(FIRST)
    content[starts(content)[1] + 200] ^= 1
    assert judge(disk) == "torn"
    assert read_seqs(disk) == [1]


def test_damage_that_a_later_segment_follows_is_refused() -> None:
    disk = ForgetfulDisk()
    write(disk, [60, 60, 60])
    disk.file(FIRST)[8_000] ^= 1
    with pytest.raises(JournalError, match="journal-000002 follows"):
        survey(HERE, disk)


def test_a_missing_segment_is_refused() -> None:
    disk = ForgetfulDisk()
    write(disk, [60] * 6)
    disk.remove(HERE / segment_name(2))
    with pytest.raises(JournalError, match="journal-000002 is missing"):
        survey(HERE, disk)


def test_zeroed_sectors_are_refused_or_torn() -> None:
    disk = ForgetfulDisk()
    write(disk, HUNDRED)
    whole = bytes(disk.file(FIRST))
    places = starts(whole)
    for start in range(0, places[-2], 512):
        disk.put(FIRST, whole[:start] + bytes(512) + whole[start + 512 :])
        assert judge(disk) in ("torn", "refused")


def test_frames_that_are_swapped_or_doubled_are_refused() -> None:
    disk = ForgetfulDisk()
    write(disk, [5, 5, 5])
    whole = bytes(disk.file(FIRST))
    a, b, c, end = starts(whole)
    swapped = whole[:a] + whole[b:c] + whole[a:b] + whole[c:]
    doubled = whole[:end] + whole[c:end] + whole[end:]
    dropped = whole[:a] + whole[b:]
    for spoiled in (swapped, doubled, dropped):
        disk.put(FIRST, spoiled[:SEGMENT].ljust(SEGMENT, b"\0"))
        with pytest.raises(JournalError, match="does not follow"):
            survey(HERE, disk)


def test_a_foreign_file_is_refused() -> None:
    disk = ForgetfulDisk()
    disk.put(FIRST, b"SQLite format 3\0".ljust(SEGMENT, b"\0"))
    with pytest.raises(JournalError, match="this is no cfx journal"):
        Journal.open(HERE, disk)


def test_a_newer_format_is_refused_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = ForgetfulDisk()
    monkeypatch.setattr("engine.frame.FORMAT", 9)
    write(disk, [1])
    monkeypatch.undo()
    with pytest.raises(JournalError, match="is of format 9, this release reads format 1"):
        Journal.open(HERE, disk)


def test_newer_rules_are_refused_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = ForgetfulDisk()
    monkeypatch.setattr("engine.frame.RULES", RULES + 1)
    write(disk, [1])
    monkeypatch.undo()
    sentence = f"written under rules {RULES + 1}, this release plays rules {RULES}"
    with pytest.raises(JournalError, match=sentence):
        Journal.open(HERE, disk)
