"""Securities that stand in for money: what they count for, who pledged them, what a haircut does.

An asset's face is in micro-dollars; it counts for less by its haircut. The haircuts are those of
clearing houses in practice: half a percent on bills, one to six percent on notes by the time left.
"""

from typing import NamedTuple

from clearing.ledger import Book, Entry, line_code
from engine.jit import Row, Table
from engine.rows import Batch
from engine.schema import Did, Kind

WHOLE = 10_000  # Basis points.
REVALUED = line_code(Entry.REVALUATION, Book.CUSTODY)  # The `code` of a CHARGE row.
SOLD = line_code(Entry.SALE, Book.CUSTODY)  # Likewise; its cash follows by another row.
_CASHED = line_code(Entry.SALE, Book.BANK)


class Asset(NamedTuple):
    """A kind of security, and the haircut that it begins with."""

    code: int
    name: str
    haircut: int  # Basis points of its face.


ASSETS = (
    Asset(1, "t-bill", 50),
    Asset(2, "note-1y", 100),  # Notes and bonds by the years left until they are repaid, at most.
    Asset(3, "note-3y", 200),
    Asset(4, "note-5y", 300),
    Asset(5, "note-7y", 400),
    Asset(6, "note-10y", 500),
    Asset(7, "note-30y", 600),
)
ASSET_OF = {asset.name: asset for asset in ASSETS}
NAMES = {asset.code: asset.name for asset in ASSETS}


class Pledged(NamedTuple):
    """What an account has pledged of an asset. Micro-dollars."""

    face: int = 0
    counted: int = 0


def counts_for(face: int, haircut: int) -> int:
    """Return what a face counts for, rounded down to the micro-dollar."""
    return face * (WHOLE - haircut) // WHOLE


class Collateral:
    """What is pledged, by account and asset, and the haircuts. A fold over events and rows."""

    def __init__(self) -> None:
        self.haircuts = {asset.code: asset.haircut for asset in ASSETS}
        self._pledged: dict[tuple[int, int], Pledged] = {}
        self._changed: set[int] = set()  # Assets whose new haircut is still to be applied.

    def of(self, account: int, asset: int) -> Pledged:
        """Return what an account has pledged of an asset."""
        return self._pledged.get((account, asset), Pledged())

    def worth(self, account: int, asset: int, face: int) -> int:
        """Return what so much more of an asset counts for, or, below 0, so much less.

        All that an account has of it is valued as one, so nothing is left when the last is gone.
        """
        before = self.of(account, asset)
        return counts_for(before.face + face, self.haircuts[asset]) - before.counted

    def fold(self, events: Table) -> None:
        """Take in what was pledged and recalled. events: EVENT, of a frame."""
        for kind, sign in ((Did.PLEDGED, 1), (Did.RECALLED, -1)):
            for event in events[events["kind"] == kind]:
                place = int(event["account"]), int(event["other"])
                face, counted = sign * int(event["price"]), sign * int(event["quantity"])
                before = self.of(*place)
                self._pledged[place] = Pledged(before.face + face, before.counted + counted)

    def take(self, row: Row) -> None:
        """Take in a REVIEW row: an asset's haircut from now on."""
        asset = int(row["other"])
        if asset in self.haircuts and 0 <= row["value"] <= WHOLE:
            self.haircuts[asset] = int(row["value"])
            self._changed.add(asset)

    def sell(self, batch: Batch, account: int) -> None:
        """Add rows that turn all that an account has pledged into cash, at what it counts for.

        A sale in haste costs the haircut; that is what it is held back for.
        """
        for (whose, asset), held in sorted(self._pledged.items()):
            value, face = held.counted, held.face
            if whose == account and value:
                batch.money(
                    Kind.CHARGE, account=account, value=value, value_2=face, code=SOLD, source=asset
                )
                batch.money(Kind.CHARGE, account=account, value=-value, code=_CASHED, source=asset)

    def charge(self, row: Row) -> None:
        """Take in an accepted CHARGE row: of an asset that was sold nothing is pledged any more."""
        if row["code"] == SOLD:
            del self._pledged[int(row["account"]), int(row["source"])]

    def answer(self) -> Batch:
        """Return a CHARGE row for each pledge that counts for something else from now on."""
        batch = Batch()
        for (account, asset), held in sorted(self._pledged.items()):
            change = self.worth(account, asset, 0) if asset in self._changed else 0
            if change:
                self._pledged[account, asset] = Pledged(held.face, held.counted + change)
                code = REVALUED
                batch.money(Kind.CHARGE, account=account, value=-change, code=code, source=asset)
        self._changed.clear()
        return batch
