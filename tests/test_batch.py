"""Margins of many accounts at once equal those of one after the other."""

import os
import random
from fractions import Fraction

import numpy as np
import pytest

from clearing.margin.batch import Batch
from clearing.margin.parameters import (
    DELTA_ONE,
    Contract,
    Kind,
    Leg,
    Parameters,
    Product,
    Spread,
    Tier,
)
from clearing.margin.span import margin
from tests import random_span

PORTFOLIOS = int(os.environ.get("CFX_PORTFOLIOS", "500"))


def test_the_kernel_equals_the_readable_model() -> None:
    chance = random.Random(8)
    for _ in range(max(PORTFOLIOS // 50, 2)):
        parameters = random_span.parameters(chance, chance.randrange(1, 5))
        portfolios = [
            random_span.lots(chance, parameters, chance.choice((1, 3, 6, 12))) for _ in range(50)
        ]
        batch = Batch(parameters)
        found = batch.margins(batch.holdings(portfolios))
        for row, lots in zip(found.tolist(), portfolios, strict=True):
            made = margin(parameters, lots)
            assert row == (made.maintenance, made.net_option_value), lots


def test_a_spread_that_forms_both_ways_divides_the_same_deltas_twice() -> None:
    legs = (Leg("P", "A", Fraction(1)), Leg("P", "B", Fraction(2), tier=1))
    spread = Spread(1, legs, 1_000_000_000)
    product = Product("P", spreads=(spread,), intra_tiers=(Tier(1, "202610", "202611"),))
    periods = {"N": "20261030", "F": "20261130", "L": "20261231"}
    contracts = {
        name: Contract(name, "P", Kind.CALL, period, (0,) * 16, 1)
        for name, period in periods.items()
    }
    parameters = Parameters("20261001", "CFX", {"P": product}, contracts)
    lots = {"N": 10, "F": -1, "L": -20}
    made = margin(parameters, lots)
    times = [each.times * DELTA_ONE for each in made.products[0].formed]
    assert times == [Fraction(1, 2), Fraction(19, 4)]
    batch = Batch(parameters)
    assert batch.margins(batch.holdings([lots]))["maintenance"].tolist() == [made.maintenance]


def test_large_amounts_are_exact() -> None:
    chance = random.Random(9)
    parameters = random_span.parameters(chance, 3)
    batch = Batch(parameters)
    most = batch.lots_max // 6
    assert most > 1_000
    portfolios = [
        {
            name: (sign if quantity > 0 else -sign) * (most - chance.randrange(999))
            for name, quantity in random_span.lots(chance, parameters).items()
        }
        for sign in (1, -1) * 25
    ]
    found = batch.margins(batch.holdings(portfolios))
    assert [row[0] for row in found.tolist()] == [
        margin(parameters, lots).maintenance for lots in portfolios
    ]


def test_more_lots_than_integers_hold_are_refused() -> None:
    parameters = random_span.parameters(random.Random(10), 1)
    batch = Batch(parameters)
    name = next(iter(parameters.contracts))
    held = batch.holdings([{}, {name: batch.lots_max}, {name: -batch.lots_max - 1}])
    with pytest.raises(ValueError, match="account 2 holds more than"):
        batch.margins(held)
    assert (batch.margins(batch.holdings([{}]))["maintenance"] == np.zeros(1)).all()
