"""Files of real prices that lie beside a checkout and are no part of the project."""

import os
import pathlib
import unittest

_BESIDE = pathlib.Path(__file__).parents[2] / "shared" / "data"


def real_file(name: str) -> pathlib.Path:
    """Return where a file lies: in $CFX_DATA, or in ../shared/data of the project.

    Where it is absent the test that asks is skipped, but fails where CI=true.
    """
    path = pathlib.Path(os.environ.get("CFX_DATA", _BESIDE)) / name
    if not path.exists():
        assert os.environ.get("CI") != "true", f"{path} is absent"
        raise unittest.SkipTest(f"{path} is absent: it is no part of the project")
    return path
