"""An unmodified ccxt against a served exchange: only its addresses are changed.

After what it did, the same fact is read from the journal.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import ccxt
import ccxt.pro
import pytest

from engine.schema import Did
from tests.door import Door, opened

FRONT, NEXT = "H100/USD:USD-260831", "H100/USD:USD-260930"
OTHER = "B200/USD:USD-260930"
FRONT_ID = "H100_USD-31AUG26"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("ccxt"), ann="1000000", bob="1000000", poor="100") as found:
        yield found


@pytest.fixture
def ann(door: Door) -> Any:
    client = door.client("ann")
    client.cancel_all_orders()
    return client


@pytest.fixture
def bob(door: Door) -> Any:
    client = door.client("bob")
    client.cancel_all_orders()
    return client


def test_markets_have_the_contracts_terms(ann: Any) -> None:
    markets = ann.load_markets()
    market = markets[FRONT]
    assert len(markets) == 72 + 30 + 6 + 1  # Months, calendars, options, an event contract.
    assert (market["id"], market["base"], market["settle"]) == (FRONT_ID, "H100", "USD")
    assert (market["contractSize"], market["precision"]["price"]) == (730, 0.01)
    assert market["linear"]
    assert market["future"]
    assert market["active"]
    assert set(ann.currencies) >= {"H100", "B200", "USD"}


def test_time_and_status(ann: Any) -> None:
    assert ann.fetch_status()["status"] == "ok"
    assert ann.iso8601(ann.fetch_time()).startswith("2026-08-04")


def test_limit_order_rests_and_is_in_the_book_and_in_the_journal(door: Door, ann: Any) -> None:
    order = ann.create_order(FRONT, "limit", "buy", 3, 2.50, {"label": "mine"})
    assert (order["status"], order["remaining"], order["price"]) == ("open", 3, 2.5)
    assert order["timeInForce"] == "GTC"
    book = ann.fetch_order_book(FRONT)
    assert book["bids"][0][:2] == [2.5, 3]
    assert ann.fetch_order(order["id"])["info"]["label"] == "mine"
    assert [each["id"] for each in ann.fetch_open_orders(FRONT)] == [order["id"]]
    assert [each["id"] for each in ann.fetch_open_orders(params={"code": "H100"})] == [order["id"]]
    entered, rested = door.of_order(order["id"])
    assert (entered["kind"], rested["kind"]) == (Did.ENTERED, Did.RESTED)
    assert (rested["price"], rested["leaves"]) == (500, 3)


def test_edit_and_cancel(door: Door, ann: Any) -> None:
    order = ann.create_order(FRONT, "limit", "sell", 5, 3.20)
    edited = ann.edit_order(order["id"], FRONT, "limit", "sell", 4, 3.10)
    assert (edited["id"], edited["price"], edited["amount"]) == (order["id"], 3.1, 4)
    canceled = ann.cancel_order(order["id"])
    assert canceled["status"] == "canceled"
    assert ann.fetch_open_orders(FRONT) == []
    kinds = [event["kind"] for event in door.of_order(order["id"])]
    assert kinds == [Did.ENTERED, Did.RESTED, Did.REPLACED, Did.RESTED, Did.CANCELED]
    closed = ann.fetch_closed_orders(FRONT)
    assert order["id"] in [each["id"] for each in closed]


def test_trade_reaches_both_sides_book_ticker_and_positions(door: Door, ann: Any, bob: Any) -> None:
    maker = ann.create_order(FRONT, "limit", "sell", 10, 2.81)
    taker = bob.create_order(FRONT, "market", "buy", 4)
    assert (taker["status"], taker["filled"], taker["average"]) == ("closed", 4, 2.81)
    assert taker["trades"][0]["takerOrMaker"] == "taker"
    assert taker["trades"][0]["fee"] == {"cost": 22.0, "currency": "USD"}
    assert ann.fetch_order(maker["id"])["filled"] == 4

    mine = ann.fetch_my_trades(FRONT)[-1]
    assert (mine["side"], mine["amount"], mine["takerOrMaker"]) == ("sell", 4, "maker")
    assert mine["order"] == maker["id"]
    public = bob.fetch_trades(FRONT)[-1]
    assert (public["id"], public["side"], public["price"]) == (mine["id"], "buy", 2.81)
    assert bob.fetch_trades(FRONT, since=public["timestamp"])[-1]["id"] == public["id"]
    assert bob.fetch_my_trades(FRONT, since=public["timestamp"])[-1]["id"] == public["id"]
    assert bob.fetch_order_trades(taker["id"])[0]["id"] == public["id"]
    filled = [event for event in door.of_order(taker["id"]) if event["kind"] == Did.FILLED]
    assert [str(event["trade_id"]) for event in filled] == [public["id"]]

    ticker = ann.fetch_ticker(FRONT)
    assert (ticker["last"], ticker["ask"], ticker["askVolume"]) == (2.81, 2.81, 6)
    assert ann.fetch_tickers([FRONT, NEXT])[FRONT]["last"] == 2.81
    assert ann.fetch_ohlcv(FRONT, "1m", since=public["timestamp"] - 60_000)[-1][4] == 2.81
    assert ann.fetch_open_interest(FRONT)["openInterestAmount"] >= 4

    (position,) = [each for each in bob.fetch_positions() if each["symbol"] == FRONT]
    assert (position["side"], position["contracts"], position["entryPrice"]) == ("long", 4, 2.81)
    assert ann.fetch_position(FRONT)["side"] == "short"


def test_balance_is_what_the_engine_would_hold_orders_against(door: Door, ann: Any) -> None:
    before = ann.fetch_balance()["USD"]
    order = ann.create_order(OTHER, "limit", "buy", 10, 2.00)
    after = ann.fetch_balance({"code": "USD"})["USD"]
    assert before["total"] == after["total"]
    assert round(before["free"] - after["free"], 6) == 5_500  # 10 x 500 x 110%.
    account = door.venue().exchange.state.accounts[1]
    assert account["equity"] + account["open"] == after["total"] * 1_000_000
    needed = -(-int(account["bounds"]) * 110 // 100) + account["reserves"]
    assert account["equity"] + account["open"] - needed == after["free"] * 1_000_000
    ann.cancel_order(order["id"])
    assert ann.fetch_balance()["USD"]["free"] == before["free"]


def test_cancel_all(ann: Any) -> None:
    for price in (2.10, 2.11, 2.12):
        ann.create_order(NEXT, "limit", "buy", 1, price)
    ann.create_order(FRONT, "limit", "buy", 1, 2.10)
    ann.cancel_all_orders(NEXT)
    assert [each["symbol"] for each in ann.fetch_open_orders(params={"code": "USD"})] == [FRONT]
    ann.cancel_all_orders()
    assert ann.fetch_open_orders(params={"code": "USD"}) == []


def test_times_in_force(ann: Any) -> None:
    killed = ann.create_order(NEXT, "limit", "buy", 2, 2.0, {"timeInForce": "FOK"})
    assert (killed["status"], killed["filled"]) == ("canceled", 0)
    ioc = ann.create_order(NEXT, "limit", "buy", 2, 2.0, {"timeInForce": "IOC"})
    assert ioc["status"] == "canceled"


@pytest.mark.parametrize(
    ("kind", "price", "amount", "refused", "named"),
    [
        ("limit", 99.0, 1, ccxt.InvalidOrder, '"param":"price","value":"99"'),
        ("limit", 2.50, 2_001, ccxt.InvalidOrder, '"param":"amount","value":"2001"'),
        ("market", None, 1, ccxt.InvalidOrder, "no_opposite"),
    ],
)
def test_refusals_are_typed_and_name_field_and_value(
    ann: Any, kind: str, price: float | None, amount: int, refused: type, named: str
) -> None:
    with pytest.raises(refused, match=named):
        ann.create_order("H100/USD:USD-290629", kind, "buy", amount, price)


def test_refusal_for_money_names_both_numbers(door: Door) -> None:
    poor = door.client("poor")
    with pytest.raises(ccxt.InsufficientFunds, match=r'"required":275.0+,"available":100.0+'):
        poor.create_order(FRONT, "limit", "buy", 1, 2.50)


def test_unknown_orders_are_not_found(ann: Any, bob: Any) -> None:
    order = bob.create_order(FRONT, "limit", "buy", 1, 2.0)
    for order_id in (order["id"], "12345"):
        with pytest.raises(ccxt.OrderNotFound):
            ann.cancel_order(order_id)
        with pytest.raises(ccxt.OrderNotFound):
            ann.fetch_order(order_id)


def test_off_tick_price_and_zero_amount(ann: Any) -> None:
    ann.load_markets()
    with pytest.raises(ccxt.InvalidOrder, match="price_wrong_tick"):
        ann.private_get_buy({"instrument_name": FRONT_ID, "amount": "1", "price": "2.505"})
    with pytest.raises(ccxt.InvalidOrder, match="qty_too_low"):
        ann.private_get_buy({"instrument_name": FRONT_ID, "amount": "0", "price": "2.50"})


def test_wrong_secret_is_an_authentication_error(door: Door) -> None:
    client = door.client("ann")
    client.secret = "wrong"
    with pytest.raises(ccxt.AuthenticationError):
        client.fetch_balance()


def test_pro_watches_book_orders_trades_and_money(door: Door) -> None:
    asyncio.run(_watch(door))


async def _watch(door: Door) -> None:
    ann, bob = (door.client(name, ccxt.pro.deribit) for name in ("ann", "bob"))
    ann.options["currencies"] = ["USD"]
    try:
        await ann.load_markets()
        await ann.cancel_all_orders()
        await bob.cancel_all_orders()
        book = await ann.watch_order_book(NEXT)
        assert book["bids"] == []
        watching = asyncio.create_task(ann.watch_orders())
        raw = asyncio.create_task(bob.watch_order_book(NEXT, params={"interval": "raw"}))
        balance = asyncio.create_task(ann.watch_balance())
        mine = asyncio.create_task(ann.watch_my_trades())
        ticking = asyncio.create_task(ann.watch_ticker(NEXT))
        made = asyncio.create_task(bob.watch_trades(NEXT))
        await asyncio.sleep(0.5)
        order = await ann.create_order(NEXT, "limit", "buy", 7, 2.44)
        (seen,) = await asyncio.wait_for(watching, 60)
        assert (seen["id"], seen["status"], seen["price"]) == (order["id"], "open", 2.44)
        await asyncio.wait_for(raw, 60)
        await _until(lambda: [level[:2] for level in ann.orderbooks[NEXT]["bids"]] == [[2.44, 7]])
        await bob.create_order(NEXT, "limit", "sell", 2, 2.44)
        assert (await asyncio.wait_for(mine, 60))[0]["amount"] == 2
        assert (await asyncio.wait_for(made, 60))[0]["side"] == "sell"
        assert (await asyncio.wait_for(balance, 60))["USD"]["USD"]["total"] > 0
        assert (await asyncio.wait_for(ticking, 60))["symbol"] == NEXT
        await _until(lambda: [level[:2] for level in ann.orderbooks[NEXT]["bids"]] == [[2.44, 5]])
        await _until(lambda: ann.orders[-1]["filled"] == 2)
    finally:
        await ann.close()
        await bob.close()


async def _until(holds: Callable[[], bool]) -> None:
    """Wait for what the messages will bring."""
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to hold")


def test_post_only_is_refused_where_it_would_trade(ann: Any, bob: Any) -> None:
    bob.create_order(FRONT, "limit", "sell", 2, 2.80)
    with pytest.raises(ccxt.InvalidOrder, match="post_only_reject"):
        ann.create_order(FRONT, "limit", "buy", 1, 2.90, {"postOnly": True})
    assert ann.create_order(FRONT, "limit", "buy", 1, 2.79, {"postOnly": True})["postOnly"]


def test_a_stop_waits_until_its_price_trades(ann: Any, bob: Any) -> None:
    bob.create_order(FRONT, "limit", "sell", 1, 2.70)
    ann.create_order(FRONT, "limit", "buy", 1, 2.70)
    stop = ann.create_order(FRONT, "market", "sell", 1, None, {"stopLossPrice": 2.65})
    assert stop["info"]["order_state"] == "untriggered"
    assert ann.fetch_order_book(FRONT)["asks"] == []
    bob.create_order(FRONT, "limit", "buy", 3, 2.65)
    ann.create_order(FRONT, "limit", "sell", 1, 2.65)
    done = ann.fetch_order(stop["id"])
    assert (done["status"], done["filled"], done["info"]["triggered"]) == ("closed", 1, True)
