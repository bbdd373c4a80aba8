"""What the engine takes: a step allocates nothing, and a full listing has room in little."""

import datetime
import os
import pathlib
import tracemalloc
from decimal import Decimal

import numpy as np

import engine.kernel
from bench import workloads
from clearing.genesis import genesis
from clearing.terms import ProductTerms
from engine import jit
from engine.exchange import Exchange
from engine.jit import direct
from engine.kernel import step
from engine.layout import COMMAND, EVENT
from engine.schema import Did
from engine.state import new_state
from engine.views import views

COMMANDS = 1_000_000
MEGABYTE = 1 << 20


def _resident() -> int:
    """Return the bytes of memory that this process holds."""
    pages = pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_a_million_commands_allocate_nothing() -> None:
    flow = workloads.flow("A", 20_000)
    state, events = new_state(workloads.sizes(1)), np.zeros(workloads.EVENTS, EVENT)
    rows = views(flow.messages)
    run = direct(step, state, views(flow.opening), 0, events)
    run(state, views(flow.opening), 0, events)
    filled = [array.copy() for array in state]
    events[:] = np.ones(1, EVENT)
    for array, kept in zip(state, filled, strict=True):
        array[...] = kept  # Every page is there now.
    run(state, rows, 0, events)
    tracemalloc.start()
    try:
        resident, traced = _resident(), tracemalloc.get_traced_memory()[0]
        for _ in range(COMMANDS // len(flow.messages)):
            done, _, room = run(state, rows, 0, events)
            assert (done, room) == (len(flow.messages), 0)
            for array, kept in zip(state, filled, strict=True):
                np.copyto(array, kept)
        grown = tracemalloc.get_traced_memory()[0] - traced
    finally:
        tracemalloc.stop()
    assert grown < 4_096
    assert _resident() - resident < MEGABYTE


def test_no_kernel_is_compiled_with_reference_counting() -> None:
    state, events = new_state(workloads.sizes(1)), np.zeros(1, EVENT)
    direct(step, state, views(np.zeros(1, COMMAND)), 0, events)
    source = pathlib.Path(engine.kernel.__file__)
    compiled = [path.read_bytes() for path in jit._cache_folder(source).glob("*.nbc")]
    assert compiled
    assert not any(b"NRT_" in code for code in compiled)


def test_every_month_and_spread_of_three_models_fits_into_150_megabytes() -> None:
    products = [
        ProductTerms(model=model, rates=(Decimal(400),), spreads="all")
        for model in ("H100", "A100", "B200")
    ]
    exchange = Exchange()
    outcome = exchange.submit(genesis(products, datetime.date(2026, 7, 6)), 0)
    assert not (outcome.events["kind"] == Did.REJECTED).any()
    assert int(exchange.state.totals[0]["instruments"]) > 3 * 36
    assert sum(array.nbytes for array in exchange.state) < 150 * MEGABYTE
