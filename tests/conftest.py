"""What every test session says first: where the compiled kernels lie, and with which checks."""

import pathlib

import pytest
from numba.core import config

from engine.jit import cache_root
from tests.shell import Shell
from tests.small_world import SMALL


def pytest_report_header() -> str:
    """Return the line above the tests: a first session compiles, and takes minutes longer."""
    state = "as compiled before" if any(cache_root().glob("*/*.nbi")) else "compiling first"
    checks = "with" if config.BOUNDSCHECK else "without"
    return f"kernels: {state}, {checks} bounds checks"


@pytest.fixture
def cfx(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Return what runs `cfx` in this process."""
    return Shell(monkeypatch, capsys)


@pytest.fixture
def small(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return the file of a scenario that takes a second."""
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    return file
