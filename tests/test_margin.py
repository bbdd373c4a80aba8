"""What positions need: scan, calendar charge, initial percentage, the averaging month."""

import random
from fractions import Fraction

import numpy as np
import pytest

from clearing.margin.scan import averaging_rate, bound, initial

RATES = np.array([410_000_000, 400_000_000, 300_000_000])
PRODUCTS = np.array([0, 0, 1])
CHARGES = [40_000_000, 25_000_000]


def required(*net: int) -> int:
    """Return what an account with these lots needs, in dollars."""
    held = np.array([[lots] for lots in net])
    return int(bound(held, RATES, PRODUCTS, CHARGES)[0]) // 1_000_000


@pytest.mark.parametrize(
    ("net", "dollars"),
    [
        ((5, 0, 0), 2_050),
        ((-5, 0, 0), 2_050),
        ((5, -5, 0), 5 * 10 + 5 * 40),
        ((5, -2, 0), 5 * 410 - 2 * 400 + 2 * 40),
        ((1, 1, 0), 810),
        ((5, 0, -5), 2_050 + 1_500),
        ((0, 0, 0), 0),
    ],
)
def test_a_requirement_is_scan_plus_calendar_charge(net: tuple[int, ...], dollars: int) -> None:
    assert required(*net) == dollars


def test_accounts_are_computed_at_once_as_one_by_one() -> None:
    chance = np.random.default_rng(5)
    net = chance.integers(-40, 40, (3, 500))
    whole = bound(net, RATES, PRODUCTS, CHARGES)
    for account in range(500):
        lots = net[:, account]
        front = abs(int(lots[0]) * 410 + int(lots[1]) * 400)
        longs = sum(max(int(each), 0) for each in lots[:2])
        shorts = sum(max(-int(each), 0) for each in lots[:2])
        dollars = front + 40 * min(longs, shorts) + abs(int(lots[2])) * 300
        assert whole[account] == dollars * 1_000_000


def test_initial_margin_is_rounded_up_to_the_micro_dollar() -> None:
    held, percents = np.array([100, 101, 1, 0]), np.array([110, 110, 110, 110])
    assert initial(held, percents).tolist() == [110, 112, 2, 0]


def test_initial_margin_of_members_is_maintenance() -> None:
    chance = random.Random(2)
    held = np.array([chance.randrange(1 << 50) for _ in range(100)])
    assert (initial(held, np.full(100, 100)) == held).all()
    for percent in (110, 133, 1_000):
        exact = [-(-Fraction(int(each) * percent, 100) // 1) for each in held]
        assert initial(held, np.full(100, percent)).tolist() == exact


def test_the_averaging_month_needs_less_with_each_fixing() -> None:
    rates = [averaging_rate(410_000_000, known, 20) for known in range(21)]
    assert rates[0] == 410_000_000
    assert rates[5] == 307_500_000
    assert rates[20] == 0
    assert averaging_rate(100, 1, 3) == 67
