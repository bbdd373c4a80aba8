"""A venue with one product, two accounts, and orders that trade."""

import datetime
from decimal import Decimal

from clearing.genesis import genesis
from clearing.terms import ProductTerms
from clearing.venue import Venue
from engine.exchange import Outcome
from engine.instruments import as_number
from engine.rows import Batch
from engine.schema import Kind, Phase, Side

DAY = datetime.date(2026, 8, 3)


def market() -> Batch:
    """Return the rows of an open market with two accounts."""
    batch = genesis([ProductTerms(model="H100", rates=(Decimal(400),))], DAY)
    for account in (1, 2):
        batch.money(Kind.OPEN_OWNER, other=account, text=f"owner {account}")
        batch.money(Kind.OPEN_ACCOUNT, account=account, other=account, text=f"account {account}")
        batch.money(Kind.DEPOSIT, account=account, value=10**12)
    batch.money(Kind.PHASE, product=0, code=Phase.OPEN, value=as_number(DAY))
    return batch


def trade(venue: Venue, frames: int) -> list[Outcome]:
    """Submit frames of a few orders each, and keep them; return what they caused."""
    outcomes = []
    for number in range(frames):
        batch = Batch()
        for turn in range(4):
            batch.enter(1 + turn % 2, 0, Side(turn % 2), 2, 500 + 2 * (number % 5))
        outcomes += venue.submit(batch, 2)
        venue.sync()
    return outcomes
