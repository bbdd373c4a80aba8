"""Stale machine code is never run: the cache folder follows every source it was made from."""

import os
import pathlib
import subprocess
import sys

import pytest

from engine import jit

_PROJECT = pathlib.Path(__file__).parent.parent


def _tree(root: pathlib.Path) -> pathlib.Path:
    (root / "engine").mkdir()
    (root / "engine" / "kernel.py").write_text("from engine.book import link\n")
    (root / "engine" / "book.py").write_text("from engine.schema import NIL\n")
    (root / "engine" / "schema.py").write_text("NIL = -1\n")
    (root / "engine" / "other.py").write_text("x = 1\n")
    return root / "engine" / "kernel.py"


@pytest.fixture
def source(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(jit, "_ROOT", tmp_path)
    monkeypatch.setenv("CFX_CACHE", str(tmp_path / "cache"))
    return _tree(tmp_path)


def _folder(source: pathlib.Path) -> pathlib.Path:
    jit._text.cache_clear()
    jit._cache_folder.cache_clear()
    folder = jit._cache_folder(source)
    jit._folders.discard(folder)
    return folder


@pytest.mark.parametrize("changed", ["kernel", "book", "schema"])
def test_a_change_in_any_source_that_is_reached_moves_the_cache(
    source: pathlib.Path, changed: str
) -> None:
    before = _folder(source)
    path = source.with_name(f"{changed}.py")
    path.write_text(path.read_text() + "# changed\n")
    assert _folder(source) != before


def test_a_change_elsewhere_keeps_the_cache(source: pathlib.Path) -> None:
    before = _folder(source)
    source.with_name("other.py").write_text("x = 2\n")
    assert _folder(source) == before


def test_old_fingerprints_are_deleted(source: pathlib.Path) -> None:
    made = []
    for number in range(6):
        source.write_text(f"from engine.book import link\nx = {number}\n")
        made.append(_folder(source))
    kept = sorted(path.name for path in jit.cache_root().iterdir())
    assert len(kept) == 4
    assert made[-1].name in kept


def test_two_checkouts_of_the_same_sources_share_their_machine_code(
    source: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = _folder(source)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(jit, "_ROOT", elsewhere)
    assert _folder(_tree(elsewhere)) == here


def test_only_entries_have_machine_code_of_their_own() -> None:
    import engine.kernel  # It registers the folder of its entry.

    modules = {folder.name.rsplit("-", 1)[0] for folder in jit._folders}
    assert engine.kernel.__name__ in modules
    assert "engine.match" not in modules


def test_kernels_run_interpreted_as_they_run_compiled() -> None:
    scene = _PROJECT / "tests" / "scenes" / "implied_prices.scene"
    played = subprocess.run(
        [sys.executable, "-m", "sim.cli", "play", str(scene)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
