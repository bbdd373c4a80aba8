"""What a machine is worth, to figures worked out by hand."""

import pytest

from sim.hardware import STEPS, Machine, compared, extended, sensitivities, value

FLAT = {202601: 2.0}
PLAIN = Machine(1_000.0, life_months=24, opex_usd=0.5, utilisation=0.5, failure=0.0)
MONTH = 730 * (0.5 * 2.0 - 0.5)  # What PLAIN earns in one.


def test_without_discount_a_machine_is_worth_the_sum_of_its_rent() -> None:
    found = value(PLAIN, FLAT, 0.0)
    assert found.worth_usd == pytest.approx(24 * MONTH)
    assert found.profit_usd == pytest.approx(24 * MONTH - 1_000)
    assert found.pays_back_months == 3
    assert found.residuals == pytest.approx([12 * MONTH / 1_000])


def test_a_year_of_rent_is_discounted_by_a_year() -> None:
    rate = 1.1 ** (1 / 12)
    annuity = sum(1 / rate**month for month in range(1, 25))
    assert value(PLAIN, FLAT, 0.1).worth_usd == pytest.approx(MONTH * annuity)


def test_what_fails_earns_no_more_but_what_lives_is_worth_as_much() -> None:
    frail = Machine(1_000.0, 24, 0.5, 0.5, failure=0.19)
    lives = 0.81 ** (1 / 12)
    found = value(frail, FLAT, 0.0)
    assert found.worth_usd == pytest.approx(MONTH * sum(lives**n for n in range(24)))
    assert found.residuals == pytest.approx([MONTH * sum(lives**n for n in range(12)) / 1_000])


def test_a_month_that_would_lose_is_switched_off() -> None:
    dear = Machine(1_000.0, 24, opex_usd=1.5, utilisation=0.5, failure=0.0)
    found = value(dear, FLAT, 0.1)
    assert found == (0.0, -1_000.0, 0, [0.0])


def test_a_curve_goes_on_as_in_its_last_year() -> None:
    halving = {202600 + month: 4.0 * 0.5 ** ((month - 1) / 11) for month in range(1, 13)}
    prices = extended(halving, 23)
    assert prices[11] == pytest.approx(2.0)
    assert prices[22] == pytest.approx(1.0)
    assert extended(FLAT, 3) == [2.0, 2.0, 2.0]
    with pytest.raises(ValueError, match="no price of 2026-02"):
        extended({202601: 1.0, 202603: 1.0}, 5)


def test_an_old_machine_lives_shorter_and_fails_more() -> None:
    made = compared(Machine(1_000.0, 36, 0.5, 0.5, 0.1), 400.0, 12, FLAT, 0.05)
    assert made.refurbished is not None
    assert made.refurbished_value is not None
    assert (made.refurbished.price_usd, made.refurbished.life_months) == (400.0, 24)
    assert made.refurbished.failure == pytest.approx(0.15)
    assert made.refurbished_value.worth_usd < made.new_value.worth_usd
    with pytest.raises(ValueError, match="age must be from 1 to 35 months: 36"):
        compared(made.new, 400.0, 36, FLAT, 0.05)


def test_a_table_of_sensitivities_has_today_in_the_middle() -> None:
    table = sensitivities(PLAIN, FLAT, 0.1)
    today = value(PLAIN, FLAT, 0.1).profit_usd
    for line in table:
        assert len(line.profits_usd) == len(STEPS)
        assert line.profits_usd[1] == pytest.approx(today)
        rises = line.profits_usd[2] > line.profits_usd[0]
        assert rises == (line.moved in ("rent", "utilisation"))


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ({"price_usd": 0.0}, "price_usd must be above 0"),
        ({"life_months": 0}, "life_months must be above 0"),
        ({"opex_usd": -1.0}, "opex_usd must be 0 or more"),
        ({"utilisation": 1.5}, "utilisation must be from 0 to 1"),
        ({"failure": float("nan")}, "failure must be from 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(figures: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Machine(**({"price_usd": 1.0} | figures))  # type: ignore[arg-type]
