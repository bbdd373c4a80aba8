"""A process that ends in the middle of copying an exchange, as if its machine had."""

import os
import signal
from collections.abc import Callable
from pathlib import Path


def die_at(row: int, copying: Callable[..., object], source: Path, target: Path) -> None:
    """Copy, and be killed once so many rows are done."""

    def progress(done: int, _count: int) -> None:
        if done >= row:
            os.kill(os.getpid(), signal.SIGKILL)

    copying(source, target, progress)
