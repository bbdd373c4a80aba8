"""The command line in processes of its own: signals, a cold start, a served exchange."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request
from typing import Any

from tests.shell import COMMAND, ROOT, Shell, spawned


def test_to_be_told_to_stop_is_no_failure(small: pathlib.Path) -> None:
    running = spawned("run", small, "--days", 400)
    assert running.stdout is not None
    for _ in range(3):
        running.stdout.readline()
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate()
    assert running.returncode == 0
    assert "Traceback" not in err


_DEAF = """
import time
from sim import cli

def deaf(prog_name):
    try:
        print("up", flush=True)
        time.sleep(60)
    except SystemExit:
        time.sleep(60)

cli.app = deaf
cli.main()
"""


def test_who_does_not_hear_that_it_shall_stop_is_told_again() -> None:
    command = [sys.executable, "-c", _DEAF]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "up\n"
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=60) == 0


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
        _, err = running.communicate()
    assert running.returncode == 0
    assert "Traceback" not in err
    verdict = json.loads(cfx("verify", folder).out)
    assert verdict["ok"] is True
    again, words = served(folder, small)
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert words[2] == f"recovered={verdict['rows']}"


def test_participants_join_an_exchange_that_was_founded_without_them(
    cfx: Shell, small: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "exchange"
    assert cfx("accounts", "new", "--data", folder, "--owner", "me").status == 0
    running, _ = served(folder, small)
    opened = json.loads(cfx("accounts", "new", "--data", folder, "--owner", "you").out)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert opened["account"] == 8  # After "me" and the six of the scenario.
    assert json.loads(cfx("verify", folder).out)["ok"] is True


def fetched(rest: str, method: str) -> Any:
    """Return what a public method says of the front month."""
    address = f"{rest}/api/v2/public/{method}?instrument_name=H100_USD-30SEP26"
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)["result"]


def test_hashes_do_not_depend_on_the_hashing_of_text(small: pathlib.Path) -> None:
    command = [*COMMAND, "run", str(small), "--days", "1", "--json"]
    found = set()
    for seed in ("1", "2"):
        chosen = os.environ | {"PYTHONHASHSEED": seed}
        out = subprocess.run(command, cwd=ROOT, env=chosen, check=True, capture_output=True).stdout
        found.add(json.loads(out)["event_hash"])
    assert len(found) == 1
