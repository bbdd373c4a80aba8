"""Losses are borne in the order of the tranches, to the micro-dollar, and by nobody twice."""

import random

import pytest

from clearing.default.shares import shared
from clearing.default.waterfall import Payment, Resources, Tranche, allocated, drawn

DEFAULTER, HOUSE = 9, 0
WORKED = Resources(
    margin=1_000,
    contribution=200,
    capital=100,
    fund={1: 300, 2: 100},
    assessments={1: 600, 2: 200},
    gains={1: 50, 3: 150},
)


def borne(loss: int, resources: Resources = WORKED) -> dict[Tranche, int]:
    payments = allocated(loss, resources, DEFAULTER, HOUSE)
    return {tranche: amount for tranche, amount in drawn(payments).items() if amount}


def test_the_defaulter_pays_first_and_alone_while_it_can() -> None:
    assert allocated(1_000, WORKED, DEFAULTER, HOUSE) == [Payment(Tranche.MARGIN, DEFAULTER, 1_000)]
    assert borne(1_150) == {Tranche.MARGIN: 1_000, Tranche.CONTRIBUTION: 150}


def test_the_exchange_pays_before_the_other_members() -> None:
    assert borne(1_300)[Tranche.CAPITAL] == 100
    assert Tranche.FUND not in borne(1_300)
    assert borne(1_301)[Tranche.FUND] == 1


def test_members_pay_pro_rata_to_their_contributions() -> None:
    payments = allocated(1_500, WORKED, DEFAULTER, HOUSE)
    assert payments[3:] == [Payment(Tranche.FUND, 1, 150), Payment(Tranche.FUND, 2, 50)]


def test_assessments_are_capped_and_then_the_day_s_gains_are_cut() -> None:
    payments = allocated(2_600, WORKED, DEFAULTER, HOUSE)
    by_tranche = drawn(payments)
    assert (by_tranche[Tranche.FUND], by_tranche[Tranche.ASSESSMENT]) == (400, 800)
    assert payments[-2:] == [Payment(Tranche.GAINS, 1, 25), Payment(Tranche.GAINS, 3, 75)]


def test_what_nothing_covers_is_named() -> None:
    assert borne(2_701) == {
        Tranche.MARGIN: 1_000,
        Tranche.CONTRIBUTION: 200,
        Tranche.CAPITAL: 100,
        Tranche.FUND: 400,
        Tranche.ASSESSMENT: 800,
        Tranche.GAINS: 200,
        Tranche.UNCOVERED: 1,
    }


def test_without_a_loss_nobody_pays() -> None:
    assert allocated(0, WORKED, DEFAULTER, HOUSE) == []


def test_a_remainder_goes_to_who_lost_most_by_rounding() -> None:
    assert shared(10, [1, 1, 1]) == [4, 3, 3]
    assert shared(10, [5, 5, 7]) == [3, 3, 4]
    assert shared(1, [0, 0, 2]) == [0, 0, 1]
    assert shared(0, []) == []


@pytest.mark.parametrize(("amount", "weights"), [(1, []), (1, [0]), (-1, [1]), (1, [2, -1])])
def test_what_cannot_be_shared_is_refused(amount: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot be shared"):
        shared(amount, weights)


def test_a_loss_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="none"):
        allocated(-1, WORKED, DEFAULTER, HOUSE)


def _random(chance: random.Random) -> tuple[int, Resources]:
    def some() -> dict[int, int]:
        return {n: chance.choice((0, 1, chance.randrange(10**15))) for n in range(1, 6)}

    margin, contribution, capital = (chance.choice((0, 10**12 + 7)) for _ in range(3))
    resources = Resources(margin, contribution, capital, some(), some(), some())
    most = resources.callable() + sum(resources.gains.values())
    return chance.choice((0, most, most + 1, chance.randrange(most + 2))), resources


def test_on_random_losses_the_order_and_the_sum_hold() -> None:
    chance = random.Random(4)
    for _ in range(2_000):
        loss, resources = _random(chance)
        payments = allocated(loss, resources, DEFAULTER, HOUSE)
        assert sum(each.amount for each in payments) == loss
        by_tranche = drawn(payments)
        sizes = {
            Tranche.MARGIN: resources.margin,
            Tranche.CONTRIBUTION: resources.contribution,
            Tranche.CAPITAL: resources.capital,
            Tranche.FUND: sum(resources.fund.values()),
            Tranche.ASSESSMENT: sum(resources.assessments.values()),
            Tranche.GAINS: sum(resources.gains.values()),
        }
        for tranche in list(Tranche)[1:]:
            full = (by_tranche[each] == size for each, size in sizes.items() if each < tranche)
            assert not by_tranche[tranche] or all(full)
        for parts, tranche in (
            (resources.fund, Tranche.FUND),
            (resources.assessments, Tranche.ASSESSMENT),
            (resources.gains, Tranche.GAINS),
        ):
            paid = {each.account: each.amount for each in payments if each.tranche == tranche}
            for account, amount in paid.items():
                fair = by_tranche[tranche] * parts[account] / max(1, sum(parts.values()))
                assert amount <= parts[account]
                assert abs(amount - fair) < 1 + fair * 1e-12
