"""Historical simulation: its volatility, its tail, what size costs, and many accounts at once."""

import datetime
import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest

from clearing.margin import fhs_stress
from clearing.margin.batch_layout import Holdings
from clearing.margin.fhs import (
    STRESS_WEIGHT,
    Depth,
    Exposure,
    Moves,
    Simulation,
    Tail,
    concentration,
    liquidity,
    losses,
    moves,
    simulate,
    tail,
)
from clearing.margin.fhs_batch import FhsBatch
from clearing.margin.fhs_explain import explain
from clearing.margin.fhs_history import DECAY, VOLATILITY_MIN, History, history, past_moves
from engine.instruments import as_number

FIRST = datetime.date(2026, 1, 5)
DOLLAR = 10**6


def dates(count: int) -> list[int]:
    return [as_number(FIRST + datetime.timedelta(days=day)) for day in range(count)]


def walk(seed: int, count: int, step: float = 0.02) -> dict[int, float]:
    """Return made-up values of an index by date."""
    chance, value, found = random.Random(seed), 3.0, {}
    for date in dates(count):
        found[date] = value
        value *= math.exp(chance.gauss(0, step))
    return found


def known(count: int = 300) -> History:
    return history({"H100": walk(1, count), "A100": walk(2, count)}, ("H100", "A100"))


def measured(
    seed: int, positions: int = 6, depth: Depth | None = None
) -> tuple[Moves, dict[str, Exposure], Simulation]:
    """Return a random portfolio's simulation."""
    chance, moved = random.Random(seed), moves(known(120))
    exposures = {}
    for number in range(positions):
        model = chance.choice(("H100", "A100"))
        lost = losses(chance.uniform(500, 3_000) * DOLLAR, moved.of(model, number % 3 == 0))
        worth = chance.choice((0, 0, chance.randrange(10**8)))
        owed = chance.choice((0, 0, 0, 3_650 * DOLLAR))
        lost = np.zeros_like(lost) if owed else lost
        exposures[str(number)] = Exposure(str(number), model, lost, 0 if owed else worth, owed)
    lots = {name: chance.randrange(-50, 51) for name in exposures}
    depths = {"H100": depth, "A100": depth} if depth else {}
    return moved, exposures, simulate(moved, exposures, lots, depths, 110)


def test_past_returns_are_scaled_from_their_own_volatility_to_todays() -> None:
    values = list(walk(3, 80).values())
    returns = [math.log(later / one) for one, later in itertools.pairwise(values)]
    variance = sum(each**2 for each in returns[:20]) / 20
    sigmas = []
    for each in returns:
        sigmas.append(max(math.sqrt(variance), VOLATILITY_MIN))
        variance = DECAY * variance + (1 - DECAY) * each**2
    now = max(math.sqrt(variance), VOLATILITY_MIN)
    expected = [
        math.exp(each / sigma * now * math.sqrt(2)) - 1
        for each, sigma in zip(returns, sigmas, strict=True)
    ]
    found = past_moves(history({"H100": walk(3, 80)}, ("H100",)))
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-12)


def test_an_index_that_does_not_move_has_no_losses_and_its_volatility_a_floor() -> None:
    still = history({"H100": dict.fromkeys(dates(40), 2.5)}, ("H100",))
    assert not past_moves(still).any()
    jumped = {date: 2.5 if place < 39 else 2.75 for place, date in enumerate(dates(40))}
    last = past_moves(history({"H100": jumped}, ("H100",)))[-1, 0]
    now = math.sqrt((1 - DECAY) * math.log(1.1) ** 2 + 0)
    expected = math.expm1(math.log(1.1) / VOLATILITY_MIN * max(now, VOLATILITY_MIN) * math.sqrt(2))
    assert last == pytest.approx(expected)


def test_value_at_risk_and_shortfall_equal_the_sorted_reference() -> None:
    chance = random.Random(4)
    for past in (21, 99, 100, 101, 250, 1_000):
        found = [chance.randrange(-30, 31) for _ in range(past)]  # Many are equal.
        stressed = [chance.randrange(-30, 90) for _ in range(9)]
        made = tail(np.array(found + stressed, np.int64), past)
        profits = sorted(-each for each in found)
        at_risk = profits[math.ceil(0.01 * past) - 1]
        beyond = [each for each in profits if each <= at_risk]
        assert -made.value_at_risk == at_risk
        assert -made.shortfall == Fraction(sum(beyond), len(beyond))
        assert found[made.at] == made.value_at_risk
        assert (made.stress, stressed[made.worst]) == (max(stressed), max(stressed))


def test_a_quarter_of_the_worst_stress_counts_where_it_is_beyond_the_shortfall() -> None:
    assert Tail(90, 0, 201, 2, (0, 1), 500, 0).risk == 201  # 100.5 + (500 - 100.5) / 4, up.
    assert Tail(90, 0, 200, 2, (0, 1), 80, 0).risk == 100
    assert Tail(-9, 0, -20, 2, (0, 1), -8, 0).risk == 0
    assert Fraction(1, 4) <= STRESS_WEIGHT


