"""Settlement prices by hand: averages, basis, windows; exact ties go where the rules say."""

from fractions import Fraction
from math import floor

import pytest

from clearing.settlement import (
    averaging_mark,
    deferred_mark,
    final_price,
    half_up,
    index_price,
    volume_weighted,
)
from engine.instruments import TICK, units
from engine.schema import NIL_PRICE


def micro(*dollars: str) -> list[int]:
    """Return index values in micro-dollars."""
    return [int(Fraction(each) * 10**6) for each in dollars]


def test_a_mean_of_exactly_2_905_settles_at_2_91() -> None:
    assert final_price(micro("2.90", "2.91"), TICK) == units("2.91")
    assert round(2.905, 2) == 2.9  # What binary floats would make of it: $7.30 a lot.


@pytest.mark.parametrize(
    ("fixings", "price"),
    [
        (["2.81"], "2.81"),
        (["2.80", "2.81", "2.81"], "2.81"),
        (["2.80", "2.80", "2.81"], "2.80"),
        (["2.80"] * 10 + ["2.81"] * 10, "2.81"),
        (["2.80"] * 11 + ["2.81"] * 10, "2.80"),
    ],
)
def test_the_final_price_is_the_mean_of_the_fixings(fixings: list[str], price: str) -> None:
    assert final_price(micro(*fixings), TICK) == units(price)


def test_the_averaging_month_is_marked_at_what_is_fixed_and_todays_index_for_the_rest() -> None:
    fixings = micro("2.80", "2.90")
    exact = (Fraction("2.80") + Fraction("2.90") + 18 * Fraction("2.90")) / 20
    assert exact == Fraction("2.895")
    assert averaging_mark(fixings, 20, fixings[-1], TICK) == units("2.90")


def test_on_the_last_day_the_mark_is_the_final_price() -> None:
    fixings = micro("2.80", "2.90", "2.71")
    assert averaging_mark(fixings, 3, fixings[-1], TICK) == final_price(fixings, TICK)


def test_a_deferred_month_is_the_index_and_its_basis() -> None:
    assert deferred_mark(micro("2.81")[0], units("-0.12")) == units("2.69")
    assert index_price(micro("2.81")[0]) == units("2.81")


def test_half_up_is_the_floor_of_one_half_more() -> None:
    for numerator in range(-60, 60):
        for denominator in (1, 2, 3, 7):
            exact = floor(Fraction(numerator, denominator) / 2 + Fraction(1, 2)) * 2
            assert half_up(numerator, denominator, 2) == exact


@pytest.mark.parametrize(
    ("trades", "prior", "price"),
    [
        ([(3, "2.81")], "2.70", "2.81"),
        ([(1, "2.80"), (2, "2.81")], "2.70", "2.81"),
        ([(1, "2.80"), (1, "2.81")], "2.70", "2.80"),
        ([(1, "2.80"), (1, "2.81")], "2.80", "2.80"),
        ([(1, "2.80"), (1, "2.81")], "2.81", "2.81"),
        ([(1, "2.80"), (1, "2.81")], "2.90", "2.81"),
        ([(1, "2.80"), (1, "2.81")], "", "2.81"),
    ],
)
def test_a_window_average_between_ticks_goes_to_the_one_nearer_the_prior_settlement(
    trades: list[tuple[int, str]], prior: str, price: str
) -> None:
    turnover = sum(lots * units(at) for lots, at in trades)
    lots = sum(lots for lots, _ in trades)
    before = units(prior) if prior else NIL_PRICE
    assert volume_weighted(turnover, lots, before, TICK) == units(price)
