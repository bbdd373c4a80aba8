"""The command line as a test drives it: in this process, or in one of its own."""

import os
import pathlib
import signal
import subprocess
import sys
from typing import NamedTuple

import pytest

from sim.cli import main

ROOT = pathlib.Path(__file__).parent.parent
COMMAND = [sys.executable, "-c", "from sim.cli import main; main()"]


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
