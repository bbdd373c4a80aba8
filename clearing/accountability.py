"""Who holds so much of a product that the exchange may ask why: by owner, over all their accounts.

No order is refused for it. A position limit is the engine's, and refuses; this is reported.
"""

import numpy as np

from clearing.directory import Directory
from clearing.ledger import Numbers
from clearing.reports import Accountable

ALL_MONTHS = 0


def accountable(directory: Directory, net: Numbers, date: int) -> list[Accountable]:
    """Return who holds more futures than the levels in a product's terms, in one month and in all.

    net: lots by instrument and account, long above 0. Positions of an owner's accounts are added
    up, longs and shorts of one month against each other, and in `all` those of different months.
    """
    owners = np.array([account.owner for account in directory.accounts])
    found = []
    for product in directory.products:
        levels = product.terms.accountable_month, product.terms.accountable_all
        futures = directory.futures(product.number)
        held = np.zeros((len(futures), len(directory.owners)), np.int64)
        for place, future in enumerate(futures):
            np.add.at(held[place], owners, net[future.number])
        months = [(future.month, held[place], levels[0]) for place, future in enumerate(futures)]
        for month, lots, level in (*months, (ALL_MONTHS, held.sum(axis=0), levels[1])):
            for owner in np.flatnonzero(np.abs(lots) > level).tolist():
                count = int(lots[owner])
                found.append(Accountable(date, owner, product.number, month, count, level))
    return found
