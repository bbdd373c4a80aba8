"""A journal is read a piece at a time, wherever a frame crosses the end of one."""

import pathlib

import pytest

from engine.disk import Disk
from engine.journal import Journal, JournalError
from engine.pieces import PIECE, Pieces, is_zero
from engine.survey import Survey
from tests.journals import make_frame


def written(folder: pathlib.Path, counts: list[int]) -> list[bytes]:
    """Write frames of so many rows each; return their rows."""
    journal, frames = Journal(folder, durability="os", segment_bytes=5 * PIECE), []
    for count in counts:
        frames.append(make_frame(journal.seq + 1, count))
        journal.append(frames[-1])
    journal.close()
    return [frame.commands.tobytes() for frame in frames]


@pytest.mark.parametrize(
    "counts",
    [[1_000] * 30, [8_191, 1, 8_191, 8_190, 3], [1, 20_000, 5, 16_382, 1], [30_000]],
    ids=["across", "at the end", "longer than a piece", "one"],
)
def test_frames_are_read_wherever_a_piece_ends(tmp_path: pathlib.Path, counts: list[int]) -> None:
    rows = written(tmp_path, counts)
    found = Survey(tmp_path, Disk())
    assert [frame.commands.tobytes() for frame in found.read()] == rows
    assert (found.frames, found.seq, found.torn) == (len(counts), sum(counts), "")


@pytest.mark.parametrize("place", [PIECE - 64, 2 * PIECE + 5, 3 * PIECE - 1])
def test_damage_is_named_where_it_is_whatever_piece_it_is_in(
    tmp_path: pathlib.Path, place: int
) -> None:
    written(tmp_path, [1_000] * 30)
    path = tmp_path / "journal-000001"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    frames = place // (1_001 * 128)
    where = f"offset {frames * 1_001 * 128}, frame {frames + 1}, seq {frames * 1_000 + 1}: "
    with pytest.raises(JournalError, match=f"{where}the frame is damaged"):
        list(Survey(tmp_path, Disk()).read())


def test_a_file_is_had_from_anywhere(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"1" + bytes(2 * PIECE) + b"2" + bytes(9))
    pieces = Pieces(Disk(), path)
    assert (pieces.read_on(0), pieces.content[:2], len(pieces.content)) == (True, b"1\0", PIECE)
    assert (pieces.read_on(0), len(pieces.content)) == (True, 2 * PIECE)
    assert (pieces.read_on(0), len(pieces.content)) == (True, pieces.size)
    assert not pieces.read_on(0)
    assert (pieces.read_on(2 * PIECE), pieces.content) == (True, b"\0" + b"2" + bytes(9))
    assert not pieces.read_on(2 * PIECE)
    assert [pieces.is_zero(place) for place in (0, 1, 2 * PIECE + 1, 2 * PIECE + 2)] == [
        *(False, False),
        *(False, True),
    ]
    assert pieces.whole() == path.read_bytes()
    assert is_zero(b"")
