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
