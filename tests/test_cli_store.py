"""The commands that make and read a run's SQL database, and what they refuse."""

import json
import pathlib

import pytest

from sim.run import Run
from tests.shell import Shell, refused
from tests.small_world import plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Return the folder of a run of four days, over the end of a month."""
    folder = tmp_path_factory.mktemp("store") / "run"
    run = Run(plan(["2.80", "2.81", "2.85", "2.79", "2.84"]), folder)
    for _ in run.days():
        pass
    run.close()
    return folder


def test_rebuild_says_what_it_wrote(cfx: Shell, folder: pathlib.Path) -> None:
    found = json.loads(cfx("verify", folder).out)
    made = json.loads(cfx("rebuild", folder, "--json").out)
    assert made["database"] == str(folder / "store.sqlite")
    assert made["seq"] == found["rows"]
    assert made["rows"] > made["seq"]
    again = cfx("rebuild", folder)
    assert again.out == f"{made['database']}: {made['rows']:,} rows, up to seq {made['seq']:,}\n"


def test_rebuild_refuses_what_it_cannot_read(
    cfx: Shell, folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    assert "nowhere cannot be read" in refused(cfx("rebuild", tmp_path / "nowhere"))
    assert "holds no journal" in refused(cfx("rebuild", tmp_path))
    assert list(tmp_path.iterdir()) == []
    wrong = refused(cfx("rebuild", folder, "--database", "cfx.db"))
    assert wrong.startswith("cfx: a database is given as sqlite:///FILE or postgresql://")


def test_a_statement_is_printed_in_each_form_and_catches_up(
    cfx: Shell, folder: pathlib.Path
) -> None:
    (folder / "store.sqlite").unlink(missing_ok=True)
    chosen = ("statement", folder, "--account", "maker-1", "--month", "2026-09")
    text = cfx(*chosen).out
    assert text.startswith("Statement of account, 2026-09\nmaker-1\n")
    assert "opening balance USD" in text
    assert cfx(*chosen, "--format", "csv").out.startswith("account,name,owner,type,origin,period")
    assert cfx(*chosen, "--format", "html").out.startswith("<!doctype html>\n")


def test_bulletin_and_query_print_json(cfx: Shell, folder: pathlib.Path) -> None:
    made = json.loads(cfx("bulletin", folder, "--date", "2026-09-29", "--json").out)
    assert list(made) == ["date", "contracts", "large_traders", "accountable", "origins"]
    assert list(made["contracts"][0]) == [
        *("contract", "settle", "change", "volume", "block_volume", "open_interest")
    ]
    assert cfx("bulletin", folder).out.startswith("Bulletin, 2026-10-01\n\nContracts\n")
    one = json.loads(cfx("query", folder, "trades", "--account", 1, "--limit", 1).out)
    two = ("query", folder, "trades", "--account", 1, "--limit", 1, "--after", one["after"])
    assert json.loads(cfx(*two).out)["rows"] != one["rows"]


def test_large_traders_are_written_for_who_supervises(
    cfx: Shell, folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "large.csv"
    told = json.loads(cfx("bulletin", folder, "--json", "--large", file).out)
    lines = [",".join(map(str, each.values())) for each in told["large_traders"]]
    head = "date,owner,contract,long,short"
    assert file.read_text().splitlines() == [head, *(f"2026-10-01,{line}" for line in lines)]
    assert lines


def test_fixings_are_everybodys_and_statements_an_accounts(
    cfx: Shell, folder: pathlib.Path
) -> None:
    fixed = json.loads(cfx("query", folder, "fixings").out)["rows"]
    assert len({(row["date"], row["model"]) for row in fixed}) == len(fixed) > 3
    day = ("--from", "2026-09-29", "--to", "2026-09-29")
    of_day = json.loads(cfx("query", folder, "fixings", *day).out)["rows"]
    assert of_day == [row for row in fixed if row["date"] == 20260929] != []
    days = json.loads(cfx("query", folder, "statements", "--account", "maker-1").out)["rows"]
    assert [day["date"] for day in days] == sorted(day["date"] for day in days) != []


def test_what_cannot_be_asked_is_refused(cfx: Shell, folder: pathlib.Path) -> None:
    both = ("statement", folder, "--account", "maker-1", "--date", "2026-09-29", "--month", "1")
    assert cfx(*both).status == cfx(*both[:4]).status == 2
    assert cfx("query", folder, "secrets", "--account", "maker-1").status == 2
    assert cfx("query", folder, "trades").status == 2
    sentence = refused(cfx("statement", folder, "--account", "x", "--date", "2026-09-29"))
    assert sentence == "cfx: account 'x' does not exist"
    assert "is no month" in refused(cfx("statement", folder, "--account", 1, "--month", "2026-13"))
    assert "no contract settled" in refused(cfx("bulletin", folder, "--date", "2020-01-01"))
    assert "no page ends at" in refused(
        cfx("query", folder, "ledger", "--account", 1, "--after", "1--2")
    )
