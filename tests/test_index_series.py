"""From day to day: who comes and goes, what a refit does, and what a hole does."""

import math
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearing.index.adjustment import (
    LEVELS_MAX,
    UNKNOWN,
    Adjustment,
    Coefficient,
    bounded,
    decode,
    encode,
)
from clearing.index.attendance import Attendance, absent, attend
from clearing.index.cells import FIELDS, a_gpu, collapse, grouped, merged
from clearing.index.fixing import gather
from clearing.index.population import Refusal, Tier
from clearing.index.regression import huber, independent, regress
from clearing.index.series import WEEKS, new_memory, next_fixing, remembered
from clearing.terms import IndexTerms
from clearing.verify import verify
from engine.rows import TEXT_MAX
from sim.run import Run
from tests.small_world import FIRST, plan
from tests.spot_days import NAMES, WINDOW, business_days, feed, observed, played

TERMS = IndexTerms(cap_percent=100)
THREE = {0: 2.0, 1: 2.5, 2: 4.0}


def values(*days: dict[int, float], terms: IndexTerms = TERMS) -> list[int]:
    """Return the fixings of consecutive business days, in cents."""
    return [each.value_micro // 10_000 for each in played(days, terms)]


class TestWhoComesAndGoes:
    def test_a_series_begins_at_the_weighted_median(self) -> None:
        assert values(THREE, THREE) == [250, 250]

    def test_a_move_of_all_is_the_move_of_the_index(self) -> None:
        dearer = {provider: 1.1 * price for provider, price in THREE.items()}
        assert values(THREE, dearer) == [250, 275]

    def test_who_leaves_does_not_move_it(self) -> None:
        assert values(THREE, {0: 2.0, 1: 2.5}, {2: 4.0}) == [250] * 3

    def test_who_comes_counts_from_the_next_refit_on_and_moves_nothing(self) -> None:
        week = [THREE] + [THREE | {3: 9.0}] * 4
        found = played([*week, THREE | {3: 9.0}, THREE | {3: 9.9}], TERMS)
        assert [each.refused for each in found[1:5]] == [{Refusal.UNADJUSTED: 1}] * 4
        assert found[5].refused == {}
        assert [each.value_micro // 10_000 for each in found[:6]] == [250] * 6
        assert found[6].value_micro > 2_500_000

    def test_unadjusted_it_moves_with_who_is_there(self) -> None:
        terms = IndexTerms(cap_percent=100, adjusted=False, estimator="median")
        assert values(THREE, {0: 2.0, 1: 2.5}, terms=terms) == [250, 225]

    def test_an_unknown_configuration_is_refused_and_named_in_the_audit(self) -> None:
        rows = [observed(provider, price) for provider, price in THREE.items()]
        found = played([rows, [*rows, observed(0, 3.0, form=2)]], TERMS)[-1]
        assert found.audit["reason"].tolist() == [0, 0, 0, Refusal.UNADJUSTED]


class TestRefit:
    @settings(deadline=None, max_examples=20)
    @given(st.lists(st.lists(st.floats(0.8, 1.25), min_size=4, max_size=4), min_size=7, max_size=7))
    def test_no_refit_moves_the_index(self, days: list[list[float]]) -> None:
        """The day of a refit has the value that the adjustment before it gives."""
        prices = [dict(enumerate(day)) for day in days]
        memory = new_memory(0)
        for date, posted in zip(business_days(7), prices, strict=True):
            day = gather(
                feed([observed(*each) for each in posted.items()]), 0, NAMES, TERMS, WINDOW
            )
            before = memory.adjustment
            fixing = next_fixing(memory, day, TERMS, date)
            if before.fitted and fixing.adjustment.fitted == date:
                pinned = memory._replace(
                    adjustment=Adjustment(date, before.since, before.coefficients)
                )
                kept = next_fixing(pinned, day, TERMS, date)
                assert abs(kept.value_micro - fixing.value_micro) <= 10_000
            memory = remembered(memory, fixing, day, TERMS.absences)
        assert memory.adjustment.fitted == business_days(7)[5]

    def test_it_is_refitted_in_each_week_and_anchored_once(self) -> None:
        found = played([THREE] * 11, TERMS)
        days = business_days(11)
        fitted = [each.adjustment.fitted for each in found]
        assert fitted == [days[0]] * 5 + [days[5]] * 5 + [days[10]]
        assert {each.adjustment.since for each in found} == {days[0]}

    def test_after_a_hole_the_level_is_anchored_anew(self) -> None:
        terms = IndexTerms(cap_percent=100, carry_days=1)
        found = played([THREE, {}, {}, {0: 3.0}, {0: 3.0}], terms)
        tiers = [each.tier for each in found]
        assert tiers == [Tier.POSTED, Tier.CARRIED, Tier.NONE, Tier.POSTED, Tier.POSTED]
        assert found[-1].value_micro == 3_000_000
        assert found[-1].adjustment.since == business_days(5)[3]

    def test_only_half_a_year_is_looked_back_on(self) -> None:
        memory, terms = new_memory(0), TERMS
        day = gather(feed([observed(0, 2.0)]), 0, NAMES, terms, WINDOW)
        for date in business_days(5 * WEEKS + 20):
            memory = remembered(memory, next_fixing(memory, day, terms, date), day, terms.absences)
        assert len(memory.weeks) == WEEKS
        assert [len(week.cells) for week in memory.weeks[:-1]] == [1] * (WEEKS - 1)

    def test_the_journal_tells_every_refit_so_that_a_replay_needs_no_regression(
        self, tmp_path: pathlib.Path
    ) -> None:
        run = Run(plan(["2.80", "2.80", "2.60", "2.61", "2.62", "2.70"]), tmp_path)
        list(run.days())
        run.close()
        found = verify(tmp_path, recompute=True)
        assert (found.ok, found.finding) == (True, "")
        assert run.fixings[-1].adjustment.fitted == FIRST.year * 10_000 + 928


class TestAttendance:
    def test_who_misses_too_much_is_out_until_it_has_stayed(self) -> None:
        known = {1: Attendance()}
        seen = []
        for is_there in [False] * 6 + [True] * 9:
            known = attend(known, {0, 1} if is_there else {0}, absences_max=5)
            seen.append(1 in absent(known))
        assert seen == [False] * 5 + [True] * 8 + [False] * 2

    def test_a_day_without_anybody_tells_of_the_feed(self) -> None:
        assert attend({1: Attendance()}, set(), 5) == {1: Attendance()}

    def test_who_is_out_is_refused_by_name_when_it_returns(self) -> None:
        terms = IndexTerms(cap_percent=100, absences=1)
        found = played([THREE, {0: 2.0}, {0: 2.0}, THREE], terms)[-1]
        assert found.refused == {Refusal.RETURNING: 2}
        assert found.value_micro == 2_500_000


class TestRegression:
    def test_effects_of_providers_and_configurations_are_told_apart(self) -> None:
        rows = [
            observed(provider, 2.0 * factor * part, form=form, gpu_count=count)
            for provider, factor in enumerate((1.0, 1.2, 0.9))
            for form, count, part in ((1, 1, 1.0), (2, 1, 0.8), (1, 8, 0.95))
        ]
        cells, _ = collapse(feed(rows), np.zeros(len(rows), np.int64))
        found = {(FIELDS[e.field], e.level): e for e in regress(cells)}
        between = found["provider", 1].effect - found["provider", 0].effect
        assert between == pytest.approx(math.log(1.2))
        assert found["form", 2].effect == pytest.approx(math.log(0.8))
        assert found["gpu_count", 8].effect == pytest.approx(math.log(0.95))
        assert found["form", 1].effect == 0.0

    def test_vcpus_and_ram_count_by_the_gpu_to_the_nearest_power_of_two(self) -> None:
        levels = {(96, 8): 16, (90, 8): 8, (91, 8): 16, (12, 0): 16, (0, 8): 0, (1, 8): 1}
        for (vcpus, gpus), level in levels.items():
            assert a_gpu(np.array([vcpus], "<i2"), np.array([gpus], "<i2")).tolist() == [level]
        widest = a_gpu(np.array([2**31 - 1], "<i4"), np.array([1], "<i2"))
        assert widest.tolist() == [32_768]

    def test_vcpus_and_ram_are_adjusted_for(self) -> None:
        rows = [
            observed(provider, 2.0 * factor * part, gpu_count=count, vcpus=count * each, ram_gb=ram)
            for provider, factor in enumerate((1.0, 1.2, 0.9))
            for count, each, ram, part in ((1, 8, 128, 1.0), (8, 16, 1024, 1.1), (1, 8, 256, 1.05))
        ]
        cells, _ = collapse(feed(rows), np.zeros(len(rows), np.int64))
        found = {(FIELDS[e.field], e.level): e for e in regress(cells)}
        both = found["vcpus", 16].effect + found["gpu_count", 8].effect
        assert both == pytest.approx(math.log(1.1))
        assert found["ram_gb", 256].effect == pytest.approx(math.log(1.05))

    def test_what_cannot_be_told_apart_is_the_providers_and_is_said(self) -> None:
        rows = [observed(0, 2.0, form=1), observed(1, 3.0, form=2), observed(2, 2.0, form=1)]
        cells, _ = collapse(feed(rows), np.zeros(3, np.int64))
        found = {(FIELDS[e.field], e.level): e for e in regress(cells)}
        assert found["form", 2].effect == 0.0
        assert found["form", 2].error < 0
        assert found["provider", 1].effect - found["provider", 0].effect == pytest.approx(
            math.log(1.5)
        )

    def test_a_column_that_is_a_sum_of_others_is_left_out(self) -> None:
        one, two = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0, 1.0])
        assert independent([one, two, one + two, np.array([0.0, 0.0, 1.0, 1.0])]) == [0, 1, 3]

    def test_it_is_hubers_estimator_as_statsmodels_knows_it(self) -> None:
        """The oracle is RLM, which has no floor under its scale: the noise is well above it."""
        from statsmodels.robust.norms import HuberT
        from statsmodels.robust.robust_linear_model import RLM

        chance = np.random.default_rng(5)
        columns = np.column_stack([np.ones(300), chance.integers(0, 2, (300, 3))]).astype(float)
        logs = columns @ [1.0, 0.3, -0.2, 0.1] + 0.1 * chance.standard_t(2, 300)
        effects, errors = huber(logs, columns)
        oracle = RLM(logs, columns, HuberT(t=1.345)).fit(tol=1e-10)
        assert effects == pytest.approx(oracle.params, abs=0.002)
        assert errors == pytest.approx(oracle.bse, rel=0.25)

    def test_prices_that_repeat_leave_a_scale_to_judge_others_by(self) -> None:
        logs = np.array([0.0] * 9 + [0.5])
        effects, _ = huber(logs, np.ones((10, 1)))
        assert 0.0 < effects[0] < 0.005


