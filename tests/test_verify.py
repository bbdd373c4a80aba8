"""A journal that was spoiled is torn or refused by `cfx verify`, and never gives another hash."""

import datetime
import random
from decimal import Decimal

import pytest

from clearing.genesis import genesis
from clearing.house import House
from clearing.terms import ProductTerms
from clearing.venue import Venue
from clearing.verify import Verification, verify
from engine.exchange import Exchange
from engine.hashes import state_hash
from engine.instruments import as_number
from engine.journal import Journal
from engine.rows import Batch
from engine.schema import Kind, Phase, Side
from tests.forgetful import ForgetfulDisk
from tests.journals import FIRST, HERE, SEGMENT, starts

DAY = datetime.date(2026, 8, 3)


@pytest.fixture(scope="module")
def hundred() -> tuple[bytes, Verification]:
    """The segment of a journal of 100 rows, and what it verifies as."""
    disk = ForgetfulDisk()
    venue = Venue(Exchange(Journal.open(HERE, disk, segment_bytes=SEGMENT)), House())
    terms = ProductTerms(model="H100", rates=(Decimal(400),))
    venue.submit(genesis([terms], DAY), 1)
    for account in (1, 2):
        batch = Batch()
        batch.money(Kind.OPEN_OWNER, other=account, text=f"owner {account}")
        batch.money(Kind.OPEN_ACCOUNT, account=account, other=account, text=f"account {account}")
        batch.money(Kind.DEPOSIT, account=account, value=10**10)
        venue.submit(batch, 1)
        venue.sync()
    opening = Batch()
    opening.money(Kind.PHASE, product=0, code=Phase.OPEN, value=as_number(DAY))
    venue.submit(opening, 1)
    side = Side.BUY
    while venue.exchange.seq < 100:
        batch = Batch()
        for _ in range(min(3, 100 - venue.exchange.seq)):
            batch.enter(1 + side, 0, side, 2, 500)
            side = Side(1 - side)
        venue.submit(batch, 2)
        venue.sync()
    assert venue.exchange.state.totals[0]["trades"] > 0
    venue.close()
    verification = verify(HERE, disk)
    assert verification.ok
    assert verification.rows == venue.exchange.seq == 100
    assert verification.state_hash == state_hash(venue.exchange.state)
    assert verification.event_hash == venue.exchange.chain.hex()
    return bytes(disk.file(FIRST)), verification


def is_found(disk: ForgetfulDisk) -> bool:
    """Whether a spoiled journal is found out: a sentence, and no hash."""
    found = verify(HERE, disk)
    hashes = (found.state_hash, found.event_hash, found.ledger_hash)
    return not found.ok and hashes == ("", "", "") and "offset" in found.finding


def test_truncation_at_every_byte_is_found(hundred: tuple[bytes, Verification]) -> None:
    whole, sound = hundred
    disk = ForgetfulDisk()
    for size in [*range(starts(whole)[-1] + 1), len(whole) - 1]:
        disk.put(FIRST, whole[:size])
        assert is_found(disk), size
    disk.put(FIRST, whole)
    assert verify(HERE, disk) == sound


def test_a_flip_of_every_bit_is_found(hundred: tuple[bytes, Verification]) -> None:
    whole, sound = hundred
    disk = ForgetfulDisk()
    disk.put(FIRST, whole)
    content = disk.file(FIRST)
    for place in range(starts(whole)[-1] + 64):
        for bit in range(8):
            content[place] ^= 1 << bit
            assert is_found(disk), (place, bit)
            content[place] ^= 1 << bit
    assert verify(HERE, disk) == sound


def test_a_torn_journal_is_left_as_it_is(hundred: tuple[bytes, Verification]) -> None:
    whole, sound = hundred
    torn = whole[: len(whole.rstrip(b"\0")) - 200].ljust(len(whole), b"\0")
    disk = ForgetfulDisk()
    disk.put(FIRST, torn)
    found = verify(HERE, disk)
    assert "the tail is torn" in found.finding
    assert found.frames == sound.frames - 1
    assert bytes(disk.file(FIRST)) == torn


def test_two_spoiled_places_are_found(hundred: tuple[bytes, Verification]) -> None:
    whole, _ = hundred
    disk = ForgetfulDisk()
    for seed in range(300):
        rng = random.Random(seed)
        spoiled = bytearray(whole)
        for _ in range(2):
            spoiled[rng.randrange(starts(whole)[-1])] ^= rng.randint(1, 255)
        disk.put(FIRST, bytes(spoiled))
        assert spoiled == whole or is_found(disk), seed
