"""Small order flows written as rows, and what the kernel makes of them."""

import numpy as np

from engine.check import check
from engine.jit import Table
from sim.flow import Flow, check_flow
from sim.match import Report, play, report_of

ADD, CANCEL, MODIFY, EXECUTE, TRADE, CLEAR = range(1, 7)
BUY, SELL = 1, -1


def arrays(*rows: tuple[int, int, int, int, int, int]) -> dict[str, Table]:
    """Return the columns of rows (time, type, order, side, price, quantity)."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    names = ("ts_ns", "type", "order_id", "side", "price_ticks", "qty")
    found = {name: column.astype(np.int64) for name, column in zip(names, columns, strict=True)}
    found["type"] = found["type"].astype(np.uint8)
    found["side"] = found["side"].astype(np.int8)
    found["flags"] = np.zeros(len(rows), np.uint8)
    found["seq"] = np.arange(len(rows), dtype=np.int64)
    found["tick_size"] = np.array(0.25)
    return found


def flow_of(*rows: tuple[int, int, int, int, int, int]) -> Flow:
    return check_flow(arrays(*rows), "flow")


def played(*rows: tuple[int, int, int, int, int, int]) -> Report:
    flow = flow_of(*rows)
    done = play(flow)
    check(done.book.state)
    return report_of(done, len(rows))


def resting(*rows: tuple[int, int, int, int, int, int]) -> list[tuple[int, int, int]]:
    """Return (order, price, quantity) of what rests after a flow, bids first, by priority."""
    flow = flow_of(*rows)
    ids = np.unique(flow.order_id)
    return [(int(ids[o.name]), o.price, o.quantity) for o in play(flow).book.resting()]
