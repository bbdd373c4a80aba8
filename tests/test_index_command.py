"""`cfx index`: what it writes, what it explains, what it draws, and what it refuses."""

import csv
import json
import pathlib

import pyarrow.parquet as pq
import pytest

from tests.shell import Shell, refused

COLUMNS = "date,provider,gpu_model,market,price_per_gpu_hour"
DAYS = ("2026-08-03", "2026-08-04", "2026-08-05", "2026-08-10")
PNG = b"\x89PNG"


def written(folder: pathlib.Path, lines: list[str], columns: str = COLUMNS) -> pathlib.Path:
    """Return a panel's file."""
    path = folder / "panel.csv"
    path.write_text("\n".join([columns, *lines]) + "\n")
    return path


@pytest.fixture
def panel(tmp_path: pathlib.Path) -> pathlib.Path:
    """Three providers on four days; a fourth comes, and one price is absurd."""
    lines = [
        f"{day},{name},H100,on-demand,{price}"
        for day in DAYS
        for name, price in (("alder", 2.0), ("basalt", 2.5), ("cinder", 3.0))
    ]
    lines += [f"{day},drift,H100,on-demand,4.0" for day in DAYS[1:]]
    lines += ["2026-08-04,alder,H100,on-demand,200.0", "2026-08-04,aws,H100,on-demand,7.0"]
    return written(tmp_path, lines)


def rows(path: pathlib.Path) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with path.open() as file:
        return list(csv.DictReader(file))


