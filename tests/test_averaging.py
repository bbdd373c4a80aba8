"""Options on the averaging future: formula against Monte Carlo, arrays against revaluation."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from clearing.margin.arrays import Scanned, composite_delta, moves, of_future, of_option
from clearing.margin.averaging import DAY, Average, Option, average
from clearing.margin.parameters import PAIRED
from clearing.margin.scan import averaging_rate
from clearing.margin_terms import MarginTerms
from clearing.settlement import averaging_mark
from engine.instruments import TICK, UNIT_MICRO, VALUE

INDEX = 2_810_000  # Micro-dollars a GPU-hour: 562 price units.
COUNT = 21
PATHS = 100_000


def means(known: int, volatility: float, paths: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ends of the month by simulation, and the geometric means that control them."""
    chance = np.random.default_rng(11)
    half = chance.standard_normal((paths // 2, COUNT - known))
    steps = volatility * math.sqrt(DAY) * np.concatenate([half, -half]) - volatility**2 * DAY / 2
    logs = np.cumsum(steps, axis=1)
    weight = (COUNT - known) / COUNT
    price = INDEX / UNIT_MICRO
    fixed = price * known / COUNT
    geometric = logs.mean(axis=1)
    return fixed + weight * price * np.exp(logs).mean(axis=1), weight * price * np.exp(geometric)


@pytest.mark.parametrize("known", [0, 5, 15])
@pytest.mark.parametrize("moneyness", [0.98, 1.0, 1.02])
def test_the_formula_agrees_with_monte_carlo(known: int, moneyness: float) -> None:
    volatility, future = 0.6, INDEX / UNIT_MICRO
    month = average([INDEX] * known, COUNT, 1)
    rest = future - month.fixed
    strike = month.fixed + moneyness * rest
    call = Option(strike, is_call=True)
    ends, geometric = means(known, volatility, PATHS)
    control = np.maximum(geometric - moneyness * rest, 0)
    left = COUNT - known
    # The geometric mean of a walk is lognormal: its option is known exactly.
    variance = sum((j / left) ** 2 for j in range(1, left + 1)) * DAY * volatility**2
    drift = -(volatility**2) * DAY * (left + 1) / 4 + variance / 2
    forward = rest * math.exp(drift)
    exact = Option(moneyness * rest, is_call=True).value(Average(0.0, variance), forward, 1.0)
    simulated = float((np.maximum(ends - strike, 0) - control).mean()) + exact
    assert call.value(month, future, volatility) == pytest.approx(simulated, rel=0.003)


def test_puts_and_calls_differ_by_the_future_less_the_strike() -> None:
    month = average([INDEX] * 5, COUNT, 1)
    for strike in (100.0, 400.0, 562.0, 700.0):
        call, put = (Option(strike, is_call=way).value(month, 562, 0.4) for way in (True, False))
        assert call - put == pytest.approx(562 - strike, abs=1e-9)


def test_a_strike_below_what_is_fixed_is_worth_its_payoff() -> None:
    month = average([INDEX] * 15, COUNT, 1)
    call, put = Option(300.0, is_call=True), Option(300.0, is_call=False)
    assert (call.value(month, 562, 0.4), put.value(month, 562, 0.4)) == (262, 0)
    assert (call.delta(month, 562, 0.4), put.delta(month, 562, 0.4)) == (1, 0)


def test_with_every_fixing_known_nothing_moves() -> None:
    month = average([INDEX] * COUNT, COUNT, 1)
    assert month.years == 0
    assert Option(500.0, is_call=True).value(month, 562, 0.9) == 62


def test_variance_is_the_sum_of_the_published_form() -> None:
    for known, days in ((0, 40), (0, 1), (7, 1), (20, 1)):
        left, tau = COUNT - known, days * DAY
        weight = left / COUNT
        tail = sum((j / COUNT) ** 2 for j in range(1, left))
        exact = (tau * weight**2 + DAY * tail) / weight**2
        assert average([INDEX] * known, COUNT, days).years == pytest.approx(exact)


def test_a_price_gives_back_the_volatility_that_made_it() -> None:
    month = average([INDEX] * 5, COUNT, 1)
    for volatility in (0.05, 0.26, 1.4):
        for is_call in (True, False):
            option = Option(550.0, is_call)
            price = option.value(month, 562, volatility)
            assert option.implied(month, 562, price) == pytest.approx(volatility, rel=1e-6)
    assert Option(550.0, is_call=True).implied(month, 562, 11.0) == 0
    assert Option(550.0, is_call=True).implied(month, 562, 560.0) == 0


def test_the_averaging_month_scales_as_revaluation_of_the_index_does() -> None:
    """Moving every fixing to come by the range of a whole lot moves the mark by the array."""
    whole, moved = 410_000_000, 410_000_000 // 730
    for known in range(COUNT + 1):
        losses = of_future(averaging_rate(whole, known, COUNT), moves(2, 35))
        marks = [
            averaging_mark([INDEX] * known, COUNT, INDEX + shift, TICK)
            for shift in (-moved, 0, moved)
        ]
        for loss, mark in ((losses[12], marks[0]), (losses[10], marks[2])):
            assert abs(loss - (marks[1] - mark) * VALUE) <= 2 * TICK * VALUE
        assert abs(losses[12] - Fraction(whole * (COUNT - known), COUNT)) <= 1


def scanned(strike: float, mark: int, *, is_call: bool = True, high: int = 2_000) -> Scanned:
    month = average([INDEX] * 5, COUNT, 1).after(1)
    return Scanned(Option(strike, is_call), month, 562.0, 80.0, 0.4, mark, high, VALUE)


def test_an_array_is_a_full_revaluation_one_day_ahead() -> None:
    option, terms = scanned(560.0, 14), MarginTerms()
    losses = of_option(option, terms)
    for place, move in enumerate(moves(terms.extreme, terms.cover)):
        volatility = 0.4 * (1 + 0.25 * move.volatility)
        future = 562 + 80 * float(move.price)
        worth = option.option.value(option.average, future, volatility)
        assert losses[place] == pytest.approx((14 - worth) * VALUE * float(move.covered), abs=1)
    assert losses[PAIRED[4]] > losses[4]  # Volatility down costs who is long.


def test_an_option_loses_its_mark_at_most_and_gains_its_ladder_at_most() -> None:
    for strike in (100.0, 300.0, 560.0, 900.0):
        for is_call in (True, False):
            for mark in (0, 2, 300):
                losses = of_option(scanned(strike, mark, is_call=is_call, high=310), MarginTerms())
                assert max(losses) <= mark * VALUE
                assert min(losses) >= (mark - 310) * VALUE


def test_volatility_moves_by_a_share_or_by_points() -> None:
    relative = of_option(scanned(560.0, 14), MarginTerms(volatility_scan=Decimal("0.1")))
    absolute = of_option(
        scanned(560.0, 14),
        MarginTerms(volatility_scan=Decimal("0.04"), volatility_moves="absolute"),
    )
    assert relative == absolute
    assert relative != of_option(scanned(560.0, 14), MarginTerms())


def test_a_composite_delta_weighs_seven_prices() -> None:
    deep = composite_delta(scanned(120.0, 442))
    assert deep == pytest.approx(1, abs=1e-9)
    near = composite_delta(scanned(562.0, 12))
    assert 0.45 < near < 0.6
    call, put = (composite_delta(scanned(570.0, 12, is_call=way)) for way in (True, False))
    assert call - put == pytest.approx(1)
