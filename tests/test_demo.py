"""Whole runs: sums of zero after every frame, a month that settles, a margin call that is met."""

import csv
import datetime
import io
import itertools
import json
import pathlib
from collections import defaultdict

import msgspec
import pyarrow.parquet as pq
import pytest

from clearing.verify import verify
from engine.instruments import VALUE, units
from engine.schema import Did, Side, Standing
from sim.files import claim, write_files
from sim.plan import Plan, Span, planned, planned_on
from sim.report import closing, heading
from sim.run import Run
from sim.scenario import Scenario, load
from tests.real_files import real_file
from tests.small_world import DAY, FIRST, outcomes, panel, plan

# A fall on the second day, over the end of September: the thinly funded buyer is called.
FALL = ["2.80", "2.80", "2.60", "2.61", "2.72"]


@pytest.fixture(scope="module")
def fallen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, pathlib.Path]:
    folder = tmp_path_factory.mktemp("run") / "out"
    claim(folder)
    run = Run(plan(FALL), folder)
    lines = list(run.days())
    assert [line.ledger_sum for line in lines] == [0] * 4
    summary = run.summary()
    run.close()
    write_files(run, summary, folder)
    return run, folder


def test_ledger_and_positions_sum_to_zero_after_every_frame() -> None:
    run = Run(plan(FALL))
    house = run.venue.house
    frames = 0
    for outcome in outcomes(run):
        frames += len(outcome.frame.commands) > 0
        assert house.ledger.total() == 0
        assert not house.positions.holdings["net"].sum(axis=1).any()
    assert frames > 500


def test_a_call_is_made_and_met(fallen: tuple[Run, pathlib.Path]) -> None:
    run, _ = fallen
    calls = run.venue.house.calls
    assert [(call.date, call.account) for call in calls.calls][:1] == [(20260929, 6)]
    assert not calls.unmet
    assert not calls.open
    view = run.world.crowd.desks["hedger-1"].view
    assert view.standing == Standing.GOOD
    assert view.deposited > 20_000 * 1_000_000


def test_an_account_under_call_does_not_raise_its_risk() -> None:
    run = Run(plan(FALL))
    view = run.world.crowd.desks["hedger-1"].view
    called = False
    for outcome in outcomes(run):
        mine = outcome.events[outcome.events["account"] == view.account]
        assert not (called and (mine["kind"] == Did.ENTERED).any())
        standings = mine[mine["kind"] == Did.SUSPENDED]["quantity"].tolist()
        called = standings[-1] == Standing.CALLED if standings else called


def test_september_settles_at_the_mean_of_its_fixings(fallen: tuple[Run, pathlib.Path]) -> None:
    run, _ = fallen
    finals = [one for one in run.venue.house.marking.settlements if one.mode == "final"]
    # Fixings of the days from the first on: 2.80, 2.60 and 2.61 make 2.67.
    assert [(one.date, one.name, one.price) for one in finals] == [
        (20260930, "H100_USD-30SEP26", 534)
    ]
    net = run.venue.house.positions.holdings["net"]
    assert not net[finals[0].instrument].any()


def test_all_variation_of_an_account_is_what_its_trades_came_to(
    fallen: tuple[Run, pathlib.Path],
) -> None:
    run, folder = fallen
    worth = {one.name: one.price for one in run.venue.house.marking.settlements}  # The last ones.
    owed: dict[int, int] = defaultdict(int)
    for trade in pq.read_table(folder / "trades.parquet").to_pylist():
        gain = worth[trade["instrument"]] - units(trade["price"])
        owed[trade["buyer"]] += trade["quantity"] * gain * VALUE
        owed[trade["seller"]] -= trade["quantity"] * gain * VALUE
    paid: dict[int, int] = defaultdict(int)
    for one in run.venue.house.variations:
        paid[one.account] += one.amount_micro
    # What traded after the last settlement is not paid yet.
    unpaid = run.venue.house.positions.holders["open"]
    assert {account: amount + int(unpaid[account]) for account, amount in paid.items()} == owed
    assert len(owed) == 6


