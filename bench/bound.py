"""The C book behind ctypes: compiled where gcc is, absent where it is not."""

import ctypes
import hashlib
import pathlib
import shutil
import subprocess
import tempfile

from engine.jit import Table
from engine.reasons import Reason

SOURCE = pathlib.Path(__file__).with_name("book.c")
FLAGS = ["-O3", "-march=native", "-shared", "-fPIC"]
FLAGS += [f"-D{reason.name}={reason.value}" for reason in Reason]
ABSENT = "no gcc: the C book is left out, and with it every ratio"


class Bound:
    """A C book. It reads and writes the same rows as the kernel."""

    def __init__(self, library: ctypes.CDLL, instruments: int, ranks: int, orders: int) -> None:
        self._library = library
        self._book = library.book_open(instruments, ranks, orders)
        self._step = library.book_step

    def clear(self) -> None:
        """Empty the book."""
        self._library.book_clear(self._book)

    def close(self) -> None:
        """Free the book's memory."""
        self._library.book_close(self._book)

    def step(self, address: int, count: int, events: int) -> int:
        """Apply `count` COMMAND rows at an address; return the EVENT rows written at `events`."""
        written: int = self._step(self._book, address, count, events)
        return written

    def apply(self, rows: Table, events: Table) -> int:
        """Apply COMMAND rows, shape (n,); return how many of `events` were written, in place."""
        return self.step(rows.ctypes.data, len(rows), events.ctypes.data)


def load() -> ctypes.CDLL | None:
    """Return the compiled C book, or None where there is no gcc."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    source = SOURCE.read_bytes() + " ".join(FLAGS).encode()
    name = f"cfx-book-{hashlib.sha256(source).hexdigest()[:16]}.so"
    target = pathlib.Path(tempfile.gettempdir()) / name
    if not target.exists():
        subprocess.run([compiler, *FLAGS, "-o", str(target), str(SOURCE)], check=True)
    library = ctypes.CDLL(str(target))
    number, address = ctypes.c_int64, ctypes.c_void_p
    library.book_open.argtypes, library.book_open.restype = [number] * 3, address
    library.book_clear.argtypes, library.book_clear.restype = [address], None
    library.book_close.argtypes, library.book_close.restype = [address], None
    library.book_step.argtypes = [address, address, number, address]
    library.book_step.restype = number
    return library
