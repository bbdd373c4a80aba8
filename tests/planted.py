"""Bugs that are planted on purpose: at least one in each file of kernels, each seen by a scene.

Run as a program it plants them one after the other, each in a child of its own, and plays the
scenes that ought to see it. Kernels run interpreted there, so nothing is compiled.
"""

import contextlib
import importlib.abc
import io
import os
import pathlib
import signal
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parent.parent
SECONDS_MAX = 60  # A bug that never ends is seen, too.


class Bug(NamedTuple):
    """A line that is right, what it is changed to, and who sees it."""

    module: str
    right: str  # Stands once in the source.
    wrong: str
    seen_by: str  # Scenes, or a test file.


def read_bugs() -> tuple[Bug, ...]:
    """Return the bugs of `planted.txt`, in its order."""
    text = pathlib.Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    _, *parts = text.strip().split("\n\n")
    return tuple(map(_bug, parts))


def _bug(part: str) -> Bug:
    head, *lines = part.split("\n")
    module, seen_by = head.split(": ")
    right, wrong = (
        "\n".join(line[2:] for line in lines if line.startswith(sign)) for sign in ("- ", "+ ")
    )
    return Bug(module, right, wrong, seen_by)


BUGS = read_bugs()


def path_of(module: str) -> pathlib.Path:
    """Return the file of a module."""
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def is_seen(bug: Bug) -> bool:
    """Whether the scenes or the test that ought to see a bug do. Forks; call it on one thread."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS_MAX)
        sys.meta_path.insert(0, _Planted(bug))
        noticed = True  # Also by an assertion, and by whatever else ends the play.
        try:
            noticed = _is_noticed(bug.seen_by)
        finally:
            os._exit(1 if noticed else 0)
    return os.waitpid(child, 0)[1] != 0


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds one module, and reads it with its bug."""

    def __init__(self, bug: Bug) -> None:
        self._bug = bug

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: object = None
    ) -> ModuleSpec | None:
        if name != self._bug.module:
            return None
        return ModuleSpec(name, self, origin=str(path_of(name)))

    def get_source(self, fullname: str) -> str:
        source = path_of(fullname).read_text(encoding="utf-8")
        return source.replace(self._bug.right, self._bug.wrong)


def _is_noticed(by: str) -> bool:
    """Play scenes, or run a test file; whether something was not as it should be."""
    if by.endswith(".py"):
        import pytest

        with contextlib.redirect_stdout(io.StringIO()):
            return pytest.main(["-x", "-q", "-p", "no:cacheprovider", str(ROOT / by)]) != 0
    from engine.scene import play

    scenes = (ROOT / "tests" / "scenes" / f"{name}.scene" for name in by.split())
    return any(play(scene.read_text(encoding="utf-8")) for scene in scenes)


def main() -> int:
    """Plant bugs, those in the modules that are named or every one; name the modules unseen."""
    wanted = set(sys.argv[1:])
    planted = [bug for bug in BUGS if not wanted or bug.module in wanted]
    sound = planted[0]._replace(wrong=planted[0].right)
    assert not is_seen(sound), "the scenes see a bug where none is"
    unseen = [bug for bug in planted if not is_seen(bug)]
    for bug in unseen:
        sys.stderr.write(f"nobody sees it in {bug.module}: {bug.wrong}\n")
    return 1 if unseen else 0


if __name__ == "__main__":
    import numba  # noqa: F401  (once, before the forks: it takes longer than a scene)
    import numpy  # noqa: F401
    import sortedcontainers  # noqa: F401

    sys.exit(main())