class TestCells:
    def test_a_cell_is_the_median_of_its_rows_and_the_sum_of_their_hours(self) -> None:
        rows = feed(
            [observed(1, 3.0, 5), observed(0, 2.0, 1), observed(0, 2.5, 2), observed(0, 9.0)]
        )
        cells, cell_of = collapse(rows, np.array([0, 0, 0, 1]))
        assert cells["provider"].tolist() == [0, 1, 0]
        assert cells["price_twice"].tolist() == [4_500_000, 6_000_000, 18_000_000]
        assert cells["gpu_hours_milli"].tolist() == [3_000, 5_000, 0]
        assert cell_of.tolist() == [1, 0, 0, 2]

    def test_cells_of_a_week_become_one(self) -> None:
        rows = feed([observed(0, price, 1) for price in (2, 3, 9)])
        cells, _ = collapse(rows, np.arange(3))
        cells["part"] = 202632
        assert merged(cells)["price_twice"].tolist() == [6_000_000]
        assert merged(cells)["gpu_hours_milli"].tolist() == [3_000]

    @given(st.lists(st.tuples(*[st.integers(-(2**31), 2**31 - 1)] * 4), min_size=1, max_size=20))
    def test_groups_are_those_of_equal_rows_in_their_order(
        self, rows: list[tuple[int, ...]]
    ) -> None:
        keys = grouped([np.array(column) for column in zip(*rows, strict=True)]).tolist()
        ordered = [key for _, key in sorted(zip(rows, keys, strict=True))]
        assert ordered == sorted(keys)
        assert len(set(keys)) == len(set(rows))


