"""The end of a day: what each contract traded and is held, and the fees that are due."""

import numpy as np

from clearing.ledger import Book
from clearing.positions import Positions
from clearing.reports import Activity
from engine.rows import Batch
from engine.schema import Kind


def fees(positions: Positions, date: int) -> Batch:
    """Return a CHARGE row for each account that owes fees, or gets some back."""
    batch = Batch()
    due = positions.holders["fees"]
    for account in np.flatnonzero(due).tolist():
        value = int(due[account])
        batch.money(Kind.CHARGE, account=account, value=value, code=Book.FEES, source=date)
    return batch


def close(positions: Positions, date: int) -> list[Activity]:
    """Return what contracts traded on a date and what is held; the volumes begin anew."""
    contracts = positions.contracts
    active = (contracts["volume"] != 0) | (contracts["open_interest"] != 0)
    found = [
        Activity(date, number, int(contracts["volume"][number]), int(open_interest))
        for number, open_interest in enumerate(contracts["open_interest"].tolist())
        if active[number]
    ]
    contracts["volume"] = 0
    return found
