"""`cfx spot`: a marketplace by itself, its files, and what it refuses."""

import csv
import io
import json
import pathlib

import msgspec
import pytest

from engine.instruments import as_date
from sim.index_table import fixings
from sim.panel import Panel, parse_panel
from sim.plan import Span, planned
from sim.scenario import load
from sim.spot_days import SpotDays, SpotSummary
from sim.spot_pages import write_spot
from tests.shell import Shell, refused

FILES = ["auctions.csv", "bills.csv", "close_outs.csv", "contracts.csv", "spot.csv"]


@pytest.fixture
def cfx(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def rows(file: pathlib.Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="ascii"))))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[SpotSummary, pathlib.Path]:
    """Days up to the end of a month in which many sign contracts and some default."""
    folder = tmp_path_factory.mktemp("spot")
    scenario = load("spot", days=31)
    table = msgspec.structs.replace(
        scenario.spot, rounds=3, requests=30.0, reserved_percent=50, defaults_a_year=2.0
    )
    days = SpotDays(planned(msgspec.structs.replace(scenario, spot=table), Span()))
    lines = [line for today in days.days() for line in today]
    write_spot(days.market, days.played, folder)
    return days.summary(lines), folder


def panel(folder: pathlib.Path, summary: SpotSummary) -> Panel:
    """Return the trades as they are read from the file."""
    text = io.StringIO((folder / "spot.csv").read_text(encoding="ascii"), newline="")
    return parse_panel(text, "spot.csv", ["H100"], as_date(20261231))


def test_the_file_of_trades_is_a_panel_with_the_same_index(
    played: tuple[SpotSummary, pathlib.Path],
) -> None:
    summary, folder = played
    found = panel(folder, summary)
    assert found.findings == ()
    assert list(found.levels("region")) == ["ap-south", "eu-north", "us-east"]
    terms = load("spot").product[0].index
    assert [(str(as_date(one.date)), one.value_micro) for one in fixings(found, "H100", terms)] == [
        (line.date, line.index_micro) for line in summary.days
    ]


def test_a_region_has_an_index_of_its_own(played: tuple[SpotSummary, pathlib.Path]) -> None:
    summary, folder = played
    terms = load("spot").product[0].index
    whole = panel(folder, summary)
    levels = {
        name: [one.value_micro for one in fixings(whole.of_region(name), "H100", terms)]
        for name in ("eu-north", "us-east", "ap-south")
    }
    for low, middle, high in zip(*levels.values(), strict=True):
        assert low < middle < high


def test_the_truth_stands_beside_what_was_found(played: tuple[SpotSummary, pathlib.Path]) -> None:
    summary, _ = played
    assert [(one.region, one.true) for one in summary.regions] == [
        *(("us-east", 0), ("eu-north", -60_000), ("ap-south", 80_000))
    ]
    assert all(abs(one.found - one.true) < 20_000 for one in summary.regions)
    errors = [abs(line.index_micro / line.level_micro - 1) for line in summary.days]
    assert max(errors) < 0.03


def test_every_file_adds_up_to_the_summary(played: tuple[SpotSummary, pathlib.Path]) -> None:
    summary, folder = played
    assert sorted(file.name for file in folder.iterdir()) == FILES
    trades = rows(folder / "spot.csv")
    hours = [int(row["gpu_hours"]) for row in trades if row["origin"] != "contract"]
    lines = summary.days
    assert sum(hours) == sum(line.auctioned_hours + line.requested_hours for line in lines)
    assert len(rows(folder / "contracts.csv")) == summary.contracts > 100
    bills = rows(folder / "bills.csv")
    assert sum(int(row["due_micro"]) for row in bills) == summary.due_micro > 0
    assert sum(int(row["damages_micro"]) for row in bills) == summary.damages_micro > 0
    lost = rows(folder / "close_outs.csv")
    assert sum(int(row["lost_micro"]) for row in lost) == summary.lost_micro > 0
    assert {row["defaulter"] for row in lost} <= set(summary.defaulted)
    auctions = rows(folder / "auctions.csv")
    assert len(auctions) == len(lines) * 3 * 3
    assert all((row["price"] == "") == (row["blocks"] == "0") for row in auctions)


def test_a_line_a_day_stands_under_the_heading(cfx: Shell) -> None:
    ended = cfx("spot", "--days", 2)
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert [line[:16] for line in lines[1:3]] == ["2026-09-21  H100", "2026-09-22  H100"]
    assert {len(line) for line in lines[:3]} == {len(lines[0])}
    assert lines[-1] == "in default: nobody; lost by others: 0.00 USD"


def test_json_stands_alone_and_a_seed_repeats_itself(cfx: Shell, tmp_path: pathlib.Path) -> None:
    one = cfx("spot", "spot", "--days", 1, "--seed", 5, "--json", "--out", tmp_path / "a")
    other = cfx("spot", "spot", "--days", 1, "--seed", 5, "--json", "--out", tmp_path / "b")
    assert one.status == 0
    assert json.loads(one.out)["seed"] == 5
    assert one.out == other.out
    assert one.out != cfx("spot", "--days", 1, "--json").out
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_run_leaves_the_files_of_its_marketplace(cfx: Shell, tmp_path: pathlib.Path) -> None:
    assert cfx("spot", "--days", 2, "--out", tmp_path / "alone").status == 0
    assert cfx("run", "spot", "--days", 2, "--out", tmp_path / "run").status == 0
    for name in FILES:
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


def test_what_has_no_marketplace_is_refused(cfx: Shell, tmp_path: pathlib.Path) -> None:
    assert "scenario demo has posted prices and no marketplace" in refused(cfx("spot", "demo"))
    assert "no scenario 'bazaar'" in refused(cfx("spot", "bazaar"))
    (tmp_path / "mine").write_text("here first")
    sentence = refused(cfx("spot", "--days", 1, "--out", tmp_path))
    assert "is there already and is not an empty folder" in sentence
    assert cfx("spot", "--days", 0).status == 2
    assert cfx("spot", "--seed", "x").status == 2
