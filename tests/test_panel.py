"""Panels: what is read, what is a finding, what is refused, and what is generated."""

import datetime
import gzip
import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearing.calendar import moment
from clearing.index.population import Refusal, Term, Tier
from clearing.terms import IndexTerms
from sim.index_table import (
    fixings,
)
from sim.panel import Finding, Panel, parse_panel, read_panel

TODAY = datetime.date(2026, 8, 31)
COLUMNS = "date,provider,gpu_model,market,price_per_gpu_hour"
SOUND = "2026-08-03,alder,H100,on-demand,2.80"
MODELS = ("H100", "A100", "B200", "H200")


def panel(*lines: str, columns: str = COLUMNS, models: tuple[str, ...] = ("H100",)) -> Panel:
    """Return the panel that lines of CSV are."""
    return parse_panel([f"{line}\n" for line in (columns, *lines)], "prices.csv", models, TODAY)


def day(number: int, month: int = 8) -> datetime.date:
    """Return a day of August 2026, or of another month."""
    return datetime.date(2026, month, number)


class TestReading:
    def test_a_row_is_an_observation_in_whole_numbers(self) -> None:
        columns = f"{COLUMNS},form_factor,gpu_count,gpu_mem_gb,vcpus,ram_gb"
        read = panel(f"{SOUND},SXM,8.0,80.0,96.0,1152.0", columns=columns)
        row = read.rows(day(3))[0]
        names = ("price_micro", "row", "provider", "model", "term", "tier", "form")
        assert [row[name] for name in names] == [2_800_000, 2, 0, 0, Term.ON_DEMAND, Tier.POSTED, 1]
        assert [row[n] for n in ("gpu_count", "memory_gb", "vcpus", "ram_gb")] == [8, 80, 96, 1152]
        assert row["gpu_hours_milli"] == 0

    def test_a_date_counts_as_two_in_the_afternoon_of_chicago(self) -> None:
        assert panel(SOUND).rows(day(3))["traded"][0] == moment(day(3), 14 * 3600)

    def test_where_the_market_closes_early_a_date_counts_as_that_much_earlier(self) -> None:
        eve = datetime.date(2025, 12, 24)
        read = panel(SOUND.replace("2026-08-03", str(eve)))
        assert read.rows(eve)["traded"][0] < moment(eve, 12 * 3600)
        assert fixings(read, "H100", IndexTerms())[0].inputs == 1

    @pytest.mark.parametrize(
        ("text", "micro"),
        [
            ("5.12125", 5_121_250),
            ("0.33999999999999997", 340_000),
            ("1e1", 10_000_000),
            (".5", 500_000),
            (" 2.80 ", 2_800_000),
            ("0.0000005", 1),
        ],
    )
    def test_prices_are_exact_to_the_micro_dollar(self, text: str, micro: int) -> None:
        read = panel(SOUND.replace("2.80", text))
        assert read.rows(day(3))["price_micro"].tolist() == [micro]

    def test_providers_are_numbered_as_they_appear_and_written_in_one_way(self) -> None:
        read = panel(SOUND, SOUND.replace("alder", " Basalt  Grid "), SOUND.replace("al", "Al"))
        assert read.providers == ("alder", "basalt grid")
        assert read.rows(day(3))["provider"].tolist() == [0, 1, 0]

    def test_dates_ascend_whatever_the_order_of_the_file(self) -> None:
        read = panel(SOUND, SOUND.replace("08-03", "08-01"), SOUND)
        assert read.dates == [day(1), day(3)]
        assert read.rows(day(3))["row"].tolist() == [2, 4]

    def test_a_flagged_row_is_marked_so_that_the_index_refuses_it(self) -> None:
        read = panel(f"{SOUND},", f"{SOUND},outlier", columns=f"{COLUMNS},flag")
        assert read.rows(day(3))["tier"].tolist() == [Tier.POSTED, Tier.NONE]
        assert fixings(read, "H100", IndexTerms())[0].refused == {Refusal.FLAGGED: 1}

    def test_what_is_sound_but_not_asked_for_is_counted(self) -> None:
        columns = f"{COLUMNS},gpu_mem_gb"
        read = panel(
            f"{SOUND},80.0",
            f"{SOUND},",
            f"{SOUND},94.0",
            f"{SOUND.replace('H100', 'L4')},24.0",
            f"{SOUND.replace('on-demand', 'serverless')},80",
            columns=columns,
        )
        assert read.passed_over == {"other memory": 1, "other model": 1, "serverless": 1}
        assert read.findings == ()
        assert len(read.rows(day(3))) == 2

    def test_a_model_number_is_its_place_among_the_models_asked_for(self) -> None:
        read = panel(SOUND, SOUND.replace("H100", "A100"), models=("A100", "H100"))
        assert read.rows(day(3))["model"].tolist() == [1, 0]


