"""What the window's end finds quoted: equal to the engine's books, in frames of any size."""

import numpy as np
import pytest

from clearing.quotes import Quotes
from engine.jit import Table
from engine.layout import EVENT
from engine.schema import NIL_PRICE, Did, Role, Side

CLOSES = 1_000
ONE, TWO = (1 << 24) + 1, (2 << 24) + 2  # Order ids, of the slots 1 and 2.


def told(kind: Did, order_id: int = 0, side: Side = Side.BUY, price: int = 0, **more: int) -> Table:
    """Return one event of instrument 0, before the window ends unless `more` says otherwise."""
    event = np.zeros(1, EVENT)
    event["kind"], event["order_id"], event["side"], event["price"] = kind, order_id, side, price
    event["leaves"], event["time"], event["quantity"] = 5, CLOSES - 1, 5
    for name, value in more.items():
        event[name] = value
    return event


BID = told(Did.RESTED, ONE, Side.BUY, 500)
ASK = told(Did.RESTED, TWO, Side.SELL, 510)


def found(*events: Table) -> tuple[int, int, int]:
    """Return bid, ask and last as the window ended, the same one by one and all at once."""
    answers = set()
    for frames in (events, (np.concatenate(events),)):
        quotes = Quotes()
        quotes.add_instrument()
        quotes.expect(CLOSES)
        for frame in frames:
            quotes.fold(frame)
        quotes.close(CLOSES)
        answers.add(quotes.of(0))
    (answer,) = answers
    return answer


@pytest.mark.parametrize(
    ("events", "quoted"),
    [
        ([BID], (500, NIL_PRICE)),
        ([BID, ASK], (500, 510)),
        ([BID, told(Did.RESTED, TWO, Side.BUY, 498)], (500, NIL_PRICE)),
        ([ASK, told(Did.RESTED, ONE, Side.SELL, 512)], (NIL_PRICE, 510)),
        ([BID, ASK, told(Did.CANCELED, ONE)], (NIL_PRICE, 510)),
        ([BID, told(Did.CANCELED, (3 << 24) + 1)], (500, NIL_PRICE)),
        ([BID, told(Did.FILLED, ONE, price=500, role=Role.MAKER)], (500, NIL_PRICE)),
        ([BID, told(Did.FILLED, ONE, role=Role.MAKER, leaves=0)], (NIL_PRICE, NIL_PRICE)),
        ([BID, told(Did.FILLED, ONE, role=Role.LEG, leaves=0)], (500, NIL_PRICE)),
        ([BID, told(Did.REPLACED, ONE, price=500, leaves=2)], (500, NIL_PRICE)),
        ([BID, told(Did.REPLACED, ONE, price=502)], (NIL_PRICE, NIL_PRICE)),
        ([BID, told(Did.IMPLIED, price=504)], (504, NIL_PRICE)),
        ([BID, told(Did.IMPLIED, price=496)], (500, NIL_PRICE)),
        ([told(Did.IMPLIED, side=Side.SELL, price=496), ASK], (NIL_PRICE, 496)),
        ([told(Did.IMPLIED, price=504), told(Did.IMPLIED, quantity=0)], (NIL_PRICE, NIL_PRICE)),
    ],
)
def test_what_rests_is_quoted(events: list[Table], quoted: tuple[int, int]) -> None:
    assert found(*events)[:2] == quoted


def test_what_comes_after_the_window_does_not_count() -> None:
    trade = told(Did.FILLED, price=506, role=Role.TAKER)
    late = told(Did.CANCELED, ONE), told(Did.FILLED, price=520, role=Role.TAKER)
    for event in late:
        event["time"] = CLOSES
    assert found(BID, ASK, trade, *late) == (500, 510, 506)


def test_a_last_trade_is_one_since_the_window_before() -> None:
    quotes = Quotes()
    quotes.add_instrument()
    quotes.fold(told(Did.FILLED, price=506, role=Role.TAKER))
    quotes.close(CLOSES)
    assert quotes.of(0) == (NIL_PRICE, NIL_PRICE, 506)
    quotes.close(2 * CLOSES)
    assert quotes.of(0) == (NIL_PRICE, NIL_PRICE, NIL_PRICE)


def test_tables_grow() -> None:
    quotes = Quotes()
    for _ in range(300):
        quotes.add_instrument()
    quotes.fold(told(Did.RESTED, (1 << 24) + 5_000, price=500, instrument=299))
    quotes.close(CLOSES)
    assert quotes.of(299)[:2] == (500, NIL_PRICE)
