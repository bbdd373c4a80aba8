"""What the pre-trade check holds back for positions: a rate a lot, and a charge a calendar.

The kernel's bound is this figure with working orders; without them they are equal. No requirement
is more.
"""

from collections.abc import Sequence

import numpy as np

from clearing.ledger import Numbers
from clearing.margin.parameters import DELTA_ONE


def bound(net: Numbers, rates: Numbers, products: Numbers, charges: Sequence[int]) -> Numbers:
    """Return what is held back for the futures of each account, in micro-dollars.

    net: lots, shape (instruments, accounts). rates: micro-dollars a lot, shape (instruments,).
    products: the product of each instrument. charges: by product, a long and a short lot.

    Per product |sum of net x rate| + charge x min(longs, shorts); products add.
    """
    required = np.zeros(net.shape[1], np.int64)
    for product, charge in enumerate(charges):
        held = net[products == product]
        scan = np.abs(rates[products == product] @ held)
        longs = np.maximum(held, 0).sum(axis=0)
        shorts = np.maximum(-held, 0).sum(axis=0)
        required += scan + charge * np.minimum(longs, shorts)
    return required


def sold(net: Numbers, needs: Numbers) -> Numbers:
    """Return what each account has sold needs, in micro-dollars; what it bought needs nothing.

    net: lots, shape (instruments, accounts). needs: micro-dollars a lot, shape (instruments,).
    """
    required: Numbers = needs @ np.maximum(-net, 0)
    return required


def initial(required: Numbers, percents: Numbers) -> Numbers:
    """Return maintenance at each account's initial percentage, rounded up to the micro-dollar."""
    whole, rest = np.divmod(required, 100)
    added: Numbers = whole * percents + (rest * percents + 99) // 100
    return added


def averaging_rate(rate: int, fixed: int, count: int) -> int:
    """Return a lot's rate once `fixed` of `count` fixings of its month are known, rounded up.

    Only what is still to be fixed can move: rate x (count - fixed) / count.
    """
    assert 0 <= fixed <= count
    assert count > 0
    return -(-rate * (count - fixed) // count)


def averaging_delta(fixed: int, count: int) -> int:
    """Return the composite delta of a lot in ten-thousandths, rounded down; count 0: a whole one.

    It serves spreads, credits and the spot charge, and is in no risk array.
    """
    return DELTA_ONE * (count - fixed) // count if count else DELTA_ONE


def spot_rate(spot: int, fixed: int, count: int) -> int:
    """Return what a lot of an averaging month is charged on top, rounded up.

    spot: micro-dollars a delta; nothing before the first fixing.
    """
    return -(-spot * averaging_delta(fixed, count) // DELTA_ONE) if fixed else 0
