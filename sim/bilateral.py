"""The same trades as bilateral forwards: nobody stands between two parties, nothing is margined.

A comparison for `cfx default`. Two parties net what they have with each other and with nobody
else. Who cannot pay has what it brought along, and what others owe it; its creditors share that
pro rata, and the rest is their loss.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from clearing.default.shares import shared
from engine.jit import Table


class Loss(NamedTuple):
    """What a defaulter owes one counterparty, and does not pay. Micro-dollars."""

    creditor: int
    owed: int
    lost: int


def owed(
    bought: Table, sold: Table, prices: Mapping[int, int], values: Mapping[int, int], debtor: int
) -> dict[int, int]:
    """Return what an account owes each it has traded with, if all is settled at `prices`.

    bought, sold: FILLED rows, shape (n,), the two sides of the same trades. prices: price units by
    instrument; trades in others are passed over. values: micro-dollars of a price unit and lot.
    Micro-dollars by account; below 0 it is owed to the debtor.
    """
    debts: dict[int, int] = defaultdict(int)
    names = ("account", "instrument", "price", "quantity")
    for buyer, instrument, price, lots, seller in zip(
        *(bought[name].tolist() for name in names), sold["account"].tolist(), strict=True
    ):
        if instrument not in prices or debtor not in (buyer, seller) or buyer == seller:
            continue
        gain = (prices[instrument] - price) * lots * values[instrument]  # Of the buyer.
        if buyer == debtor:
            debts[seller] -= gain
        else:
            debts[buyer] += gain
    return dict(sorted(debts.items()))


def losses(debts: Mapping[int, int], cash: int) -> list[Loss]:
    """Return what each creditor loses, who is owed something. cash: what the debtor brought along.

    What others owe the debtor is collected in full, and shared like its cash.
    """
    creditors = {account: debt for account, debt in debts.items() if debt > 0}
    claims = sum(creditors.values())
    estate = max(0, cash) - sum(debt for debt in debts.values() if debt < 0)
    unpaid = shared(max(0, claims - estate), list(creditors.values()))
    found = zip(creditors.items(), unpaid, strict=True)
    return [Loss(account, debt, lost) for (account, debt), lost in found]
