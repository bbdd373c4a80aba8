"""The generated panel: its bytes, its habits, and how near it comes to published levels."""

import datetime
import itertools
import pathlib
import statistics

import pytest

from clearing.index.population import Refusal
from clearing.terms import IndexTerms
from engine.jit import Table
from sim.index_table import fixings
from sim.levels import draw_levels
from sim.panel import read_panel
from sim.panel_generator import generate, panel_text
from sim.spot_models import LEVELS
from tests import tidy


class TestGenerator:
    FIRST, LAST = datetime.date(2026, 7, 1), datetime.date(2026, 12, 31)
    PANEL = generate(("H100", "A100", "B200"), FIRST, LAST, seed=7)

    def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(self) -> None:
        texts = [panel_text(("H100",), self.FIRST, self.LAST, seed) for seed in (7, 7, 8)]
        assert texts[0] == texts[1] != texts[2]

    def test_a_longer_panel_begins_with_a_shorter_one(self) -> None:
        short = panel_text(("H100",), self.FIRST, datetime.date(2026, 7, 31), 7)
        assert panel_text(("H100",), self.FIRST, self.LAST, 7).startswith(short)

    def test_a_model_is_the_same_alone_and_among_others(self) -> None:
        alone = generate(("A100",), self.FIRST, self.LAST, seed=7)
        values, among = (
            [each.value_micro for each in fixings(panel, "A100", IndexTerms())]
            for panel in (alone, self.PANEL)
        )
        assert values == among

    def test_a_written_panel_is_read_back_equal(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "panel.csv"
        text = panel_text(self.PANEL.models, self.FIRST, self.LAST, 7)
        path.write_text(text, encoding="ascii", newline="")
        read = read_panel(path, self.PANEL.models, self.LAST)
        assert read.providers == self.PANEL.providers
        assert read.dates == self.PANEL.dates
        assert all((read.rows(date) == self.PANEL.rows(date)).all() for date in read.dates)

    def test_it_has_every_day_and_no_finding(self) -> None:
        assert len(self.PANEL.dates) == 184
        assert self.PANEL.findings == ()
        assert 12 <= len(self.PANEL.providers) <= 16

    def test_most_posted_prices_repeat_the_day_before(self) -> None:
        repeats = [
            price == before[offer]
            for before, after in itertools.pairwise(map(offers, self.PANEL.days.values()))
            for offer, price in after.items()
            if offer in before
        ]
        assert 0.8 < statistics.mean(repeats) < 0.97

    def test_providers_come_and_go_and_some_prices_are_wrong(self) -> None:
        per_day = [set(offers(rows)) for rows in self.PANEL.days.values()]
        assert len(set(map(frozenset, per_day))) > 3
        refused: set[Refusal] = set()
        for model in self.PANEL.models:
            for fixing in fixings(self.PANEL, model, IndexTerms()):
                refused |= set(fixing.refused)
        assert {Refusal.OTHER_TERM, Refusal.FLAGGED, Refusal.OUT_OF_BAND} <= refused

    @pytest.mark.parametrize("model", ["H100", "A100", "B200"])
    def test_the_index_follows_the_hidden_level(self, model: str) -> None:
        levels = draw_levels(model, self.FIRST, 184, 7)
        for fixing in fixings(self.PANEL, model, IndexTerms()):
            number = datetime.date.fromisoformat(f"{fixing.date}") - self.FIRST
            assert fixing.value_micro / 1e6 == pytest.approx(levels[number.days], rel=0.2)

    @pytest.mark.parametrize(
        ("model", "start", "volatility"),
        [("H100", 2.81, 0.26), ("A100", 1.45, 0.15), ("B200", 5.87, 0.30)],
    )
    def test_levels_and_volatilities_are_near_the_published_ones(
        self, model: str, start: float, volatility: float
    ) -> None:
        realised = []
        for seed in range(40):
            levels = draw_levels(model, self.FIRST, 366, seed)
            assert levels[0] == pytest.approx(start)
            logs = [after / before - 1 for before, after in itertools.pairwise(levels)]
            realised.append(statistics.pstdev(logs) * 365**0.5)
        assert statistics.mean(realised) == pytest.approx(volatility, abs=0.02)
        assert LEVELS[model].volatility == pytest.approx(volatility, abs=0.01)

    def test_models_move_together_in_part(self) -> None:
        moves = []
        for model in ("H100", "B200"):
            levels = [draw_levels(model, self.FIRST, 366, seed) for seed in range(10)]
            moves.append([b / a for path in levels for a, b in itertools.pairwise(path)])
        assert 0.3 < statistics.correlation(*moves) < 0.7

    def test_the_table_of_levels_is_the_code(self) -> None:
        text = (tidy.ROOT / "sim/PANEL.md").read_text(encoding="utf-8")
        stated = [
            (model, float(start), int(drift.strip("%")), int(volatility.strip("%")))
            for model, start, drift, volatility in tidy.table(text, "model", "start USD")
        ]
        assert stated == [
            (model, level.start_usd, round(100 * level.drift), round(100 * level.volatility))
            for model, level in LEVELS.items()
        ]

    def test_a_model_without_levels_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no levels to generate K80 from"):
            panel_text(("K80",), self.FIRST, self.LAST, 7)


def offers(rows: Table) -> dict[tuple[int, ...], int]:
    """Return the prices of a day, by provider, model, GPUs and market."""
    keys = zip(rows["provider"], rows["model"], rows["gpu_count"], rows["term"], strict=True)
    prices = rows["price_micro"].tolist()
    return dict(zip((tuple(map(int, key)) for key in keys), prices, strict=True))
