"""What became of collateral, as rows: pledged, given back, counted anew by a haircut, sold."""

import numpy as np

from clearing.collateral import NAMES, REVALUED, SOLD
from clearing.store.selection import Row
from engine.jit import Table
from engine.schema import Kind

_DIDS = {Kind.PLEDGE: ("pledged", 1), Kind.RECALL: ("recalled", -1)}
_CHARGED = {REVALUED: ("revalued", -1), SOLD: ("sold", -1)}


def collateral(accepted: Table, date: int) -> list[Row]:
    """Return a row for each accepted row that moved collateral. accepted: MONEY, shape (n,)."""
    kinds = accepted["kind"]
    is_pledge = (kinds == Kind.PLEDGE) | (kinds == Kind.RECALL)
    is_charge = (kinds == Kind.CHARGE) & np.isin(accepted["code"], list(_CHARGED))
    rows: list[Row] = []
    for row in accepted[is_pledge | is_charge]:
        kind, code = int(row["kind"]), int(row["code"])
        did, sign = _CHARGED[code] if kind == Kind.CHARGE else _DIDS[Kind(kind)]
        asset = int(row["source"]) if kind == Kind.CHARGE else code
        head = int(row["seq"]), 0, int(row["time"]), date, int(row["account"])
        amounts = sign * int(row["value_2"]), sign * int(row["value"])
        rows.append((*head, NAMES.get(asset, str(asset)), did, *amounts))
    return rows
