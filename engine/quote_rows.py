"""Rows of market makers: quotes, and what protects them."""

from engine.layout import MONEY
from engine.rows import Batch
from engine.schema import Kind

QUOTES_MAX = 15  # Entries of one mass quote.
WINDOW = 1_000_000_000  # Nanoseconds in which protection counts fills, unless the maker says.


def add_quote(
    batch: Batch,
    account: int,
    instrument: int,
    bid: tuple[int, int],
    ask: tuple[int, int],
    *,
    tag: int = 0,
    smp_id: int = 0,
    smp_rule: int = 0,
    session: int = 0,
    key: int = 0,
    received: int = 0,
    text: str = "",
) -> None:
    """Add a quote in place of the account's old one. bid, ask: lots and price; 0 lots: none."""
    batch.enter(
        account,
        instrument,
        0,
        *bid,
        type=0,
        tif=0,
        tag=tag,
        trigger=ask[1],
        display=ask[0],
        smp_id=smp_id,
        smp_rule=smp_rule,
        session=session,
        key=key,
        received=received,
        text=text,
    )
    batch.rows["kind"][-1] = Kind.QUOTE


def add_protection(
    batch: Batch,
    account: int,
    product: int,
    lots: int,
    *,
    window: int = WINDOW,
    session: int = 0,
    key: int = 0,
) -> None:
    """Add what an account's quotes in a product may fill in a window; 0 lots: anything."""
    batch.money(
        Kind.PROTECT, account=account, product=product, value=lots, session=session, key=key
    )
    batch.rows[-1:].view(MONEY)["batch"] = window
