"""What the command line says on stderr beside its results: that it waits, and for what."""

import contextlib
import sys
from collections.abc import Callable, Iterator


def say_if_cold() -> None:
    """Say that the first use compiles the kernels, where it will."""
    from engine.jit import is_cold

    if is_cold():
        sys.stderr.write("compiling the matching engine, once, about a minute\n")


@contextlib.contextmanager
def bar(text: str) -> Iterator[Callable[[int, int], object]]:
    """Yield what takes how many of how many are done, and shows it where stderr is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _count: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(text, total=None)
        yield lambda done, count: shown.update(task, completed=done, total=count)
