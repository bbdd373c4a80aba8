"""The same rows, read through each family of layouts that the kernel knows."""

from typing import NamedTuple

from engine.jit import Table
from engine.layout import LISTING, MONEY, ORDER


class Views(NamedTuple):
    """The same COMMAND rows, read as three families. Shape (n,) each."""

    order: Table
    money: Table
    listing: Table


def views(rows: Table) -> Views:
    """Return rows as the kernel reads them; made once for a buffer, not for each call."""
    return Views(rows.view(ORDER), rows.view(MONEY), rows.view(LISTING))
