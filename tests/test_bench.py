"""What the benches play is what they say: the C book's events, what flows bring about, margins."""

import os
import shutil

import numpy as np
import pytest

from bench import margin, workloads
from bench.bound import Bound, load
from bench.kernel import FEATURES, BoundRun, KernelRun, compare, cut, measure_features
from bench.months import LISTED, months_flow
from clearing.margin.batch import Batch
from engine.check import check
from engine.layout import EVENT
from engine.schema import Did, Role

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


def test_a_flow_is_told_alike_without_each_guard() -> None:
    rows = measure_features("A", MESSAGES, 1)
    assert [row.name for row in rows] == [f"A, without {label}" for label in FEATURES]
    flow = workloads.flow("A", MESSAGES)
    run = KernelRun(flow, np.zeros(workloads.EVENTS, EVENT)).without(FEATURES["any guard"])
    run.reset()
    product = run.state.products[0]
    assert not any(product[name] for name in ("band", "daily", "breaker", "points"))


@pytest.mark.parametrize("kind", sorted(LISTED))
def test_months_trade_through_calendars_only_where_these_are_implied(kind: str) -> None:
    flow = months_flow(kind, MESSAGES // 4)
    run = KernelRun(flow, np.zeros(workloads.EVENTS, EVENT))
    told = implied_trades = 0
    for rows in cut(flow.messages, 256):
        events = run.events[: workloads.play(run.state, rows, run.events)]
        told += int((events["kind"] == Did.IMPLIED).sum())
        implied_trades += int((events["role"] == Role.IMPLIED).sum()) // 2
    check(run.state)
    least = len(flow.messages) // 100
    assert (told > least and implied_trades > least) if kind == "implied" else told == 0
    assert kind == "implied" or implied_trades == 0


def test_the_readable_model_finds_the_margins_of_the_bench() -> None:
    day = margin.parameters()
    assert len(day.contracts) == 48
    held = margin.holdings(40, 48)
    assert len(held.lots) == 40 * margin.POSITIONS
    assert margin.compare(day, held, Batch(day).margins(held), 40) > 0
    assert margin.sparse_scan(day, held)() is not None


def test_the_readable_tail_is_that_of_the_bench() -> None:
    rows = margin.measure_simulation(300, 1)
    assert [row.name for row in rows] == ["1,000 scenarios of 300 accounts"] * 2
    assert all(row.value > 0 for row in rows)
