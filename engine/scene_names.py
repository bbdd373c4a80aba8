"""The names that a scene has made so far, and what stands until the scene changes it."""

import dataclasses
import datetime
from typing import NamedTuple

from engine.instruments import as_number
from engine.jit import Table
from engine.rows import Batch
from engine.schema import Did, Kind
from engine.state import Sizes

DAY = datetime.datetime(2026, 1, 5, tzinfo=datetime.UTC)
SIZES = Sizes(1 << 12, 1 << 15, 64, 8, 64, 1 << 10)


class Listed(NamedTuple):
    """What spreads ask of an instrument that they are made of."""

    number: int
    product: int
    tick: int
    legs: int  # 0: no spread.


@dataclasses.dataclass
class Stage:
    """The names of a scene, and what stands until the scene changes it."""

    sizes: Sizes = SIZES
    products: dict[str, int] = dataclasses.field(default_factory=dict)
    instruments: dict[str, int] = dataclasses.field(default_factory=dict)
    listed: list[Listed] = dataclasses.field(default_factory=list)
    owners: dict[str, int] = dataclasses.field(default_factory=dict)
    accounts: dict[str, int] = dataclasses.field(default_factory=dict)
    smp_ids: dict[int, int] = dataclasses.field(default_factory=dict)  # By account.
    orders: dict[str, tuple[int, int]] = dataclasses.field(default_factory=dict)
    rate: int = 0
    charge: int = 0
    date: int = as_number(DAY.date())
    time: int = int(DAY.timestamp()) * 1_000_000_000
    shows_all: bool = False

    def unname(self, batch: Batch, events: Table) -> None:
        """Forget the instrument and the account that a batch was to make, and did not."""
        asked, did = batch.rows["kind"], events["kind"]
        if Kind.LIST in asked and Did.LISTED not in did:
            self.instruments.popitem()
            self.listed.pop()
        if Kind.OPEN_ACCOUNT in asked and Did.OPENED not in did:
            self.accounts.popitem()
