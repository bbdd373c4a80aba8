"""The command line: its forms, its exit statuses, and one sentence for what cannot be done."""

import json
import pathlib
import re
import subprocess
import sys

import pytest

from sim.cli import accounts, app, keys
from sim.cli_curve import curve
from tests import tidy
from tests.real_files import real_file
from tests.shell import ROOT, Ended, Shell, refused, spawned
from tests.small_world import SMALL

NAMES = "run serve verify play match index backup restore rebuild margin".split()
NAMES += ["statement", "bulletin", "query"]
PANEL = "date,provider,gpu_model,market,price_per_gpu_hour\n"


def test_help_names_every_command_and_loads_no_kernel() -> None:
    out, _ = spawned("--help").communicate()
    for command in (*NAMES, "accounts", "keys"):
        assert re.search(rf"^\W*{command}\b", out, re.MULTILINE)
    loaded = "import sys, sim.cli; print('numba' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True)
    assert asked.stdout == "False\n"


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("run", ["--prices", "--from", "--to", "--seed", "--days", "--out", "--json", "--show"]),
        ("serve", ["--data", "--port", "--scenario", "--speed", "--durability", "--tls"]),
        (
            "index",
            ["--prices", "--model", "--from", "--to", "--region", "--out", "--audit", "--plot"],
        ),
        ("verify", []),
        ("play", []),
        ("match", ["--json", "--hidden"]),
        ("backup", ["--json"]),
        ("restore", ["--json"]),
        (
            "margin",
            ["--spn", "--portfolio", "--model", "--add", "--extract", "--explain", "--json"],
        ),
        ("accounts new", ["--data", "--owner", "--type", "--origin", "--cash"]),
        ("keys new", ["--data", "--account", "--scopes", "--json"]),
        ("rebuild", ["--database", "--json"]),
        ("statement", ["--account", "--date", "--month", "--format", "--database"]),
        ("bulletin", ["--date", "--json", "--database"]),
        ("query", ["--account", "--from", "--to", "--after", "--limit", "--database"]),
        ("admin bust", ["--data", "--reason"]),
        ("admin adjust", ["--data", "--reason"]),
        ("admin block", ["--data", "--operator", "--reason"]),
        ("admin kill", ["--data", "--account", "--owner", "--firm", "--operator", "--reason"]),
        ("admin release", ["--data", "--account", "--owner", "--firm", "--operator"]),
        ("admin halt", ["--data", "--operator", "--reason"]),
        ("admin resume", ["--data", "--operator", "--reason"]),
        ("admin limit", ["--data", "--operator", "--reason"]),
        ("admin guard", ["--data", "--band", "--daily", "--velocity", "--breaker", "--halt-ms"]),
    ],
)
def test_each_command_has_help_and_its_options(
    cfx: Shell, command: str, options: list[str]
) -> None:
    ended = cfx(*command.split(), "--help")
    assert ended.status == 0
    assert [option for option in options if option not in ended.out] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("walk",),
        ("run",),
        ("run", "demo", "--speed", "2"),
        ("run", "demo", "--days", "0"),
        ("run", "demo", "--days", "many"),
        ("run", "demo", "--seed", "-1"),
        ("run", "demo", "--from", "yesterday"),
        ("serve", "--port", "65536"),
        ("index", "--model", "H100"),
    ],
)
def test_a_wrong_command_line_ends_with_2(cfx: Shell, arguments: tuple[str, ...]) -> None:
    ended = cfx(*arguments)
    assert ended.status == 2
    assert "Traceback" not in ended.err


