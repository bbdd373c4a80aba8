"""Forward curves to simulated paths and to a fit that finds what was put in."""

import datetime
import itertools
import json
import math
import pathlib
from typing import ClassVar

import numpy as np
import pytest

from sim.curve import curve, days_ahead, expected, settlement_risk
from sim.curve_fit import DAYS_MIN, Curves, fit, spot_curves
from sim.curve_panel import as_panel, read_curves
from sim.levels import stream
from sim.scenario import parse, show_toml
from sim.spot_models import (
    LEVELS,
    Chance,
    JumpDiffusion,
    Regimes,
    Replay,
    SchwartzOne,
    SchwartzSmith,
    SpotModel,
    TwoFactor,
)
from tests.shell import Shell, refused
from tests.small_world import SMALL

TODAY = datetime.date(2026, 9, 1)
WILD = SchwartzSmith(3.0, -0.2, 0.15, 0.35, 4.0, 6.0, 0.05, 0.08, 0.10, 0.06, 300)
REGIMES = Regimes(2.8, 2.0, 3.6, 0.2, 0.4, 120, 60, 2.0)
TWO_FACTORS = [
    WILD,
    SchwartzOne(3.0, 2.5, 0.3, 2.0),
    JumpDiffusion(3.0, -0.1, 0.2, 5.0, 0.06, 0.1),
]
PATHS = 1_500


