"""What the benches compare does the same work: the C book writes the kernel's events."""

import os
import shutil

import numpy as np
import pytest

from bench import workloads
from bench.bound import Bound, load
from bench.kernel import BoundRun, KernelRun, compare, cut
from engine.layout import EVENT

MESSAGES = 20_000


@pytest.mark.skipif(
    shutil.which("gcc") is None and os.environ.get("CI") != "true",
    reason="no gcc: the C book cannot be compiled",
)
@pytest.mark.parametrize("name", sorted(workloads.SHAPES))
def test_the_c_book_writes_the_kernels_events(name: str) -> None:
    flow = workloads.flow(name, MESSAGES)
    library = load()
    assert library is not None
    book = Bound(library, flow.instruments, workloads.RANKS, workloads.ORDERS)
    bound = BoundRun(book, flow, np.zeros(workloads.EVENTS, EVENT))
    kernel = KernelRun(flow, np.zeros(workloads.EVENTS, EVENT))
    assert compare(kernel, bound, cut(flow.messages, 4_096)) > MESSAGES
    book.close()
