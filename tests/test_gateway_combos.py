"""Spreads at the door: what they are called, what trading one tells, and what is implied."""

from pathlib import Path
from typing import Any

import pytest

from engine.instruments import units
from engine.rows import Batch
from engine.schema import Kind
from gateway.naming import open_public
from tests.test_gateway_session import FRONT, Inbox, Rig

NEXT = "H100_USD-30SEP26"
CALENDAR = "H100_USD-FS-31AUG26_30SEP26"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def enter(rig: Rig, who: int, side: str, amount: int, price: float, name: str) -> Any:
    asked: dict[str, Any] = {"instrument_name": name, "amount": amount, "price": price}
    return rig.ask(rig.session(who), f"private/{side}", **asked)["result"]


def test_calendars_are_combos_with_legs_and_a_code(rig: Rig) -> None:
    public = rig.session()
    found = {
        kind: rig.ask(public, "public/get_instruments", currency="H100", kind=kind)["result"]
        for kind in ("any", "future", "future_combo", "combo", "option")
    }
    counts = {kind: len(listed) for kind, listed in found.items()}
    assert counts == {"any": 67, "future": 36, "future_combo": 30, "combo": 30, "option": 1}
    (calendar,) = [each for each in found["combo"] if each["instrument_name"] == CALENDAR]
    assert calendar["kind"] == "future_combo"
    assert calendar["legs"] == [
        {"instrument_name": FRONT, "amount": 1},
        {"instrument_name": NEXT, "amount": -1},
    ]
    assert calendar["fee_per_lot"] == 11.0
    assert (calendar["min_price"], calendar["max_price"]) == (-5.0, 5.0)
    named = rig.ask(public, "public/ticker", instrument_name=calendar["code"])["result"]
    assert (calendar["code"], named["instrument_name"]) == ("H1HQ6-H1HU6", CALENDAR)


def test_combos_are_found_by_currency_state_and_name(rig: Rig) -> None:
    public = rig.session()
    ids = rig.ask(public, "public/get_combo_ids", currency="H100", state="active")["result"]
    assert len(ids) == 30
    assert rig.ask(public, "public/get_combo_ids", state="inactive")["result"] == []
    found = rig.ask(public, "public/get_combos", currency="H100")["result"]
    (calendar,) = [one for one in found if one["id"] == CALENDAR]
    assert calendar["legs"] == [
        {"instrument_name": FRONT, "amount": 1},
        {"instrument_name": NEXT, "amount": -1},
    ]
    assert rig.ask(public, "public/get_combo_details", combo_id=CALENDAR)["result"] == calendar
    error = rig.ask(public, "public/get_combo_details", combo_id=FRONT)["error"]
    assert (error["data"]["param"], error["data"]["value"]) == ("combo_id", FRONT)


def test_a_block_of_a_spread_is_told_to_all_and_moves_no_price(rig: Rig) -> None:
    batch = Batch()
    spread = rig.view.instrument(CALENDAR).number
    batch.desk(Kind.BLOCK, buyer=1, seller=2, instrument=spread, quantity=5, price=units("0.04"))
    rig.submit(batch)
    mine = rig.ask(rig.session(1), "private/get_user_trades_by_currency", currency="H100")["result"]
    told = [
        (one["instrument_name"], one["direction"], one.get("combo_id"), one["fee"])
        for one in mine["trades"]
    ]
    assert told == [
        (NEXT, "sell", CALENDAR, 30.0),
        (FRONT, "buy", CALENDAR, 30.0),
        (CALENDAR, "buy", None, 0),
    ]
    (block_id,) = {one["block_trade_id"] for one in mine["trades"]}
    for name in (CALENDAR, FRONT, NEXT):
        asked: dict[str, Any] = {"instrument_name": name}
        page = rig.ask(rig.session(), "public/get_last_trades_by_instrument", **asked)["result"]
        (public,) = page["trades"]
        assert (public["amount"], public["block_trade_id"]) == (5, block_id)
        ticker = rig.ask(rig.session(), "public/ticker", **asked)["result"]
        assert (ticker["last_price"], ticker["stats"]["volume"]) == (None, 0)
    held = rig.ask(rig.session(1), "private/get_positions", currency="H100")["result"]
    assert {one["instrument_name"]: one["size"] for one in held} == {FRONT: 5, NEXT: -5}


