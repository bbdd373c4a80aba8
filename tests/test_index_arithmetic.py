"""The index's arithmetic: shares under a cap, weighted medians, winsorised means, one rounding."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearing.index.estimators import half_up, weighted_median, winsorised_mean
from clearing.index.fixing import UNIT
from clearing.index.weights import provider_shares, water_fill


class TestWaterFilling:
    @settings(deadline=None)
    @given(st.lists(st.integers(1, 10**12), min_size=1, max_size=40), st.integers(1, 100))
    def test_water_filling_keeps_the_cap_and_the_ratios(
        self, weights: list[int], cap_percent: int
    ) -> None:
        shares = water_fill(weights, cap_percent)
        cap = max(Fraction(cap_percent, 100), Fraction(1, len(weights)))
        assert sum(shares) == 1
        assert max(shares) <= cap
        free = [place for place, share in enumerate(shares) if share < cap]
        assert len({shares[place] / weights[place] for place in free}) <= 1
        capped = [weights[place] for place, share in enumerate(shares) if share == cap]
        assert all(weights[place] <= min(capped, default=10**12) for place in free)

    @settings(deadline=None)
    @given(st.lists(st.integers(1, 1_000), min_size=1, max_size=9), st.integers(1, 100))
    def test_what_the_cap_does_not_touch_stays(self, weights: list[int], cap: int) -> None:
        total = sum(weights)
        if max(weights) * 100 <= cap * total:
            assert water_fill(weights, cap) == [Fraction(weight, total) for weight in weights]

    def test_cells_share_what_their_provider_holds(self) -> None:
        shares = provider_shares([5, 5, 6, 7], [3_000, 0, 4_000, 8_000], cap_percent=40)
        assert shares == [Fraction(share, 40) for share in (9, 3, 12, 16)]

    def test_no_weights_are_no_shares(self) -> None:
        assert water_fill([], 25) == []


def fractions(*values: float) -> list[Fraction]:
    """Return decimal numbers, exactly."""
    return [Fraction(str(value)) for value in values]


class TestEstimators:
    def test_the_median_is_where_the_weight_exceeds_half(self) -> None:
        assert weighted_median(fractions(3, 1, 2), fractions(1, 1, 1)) == 2
        assert weighted_median(fractions(1, 2, 9), fractions(1, 1, 3)) == 9
        assert weighted_median(fractions(5), fractions(0.1)) == 5

    def test_at_exactly_half_it_is_the_mean_of_the_two(self) -> None:
        assert weighted_median(fractions(1, 2), fractions(1, 1)) == Fraction(3, 2)
        assert weighted_median(fractions(1, 2, 9), fractions(1, 1, 2)) == Fraction(11, 2)

    def test_a_price_is_drawn_in_to_three_robust_deviations(self) -> None:
        prices, weights = fractions(1, 2, 3, 4, 100), fractions(1, 1, 1, 1, 1)
        drawn_in = 3 + 3 * Fraction(14_826, 10_000)
        assert winsorised_mean(prices, weights) == (1 + 2 + 3 + 4 + drawn_in) / 5
        mirrored = [6 - price for price in prices]
        assert winsorised_mean(mirrored, weights) == 6 - (1 + 2 + 3 + 4 + drawn_in) / 5

    def test_where_most_weight_stands_at_one_price_the_others_count_within_six_percent(
        self,
    ) -> None:
        near = fractions(2, 2, 2.06)
        assert winsorised_mean(near, fractions(1, 1, 1)) == Fraction(606, 300)
        assert winsorised_mean(fractions(2, 2, 7), fractions(1, 1, 1)) == Fraction(612, 300)

    @settings(deadline=None)
    @given(st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 99)), min_size=1))
    def test_no_order_of_the_rows_changes_a_value(self, cells: list[tuple[int, int]]) -> None:
        for estimator in (weighted_median, winsorised_mean):
            values = set()
            for order in (cells, cells[::-1], sorted(cells)):
                prices = [Fraction(price) for price, _ in order]
                values.add(estimator(prices, [Fraction(weight) for _, weight in order]))
            assert len(values) == 1
            assert min(cells)[0] <= values.pop() <= max(cells)[0]

    @pytest.mark.parametrize(
        ("value", "rounded"),
        [(2_904_999, 2_900_000), (2_905_000, 2_910_000), (2_914_999, 2_910_000), (4_999, 0)],
    )
    def test_halves_round_up_to_the_cent(self, value: int, rounded: int) -> None:
        assert half_up(Fraction(value), UNIT) == rounded
        assert half_up(Fraction(value) - Fraction(1, 10**9), UNIT) <= rounded
