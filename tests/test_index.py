"""The index as its README describes it: who counts, how much, and what comes out."""

import hashlib
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearing.index.estimators import ESTIMATORS, half_up
from clearing.index.fixing import UNIT, Fixing, fix, gather, unfixed
from clearing.index.population import REVERSAL_NS, Refusal, Term, Tier
from clearing.terms import IndexTerms
from engine.jit import Table
from tests import tidy
from tests.spot_days import NAMES, NOON, PART, WINDOW, feed, observed

DAY = 20260803
MEDIAN = IndexTerms(estimator="median")
WINSORISED = IndexTerms(estimator="winsorised")
UNCAPPED = IndexTerms(estimator="median", cap_percent=100)


def fixed(
    rows: Sequence[Table], terms: IndexTerms = MEDIAN, previous: Fixing = unfixed(0)
) -> Fixing:
    """Return the fixing of a day with these rows."""
    return fixed_feed(feed(rows), terms, previous)


def fixed_feed(rows: Table, terms: IndexTerms = MEDIAN, previous: Fixing = unfixed(0)) -> Fixing:
    """Return the fixing of a day with this table, not adjusted."""
    return fix(gather(rows, 0, NAMES, terms, WINDOW), terms, previous, DAY)


def partition(number: int, trades: Sequence[tuple[float, int]]) -> list[Table]:
    """Return trades of one part of the window: (price, GPU-hours), each of another provider."""
    at = WINDOW[0] + number * PART
    return [
        observed(provider, dollars, hours, at, tier=Tier.TRADE)
        for provider, (dollars, hours) in enumerate(trades)
    ]


def captured_window(hours: int) -> list[Table]:
    """Return the worked window, with so many GPU-hours at 9.99 in its last part."""
    quiet = [(2.80, 100), (2.82, 50), (2.79, 40)]
    rows = [row for number in range(11) for row in partition(number, quiet)]
    return rows + partition(11, [(2.80, 100), (9.99, hours), (2.82, 20)])


class TestTheWorkedWindow:
    """Twelve partitions, of which somebody captures the last."""

    def test_a_minority_of_one_partition_moves_nothing(self) -> None:
        fixing = fixed(captured_window(90), UNCAPPED)
        assert fixing.value_micro == 2_800_000
        assert fixing.inputs == 36
        assert fixing.tier == Tier.TRADE
        assert fixing.gpu_hours_milli == 1_000 * (11 * 190 + 210)

    def test_a_captured_partition_counts_one_twelfth(self) -> None:
        assert fixed(captured_window(500), UNCAPPED).value_micro == 3_400_000

    def test_where_a_plain_average_pays_for_all_the_volume(self) -> None:
        rows = feed(captured_window(500))
        hours = rows["gpu_hours_milli"]
        vwap = Fraction(int((rows["price_micro"] * hours).sum()), int(hours.sum()))
        assert half_up(vwap, UNIT) == 4_130_000

    def test_the_cap_alone_defeats_the_capture(self) -> None:
        five = [(2.80, 100), (9.99, 500), (2.82, 20), (2.81, 20), (2.79, 20)]
        rows = [row for number in range(12) for row in partition(number, five)]
        assert fixed(rows).value_micro == 2_810_000


