"""The same rows, read through each family of layouts that the kernel knows."""

from typing import NamedTuple

import numpy as np

from engine.jit import Records, Table
from engine.layout import LISTING, MONEY, ORDER

# Orders name accounts and instruments that exist, or are refused: read as unsigned numbers they
# need no test for negative indexes, and NIL is one more that does not exist.
_NAMES = ("account", "instrument")
_FIELDS = ORDER.names or ()
_ORDER = np.dtype([(name, "<u4" if name in _NAMES else ORDER[name]) for name in _FIELDS])


class Views(NamedTuple):
    """The same COMMAND rows, read as three families. Shape (n,) each."""

    order: Records
    money: Records
    listing: Records


def views(rows: Table) -> Views:
    """Return rows as the kernel reads them; made once for a buffer, not for each call."""
    return Views(rows.view(_ORDER), rows.view(MONEY), rows.view(LISTING))
