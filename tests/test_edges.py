"""Values at the edges of their fields, in any field of any row: refused or right, never wrapped.

The reference counts in Python's integers, which do not wrap around; the kernel must tell the same.
"""

import random

import numpy as np
import pytest

from engine.check import check
from engine.hashes import state_hash
from engine.jit import Table
from engine.layout import LISTING, MONEY, ORDER, RISK
from engine.scene import Kernel
from engine.schema import Kind
from tests.random_commands import draw
from tests.random_source import ROOMY, TIGHT, Setting, Source
from tests.test_reference import explain

COMMANDS = 2_000
POWERS = (0, 7, 8, 15, 16, 20, 31, 32, 39, 40, 41, 52, 59, 60, 61, 62, 63)
EDGES = sorted({sign * (2**p + d) for p in POWERS for d in (-1, 0, 1) for sign in (1, -1)})
OF_ORDERS = (
    *(Kind.ENTER, Kind.REPLACE, Kind.CANCEL, Kind.QUOTE, Kind.BLOCK),
    *(Kind.ASSIGN, Kind.LIQUIDATE, Kind.BUST, Kind.ADJUST, Kind.BID),
)
FAMILIES: dict[int, np.dtype[np.void]] = {Kind.LIST: LISTING, Kind.LEG: LISTING, Kind.RISK: RISK}
FAMILIES |= dict.fromkeys(OF_ORDERS, ORDER)
UNREAD = ("seq", "time", "received", "session", "key", "text", "filler", "spare")


def push_to_the_edge(chance: random.Random, rows: Table) -> None:
    """Write an edge into one to three fields of rows, in place."""
    family = FAMILIES.get(int(rows["kind"][-1]), MONEY)
    fields = rows.view(family)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        name = chance.choice([name for name in family.names or () if name not in UNREAD])
        bounds = np.iinfo(family[name])
        values = [value for value in EDGES if bounds.min <= value <= bounds.max]
        fields[name][chance.randrange(len(rows))] = chance.choice(values)


@pytest.mark.parametrize(("seed", "setting"), [(1, ROOMY), (2, TIGHT), (3, ROOMY)])
def test_no_value_wraps_around(seed: int, setting: Setting) -> None:
    source, kernel, chance = Source(seed, setting), Kernel(setting.sizes), random.Random(seed)
    rows = source.opening()
    for number in range(COMMANDS):
        told, expected = kernel.apply(rows), source.reference.apply(rows)
        assert told.tobytes() == expected.tobytes(), explain(rows, told, expected)
        if number % 20 == 0:
            assert state_hash(kernel.state) == source.reference.state_hash()
            check(kernel.state)
        rows = draw(source)
        if chance.random() < 0.5:
            push_to_the_edge(chance, rows)
    check(kernel.state)
