"""A market of three futures and four accounts, and random orders for it."""

import random

from engine.exchange import Exchange, Outcome
from engine.hashes import state_hash
from engine.rows import Batch
from engine.schema import Form, Kind, Phase, Tif
from engine.state import Sizes

SMALL = Sizes(orders=1 << 12, levels=1 << 11, instruments=8, accounts=16, positions=64)
ACCOUNTS = 4
INSTRUMENTS = 3
MID = 64


def open_market(batch: Batch) -> None:
    """Add what a market of three futures and four accounts needs, up to its opening."""
    batch.money(Kind.PRODUCT, product=0, text="{}")
    for instrument in range(INSTRUMENTS):
        batch.listing(
            instrument,
            0,
            f"FUTURE-{instrument}",
            low=2,
            high=128,
            tick=2,
            value=3_650_000,
            clip=2_000,
            position_max=10_000,
            protection=20,
            month=202601 + instrument,
            expiry=20260130 + 100 * instrument,
            form=Form.FUTURE,
        )
        batch.money(Kind.RATE, instrument=instrument, value=50_000_000)
    for account in range(1, ACCOUNTS + 1):
        batch.money(Kind.OPEN_OWNER, other=account, text=f"owner {account}")
        batch.money(Kind.OPEN_ACCOUNT, account=account, other=account, text=f"account {account}")
        batch.money(Kind.DEPOSIT, account=account, value=10**12)
    batch.money(Kind.PHASE, product=0, code=Phase.OPEN, value=20260105)


def trade(batch: Batch, rng: random.Random, count: int) -> None:
    """Add orders, some of which trade, and a few cancels of all."""
    for _ in range(count):
        account, instrument = rng.randint(1, ACCOUNTS), rng.randrange(INSTRUMENTS)
        if rng.random() < 0.03:
            batch.cancel_all(account)
        price = MID + 2 * rng.randint(-8, 8)
        tif = rng.choice((Tif.DAY, Tif.DAY, Tif.GTC, Tif.FAK))
        batch.enter(account, instrument, rng.randrange(2), rng.randint(1, 30), price, tif=tif)


def make_batch(seed: int, count: int) -> Batch:
    """Return the rows that open the market, then `count` random orders."""
    batch = Batch()
    open_market(batch)
    trade(batch, random.Random(seed), count)
    return batch


def cut(batch: Batch, size: int) -> list[Batch]:
    """Return the rows in batches of `size`, each with the whole text."""
    parts = []
    for first in range(0, len(batch), size):
        part = Batch()
        part._text = bytearray(batch.text)
        part.extend(batch.rows[first : first + size])
        parts.append(part)
    return parts


def play(exchange: Exchange, batches: list[Batch]) -> list[Outcome]:
    """Submit batches one after the other."""
    return [exchange.submit(batch, 1_000) for batch in batches]


def all_events(outcomes: list[Outcome]) -> bytes:
    """Return the bytes of all events."""
    return b"".join(outcome.events.tobytes() for outcome in outcomes)


def hashes(exchange: Exchange) -> tuple[str, str]:
    """Return state hash and event hash."""
    return state_hash(exchange.state), exchange.chain.hex()