def test_the_folder_of_a_run_is_complete(fallen: tuple[Run, pathlib.Path]) -> None:
    _, folder = fallen
    assert sorted(path.name for path in folder.iterdir()) == [
        *("audit.parquet", "index.csv", "journal", "settlements.csv"),
        *("summary.json", "trades.parquet", "variation.csv"),
    ]


@pytest.mark.parametrize(
    ("name", "header", "rows"),
    [
        (
            "index.csv",
            "date,model,value,inputs,refused,providers,gpu_hours,tier,version,inputs_hash",
            4,
        ),
        ("settlements.csv", "date,instrument,price,mode,tier", 4 * 36),
        ("variation.csv", "date,account,amount_micro", 4 * 6),
    ],
)
def test_a_csv_has_its_header_and_rows(
    fallen: tuple[Run, pathlib.Path], name: str, header: str, rows: int
) -> None:
    text = (fallen[1] / name).read_text()
    assert text.splitlines()[0] == header
    assert len(text.splitlines()) == 1 + rows


def test_what_was_paid_sums_to_zero_each_day(fallen: tuple[Run, pathlib.Path]) -> None:
    rows = csv.DictReader(io.StringIO((fallen[1] / "variation.csv").read_text()))
    by_date = itertools.groupby(rows, key=lambda row: row["date"])
    sums = {date: sum(int(row["amount_micro"]) for row in group) for date, group in by_date}
    assert sums == dict.fromkeys(["2026-09-28", "2026-09-29", "2026-09-30", "2026-10-01"], 0)


def test_the_tables_hold_every_trade_and_every_observation(
    fallen: tuple[Run, pathlib.Path],
) -> None:
    run, folder = fallen
    trades = pq.read_table(folder / "trades.parquet").to_pylist()
    assert [trade["trade_id"] for trade in trades] == list(range(1, len(trades) + 1))
    assert len(trades) == len(run.tally.fills(Side.BUY))
    assert all(trade["buyer"] != trade["seller"] for trade in trades)
    audit = pq.read_table(folder / "audit.parquet").to_pylist()
    assert list(audit[0]) == [
        *("date", "model", "row", "provider", "price", "adjusted", "weight", "used"),
        *("reason", "tier", "version"),
    ]
    assert len([row for row in audit if row["used"]]) == 4 * 4
    assert {row["provider"] for row in audit} == {"alder", "basalt", "cinder", "drift"}


def test_the_summary_is_what_verify_finds(fallen: tuple[Run, pathlib.Path]) -> None:
    run, folder = fallen
    summary = json.loads((folder / "summary.json").read_text())
    assert list(summary) == [
        *("state_hash", "event_hash", "ledger_hash", "ledger_sum_micro", "position_sum"),
        *("commands", "events", "trades", "volume", "days", "margin_calls", "liquidations"),
        *("seed", "lock_hash", "cpu_level", "cpu_s"),
    ]
    found = verify(folder)
    assert found.ok
    for key in ("state_hash", "event_hash", "ledger_hash", "ledger_sum_micro", "position_sum"):
        assert summary[key] == getattr(found, key)
    assert summary["commands"] == found.rows
    assert summary["days"] == len(run.plan.days)


def test_a_line_a_day_stands_under_the_heading(fallen: tuple[Run, pathlib.Path]) -> None:
    run, _ = fallen
    again = Run(run.plan)
    lines = [str(line) for line in again.days()]
    widths = {len(line) for line in [*heading(["H100"]).splitlines()[1:], *lines]}
    assert len(widths) == 1
    assert lines[2].startswith("2026-09-30    2.61 |  2.67* |")
    assert "H100_USD-30SEP26 2.67" in closing(again.venue.house, again.summary())