class TestFindings:
    @pytest.mark.parametrize(
        ("old", "new", "column", "reason"),
        [
            ("2.80", "NaN", "price_per_gpu_hour", "is not a number"),
            ("2.80", "", "price_per_gpu_hour", "is not a number"),
            ("2.80", "$2.80", "price_per_gpu_hour", "is not a number"),
            ("2.80", "inf", "price_per_gpu_hour", "is not a number"),
            ("2.80", "0", "price_per_gpu_hour", "is not positive"),
            ("2.80", "-2.80", "price_per_gpu_hour", "is not positive"),
            ("2.80", "1e-9", "price_per_gpu_hour", "is below a micro-dollar"),
            ("2.80", "1e999", "price_per_gpu_hour", "is above 1000000"),
            ("2026-08-03", "2026-09-01", "date", "is after 2026-08-31"),
            ("2026-08-03", "1970-01-01", "date", "is before 2010-01-01"),
            ("2026-08-03", "2026-02-30", "date", "is no day of the calendar"),
            ("2026-08-03", "03.08.2026", "date", "is not a date yyyy-mm-dd"),
            ("2026-08-03", "2026-08-03T10:00", "date", "is not a date yyyy-mm-dd"),
            ("alder", " ", "provider", "is empty"),
            ("H100", "", "gpu_model", "is empty"),
            ("on-demand", "auction", "market", "is none of on-demand, spot, reserved, serverless"),
        ],
    )
    def test_a_bad_value_is_a_finding_and_the_rest_goes_on(
        self, old: str, new: str, column: str, reason: str
    ) -> None:
        read = panel(SOUND, SOUND.replace(old, new), SOUND)
        assert read.findings == (Finding(3, column, new, reason),)
        assert read.rows(day(3))["row"].tolist() == [2, 4]

    def test_findings_are_told_in_sentences_and_the_rest_counted(self) -> None:
        read = panel(SOUND, *[SOUND.replace("2.80", "NaN")] * 3)
        sentence = "prices.csv row {}: price_per_gpu_hour 'NaN' is not a number"
        assert read.remarks(2) == [
            *(sentence.format(row) for row in (3, 4)),
            "prices.csv has 1 more findings",
        ]
        assert read.remarks() == [sentence.format(row) for row in (3, 4, 5)]

    def test_another_currency_is_a_finding(self) -> None:
        columns = f"{COLUMNS},currency"
        read = panel(f"{SOUND},USD", f"{SOUND},EUR", f"{SOUND},", columns=columns)
        assert read.findings == (Finding(3, "currency", "EUR", "is not USD"),)

    @pytest.mark.parametrize(
        ("value", "reason"),
        [("80 GB", "is not a number"), ("-1", "is not between 0 and 32767")],
    )
    def test_an_optional_column_must_be_right_too(self, value: str, reason: str) -> None:
        read = panel(f"{SOUND},80", f"{SOUND},{value}", columns=f"{COLUMNS},gpu_mem_gb")
        assert read.findings == (Finding(3, "gpu_mem_gb", value, reason),)

    @pytest.mark.parametrize("line", ["2026-08-03,alder,H100", f"{SOUND},9"])
    def test_a_cut_or_shifted_row_is_a_finding(self, line: str) -> None:
        (finding,) = panel(SOUND, line).findings
        count = line.count(",") + 1
        assert str(finding) == (
            f"row 3: '{count} values for 5 columns' is a row that was cut or shifted"
        )

    def test_an_open_quote_spoils_its_own_line_only(self) -> None:
        read = panel(SOUND, '2026-08-03,"alder,H100,on-demand,2.80', SOUND)
        assert [finding.row for finding in read.findings] == [3]
        assert "is not CSV" in read.findings[0].reason
        assert len(read.rows(day(3))) == 2

    def test_a_column_without_a_name_and_blank_lines_are_no_findings(self) -> None:
        read = panel(f"0,{SOUND}", "", f"1,{SOUND}", columns=f",{COLUMNS}")
        assert read.findings == ()
        assert read.rows(day(3))["row"].tolist() == [2, 4]

    @settings(deadline=None)
    @given(st.lists(st.text(max_size=9), min_size=5, max_size=5))
    def test_no_text_in_a_row_is_a_crash(self, values: list[str]) -> None:
        quoted = ",".join('"' + value.replace('"', '""') + '"' for value in values)
        read = panel(SOUND, quoted)
        assert len(read.findings) + sum(read.passed_over.values()) <= 1


