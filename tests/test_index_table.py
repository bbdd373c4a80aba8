"""What is published of a panel's index, and the index of the real panel."""

import csv
import datetime
import functools
import pathlib
import statistics

import pyarrow.parquet as pq
import pytest

from clearing.index.fixing import Fixing
from clearing.index.population import Refusal, Tier
from clearing.terms import IndexTerms
from sim.index_table import (
    HEADER,
    audit_table,
    fixings,
    index_row,
    write_audit,
    write_index,
)
from sim.panel import Panel, parse_panel, read_panel
from tests.real_files import real_file

MODELS = ("H100", "A100", "B200", "H200")


def day(number: int, month: int = 8) -> datetime.date:
    """Return a day of August 2026, or of another month."""
    return datetime.date(2026, month, number)


def panel(*lines: str) -> Panel:
    """Return a panel of H100 prices, of lines with a flag."""
    columns = "date,provider,gpu_model,market,price_per_gpu_hour,flag"
    return parse_panel([f"{line}\n" for line in (columns, *lines)], "prices.csv", ["H100"], day(31))


class TestTable:
    PANEL = panel(
        *(f"2026-08-0{number},alder,H100,on-demand,2.80," for number in (6, 7, 8)),
        *(f"2026-08-20,alder,H100,on-demand,{price}," for price in ("3.00", "3.11")),
    )

    def found(self, carry_days: int = 3) -> list[Fixing]:
        """Return the fixings of the panel."""
        return fixings(self.PANEL, "H100", IndexTerms(carry_days=carry_days))

    def test_a_fixing_each_business_day_carried_and_then_none(self) -> None:
        rows = [index_row(each, "H100") for each in self.found(carry_days=2)]
        seen = [dict(zip(HEADER, row, strict=True)) for row in rows]
        assert [(row["date"], row["value"], row["tier"], row["refused"]) for row in seen] == [
            ("2026-08-06", "2.80", "2", "0"),
            ("2026-08-07", "2.80", "2", "0"),
            ("2026-08-10", "2.80", "3", "1"),
            ("2026-08-11", "2.80", "3", "0"),
            ("2026-08-20", "3.06", "2", "0"),
        ]
        assert {row["model"] for row in seen} == {"H100"}

    def test_a_weekend_stands_in_the_audit_only(self) -> None:
        monday = fixings(self.PANEL, "H100", IndexTerms())[2]
        assert monday.refused == {Refusal.STALE: 1}
        assert monday.inputs == 0

    def test_a_day_that_cannot_be_fixed_has_no_value(self) -> None:
        read = panel("2026-08-03,alder,H100,on-demand,2.80,outlier")
        (found,) = fixings(read, "H100", IndexTerms())
        assert index_row(found, "H100")[2] == ""

    def test_what_is_published_can_be_read_back(self, tmp_path: pathlib.Path) -> None:
        found = self.found()
        rows = [index_row(each, "H100") for each in found]
        write_index(tmp_path / "index.csv", rows)
        with (tmp_path / "index.csv").open(encoding="ascii") as file:
            assert [tuple(row) for row in csv.reader(file)] == [HEADER, *rows]
        tables = [audit_table(fixing, "H100", self.PANEL.names) for fixing in found]
        write_audit(tmp_path / "audit.parquet", tables)
        lines = pq.read_table(tmp_path / "audit.parquet").to_pylist()
        assert len(lines) == 5
        assert lines[-1] == {
            "date": day(20),
            "model": "H100",
            "row": 6,
            "provider": "alder",
            "price": 3.11,
            "adjusted": 3.11,
            "weight": 0.5,
            "used": True,
            "reason": "",
            "tier": 2,
            "version": 1,
        }
        assert [line["reason"] for line in lines] == ["", "", "STALE", "", ""]


class TestRealPanel:
    """Posted prices of October 2025 and of July and August 2026."""

    @staticmethod
    @functools.cache
    def read() -> Panel:
        return read_panel(real_file("gpu_prices_open.csv.gz"), MODELS, datetime.date(2026, 11, 20))

    def test_it_is_read_without_a_finding(self) -> None:
        read = self.read()
        assert len(read.dates) == 106
        assert read.findings == ()
        assert read.passed_over["serverless"] == 1_013

    def test_its_last_stretch_is_summer_2026(self) -> None:
        stretch = self.read().last_stretch()
        assert (stretch.dates[0], stretch.dates[-1]) == (day(5, month=7), day(22))
        assert len(stretch.dates) == 49

    @pytest.mark.parametrize(
        ("model", "october", "august"),
        [("H100", 2.14, 2.97), ("A100", 1.48, 1.60), ("B200", 5.02, 6.56), ("H200", 2.99, 4.19)],
    )
    def test_the_index_is_within_a_tenth_of_the_known_levels(
        self, model: str, october: float, august: float
    ) -> None:
        found = fixings(self.read(), model, IndexTerms())
        assert mean_of(found, 202510) == pytest.approx(october, rel=0.10)
        assert mean_of(found, 202608) == pytest.approx(august, rel=0.10)

    def test_every_business_day_of_the_stretch_is_fixed(self) -> None:
        stretch = self.read().last_stretch()
        for model in MODELS:
            found = fixings(stretch, model, IndexTerms())
            assert len(found) == 35
            assert {fixing.tier for fixing in found} == {Tier.POSTED}

    def test_the_hole_splits_the_series(self) -> None:
        found = fixings(self.read(), "H100", IndexTerms(carry_days=3))
        carried = [fixing.date for fixing in found if fixing.tier == Tier.CARRIED]
        assert [date for date in carried if 20251117 <= date <= 20260704] == [
            *(20251117, 20251118, 20251119)
        ]
        assert not [fixing for fixing in found if 20251120 <= fixing.date <= 20260704]


def mean_of(found: list[Fixing], month: int) -> float:
    """Return the mean fixing of a month (yyyymm), in USD."""
    return (
        statistics.mean(fixing.value_micro for fixing in found if fixing.date // 100 == month) / 1e6
    )