def test_an_adjustment_is_read_back_from_its_text() -> None:
    made = Adjustment(20260803, 20260706, (Coefficient(0, 3, -120_000, 15_000, 9),))
    assert decode(encode(made)) == made
    assert " " not in encode(made)
    assert UNKNOWN < 0


def test_the_longest_adjustment_fits_the_text_of_a_row() -> None:
    widest = [Coefficient(9, 2_147_483_647 - n, -99_999_999, 99_999_999, n) for n in range(2_000)]
    kept = bounded(Adjustment(20260803, 20260803, tuple(widest)))
    assert len(f"{'0' * 32} 99999 {encode(kept)}") <= TEXT_MAX
    assert sorted(each.cells for each in kept.coefficients) == list(range(500, 2_000))
    assert [each.level for each in kept.coefficients] == sorted(
        each.level for each in kept.coefficients
    )
    assert len(kept.coefficients) == LEVELS_MAX


def test_who_has_a_level_that_no_longer_fits_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("clearing.index.adjustment.LEVELS_MAX", len(FIELDS) - 1 + 2)
    rows = [observed(provider, 2.0) for provider in range(3)]
    rows += [observed(provider, 2.0, gpu_count=0, traded=WINDOW[0]) for provider in (0, 1)]
    (fixing,) = played([rows], IndexTerms())
    assert fixing.refused == {Refusal.UNADJUSTED: 1}
    assert fixing.value_micro == 2_000_000
