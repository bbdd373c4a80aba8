"""The command line: its forms, its exit statuses, and one sentence for what cannot be done."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request
from typing import Any, NamedTuple

import pytest

from sim.cli import accounts, app, keys, main
from tests import tidy
from tests.real_files import real_file
from tests.small_world import SMALL

ROOT = pathlib.Path(__file__).parent.parent
COMMAND = [sys.executable, "-c", "from sim.cli import main; main()"]
PANEL = "date,provider,gpu_model,market,price_per_gpu_hour\n"


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


class Shell:
    """Runs `cfx` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Ended:
        """Run a command to its end."""
        self._monkeypatch.setattr(sys, "argv", ["cfx", *map(str, arguments)])
        before = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as end:
                main()
        finally:
            signal.signal(signal.SIGTERM, before)
        status = end.value.code
        return Ended(status if isinstance(status, int) else 0, *self._capsys.readouterr())


@pytest.fixture
def cfx(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture
def small(tmp_path: pathlib.Path) -> pathlib.Path:
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    return file


def spawned(*arguments: object) -> subprocess.Popen[str]:
    """Return a command that runs in a process of its own."""
    pipe = subprocess.PIPE
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, env=os.environ)


def refused(ended: Ended) -> str:
    """Return the sentence of a command that was refused."""
    assert ended.status == 1
    assert "Traceback" not in ended.err
    last = ended.err.splitlines()[-1]
    assert last.startswith("cfx: ")
    return last


def test_help_names_every_command_and_comes_at_once() -> None:
    started = time.monotonic()
    out, _ = spawned("--help").communicate()
    assert time.monotonic() - started < 3  # 0.15 s here; a kernel's import alone would take more.
    for command in ("run", "serve", "verify", "play", "index", "accounts", "keys"):
        assert re.search(rf"^\W*{command}\b", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("run", ["--prices", "--from", "--to", "--seed", "--days", "--out", "--json", "--show"]),
        ("serve", ["--data", "--port", "--scenario", "--speed", "--durability", "--tls"]),
        ("index", ["--prices", "--model", "--from", "--to", "--out", "--audit"]),
        ("verify", []),
        ("play", []),
        ("match", ["--json", "--hidden"]),
        ("accounts new", ["--data", "--owner", "--type", "--origin", "--cash"]),
        ("keys new", ["--data", "--account", "--scopes", "--json"]),
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
    assert "no scenario 'dmeo': it is none of demo" in refused(cfx("run", "dmeo"))
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


def test_to_be_told_to_stop_is_no_failure(small: pathlib.Path) -> None:
    running = spawned("run", small, "--days", 400)
    assert running.stdout is not None
    for _ in range(3):
        running.stdout.readline()
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=20)
    assert running.returncode == 0
    assert "Traceback" not in err


def test_a_cold_start_says_what_it_does(small: pathlib.Path, tmp_path: pathlib.Path) -> None:
    command = [*COMMAND, "run", str(small)]
    cold = os.environ | {"CFX_CACHE": str(tmp_path / "cache")}
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=cold)
    assert running.stderr is not None
    assert "compiling the matching engine, once" in running.stderr.readline()
    running.kill()
    running.wait()


def served(folder: pathlib.Path, small: pathlib.Path) -> tuple["subprocess.Popen[str]", list[str]]:
    """Return a server of a folder, fast, and the words of the line that says it is ready."""
    options = ("--port", 0, "--scenario", small, "--speed", "600x", "--durability", "os")
    running = spawned("serve", "--data", folder, *options)
    assert running.stdout is not None
    return running, running.stdout.readline().split()


def test_a_served_exchange_has_a_market_and_takes_accounts_and_keys(
    cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "exchange"
    running, words = served(folder, small)
    try:
        assert words[0] == "ready"
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", words[1])
        assert words[2] == "recovered=0"
        opened = json.loads(cfx("accounts", "new", "--data", folder, "--owner", "me").out)
        assert opened == {"account": 7, "name": "me", "owner": 7}
        key = json.loads(cfx("keys", "new", "--data", folder, "--account", 7, "--json").out)
        assert list(key) == ["client_id", "client_secret", "account", "rest", "ws"]
        assert key["rest"] == words[1]
        for _ in range(100):
            trades = fetched(words[1], "get_last_trades_by_instrument")["trades"]
            if trades:
                break
            time.sleep(0.1)
        assert trades, "nobody trades"
    finally:
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=20)
    assert running.returncode == 0
    assert "Traceback" not in err
    verdict = json.loads(cfx("verify", folder).out)
    assert verdict["ok"] is True
    again, words = served(folder, small)
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=20)
    assert again.returncode == 0
    assert words[2] == f"recovered={verdict['rows']}"


def fetched(rest: str, method: str) -> Any:
    """Return what a public method says of the front month."""
    address = f"{rest}/api/v2/public/{method}?instrument_name=H100_USD-30SEP26"
    with urllib.request.urlopen(address, timeout=10) as answer:
        return json.load(answer)["result"]


def test_accounts_and_keys_of_no_exchange_are_refused(cfx: Shell, tmp_path: pathlib.Path) -> None:
    refused(cfx("accounts", "new", "--data", tmp_path / "nowhere", "--owner", "me"))
    refused(cfx("keys", "new", "--data", tmp_path / "nowhere", "--account", "me"))


def test_hashes_do_not_depend_on_the_hashing_of_text(small: pathlib.Path) -> None:
    command = [*COMMAND, "run", str(small), "--days", "1", "--json"]
    found = set()
    for seed in ("1", "2"):
        chosen = os.environ | {"PYTHONHASHSEED": seed}
        out = subprocess.run(command, cwd=ROOT, env=chosen, check=True, capture_output=True).stdout
        found.add(json.loads(out)["event_hash"])
    assert len(found) == 1


def test_the_table_of_commands_is_the_code() -> None:
    text = (ROOT / "sim/README.md").read_text(encoding="utf-8")
    cells = [row[0] for row in tidy.table(text, "command", "what it needs")]
    stated = [re.findall(r"cfx ((?:[a-z]+ ?)+)", cell)[0].strip() for cell in cells]
    groups = {"": app, "accounts ": accounts, "keys ": keys}
    known = {
        prefix + (command.name or command.callback.__name__)
        for prefix, group in groups.items()
        for command in group.registered_commands
        if command.callback is not None
    }
    assert set(stated) == known
