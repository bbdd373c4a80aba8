"""A snapshot is the engine's whole state, or it is refused."""

import struct

import pytest

from engine.chain import EventChain
from engine.check import check
from engine.exchange import Exchange
from engine.hashes import digest, state_hash
from engine.snapshot import Snapshot, SnapshotError, differing, parts, unpack
from engine.state import new_state
from tests.small_market import SMALL, cut, hashes, make_batch, play

_HASH_BYTES = 16
_RULES, _LAYOUT = 12, 16  # Where they stand in the header.


def taken(exchange: Exchange) -> Snapshot:
    """Return the snapshot of an exchange as it stands."""
    made = state_hash(exchange.state), exchange.chain, bytes(_HASH_BYTES)
    return Snapshot(exchange.seq, exchange.time, *made, SMALL, exchange.state)


def as_bytes(snapshot: Snapshot) -> bytes:
    """Return what stands in a snapshot's file."""
    return b"".join(parts(snapshot))


@pytest.fixture(scope="module")
def played() -> bytes:
    """The snapshot of a market that has traded."""
    exchange = Exchange(sizes=SMALL)
    play(exchange, cut(make_batch(3, 500), 40))
    assert exchange.state.totals[0]["trades"] > 0
    return as_bytes(taken(exchange))


def test_what_was_written_is_read() -> None:
    exchange = Exchange(sizes=SMALL)
    play(exchange, cut(make_batch(3, 500), 40))
    snapshot = taken(exchange)
    again = unpack(as_bytes(snapshot))
    assert again[:-1] == snapshot[:-1]
    assert differing(again.state, snapshot.state) == ""
    assert state_hash(again.state) == snapshot.state_hash
    check(again.state)


def test_an_exchange_goes_on_from_a_snapshot() -> None:
    parts_of_day = cut(make_batch(4, 600), 40)
    whole, first, second = (Exchange(sizes=SMALL) for _ in range(3))
    play(whole, parts_of_day)
    play(first, parts_of_day[:7])
    snapshot = unpack(as_bytes(taken(first)))
    second.state, second.seq = snapshot.state, snapshot.seq
    second.time, second._chain = snapshot.time, EventChain(snapshot.event_hash)
    play(second, parts_of_day[7:])
    assert hashes(second) == hashes(whole)
    assert differing(second.state, whole.state) == ""


def test_only_what_differs_from_an_empty_exchange_is_written(played: bytes) -> None:
    empty = as_bytes(taken(Exchange(sizes=SMALL)))
    assert len(empty) < 1_000
    assert len(empty) < len(played) < sum(array.nbytes for array in new_state(SMALL)) / 2


def test_the_array_that_differs_is_named(played: bytes) -> None:
    one, other = unpack(played).state, unpack(played).state
    other.accounts[1]["equity"] += 1
    assert differing(one, other) == "accounts"


def test_a_flipped_bit_is_refused(played: bytes) -> None:
    spoiled = bytearray(played)
    places = [*range(400), *range(400, len(played), len(played) // 300)]
    for place in places:
        spoiled[place] ^= 1 << place % 8
        with pytest.raises(SnapshotError):
            unpack(bytes(spoiled))
        spoiled[place] ^= 1 << place % 8
    assert unpack(bytes(spoiled)).seq > 0


def test_a_cut_or_a_longer_file_is_refused(played: bytes) -> None:
    for size in [*range(400), len(played) // 2, len(played) - 1]:
        with pytest.raises(SnapshotError):
            unpack(played[:size])
    with pytest.raises(SnapshotError, match=f"its header says {len(played)}"):
        unpack(played + b"\0")


@pytest.mark.parametrize(
    ("place", "sentence"),
    [(_RULES, "was made under rules 99,"), (_LAYOUT, "arrays of another layout")],
)
def test_another_release_is_told_so(played: bytes, place: int, sentence: str) -> None:
    spoiled = bytearray(played[_HASH_BYTES:])
    spoiled[place : place + 4] = struct.pack("<I", 99)
    with pytest.raises(SnapshotError, match=sentence):
        unpack(digest(bytes(spoiled)) + spoiled)


def test_what_is_no_snapshot_is_refused() -> None:
    with pytest.raises(SnapshotError, match="is no snapshot of cfx"):
        unpack(b"SQLite format 3\0" * 100)
