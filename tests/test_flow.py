"""Order flows: what the reader refuses, and orders as commands."""

import pathlib
from typing import Any

import numpy as np
import pytest

from sim.flow import check_flow, read_flow
from tests.flows import ADD, BUY, CANCEL, CLEAR, MODIFY, SELL, arrays, flow_of, played, resting

# The reader.


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("qty", None, "flow lacks qty"),
        ("tick_size", None, "flow lacks tick_size"),
        ("side", np.zeros(1, np.int64), "flow: side is int64, not int8"),
        ("seq", np.zeros(2, np.int64), r"flow: seq has shape \(2,\), not \(1,\)"),
        ("ts_ns", np.zeros((1, 1), np.int64), "flow: "),
        ("tick_size", np.array(0.0), "flow: tick_size is not one positive number"),
        ("tick_size", np.array([0.25]), "flow: tick_size is not one positive number"),
        ("tick_size", np.array("x"), "flow: tick_size is not one positive number"),
        ("type", np.array([7], np.uint8), "flow: in row 0 type is not 1 to 6"),
        ("side", np.array([2], np.int8), "flow: in row 0 side is not -1, 0 or 1"),
        ("qty", np.array([-1]), "flow: in row 0 qty is below 0"),
    ],
)
def test_a_broken_flow_is_refused_by_name(column: str, value: Any, sentence: str) -> None:
    found = arrays((1, ADD, 1, BUY, 10, 1))
    if value is None:
        del found[column]
    else:
        found[column] = value
    with pytest.raises(ValueError, match=sentence):
        check_flow(found, "flow")


def test_time_never_steps_back() -> None:
    with pytest.raises(ValueError, match="in row 1 ts_ns is before the row before"):
        flow_of((2, ADD, 1, BUY, 10, 1), (1, ADD, 2, BUY, 10, 1))


def test_a_flow_has_rows() -> None:
    found = {
        name: column[:0] if column.ndim else column
        for name, column in arrays((1, ADD, 1, BUY, 10, 1)).items()
    }
    with pytest.raises(ValueError, match="flow has no rows"):
        check_flow(found, "flow")


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 torn"])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "flow.npz"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="is no NumPy archive"):
        read_flow(file)


def test_a_flow_is_read_as_it_was_written(tmp_path: pathlib.Path) -> None:
    found = arrays((1, ADD, 1, BUY, 10, 3), (2, CANCEL, 1, BUY, 10, 3))
    np.savez_compressed(tmp_path / "flow.npz", **found)  # type: ignore[arg-type]
    flow = read_flow(tmp_path / "flow.npz")
    assert flow.quantity.tolist() == [3, 3]
    assert flow.tick_size == 0.25
    assert not flow.is_tape


# Orders.


def test_orders_trade_and_rest() -> None:
    report = played(
        (1, ADD, 1, SELL, 101, 5),
        (2, ADD, 2, BUY, 100, 4),
        (3, ADD, 3, BUY, 101, 2),
        (4, MODIFY, 2, BUY, 99, 7),
        (5, CANCEL, 3, BUY, 101, 2),
    )
    assert (report.messages, report.commands, report.trades, report.lots) == (5, 5, 1, 2)
    assert (report.best_bid, report.best_ask) == ([99, 7], [101, 3])
    assert (report.orders, report.levels) == (2, [1, 1])
    assert report.rejected == {"ORDER_UNKNOWN": 1}  # Order 3 had been filled.
    assert (report.executions.expected_lots, report.auctions) == (0, [])


def test_an_order_of_the_same_time_can_be_canceled() -> None:
    assert resting((1, ADD, 1, BUY, 10, 1), (1, CANCEL, 1, BUY, 10, 1), (1, ADD, 2, BUY, 9, 1)) == [
        (2, 9, 1)
    ]


def test_a_clear_empties_the_book() -> None:
    report = played((1, ADD, 1, BUY, 10, 1), (2, ADD, 2, SELL, 11, 1), (3, CLEAR, 0, 0, 0, 0))
    assert (report.orders, report.best_bid, report.best_ask, report.levels) == (0, [], [], [0, 0])


def test_a_row_without_side_is_the_engines_to_refuse() -> None:
    assert played((1, ADD, 1, 0, 10, 1)).rejected == {"SIDE_UNKNOWN": 1}


def test_a_wide_flow_has_a_ladder_around_its_middle() -> None:
    rows = [(t, ADD, t, BUY, 1_000_000 + t, 1) for t in range(1, 10)]
    report = played(*rows, (10, ADD, 10, SELL, 5_000_000, 1), (11, ADD, 11, BUY, 1, 1))
    assert report.rejected == {"PRICE_OFF_LADDER": 2}
    assert report.best_bid == [1_000_009, 1]