class TestRefusedFiles:
    def test_a_missing_column_is_named(self) -> None:
        with pytest.raises(ValueError, match=r"prices.csv lacks the column market, price_per_gpu"):
            panel(SOUND, columns="date,provider,gpu_model,kind,usd")

    def test_a_repeated_column_is_named(self) -> None:
        with pytest.raises(ValueError, match="has the column date twice"):
            panel(SOUND, columns=f"{COLUMNS},date")

    @pytest.mark.parametrize("lines", [[], ["\n"]])
    def test_an_empty_file_is_refused(self, lines: list[str]) -> None:
        with pytest.raises(ValueError, match=r"prices.csv is empty"):
            parse_panel(lines, "prices.csv", ["H100"], TODAY)

    def test_a_model_without_a_row_is_named(self) -> None:
        with pytest.raises(ValueError, match=r"no sound row of B200; it has H100"):
            panel(SOUND, models=("H100", "B200"))

    def test_where_no_row_is_sound_the_first_finding_is_told(self) -> None:
        with pytest.raises(ValueError, match=r"row 2: price_per_gpu_hour 'NaN' is not a number"):
            panel(SOUND.replace("2.80", "NaN"))

    def test_files_that_cannot_be_read(self, tmp_path: pathlib.Path) -> None:
        whole = gzip.compress(f"{COLUMNS}\n{SOUND}\n".encode())
        contents = {
            "not UTF-8": b"date,provider\n\xff\xfe\n",
            "cannot be read": whole[:-12],
            "is empty": b"",
        }
        for number, (reason, content) in enumerate(contents.items()):
            path = tmp_path / f"{number}.csv"
            path.write_bytes(content)
            with pytest.raises(ValueError, match=reason):
                read_panel(path, ["H100"], TODAY)
        with pytest.raises(ValueError, match=r"absent.csv cannot be read"):
            read_panel(tmp_path / "absent.csv", ["H100"], TODAY)

    def test_a_damaged_archive_is_refused(self, tmp_path: pathlib.Path) -> None:
        whole = bytearray(gzip.compress(f"{COLUMNS}\n{SOUND}\n".encode() * 50))
        path = tmp_path / "prices.csv.gz"
        for place in range(len(whole)):
            whole[place] ^= 0x55
            path.write_bytes(whole)
            try:
                read_panel(path, ["H100"], TODAY)
            except ValueError as error:
                assert "prices.csv.gz" in str(error)  # noqa: PT017
            whole[place] ^= 0x55


class TestCuts:
    WHOLE = panel(
        *(SOUND.replace("08-03", f"08-{number:02d}") for number in (1, 2, 6, 9, 10)),
    )

    def test_the_last_stretch_begins_after_the_last_gap(self) -> None:
        assert self.WHOLE.last_stretch().dates == [day(6), day(9), day(10)]

    def test_a_cut_includes_both_ends(self) -> None:
        assert self.WHOLE.cut(day(2), day(9)).dates == [day(2), day(6), day(9)]

    def test_a_cut_that_leaves_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no row of H100 from 2026-08-03 to 2026-08-05"):
            self.WHOLE.cut(day(3), day(5))

    def test_rows_of_a_day_without_any_are_none(self) -> None:
        assert len(self.WHOLE.rows(day(3))) == 0