def test_dates_choose_fixings_and_change_none(
    cfx: Shell, panel: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    whole, part = tmp_path / "whole.csv", tmp_path / "part.csv"
    command = ["index", "--prices", panel, "--model", "H100"]
    assert cfx(*command, "--out", whole).out == "6 fixings of H100 from 2026-08-03 to 2026-08-10\n"
    cfx(*command, "--out", part, "--from", "2026-08-05", "--to", "2026-08-10")
    assert rows(part) == rows(whole)[2:]
    assert [row["value"] for row in rows(whole)] == ["2.50"] * 6


def test_a_fixing_is_explained(cfx: Shell, panel: pathlib.Path) -> None:
    command = ["index", "--prices", panel, "--model", "H100", "--explain", "2026-08-04"]
    shown = json.loads(cfx(*command, "--json").out)
    assert shown["refused"] == {"EXCLUDED_PROVIDER": 1, "OUT_OF_BAND": 1, "UNADJUSTED": 1}
    assert (shown["value"], shown["tier"], shown["version"]) == (2.5, "POSTED", 1)
    assert shown["since"] == shown["fitted"] == "2026-08-03"
    assert sum(one["weight"] for one in shown["observations"]) == pytest.approx(1)
    told = cfx(*command).out
    assert "H100 on 2026-08-04: 2.50 USD per GPU-hour, tier POSTED, version 1" in told
    assert "200.0000" in told
    assert shown["inputs_hash"] in told


def test_json_is_one_answer_and_the_same_as_the_file(
    cfx: Shell, panel: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    command = ["index", "--prices", panel, "--model", "H100", "--json"]
    told = json.loads(cfx(*command, "--out", tmp_path / "index.csv").out)
    assert told["model"] == "H100"
    for one, row in zip(told["fixings"], rows(tmp_path / "index.csv"), strict=True):
        assert list(one) == list(row)
        assert (one["date"], one["tier"], one["version"]) == (row["date"], int(row["tier"]), 1)
        assert float(row["value"]) == one["value"]
    assert [one["tier"] for one in told["fixings"]] == [2, 2, 2, 3, 3, 2]
    assert json.loads(cfx(*command).out) == told


def test_coefficients_and_pictures(cfx: Shell, panel: pathlib.Path, tmp_path: pathlib.Path) -> None:
    table, pictures = tmp_path / "c.csv", (tmp_path / "index.png", tmp_path / "effects.png")
    command = ["index", "--prices", panel, "--model", "H100", "--out", tmp_path / "index.csv"]
    drawn = ["--plot", pictures[0], "--plot-coefficients", pictures[1]]
    assert cfx(*command, *drawn, "--coefficients", table).status == 0
    last = [row for row in rows(table) if row["fitted"] == "2026-08-10"]
    effects = {row["level"]: float(row["effect"]) for row in last if row["field"] == "provider"}
    assert effects["drift"] - effects["alder"] == pytest.approx(0.693, abs=0.001)
    assert effects["basalt"] == pytest.approx(0, abs=0.001)
    for path in pictures:
        assert path.read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--region", "us-east"], "lacks the column region"),
        (["--provider", "elder"], "has no provider 'elder'; it has alder, aws, basalt"),
        (["--from", "2026-08-01", "--to", "2026-08-02"], "no row of H100"),
        (["--from", "2026-09-01"], "no fixing of H100 between these dates"),
        (["--explain", "2026-08-08"], "no fixing of H100 on 2026-08-08"),
        (["--plot", "x.unknown"], "x.unknown is no picture: its name has to end in .png"),
        (["--plot-coefficients", "x"], "x is no picture"),
        (["--plot", "nowhere/x.png"], "nowhere/x.png cannot be written: there is no folder"),
        (["--audit", "/"], "/ cannot be written: it is a folder"),
        (["--audit", "HERE/panel.csv"], "cannot be written: this command reads or writes it"),
        (["--audit", "HERE/index.csv"], "cannot be written: this command reads or writes it"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(
    cfx: Shell, panel: pathlib.Path, tmp_path: pathlib.Path, options: list[str], complaint: str
) -> None:
    out, before = tmp_path / "index.csv", panel.read_bytes()
    command = ["index", "--prices", panel, "--model", "H100", "--out", out]
    ended = cfx(*command, *(option.replace("HERE", str(tmp_path)) for option in options))
    assert complaint in refused(ended)
    assert not out.exists()
    assert panel.read_bytes() == before


def test_a_command_line_without_an_output_or_with_an_unknown_estimator_is_wrong(
    cfx: Shell, panel: pathlib.Path
) -> None:
    command = ["index", "--prices", panel, "--model", "H100"]
    assert cfx(*command).status == 2
    assert cfx(*command, "--json", "--estimator", "mode").status == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-08-04,drift,H100,on-demand,2.5,EUR,", "UNREAD: currency 'EUR' is not USD"),
        (
            "2026-08-04,drift,H100,on-demand,NaN,,",
            "UNREAD: price_per_gpu_hour 'NaN' is not a number",
        ),
        ("2026-08-04,drift,H100,on-demand,-2,,", "UNREAD: price_per_gpu_hour '-2' is not positive"),
        ("2026-08-04,drift,H100,on-demand,0,,", "UNREAD: price_per_gpu_hour '0' is not positive"),
        ("2126-08-04,drift,H100,on-demand,2.5,,", "UNREAD: date '2126-08-04' is after"),
        ("soon,drift,H100,on-demand,2.5,,", "UNREAD: date 'soon' is not"),
        (
            "2026-08-04,drift,H100,on-demand,2.5,,2026-08-04T14:05:00",
            "UNREAD: time '2026-08-04T14:05:00' names no time zone",
        ),
        ("2026-08-04,drift,H100,on-demand", "UNREAD: '4 values for 7 columns' is a row that was"),
        ("2026-08-04,alder,H100,on-demand,2.0,,", "DUPLICATE"),
        ("2026-08-04,alder,H100,on-demand,25.0,,", "OUT_OF_BAND"),
    ],
)
def test_a_wrong_row_stands_in_the_audit_and_moves_nothing(
    cfx: Shell, tmp_path: pathlib.Path, line: str, reason: str
) -> None:
    right = [
        f"{day},{name},H100,on-demand,{price},,"
        for day in DAYS
        for name, price in (("alder", 2.0), ("basalt", 2.5), ("cinder", 3.0))
    ]
    panel = written(tmp_path, [*right, line], f"{COLUMNS},currency,time")
    command = ["index", "--prices", panel, "--model", "H100", "--out", tmp_path / "index.csv"]
    assert cfx(*command, "--audit", tmp_path / "audit.parquet").status == 0
    assert {row["value"] for row in rows(tmp_path / "index.csv")} == {"2.50"}
    (wrong,) = [
        row
        for row in pq.read_table(tmp_path / "audit.parquet").to_pylist()
        if row["row"] == len(right) + 2
    ]
    assert wrong["reason"].startswith(reason)
    assert not wrong["used"]


class TestRegions:
    LINES = tuple(
        f"{day},{name},H100,on-demand,{price + extra},{region}"
        for day in DAYS
        for name, price in (("alder", 2.0), ("basalt", 2.5), ("cinder", 3.0))
        for region, extra in (("us-east", 0.0), ("EU-West", 0.5))
    )

    def test_a_region_has_an_index_of_its_own(self, cfx: Shell, tmp_path: pathlib.Path) -> None:
        panel = written(tmp_path, list(self.LINES), COLUMNS + ",region")
        command = ["index", "--prices", panel, "--model", "H100", "--out", tmp_path / "i.csv"]
        for region, value in (("us-east", "2.50"), ("eu-west", "3.00")):
            assert cfx(*command, "--region", region).status == 0
            assert {row["value"] for row in rows(tmp_path / "i.csv")} == {value}

    def test_a_column_that_is_empty_everywhere_is_named(
        self, cfx: Shell, tmp_path: pathlib.Path
    ) -> None:
        panel = written(
            tmp_path, [line.rpartition(",")[0] + "," for line in self.LINES], COLUMNS + ",region"
        )
        command = ["index", "--prices", panel, "--model", "H100", "--out", tmp_path / "i.csv"]
        complaint = refused(cfx(*command, "--region", "us-east"))
        assert "has no region on any row of H100" in complaint


class TestTimesAndHours:
    COLUMNS = COLUMNS + ",time,gpu_hours"

    def test_trades_have_a_tier_of_their_own(self, cfx: Shell, tmp_path: pathlib.Path) -> None:
        lines = [
            f"2026-08-03,{name},H100,on-demand,{price},2026-08-03T19:0{minute}:00Z,100"
            for minute, (name, price) in enumerate((("a", 2.0), ("b", 2.5), ("c", 3.0)))
        ]
        panel, out = written(tmp_path, lines, self.COLUMNS), tmp_path / "i.csv"
        assert cfx("index", "--prices", panel, "--model", "H100", "--out", out).status == 0
        (row,) = rows(out)
        assert (row["value"], row["tier"], row["gpu_hours"]) == ("2.50", "1", "300.000")

    @pytest.mark.parametrize(
        ("time", "complaint"),
        [
            ("2026-08-03T14:00:00", "names no time zone"),
            ("2026-08-04T19:00:00Z", "is not of 2026-08-03 in Chicago"),
            ("noon", "is not a time such as"),
        ],
    )
    def test_a_time_that_cannot_be_is_a_finding(
        self, cfx: Shell, tmp_path: pathlib.Path, time: str, complaint: str
    ) -> None:
        lines = ["2026-08-03,alder,H100,on-demand,2.0,,", "2026-08-03,basalt,H100,on-demand,2.0,"]
        panel = written(tmp_path, [lines[0], f"{lines[1]}{time},"], self.COLUMNS)
        out = tmp_path / "i.csv"
        ended = cfx("index", "--prices", panel, "--model", "H100", "--out", out)
        assert ended.status == 0
        assert f"row 3: time '{time}' {complaint}" in ended.err
        assert rows(out)[0]["inputs"] == "1"
