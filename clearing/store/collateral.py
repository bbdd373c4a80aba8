"""What became of collateral, as rows: pledged, given back, and counted anew by another haircut."""

from clearing.collateral import NAMES, REVALUED
from clearing.store.selection import Row
from engine.jit import Table
from engine.schema import Kind

_DIDS = {Kind.PLEDGE: ("pledged", 1), Kind.RECALL: ("recalled", -1), Kind.CHARGE: ("revalued", -1)}


def collateral(accepted: Table, date: int) -> list[Row]:
    """Return a row for each accepted row that moved collateral. accepted: MONEY, shape (n,)."""
    kinds = accepted["kind"]
    is_pledge = (kinds == Kind.PLEDGE) | (kinds == Kind.RECALL)
    is_revalued = (kinds == Kind.CHARGE) & (accepted["code"] == REVALUED)
    rows: list[Row] = []
    for row in accepted[is_pledge | is_revalued]:
        did, sign = _DIDS[Kind(int(row["kind"]))]
        asset = int(row["source"] if row["kind"] == Kind.CHARGE else row["code"])
        head = int(row["seq"]), 0, int(row["time"]), date, int(row["account"])
        amounts = sign * int(row["value_2"]), sign * int(row["value"])
        rows.append((*head, NAMES.get(asset, str(asset)), did, *amounts))
    return rows
