"""What is known of each default: the records that its rows leave, from DECLARE to CLOSE."""

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

from clearing.default.waterfall import Payment

BID_MAX = 10**15  # Micro-dollars, either way.
NOBODY = -1


class Bid(NamedTuple):
    """What an account offers for a portfolio, above its value at the settlement. Sealed."""

    seq: int
    account: int
    price: int  # Micro-dollars for all of it; below 0: the bidder is to be paid.


class PassedOver(NamedTuple):
    """A bid that could not win, and why: a Fault, and by how many micro-dollars it is short."""

    account: int
    fault: int
    short: int


@dataclasses.dataclass(slots=True)
class Auction:
    """The sale of what a defaulter holds in one product."""

    number: int
    product: int
    bids: dict[int, Bid] = dataclasses.field(default_factory=dict)  # The last of each account.
    winner: int = NOBODY
    price: int = 0  # Micro-dollars that the winner pays.
    torn_up: int = 0  # Lots.
    passed_over: list[PassedOver] = dataclasses.field(default_factory=list)
    is_open: bool = True

    def best(self) -> list[Bid]:
        """Return the bids, best first: the higher, and of equal ones the earlier."""
        return sorted(self.bids.values(), key=lambda bid: (-bid.price, bid.seq))


@dataclasses.dataclass(slots=True)
class Case:
    """One default. Micro-dollars, dates as yyyymmdd."""

    account: int
    declared: int
    margin: int  # What the account had when it was last in good standing, and paid in since.
    is_announced: bool = False
    auctions: list[Auction] = dataclasses.field(default_factory=list)
    payments: list[Payment] = dataclasses.field(default_factory=list)
    loss: int = 0
    closed: int = 0  # Date; 0: it is open.

    @property
    def is_sold(self) -> bool:
        """Whether its auctions are over; there are none where nothing was held."""
        return self.is_announced and not any(each.is_open for each in self.auctions)


def portfolio_text(held: Iterable[tuple[int, int]]) -> str:
    """Return instruments and lots as an AUCTION row's text: "12:40 13:-5"."""
    return " ".join(f"{instrument}:{lots}" for instrument, lots in held)


def portfolio_of(text: str) -> dict[int, int]:
    """Return the lots by instrument that an AUCTION row's text says."""
    pairs = (part.split(":") for part in text.split())
    return {int(instrument): int(lots) for instrument, lots in pairs}