def test_the_stress_scenarios_are_a_fixed_set() -> None:
    found = fhs_stress.stresses(("H100", "A100"))
    assert [(each.percent, each.model, each.behind) for each in found] == [
        *((-20, "", 100), (40, "", 100), (-7, "", 100), (40, "", 50), (-20, "", 50)),
        *((-20, "H100", 100), (40, "H100", 100), (-20, "A100", 100), (40, "A100", 100)),
    ]
    assert (found[3].move("A100", True), found[3].move("A100", False)) == (0.4, 0.2)
    assert (found[5].move("H100", False), found[5].move("A100", False)) == (-0.2, 0)


def test_what_size_costs() -> None:
    risk = 1_000 * DOLLAR
    assert liquidity(risk, 50, Depth(100, 0)) == 0  # Two days at a quarter of the volume.
    assert liquidity(risk, 200, Depth(100, 0)) == risk  # Eight days: twice the risk of two.
    assert liquidity(risk, 10**6, Depth(0, 0)) == liquidity(risk, 10**6, Depth(1, 0))
    assert liquidity(10, 75, Depth(100, 0)) == 3  # 10 x 1.2247..., up.
    assert concentration(risk, 100, Depth(0, 1_000)) == 0
    assert concentration(risk, 350, Depth(0, 1_000)) == risk // 4
    assert concentration(risk, 5_000, Depth(0, 1_000)) == risk * 9 // 10
    assert concentration(1, 101, Depth(0, 1_000)) == 1


@pytest.mark.parametrize("seed", range(20))
def test_every_figure_adds_up_and_so_do_the_leaves_of_an_explanation(seed: int) -> None:
    _, _, made = measured(seed, depth=Depth(20, 150))
    needed = sum(each.requirement for each in made.products)
    assert made.maintenance == max(needed - made.net_option_value, 0)
    tree = explain(made)
    assert sum(leaf.amount for leaf in tree.leaves()) == tree.amount == made.maintenance
    together = sum(each.tail.risk - each.credit for each in made.products)
    assert together == min(made.tail.risk, sum(each.tail.risk for each in made.products))
    for each in made.products:
        assert each.requirement == each.scan + each.added - each.credit


@pytest.mark.parametrize("seed", range(10))
def test_what_sold_event_contracts_may_pay_is_needed_once_and_not_raised(seed: int) -> None:
    _, _, made = measured(seed)
    owed = sum(each.owed for each in made.products)
    needed = sum(each.requirement - each.owed for each in made.products) - made.net_option_value
    if needed > 0:
        assert made.initial == -(-needed * 110 // 100) + owed


def test_many_accounts_at_once_equal_one_after_the_other() -> None:
    chance = np.random.default_rng(5)
    moved, exposures, _ = measured(5, positions=12)
    counts = chance.integers(0, 7, 200)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    contracts = np.concatenate(
        [chance.choice(12, count, replace=False) for count in counts]
    ).astype(np.int32)
    lots = chance.integers(-9, 10, offsets[-1]).astype(np.int32)
    batch = FhsBatch(moved, exposures)
    held = Holdings(offsets, contracts, lots)
    found, risks = batch.tails(held), batch.risks(held)
    matrix = np.array([each.losses for each in exposures.values()])
    for account, (first, end) in enumerate(itertools.pairwise(offsets)):
        exact = tail(lots[first:end].astype(np.int64) @ matrix[contracts[first:end]], 119)
        assert found[account].tolist() == (
            *(exact.value_at_risk, exact.total, exact.size),
            exact.stress,
        )
        assert risks[account] == exact.risk


def test_an_account_that_floats_cannot_hold_is_named() -> None:
    moved, exposures, _ = measured(5)
    batch = FhsBatch(moved, exposures)
    held = Holdings(
        np.array([0, 1, 2]), np.array([1, 1], np.int32), np.array([1, 2**31 - 1], np.int32)
    )
    with pytest.raises(ValueError, match="account 1 could lose more than 1,125,899,906 USD"):
        batch.tails(held)


def test_a_history_that_cannot_be_is_one_sentence() -> None:
    whole = walk(1, 30)
    day = dates(30)[7]
    short = {date: whole[date] for date in dates(30)[:20]}
    holed = {date: whole[date] for date in dates(30) if date != day}
    apart = {date: value for date, value in walk(1, 60).items() if date not in dates(60)[10:20]}
    for found, complaint in (
        ({"A100": whole}, "holds no values of H100"),
        ({"H100": short}, "holds 20 days; a simulation needs 21"),
        ({"H100": holed, "A100": whole}, "has no value of H100 on 2026-01-12"),
        ({"H100": apart}, "has a hole from 2026-01-14 to 2026-01-25"),
        ({"H100": whole | {day: math.nan}}, "nan of H100 on 2026-01-12 is not a price"),
        ({"H100": whole | {day: 0.0}}, "0.0 of H100 on 2026-01-12 is not a price"),
    ):
        models = ["H100", *({"A100"} & set(found))] if "H100" in found else ["H100"]
        with pytest.raises(ValueError, match=complaint):
            history(found, models)
