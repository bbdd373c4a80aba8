"""The kernel judged by an outsider: PyPI's `tracebook-conformance`, through our adapter."""

import json
import os
import pathlib
import shlex
import subprocess
import sys

import pytest

from engine.exchange import Exchange
from engine.hashes import list_orders
from engine.rows import Batch
from engine.schema import Kind

ROOT = pathlib.Path(__file__).parent.parent
TRACES = os.environ.get("CFX_TRACES", "2")  # Of 200 events each, for each profile.


@pytest.fixture(scope="module", autouse=True)
def warm_kernels() -> None:
    """Compile first: the suite waits a minute for an answer, and no longer."""
    exchange, batch = Exchange(), Batch()
    batch.money(Kind.PRODUCT, product=0)
    exchange.submit(batch, 0)
    list_orders(exchange.state, 0, exchange.state.orders["tag"].reshape(-1, 1)[:0].copy())


@pytest.mark.parametrize("profile", ["fifo-limit-v1", "fifo-full-v1", "fifo-partial-fill-v1"])
def test_a_profile_passes(profile: str, tmp_path: pathlib.Path) -> None:
    adapter = shlex.join([sys.executable, "-m", "tests.tracebook_adapter"])
    suite = [sys.executable, "-m", "tracebook.conformance.cli", "qualify", "--profile", profile]
    limits = ["--traces", TRACES, "--timeout", "60", "--max-minimize-runs", "20"]
    where = ["--output-dir", str(tmp_path / "report"), "--candidate-cmd", adapter]
    run = subprocess.run([*suite, *limits, *where], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads((tmp_path / "report" / "qualification.json").read_bytes())
    assert report["qualified"]
    assert report["checks"]["fixed_cases"]["complete"]
    assert report["checks"]["generated_campaign"]["completed_traces"] == int(TRACES)
    assert report["checks"]["semantic_coverage"]["complete"]
