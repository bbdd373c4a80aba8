"""Tapes replayed by their rule, small ones and a real session."""

import numpy as np
import pytest

from engine.check import check
from engine.schema import Side
from sim.flow import read_flow
from sim.match import match, play, show
from tests.flows import (
    ADD,
    BUY,
    CANCEL,
    EXECUTE,
    MODIFY,
    SELL,
    TRADE,
    flow_of,
    played,
    resting,
)
from tests.real_files import real_file

QUEUE = ((1, ADD, 1, SELL, 100, 2), (2, ADD, 2, SELL, 100, 3), (3, ADD, 3, SELL, 101, 9))


def test_a_tape_is_asked_again_and_compared() -> None:
    report = played(
        *QUEUE,
        (4, TRADE, 9, BUY, 100, 3),
        (4, EXECUTE, 1, SELL, 100, 2),
        (4, EXECUTE, 2, SELL, 100, 1),
        (4, CANCEL, 1, SELL, 100, 2),
        (4, MODIFY, 2, SELL, 100, 2),
    )
    found = report.executions
    assert (found.expected_lots, found.same_price_lots, found.same_order_lots) == (3, 3, 3)
    assert (report.trades, report.best_ask, report.orders) == (2, [100, 2], 2)


# The venue fills order 2 though 1 is older: a difference of two lots, and of no more.
JUMPED = (
    *QUEUE,
    (4, TRADE, 9, BUY, 100, 2),
    (4, EXECUTE, 2, SELL, 100, 2),
    (4, MODIFY, 2, SELL, 100, 1),
)


def test_a_difference_is_counted_once_and_the_queue_is_the_tapes_afterwards() -> None:
    found = played(*JUMPED).executions
    assert (found.expected_lots, found.same_price_lots, found.same_order_lots) == (2, 2, 0)
    assert resting(*JUMPED) == [(1, 100, 2), (2, 100, 1), (3, 101, 9)]


def test_a_refilled_iceberg_stands_at_the_back() -> None:
    rows = (
        *QUEUE,
        (4, TRADE, 9, BUY, 100, 2),
        (4, EXECUTE, 1, SELL, 100, 2),
        (4, MODIFY, 1, SELL, 100, 2),
    )
    assert resting(*rows) == [(2, 100, 3), (1, 100, 2), (3, 101, 9)]


def test_more_than_an_order_shows_is_a_difference_of_what_it_hid() -> None:
    rows = (
        (1, ADD, 1, SELL, 100, 2),
        (2, TRADE, 9, BUY, 100, 5),
        (2, EXECUTE, 1, SELL, 100, 5),
        (2, MODIFY, 1, SELL, 100, 1),
    )
    found = played(*rows).executions
    assert (found.expected_lots, found.same_price_lots, found.same_order_lots) == (5, 2, 2)
    assert resting(*rows) == [(1, 100, 1)]


def test_an_aggressor_that_rests_is_a_replace() -> None:
    rows = (
        *QUEUE,
        (4, ADD, 4, BUY, 99, 3),
        (5, TRADE, 4, BUY, 100, 2),
        (5, EXECUTE, 4, BUY, 100, 2),
        (5, EXECUTE, 1, SELL, 100, 2),
        (5, CANCEL, 1, SELL, 100, 2),
        (5, MODIFY, 4, BUY, 99, 1),
    )
    found = played(*rows).executions
    assert (found.expected_lots, found.same_order_lots) == (2, 2)
    assert resting(*rows) == [(4, 99, 1), (2, 100, 3), (3, 101, 9)]


def test_a_prevented_self_match_takes_the_resting_order_first() -> None:
    rows = ((1, ADD, 1, SELL, 100, 2), (2, ADD, 2, BUY, 100, 1), (2, CANCEL, 1, SELL, 100, 2))
    prints = ((3, ADD, 3, BUY, 90, 1), (4, TRADE, 9, SELL, 90, 0))
    assert resting(*rows, *prints) == [(2, 100, 1), (3, 90, 1)]