def test_show_prints_a_scenario_that_can_be_run_again(
    cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    shown = cfx("run", small, "--show", "--seed", 9)
    assert "seed = 9" in shown.out
    again = tmp_path / "again.toml"
    again.write_text(shown.out)
    assert cfx("run", again, "--show").out == shown.out


def test_a_run_prints_a_line_a_day_and_writes_nothing(
    cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = cfx("run", small, "--days", 2)
    assert ended.status == 0
    dates = re.findall(r"^(2026-\d\d-\d\d) +\d", ended.out, re.MULTILINE)
    assert dates == ["2026-09-28", "2026-09-29"]
    assert list(tmp_path.iterdir()) == [small]


def test_a_run_in_json_prints_the_summary_alone_and_verify_agrees(
    cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "out"
    ended = cfx("run", small, "--days", 1, "--json", "--out", folder)
    summary = json.loads(ended.out)
    assert summary == json.loads((folder / "summary.json").read_text())
    for place in (folder, folder / "journal"):
        found = cfx("verify", place)
        assert found.status == 0
        verdict = json.loads(found.out)
        assert list(verdict) == [
            *("ok", "frames", "rows", "state_hash", "event_hash", "ledger_hash"),
            *("ledger_sum_micro", "position_sum", "finding"),
        ]
        assert verdict["ok"] is True
        assert verdict["event_hash"] == summary["event_hash"]
    assert json.loads(cfx("verify", folder, "--recompute").out) == verdict


def test_a_flipped_bit_is_found_and_ends_with_1(
    cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "out"
    cfx("run", small, "--days", 1, "--json", "--out", folder)
    segment = next((folder / "journal").glob("*"))
    content = bytearray(segment.read_bytes())
    content[5_000] ^= 4
    segment.write_bytes(content)
    found = cfx("verify", folder)
    assert found.status == 1
    assert json.loads(found.out)["ok"] is False
    assert json.loads(found.out)["finding"]


def test_a_folder_that_holds_something_is_not_written_to(
    cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    sentence = refused(cfx("run", small, "--out", tmp_path))
    assert sentence == f"cfx: {tmp_path} is there already and is not an empty folder"


def test_bad_input_is_one_sentence(cfx: Shell, tmp_path: pathlib.Path) -> None:
    assert "no scenario 'dmeo': it is none of default, demo" in refused(cfx("run", "dmeo"))
    assert "nowhere.toml" in refused(cfx("run", tmp_path / "nowhere.toml"))
    broken = tmp_path / "broken.toml"
    broken.write_text(SMALL + "colour = 'red'\n")
    assert "unknown field `colour`" in refused(cfx("run", broken))
    assert "nowhere.csv" in refused(cfx("run", "demo", "--prices", tmp_path / "nowhere.csv"))
    assert "nowhere.scene" in refused(cfx("play", tmp_path / "nowhere.scene"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("date,provider\n2026-07-06,alder\n", "gpu_model"),
        (PANEL + "2026-07-06,alder,H100,on-demand,nan\n", "nan"),
        (PANEL + "2026-07-06,alder,A100,on-demand,1.50\n", "H100"),
        ("", "empty"),
    ],
)
def test_a_panel_that_cannot_be_is_one_sentence(
    cfx: Shell, tmp_path: pathlib.Path, small: pathlib.Path, text: str, complaint: str
) -> None:
    file = tmp_path / "panel.csv"
    file.write_text(text)
    for command in (["run", small], ["index", "--model", "H100", "--out", tmp_path / "i.csv"]):
        assert complaint in refused(cfx(*command, "--prices", file))


def test_a_bad_row_of_a_panel_is_told_and_the_rest_goes_on(
    cfx: Shell, tmp_path: pathlib.Path
) -> None:
    rows = [f"2026-07-0{day},{name},H100,on-demand,2.5{day}" for day in (6, 7) for name in "ab"]
    file = tmp_path / "panel.csv"
    file.write_text(PANEL + "\n".join([*rows, "2026-07-07,c,H100,on-demand,nan"]) + "\n")
    ended = cfx("index", "--prices", file, "--model", "H100", "--out", tmp_path / "index.csv")
    assert ended.status == 0
    assert "nan" in ended.err
    lines = (tmp_path / "index.csv").read_text().splitlines()
    assert [line.split(",")[:4] for line in lines[1:]] == [
        ["2026-07-06", "H100", "2.56", "2"],
        ["2026-07-07", "H100", "2.57", "2"],
    ]


def test_the_index_of_the_real_panel(cfx: Shell, tmp_path: pathlib.Path) -> None:
    panel = real_file("gpu_prices_open.csv.gz")
    out, audit = tmp_path / "index.csv", tmp_path / "audit.parquet"
    command = ["index", "--prices", panel, "--model", "H100", "--from", "2026-08-03"]
    ended = cfx(*command, "--to", "2026-08-07", "--out", out, "--audit", audit)
    assert ended.status == 0
    assert ended.out == "5 fixings of H100 from 2026-08-03 to 2026-08-07\n"
    assert len(out.read_text().splitlines()) == 6
    assert audit.stat().st_size > 0


def test_play_prints_each_difference_with_its_file(cfx: Shell, tmp_path: pathlib.Path) -> None:
    right, wrong = tmp_path / "right.scene", tmp_path / "wrong.scene"
    scene = "@instrument H1 tick 1 from 0 to 200\n@phase H1 open\n@account alice cash 1000000\n"
    right.write_text(scene + "alice buy 5 @ 100 on H1 | entered 5 @ 100; rested 5 @ 100\n")
    wrong.write_text(scene + "alice buy 5 @ 100 on H1 | rejected PRICE_OFF_TICK\n")
    assert cfx("play", right) == Ended(0, "", "")
    ended = cfx("play", right, wrong)
    assert ended.status == 1
    assert ended.out.startswith(f"{wrong}: ")


def test_a_key_of_no_exchange_is_refused_and_makes_none(cfx: Shell, tmp_path: pathlib.Path) -> None:
    refused(cfx("keys", "new", "--data", tmp_path / "nowhere", "--account", "me"))
    refused(cfx("accounts", "new", "--data", tmp_path / "nowhere", "--owner", "me", "--cash", -1))
    assert not (tmp_path / "nowhere").exists()


def test_an_account_founds_the_exchange_and_the_next_joins_it(
    cfx: Shell, tmp_path: pathlib.Path
) -> None:
    for number, owner in enumerate(("me", "you"), start=1):
        out = cfx("accounts", "new", "--data", tmp_path, "--owner", owner, "--cash", 100).out
        assert json.loads(out) == {"account": number, "name": owner, "owner": number}
    key = cfx("keys", "new", "--data", tmp_path, "--account", "you", "--json")
    assert key.status == 0
    assert json.loads(cfx("verify", tmp_path).out)["ok"] is True


def test_the_table_of_commands_is_the_code() -> None:
    text = (ROOT / "sim/README.md").read_text(encoding="utf-8")
    cells = [row[0] for row in tidy.table(text, "command", "what it needs")]
    stated = [re.findall(r"cfx ((?:[a-z]+ ?)+)", cell)[0].strip() for cell in cells]
    groups = {"": app, "accounts ": accounts, "keys ": keys, "curve ": curve}
    known = {
        prefix + (command.name or command.callback.__name__)
        for prefix, group in groups.items()
        for command in group.registered_commands
        if command.callback is not None
    }
    assert set(stated) == known