class TestWhoCounts:
    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (observed(0, 0.0), Refusal.INCOMPLETE),
            (observed(0, -2.0), Refusal.INCOMPLETE),
            (observed(7, 2.8), Refusal.INCOMPLETE),
            (observed(0, 2.8, gpu_hours_milli=-1), Refusal.INCOMPLETE),
            (observed(0, 2.8, gpu_hours_milli=2**62), Refusal.INCOMPLETE),
            (observed(0, 2.8, tier=Tier.CARRIED), Refusal.INCOMPLETE),
            (observed(0, 2.8, term=Term.SPOT), Refusal.OTHER_TERM),
            (observed(0, 2.8, term=Term.RESERVED), Refusal.OTHER_TERM),
            (observed(9, 2.8), Refusal.EXCLUDED_PROVIDER),
            (observed(0, 2.8, tier=Tier.NONE), Refusal.FLAGGED),
            (observed(0, 2.8, traded=WINDOW[0] - 1), Refusal.STALE),
            (observed(0, 2.8, traded=WINDOW[1]), Refusal.LATE),
            (observed(1, 3.0), Refusal.DUPLICATE),
            (observed(0, 0.59), Refusal.OUT_OF_BAND),
            (observed(0, 15.01), Refusal.OUT_OF_BAND),
        ],
    )
    def test_an_observation_is_refused_for_one_reason(self, row: Table, reason: Refusal) -> None:
        others = [observed(provider, 3.0) for provider in range(1, 5)]
        fixing = fixed([*others, row])
        assert fixing.refused == {reason: 1}
        assert fixing.inputs == 4
        assert fixing.value_micro == 3_000_000
        assert fixing.audit["reason"].tolist() == [0, 0, 0, 0, reason]
        assert fixing.audit["weight_ppb"].tolist() == [250_000_000] * 4 + [0]

    def test_the_window_is_half_open(self) -> None:
        edges = [observed(0, 3.0, traded=WINDOW[0]), observed(1, 3.0, traded=WINDOW[1] - 1)]
        assert fixed(edges).inputs == 2

    def test_the_band_includes_its_edges(self) -> None:
        others = [observed(provider, 3.0) for provider in range(1, 5)]
        assert fixed([*others, observed(0, 0.6), observed(0, 15.0)]).inputs == 6
        assert fixed([*others, observed(0, 0.599999), observed(0, 15.000001)]).inputs == 4

    def test_a_provider_with_many_prices_is_one_voice_in_the_band(self) -> None:
        many = [observed(0, 20.0 + number) for number in range(40)]
        fixing = fixed([*(observed(provider, 3.0) for provider in range(1, 5)), *many])
        assert fixing.refused == {Refusal.OUT_OF_BAND: 40}

    def test_the_first_of_equal_rows_in_the_feed_counts(self) -> None:
        rows = feed([observed(0, 3.0), observed(0, 3.0), observed(1, 3.0)])[::-1]
        audit = fixed_feed(rows).audit
        verdicts = dict(zip(audit["row"].tolist(), audit["reason"].tolist(), strict=True))
        assert verdicts == {2: Refusal.NONE, 3: Refusal.DUPLICATE, 4: Refusal.NONE}

    def test_a_trade_of_one_owner_with_itself_is_none(self) -> None:
        sham = observed(0, 3.3, 50, buyer=7, seller=7)
        assert fixed([observed(1, 3.0), sham]).refused == {Refusal.ONE_OWNER: 1}

    def test_a_trade_undone_within_two_minutes_is_none_nor_is_what_undid_it(self) -> None:
        there = observed(0, 3.3, 50, buyer=7, seller=8)
        back = observed(0, 3.3, 50, NOON + REVERSAL_NS, buyer=8, seller=7)
        late = observed(0, 3.3, 50, NOON + REVERSAL_NS + 1, buyer=8, seller=7)
        again = observed(0, 3.3, 50, NOON + 1, buyer=7, seller=8)
        honest = [observed(1, 3.0), observed(2, 3.0)]
        assert fixed([*honest, there, back]).refused == {Refusal.REVERSED: 2}
        assert fixed([*honest, there, late]).refused == {}
        assert fixed([*honest, there, again]).refused == {}

    def test_the_terms_name_the_markets(self) -> None:
        rows = [observed(0, 3.0), observed(1, 1.5, term=Term.SPOT)]
        both = IndexTerms(markets=("on-demand", "spot"))
        assert fixed(rows, both).inputs == 2

    def test_another_product_is_passed_over_in_silence(self) -> None:
        fixing = fixed([observed(0, 3.0), observed(1, 9.0, model=1)])
        assert (fixing.inputs, len(fixing.audit), fixing.refused) == (1, 1, {})


