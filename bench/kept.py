"""Rows that take long to make, kept in the temporary folder until what they hang on changes."""

import hashlib
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterable

import numpy as np

from engine.jit import Table

_ENGINE = pathlib.Path(__file__).parent.parent / "engine"


def kept(
    name: str, recipe: object, sources: Iterable[str], make: Callable[[], list[Table]]
) -> list[Table]:
    """Return what `make` makes, from the file of an earlier run where there is one.

    recipe: what else decides it. sources: the files that decide it, beside the engine's.
    """
    digest = hashlib.sha256(str(recipe).encode())
    for path in (*map(pathlib.Path, sources), *sorted(_ENGINE.glob("*.py"))):
        digest.update(path.read_bytes())
    folder = pathlib.Path(tempfile.gettempdir())
    path = folder / f"cfx-flow-{name}-{digest.hexdigest()[:16]}.npz"
    if not path.exists():
        for older in folder.glob(f"cfx-flow-{name}-*.npz"):
            older.unlink(missing_ok=True)
        made = make()
        unfinished = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(unfinished, *made)
        unfinished.replace(path)
    with np.load(path) as arrays:
        return [arrays[name] for name in arrays.files]