def test_a_trade_of_a_spread_is_told_with_its_legs(rig: Rig) -> None:
    enter(rig, 1, "sell", 3, -0.02, CALENDAR)
    placed = enter(rig, 2, "buy", 2, -0.02, CALENDAR)
    order = placed["order"]
    assert (order["filled_amount"], order["average_price"], order["order_state"]) == (
        *(2, -0.02),
        "filled",
    )
    own, near, far = placed["trades"]
    assert (own["instrument_name"], own["price"], own["fee"]) == (CALENDAR, -0.02, 0)
    assert "combo_id" not in own
    assert [each["combo_id"] for each in (near, far)] == [CALENDAR] * 2
    assert [each["direction"] for each in (near, far)] == ["buy", "sell"]
    assert [each["fee"] for each in (near, far)] == [7.3, 7.3]
    assert round(near["price"] - far["price"], 4) == -0.02
    positions = rig.ask(rig.session(2), "private/get_positions")["result"]
    assert {each["instrument_name"]: each["size"] for each in positions} == {FRONT: 2, NEXT: -2}
    tickers = [
        rig.ask(rig.session(), "public/ticker", instrument_name=name)["result"]
        for name in (CALENDAR, FRONT)
    ]
    assert [each["last_price"] for each in tickers] == [-0.02, None]
    assert [each["open_interest"] for each in tickers] == [0, 2]
    assert [each["stats"]["volume"] for each in tickers] == [2, 0]


def test_implied_prices_stand_beside_the_book(rig: Rig) -> None:
    inbox = Inbox()
    session = rig.session(1, inbox)
    channel = f"book.{CALENDAR}.raw"
    rig.hub.subscribe(inbox, [channel], 0)
    enter(rig, 1, "sell", 10, 2.85, FRONT)
    enter(rig, 2, "buy", 5, 2.80, NEXT)
    book = rig.ask(session, "public/get_order_book", instrument_name=CALENDAR)["result"]
    assert (book["asks"], book["implied_ask"], book["implied_ask_amount"]) == ([], 0.05, 5)
    assert (book["implied_bid"], book["implied_bid_amount"]) == (None, 0)
    told = [message["data"] for message in inbox.messages if message["channel"] == channel]
    assert [each["implied_ask_amount"] for each in told] == [5]
    assert told[0]["asks"] == []
    placed = enter(rig, 2, "buy", 5, 0.05, CALENDAR)
    assert [each["price"] for each in placed["trades"]] == [0.05, 2.85, 2.8]
    book = rig.ask(session, "public/get_order_book", instrument_name=CALENDAR)["result"]
    assert book["implied_ask"] is None


def test_every_order_of_a_book_can_be_followed(rig: Rig) -> None:
    inbox = Inbox()
    channel = f"book.{FRONT}.mbo"
    rig.hub.subscribe(inbox, [channel], 0)
    first = enter(rig, 1, "buy", 3, 2.80, FRONT)["order"]["order_id"]
    second = enter(rig, 1, "buy", 4, 2.80, FRONT)["order"]["order_id"]
    enter(rig, 2, "sell", 5, 2.80, FRONT)
    orders = [each for message in inbox.messages for each in message["data"]["orders"]]
    assert orders == [
        ["add", "buy", first, 2.8, 3],
        ["add", "buy", second, 2.8, 4],
        ["delete", "buy", first, 2.8, 0],
        ["change", "buy", second, 2.8, 2],
    ]
    snapshot = open_public(rig.view, channel).first(rig.view)[0]
    assert [each[2] for each in snapshot.orders] == [second]