class TestHowMuch:
    def test_a_provider_is_the_median_of_its_prices(self) -> None:
        rows = [observed(0, 2.0), observed(0, 2.1), observed(0, 9.0)]
        assert fixed(rows).value_micro == 2_100_000

    def test_hours_weigh_and_an_unknown_volume_is_one_hour(self) -> None:
        rows = [observed(0, 2.0, hours=3), observed(1, 3.0), observed(1, 3.0, traded=NOON + 1)]
        audit = fixed(rows, UNCAPPED).audit
        assert audit["weight_ppb"].tolist() == [750_000_000, 125_000_000, 125_000_000]

    def test_a_provider_with_many_configurations_is_held_by_the_cap(self) -> None:
        many = [observed(0, 2.0, gpu_count=count) for count in range(1, 7)]
        others = [observed(provider, 3.0) for provider in range(1, 5)]
        weights = fixed([*many, *others]).audit["weight_ppb"].tolist()
        assert weights == [250_000_000 // 6] * 6 + [187_500_000] * 4

    def test_no_provider_holds_more_than_the_cap(self) -> None:
        rows = [observed(0, 9.0, hours=10**9)]
        rows += [observed(provider, 3.0, hours=1) for provider in range(1, 5)]
        fixing = fixed(rows)
        assert fixing.audit["weight_ppb"].tolist() == [250_000_000] + [187_500_000] * 4
        assert fixing.value_micro == 3_000_000

    def test_the_value_is_rounded_once(self) -> None:
        thirds = [observed(0, 2.004), observed(1, 2.006), observed(2, 2.0049)]
        assert fixed(thirds, WINSORISED).value_micro == 2_000_000
        halves = [observed(0, 2.004), observed(1, 2.006)]
        assert fixed(halves, WINSORISED).value_micro == 2_010_000


class TestDaysWithoutObservations:
    def test_the_last_fixing_is_carried_at_most_so_many_days(self) -> None:
        terms = IndexTerms(carry_days=2)
        fixing = fixed([observed(0, 3.0)], terms)
        seen = []
        for _ in range(4):
            fixing = fixed([], terms, fixing)
            seen.append((fixing.value_micro, fixing.tier, fixing.carried, fixing.inputs))
        assert seen == [
            (3_000_000, Tier.CARRIED, 1, 0),
            (3_000_000, Tier.CARRIED, 2, 0),
            (0, Tier.NONE, 0, 0),
            (0, Tier.NONE, 0, 0),
        ]

    def test_a_day_of_refused_rows_is_carried_and_says_why(self) -> None:
        fixing = fixed([observed(0, 3.0, tier=Tier.NONE)], previous=fixed([observed(0, 3.0)]))
        assert fixing.tier == Tier.CARRIED
        assert fixing.refused == {Refusal.FLAGGED: 1}
        assert len(fixing.audit) == 1

    def test_before_the_first_observation_there_is_no_value(self) -> None:
        assert fixed([]).tier == Tier.NONE

    def test_a_price_that_rounds_to_nothing_is_no_value(self) -> None:
        assert fixed([observed(0, 0.004)]).tier == Tier.NONE

    def test_one_provider_is_enough_and_is_said(self) -> None:
        fixing = fixed([observed(3, 3.0)])
        assert (fixing.value_micro, fixing.providers, fixing.tier) == (3_000_000, 1, Tier.POSTED)

    def test_a_mixed_day_has_the_tier_of_its_weakest_input(self) -> None:
        trade = observed(0, 3.0, tier=Tier.TRADE)
        assert fixed([trade]).tier == Tier.TRADE
        assert (
            fixed([trade, observed(1, 3.0), observed(2, 3.0, tier=Tier.NONE)]).tier == Tier.POSTED
        )

    def test_after_a_gap_observations_count_again(self) -> None:
        fixing = fixed([observed(0, 4.0)], previous=fixed([], previous=fixed([observed(0, 3.0)])))
        assert (fixing.value_micro, fixing.carried) == (4_000_000, 0)


class TestAudit:
    def test_the_hash_is_of_the_accepted_bodies_by_time_provider_and_row(self) -> None:
        rows = feed(
            [
                observed(1, 3.0),
                observed(0, 3.1, traded=NOON + 1),
                observed(0, 3.2),
                observed(9, 3.3),
                observed(0, 3.4),
            ]
        )
        ordered = [rows[place].tobytes()[48:] for place in (2, 4, 0, 1)]
        expected = hashlib.blake2b(b"".join(ordered), digest_size=16).hexdigest()
        for seen in (rows, rows[::-1]):
            fixing = fixed_feed(seen)
            assert fixing.inputs_hash == expected

    def test_stamps_of_the_journal_are_not_hashed(self) -> None:
        rows = feed([observed(0, 3.0)])
        stamped = rows.copy()
        stamped["seq"], stamped["time"] = 7, NOON
        assert len({fixed_feed(each).inputs_hash for each in (rows, stamped)}) == 1

    def test_every_observation_has_its_row(self) -> None:
        fixing = fixed(captured_window(90), UNCAPPED)
        assert len(fixing.audit) == 36
        assert 999_999_900 <= fixing.audit["weight_ppb"].sum() <= 1_000_000_000

    @settings(deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 4), st.integers(100, 900)), max_size=30))
    def test_used_and_refused_are_all_there_is(self, offers: list[tuple[int, int]]) -> None:
        fixing = fixed([observed(provider, cents / 100) for provider, cents in offers], WINSORISED)
        assert fixing.inputs + sum(fixing.refused.values()) == len(offers)
        assert fixing.value_micro % UNIT == 0
        if fixing.inputs:
            prices = fixing.audit["price_micro"][fixing.audit["reason"] == Refusal.NONE]
            assert prices.min() <= fixing.value_micro <= prices.max()


class TestReadme:
    TEXT = (tidy.ROOT / "clearing/index/README.md").read_text(encoding="utf-8")

    def test_the_table_of_refusals_is_the_code(self) -> None:
        stated = [(int(c), n.strip("`")) for c, n, _ in tidy.table(self.TEXT, "code", "refusal")]
        assert stated == [(reason.value, reason.name) for reason in Refusal if reason]

    def test_the_table_of_tiers_is_the_code(self) -> None:
        stated = [(int(c), n.strip("`")) for c, n, _ in tidy.table(self.TEXT, "tier", "name")]
        assert stated == [(tier.value, tier.name) for tier in Tier]

    def test_the_table_of_estimators_is_the_code(self) -> None:
        rows = tidy.table(self.TEXT, "name", "value", "for")
        assert [name.strip("`") for name, *_ in rows] == list(ESTIMATORS)
