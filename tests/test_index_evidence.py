"""What is shown for the index holds, on feeds with a known truth and on the real panel."""

import datetime
import functools

import pytest

from clearing.terms import IndexTerms
from sim.index_evidence import attacks, bad_feed, composition, out_of_sample, recovered
from sim.index_table import fixings
from sim.panel import Panel, read_panel
from sim.spot_feed import KINDS, Form
from tests.real_files import real_file


class TestBadFeed:
    """2,000 trades a day, 11% of them wrong."""

    def test_the_index_moves_by_less_than_a_tick_and_the_audit_names_what_was_refused(
        self,
    ) -> None:
        moved, fates = bad_feed(days=3, count=2_000, seed=2)
        shares = {each.method: each.share for each in moved}
        assert shares["winsorised"] >= 0.95
        assert shares["median"] >= 0.95
        assert shares["plain provider mean"] < 0.05
        assert set(fates) == set(KINDS)
        reasons = {kind: set(fate) for kind, fate in fates.items()}
        assert reasons["zero"] == {"INCOMPLETE"}
        assert reasons["repeat"] == {"STALE"}
        for kind in ("shifted", "tenfold", "tenth"):
            assert reasons[kind] == {"OUT_OF_BAND"}


@pytest.mark.parametrize(("form", "log"), [("log", 0.02), ("sum", 0.04)])
def test_known_effects_are_found_again(form: Form, log: float) -> None:
    """Within their errors; where the truth adds instead of multiplying, within a few percent."""
    deviations, worst, drift = recovered(form, days=4, count=2_000, seed=3)
    assert worst < log
    assert drift < 0.01
    if form == "log":
        assert deviations < 3


def test_the_index_costs_more_to_move_than_plain_averages() -> None:
    found = attacks(count=600, seed=1)
    costs = {name: attack.cost_usd for name, attack in found.items()}
    assert costs["index"] > 2 * costs["plain VWAP"] > 0
    assert costs["index"] > 5 * costs["weighted provider mean"] > 0


def test_a_thin_market_costs_nothing_to_move() -> None:
    """Where a false trade has but one honest trade beside it in its cell, as the page says."""
    assert attacks(count=300, seed=1)["index"].cost_usd < 10


class TestRealPanel:
    @staticmethod
    @functools.cache
    def read(model: str) -> Panel:
        path = real_file("gpu_prices_open.csv.gz")
        return read_panel(path, [model], datetime.date(2026, 11, 20)).last_stretch()

    @pytest.mark.parametrize("model", ["H100", "A100", "B200", "H200"])
    def test_who_comes_or_goes_moves_it_less_than_the_plain_provider_mean(self, model: str) -> None:
        days, index, plain = composition(fixings(self.read(model), model, IndexTerms()))
        assert days > 1
        assert index < plain / 5

    def test_form_factors_help_to_predict_next_weeks_prices(self) -> None:
        adjusted, by_provider = out_of_sample(self.read("H100"), "H100", IndexTerms())
        assert adjusted < by_provider