AUCTION = (
    (1, ADD, 1, BUY, 103, 5),
    (2, ADD, 2, SELL, 101, 3),
    (3, TRADE, 0, 0, 102, 4),
    (3, EXECUTE, 1, 0, 102, 4),
    (3, EXECUTE, 2, 0, 102, 3),
    (3, EXECUTE, 7, 0, 102, 1),
    (3, CANCEL, 2, SELL, 101, 3),
    (3, MODIFY, 1, BUY, 103, 1),
)


def test_what_stands_before_an_auction_crosses_and_is_uncrossed_once() -> None:
    report = played(*AUCTION)
    auction = report.auctions[0]
    assert (auction.time_ns, auction.price, auction.quantity) == (3, 103, 3)
    assert (auction.venue_price, auction.venue_quantity) == (102, 4)
    assert (auction.hidden_orders, auction.hidden_lots) == (1, 1)
    assert report.executions.expected_lots == 0
    assert resting(*AUCTION) == [(1, 103, 1)]


def test_hidden_orders_must_balance_the_venues_quantity() -> None:
    rows = [(*row[:5], 9) if row[1] == TRADE else row for row in AUCTION]
    with pytest.raises(ValueError, match="add up to the 5 lots bought unseen"):
        play(flow_of(*rows), hidden_stops=True)


def test_hidden_orders_entered_as_stops_make_up_the_venues_quantity() -> None:
    (auction,) = play(flow_of(*AUCTION), hidden_stops=True).tape.auctions
    assert (auction.quantity, auction.venue_quantity) == (4, 4)


def test_a_report_is_lines_or_json() -> None:
    report = played((1, ADD, 1, BUY, 10, 1))
    assert "best_bid         10 1\n" in show(report, as_json=False)
    assert '"best_bid":[10,1],"best_ask":[]' in show(report, as_json=True)


# The real session.


def test_a_real_session_is_matched_as_its_venue_did() -> None:
    report = match(real_file("order_flow_es.npz"))
    found = report.executions
    assert (report.messages, found.expected_lots) == (68_792, 9_848)
    assert found.same_price_lots >= 0.98 * 9_848
    assert found.same_order_lots >= 0.96 * 9_848
    assert report.rejected == {}
    auction = report.auctions[0]
    assert (auction.price, auction.quantity) == (19_200, 31)
    assert (auction.venue_price, auction.venue_quantity) == (19_201, 44)
    assert (auction.hidden_orders, auction.hidden_lots) == (7, 14)


def test_the_hidden_orders_of_a_real_auction_were_stops() -> None:
    auction = match(real_file("order_flow_es.npz"), hidden_stops=True).auctions[0]
    assert (auction.price, auction.quantity) == (auction.venue_price, auction.venue_quantity)
    assert (auction.price, auction.quantity) == (19_201, 44)


def test_what_a_real_venue_filled_otherwise_had_been_hidden_to_the_lot() -> None:
    flow = read_flow(real_file("order_flow_es.npz"))
    names = np.unique(flow.order_id, return_inverse=True)[1].tolist()
    says, quantity = flow.says.tolist(), flow.quantity.tolist()
    done = play(flow)
    check(done.book.state)
    shown, place = dict[int, int](), 0
    for event in done.tape.matches:
        for row in range(place, event.first):
            if says[row] in (ADD, MODIFY):
                shown[names[row]] = quantity[row]
        place = event.first
        assert not event.filled - event.expected
        for (_, name), hidden in (event.expected - event.filled).items():
            rows = range(event.first, event.stop)
            executed = sum(quantity[r] for r in rows if says[r] == EXECUTE and names[r] == name)
            assert hidden == executed - shown[name]


def test_the_book_after_a_real_session_is_the_tapes() -> None:
    flow = read_flow(real_file("order_flow_es.npz"))
    ids, told = np.unique(flow.order_id), dict[int, tuple[int, int, int]]()
    columns = (flow.says, flow.order_id, flow.side, flow.price, flow.quantity)
    for says, order, sign, price, quantity in zip(*map(np.ndarray.tolist, columns), strict=True):
        if says == CANCEL:
            told.pop(order, None)
        elif says in (ADD, MODIFY):
            told[order] = (Side.BUY if sign > 0 else Side.SELL, price, quantity)
    held = {int(ids[o.name]): (o.side, o.price, o.quantity) for o in play(flow).book.resting()}
    assert held == told