def paths(model: SpotModel, days: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return simulated prices, half of them with the opposite shocks. Shape (paths, days)."""
    chance = stream(4, 0)
    found = []
    for _ in range(PATHS // 2):
        normals, uniforms = chance.standard_normal((days, 2)), chance.random(days)
        sizes = chance.standard_normal(days)
        for sign in (1, -1):
            drawn = Chance(TODAY, sign * normals, uniforms, sizes)
            found.append(list(model.walk(drawn)))
    return np.array(found)


class TestExpectations:
    @pytest.mark.parametrize("model", [*TWO_FACTORS, REGIMES], ids=lambda one: type(one).__name__)
    def test_paths_agree(self, model: SpotModel) -> None:
        ahead = [0, 1, 30, 90]
        drawn = paths(model, 91)[:, ahead]
        errors = 4 * drawn.std(axis=0) / math.sqrt(PATHS) + 1e-9
        assert (np.abs(drawn.mean(axis=0) - expected(model, TODAY, ahead)) < errors).all()

    @pytest.mark.parametrize("model", TWO_FACTORS, ids=lambda one: type(one).__name__)
    def test_the_risk_of_a_settlement_is_that_of_paths(self, model: TwoFactor) -> None:
        ahead = days_ahead(202610, TODAY)
        drawn = paths(model, ahead[-1] + 1)[:, ahead]
        risk = settlement_risk(model, TODAY, ahead)
        average = drawn.mean(axis=1)
        assert average.std() / average.mean() == pytest.approx(risk.average, rel=0.12)
        assert drawn[:, -1].std() / drawn[:, -1].mean() == pytest.approx(risk.last_day, rel=0.12)

    def test_averaging_takes_two_fifths_of_the_risk(self) -> None:
        plain = SchwartzSmith(2.81, 0.0, 0.30, 0.0, 0.0)
        risk = settlement_risk(plain, TODAY, range(31))
        assert risk.last_day == pytest.approx(0.086, abs=0.001)
        assert risk.average == pytest.approx(0.051, abs=0.002)

    def test_a_future_is_fixed_part_and_rest(self) -> None:
        still = SchwartzOne(3.0, 3.0, 0.0, 1.0)
        front = curve(still, datetime.date(2026, 9, 15), 1, known=[2.0] * 9)[0]
        rest = len(days_ahead(202609, datetime.date(2026, 9, 15)))
        assert front.price_usd == pytest.approx((9 * 2.0 + rest * 3.0) / (9 + rest))

    def test_volatility_falls_with_maturity_and_as_a_month_is_fixed(self) -> None:
        points = curve(LEVELS["H100"], TODAY, 13)
        falling = [point.volatility for point in points]
        assert falling == sorted(falling, reverse=True)
        assert falling[0] > 1.3 * falling[-1]
        late = curve(LEVELS["H100"], datetime.date(2026, 9, 29), 1, known=[2.8] * 19)[0]
        assert late.volatility < 0.15 * falling[0]

    def test_a_replay_has_no_curve(self) -> None:
        with pytest.raises(ValueError, match="a replay of past prices has no expectation"):
            curve(Replay("index.csv"), TODAY)


class TestFit:
    YEARS = np.array([1 / 12, 0.25, 0.5, 1.0])
    TRUTH: ClassVar = {"kappa": 1.5, "short_sigma": 0.30, "long_sigma": 0.15, "priced_drift": -0.2}

    def drawn(self) -> Curves:
        """Return 300 business days of four maturities with known factors."""
        chance, (kappa, short_sigma, long_sigma, drift) = stream(5, 0), self.TRUTH.values()
        dates = [TODAY + datetime.timedelta(days=n) for n in range(420)]
        dates = [date for date in dates if date.weekday() < 5]
        variance = short_sigma**2 * (1 - np.exp(-2 * kappa * self.YEARS)) / (2 * kappa)
        lift = drift * self.YEARS + (variance + long_sigma**2 * self.YEARS) / 2
        short, long, rows = 0.0, math.log(2.8), []
        for before, after in itertools.pairwise(dates):
            noise = 0.003 * chance.standard_normal(len(self.YEARS))
            rows.append(np.exp(-kappa * self.YEARS) * short + long + lift + noise)
            step = (after - before).days / 365
            keeps = math.exp(-kappa * step)
            spread = short_sigma * math.sqrt((1 - keeps**2) / (2 * kappa))
            short = keeps * short + spread * chance.standard_normal()
            long += -0.15 * step + long_sigma * math.sqrt(step) * chance.standard_normal()
        years = np.broadcast_to(self.YEARS, (len(rows), len(self.YEARS))).copy()
        return Curves(dates[:-1], np.array(rows), years)

    def test_what_was_put_in_is_found(self) -> None:
        made = self.drawn()
        made.logs[10:20, 2] = np.nan  # A month that was not settled says nothing.
        found = {one.name: one for one in fit(made).parameters}
        for name, truth in self.TRUTH.items():
            assert abs(found[name].value - truth) < 3 * found[name].error, name
            assert found[name].error < 0.2 * abs(truth), name
        assert found["noise"].value == pytest.approx(0.003, rel=0.1)

    def test_spot_prices_alone_say_nothing_of_what_futures_suppose(self) -> None:
        made = self.drawn()
        spot = dict(zip(made.dates, np.exp(made.logs[:, 0]).tolist(), strict=True))
        assert "priced_drift" not in {one.name for one in fit(spot_curves(spot)).parameters}

    def test_too_few_dates_and_a_price_that_stands_still_are_refused(self) -> None:
        dates = [TODAY + datetime.timedelta(days=n) for n in range(DAYS_MIN)]
        with pytest.raises(ValueError, match="prices that move"):
            fit(spot_curves(dict.fromkeys(dates, 2.0)))
        with pytest.raises(ValueError, match="a fit needs 30 dates, and there are 29"):
            fit(spot_curves(dict.fromkeys(dates[:-1], 2.0)))


class TestScenario:
    def test_defaults_are_shown_and_others_are_read(self) -> None:
        assert 'kind = "schwartz-smith"' in show_toml(parse(SMALL, "small"))
        given = '[levels.H100]\nkind = "schwartz-1"\nstart_usd = 2\nmean_usd = 3\nsigma = 0.2\n'
        text = SMALL + given + "kappa = 1\n"
        assert parse(text, "small").levels["H100"] == SchwartzOne(2.0, 3.0, 0.2, 1.0)

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ('[levels.K80]\nkind = "replay"\nfile = "x"', "levels.K80: there is no such product"),
            ('[levels.H100]\nkind = "garch"', "levels"),
            ('[levels.H100]\nkind = "replay"\nfile = "x"\nsize = 1', "size"),
            ('[levels.H100]\nkind = "schwartz-1"\nstart_usd = -2', "levels"),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(self, line: str, sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence):
            parse(f"{SMALL}\n{line}\n", "small")

    def test_a_replay_is_the_file_and_its_gaps_are_filled(self, tmp_path: pathlib.Path) -> None:
        file = tmp_path / "index.csv"
        file.write_text("date,model,value\n2026-08-31,H100,2.50\n2026-09-03,H100,2.75\n")
        chance = Chance(TODAY, np.zeros((4, 2)), np.zeros(4), np.zeros(4))
        assert list(Replay(str(file)).walk(chance)) == [2.5, 2.5, 2.75, 2.75]
        file.write_text("date,value\n2026-08-31,nan\n")
        with pytest.raises(ValueError, match="line 2: 'nan' is no price"):
            Replay(str(file)).walk(chance)
        file.write_text("date,value\n2026-09-02,2\n")
        with pytest.raises(ValueError, match="begins on 2026-09-02, after 2026-09-01"):
            Replay(str(file)).walk(chance)


class TestCommands:
    def test_a_curve_is_shown_and_written_and_a_machine_is_priced_on_it(
        self, cfx: Shell, tmp_path: pathlib.Path
    ) -> None:
        out = tmp_path / "curve.csv"
        shown = json.loads(cfx("curve", "show", "--model", "H100", "--out", out, "--json").out)
        assert [month["month"] for month in shown["months"][:2]] == ["2026-09", "2026-10"]
        assert len(out.read_text().splitlines()) == 37
        by_file = ("hardware", "--model", "H100", "--price", 25_000, "--curve", out, "--json")
        by_name = ("hardware", "--model", "H100", "--price", 25_000, "--json")
        one, other = (json.loads(cfx(*words).out) for words in (by_file, by_name))
        assert one["new"] == other["new"]
        assert one["new"]["break_even"] - 25_000 == pytest.approx(one["new"]["profit"], abs=0.02)

    def test_a_run_is_fitted_and_shown(
        self, cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path
    ) -> None:
        cfx("run", small, "--out", tmp_path / "run")
        settlements = tmp_path / "run" / "settlements.csv"
        curves = read_curves(settlements, "H100")
        assert len(curves) == 4
        assert np.isfinite(as_panel(curves).logs).all()
        table = cfx("curve", "show", "--model", "H100", "--settlements", settlements).out
        assert table.startswith(f"settlements of {max(curves)}")
        words = "curve", "fit", "--model", "H100", "--settlements", settlements
        assert "a fit needs 30 dates, and there are 4" in refused(cfx(*words))

    def test_bad_input_is_a_sentence(self, cfx: Shell, tmp_path: pathlib.Path) -> None:
        file = tmp_path / "curve.csv"
        for text, sentence in (
            ("month,price\n", "has no price"),
            ("month\n", "lacks the column price"),
            ("month,price\n2026-13,2\n", "line 2: '2026-13' is no month"),
            ("month,price\n2026-01,-2\n", "line 2: '-2' is no price"),
            ("month,price\n2026-01,2\n2026-03,2\n", "the curve has no price of 2026-02"),
        ):
            file.write_text(text)
            words = "hardware", "--model", "H100", "--price", 9, "--curve", file
            assert sentence in refused(cfx(*words))
        assert "scenario demo has no product K80" in refused(cfx("curve", "show", "--model", "K80"))
        assert cfx("curve", "fit", "--model", "H100").status == 2
