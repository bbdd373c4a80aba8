"""Every file of kernels has a bug planted in it, and somebody sees it.

`CFX_PLANTED` says how many are planted, those of other files each day; `all` plants every one.
"""

import ast
import datetime
import os
import random
import subprocess
import sys

import pytest

from tests.planted import BUGS, ROOT, Bug, path_of
from tests.tidy import files

_LAYERS = ("engine/", "clearing/", "gateway/", "sim/")
_KERNELS = {"kernel", "entry", "rare", "parallel"}


def _has_kernels(path: str) -> bool:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    marks = {ast.unparse(mark) for function in functions for mark in function.decorator_list}
    return bool(marks & _KERNELS)


def test_a_bug_is_planted_in_every_file_of_kernels() -> None:
    sources = [path for path in files() if path.startswith(_LAYERS) and path.endswith(".py")]
    planted = {path_of(bug.module).relative_to(ROOT).as_posix() for bug in BUGS}
    assert planted == {path for path in sources if _has_kernels(path)}


@pytest.mark.parametrize("bug", BUGS, ids=[bug.module for bug in BUGS])
def test_a_bug_changes_one_place_and_names_who_sees_it(bug: Bug) -> None:
    assert path_of(bug.module).read_text(encoding="utf-8").count(bug.right) == 1
    assert bug.wrong != bug.right
    nets = [bug.seen_by] if bug.seen_by.endswith(".py") else []
    nets += [f"tests/scenes/{name}.scene" for name in bug.seen_by.split() if not nets]
    assert all((ROOT / net).exists() for net in nets)


def test_every_planted_bug_is_seen() -> None:
    modules = sorted({bug.module for bug in BUGS})
    wanted = os.environ.get("CFX_PLANTED", "6")
    if wanted != "all":
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        modules = random.Random(today).sample(modules, int(wanted))
    done = subprocess.run(
        [sys.executable, "-m", "tests.planted", *modules],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
