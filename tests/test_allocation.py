"""Average prices: lots at whole units and cash beside them are exactly what was traded."""

import random
from fractions import Fraction

import pytest

from clearing.allocation import Traded, average


def test_an_average_between_two_units_leaves_cash() -> None:
    traded = [Traded(561, 2), Traded(562, 1)]
    price, cash = average(traded, [1, 1, 1], 3_650_000)
    assert price == 561
    assert cash == [1_216_667, 1_216_667, 1_216_666]
    assert average([Traded(560, 4)], [3, 1], 3_650_000) == (560, [0, 0])


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_lost_and_nobody_is_a_micro_dollar_off(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        lots = [chance.randint(1, 50) for _ in range(chance.randint(1, 6))]
        left, traded = sum(lots), list[Traded]()
        while left:
            count = chance.randint(1, left)
            traded.append(Traded(chance.randint(1, 4_000), count))
            left -= count
        value = chance.choice((5_000, 3_650_000))
        total = sum(each.price * each.lots for each in traded) * value
        price, cash = average(traded, lots, value)
        paid = [count * price * value + besides for count, besides in zip(lots, cash, strict=True)]
        assert sum(paid) == total
        for count, amount in zip(lots, paid, strict=True):
            assert abs(amount - Fraction(total * count, sum(lots))) < 1
        assert all(0 <= besides < count * value for count, besides in zip(lots, cash, strict=True))


@pytest.mark.parametrize(
    ("lots", "why"),
    [
        ([2], "2 lots are given out of 3 that traded"),
        ([4], "4 lots"),
        ([3, 0], "given no lots"),
        ([5, -2], "no lots"),
        ([], "0 lots"),
    ],
)
def test_lots_that_are_not_what_traded_are_refused(lots: list[int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        average([Traded(560, 3)], lots, 5_000)