def test_a_run_without_an_index_says_what_stands_still_and_invents_no_price() -> None:
    before = plan(FALL)
    run = Run(Plan(before.scenario, panel(["2.80"]), before.days[:3]))  # A Sunday's prices alone.
    lines = [str(line) for line in run.days()]
    assert [line.split()[1:5] for line in lines] == [["-", "|", "-", "|"]] * 3
    assert not run.venue.house.marking.settlements
    said = closing(run.venue.house, run.summary())
    assert "* H100 is not settled since 2026-09-28: no fixing\n" in said
    assert "* H100_USD-30SEP26 has ended and waits for an operator's price\n" in said


def test_a_run_whose_feed_stopped_for_a_while_says_on_which_days_nothing_was_settled() -> None:
    """Three days are carried, the fourth has no fixing, and the fifth has prices again."""
    before, later = panel(["2.80", "2.80"]), panel(["2.90"], FIRST + 7 * DAY)
    days = [FIRST + number * DAY for number in (0, 1, 2, 3, 4, 7)]
    run = Run(Plan(plan(FALL).scenario, before._replace(days=before.days | later.days), days))
    indexes = [str(line).split()[1] for line in run.days()]
    assert indexes == ["2.80", "2.80", "2.80", "2.80", "-", "2.90"]
    said = closing(run.venue.house, run.summary())
    assert (
        "* H100 was not settled on days from 2026-10-02 to 2026-10-02, 1 in all: no fixing\n"
        in said
    )


def few(count: int = 1) -> Scenario:
    """Return the demo with fewer participants, for speed."""
    demo = load("demo")
    agents = [
        msgspec.structs.replace(agent, count=min(agent.count, count), wakes_a_day=60, months=2)
        for agent in demo.agents
    ]
    return msgspec.structs.replace(demo, agents=agents)


def test_the_demo_covers_a_final_settlement_and_needs_no_file() -> None:
    demo = load("demo")
    found = planned(demo, Span())
    assert len(found.days) >= 21
    assert datetime.date(2026, 9, 30) in found.days
    assert found.days[-1] > datetime.date(2026, 9, 30)
    assert found.panel.dates[0] < found.days[0]
    assert found.panel.dates[-1] == found.days[-1]


def test_a_span_takes_part_of_a_generated_panel() -> None:
    first, last = datetime.date(2026, 11, 23), datetime.date(2026, 11, 29)
    found = planned(load("demo"), Span(first, last))
    # Thanksgiving is no business day.
    assert [day.day for day in found.days] == [23, 24, 25, 27]
    with pytest.raises(ValueError, match="no business day from 2026-11-28 to 2026-11-29"):
        planned(load("demo"), Span(datetime.date(2026, 11, 28), last))


@pytest.fixture(scope="module")
def real() -> Plan:
    path = real_file("gpu_prices_open.csv.gz")
    return planned_on(few(), path, Span())


def test_the_real_panel_runs_on_its_last_stretch(real: Plan) -> None:
    assert (real.days[0], real.days[-1]) == (
        datetime.date(2026, 7, 6),
        datetime.date(2026, 8, 21),
    )
    with pytest.raises(ValueError, match="has 35 trade dates here, not 36"):
        planned_on(few(), real_file("gpu_prices_open.csv.gz"), Span(days=36))


def test_the_real_panel_settles_july_and_sums_to_zero_each_day(real: Plan) -> None:
    run = Run(real)
    lines = list(run.days())
    assert len(lines) >= 30
    assert all(line.ledger_sum == 0 and line.open_interest > 0 for line in lines)
    settlements = run.venue.house.marking.settlements
    finals = {(one.date, one.name) for one in settlements if one.mode == "final"}
    assert finals == {(20260731, f"{model}_USD-31JUL26") for model in ("H100", "A100", "B200")}
    august = [one for one in run.fixings if one.product == 0 and one.date >= 20260801]
    assert len(august) == 15
    assert all(abs(one.value_micro - 2_970_000) < 297_000 for one in august)
    assert all(one.tier == 2 for one in run.fixings)
