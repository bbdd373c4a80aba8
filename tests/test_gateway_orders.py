"""Order types over the wire: what a client asks for is what the book shows and the owner reads."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from gateway.controls import Guard
from gateway.operator import control
from tests.serving import ask, logged_in

FRONT = "H100_USD-31AUG26"


@pytest.fixture
def sockets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ClientConnection]]:
    with logged_in(tmp_path_factory.mktemp("orders"), "ann", "bob") as found:
        yield found


def enter(socket: ClientConnection, side: str, amount: int, price: float, **more: Any) -> Any:
    asked = {"instrument_name": FRONT, "amount": amount, "price": price, **more}
    answer = ask(socket, f"private/{side}", **asked)
    return answer["result"]["order"] if "result" in answer else answer["error"]


def asks(socket: ClientConnection) -> Any:
    return ask(socket, "public/get_order_book", instrument_name=FRONT)["result"]["asks"]


def test_order_types_end_to_end(sockets: list[ClientConnection]) -> None:
    ann, bob = sockets

    enter(bob, "sell", 2, 2.80)
    slid = enter(ann, "buy", 1, 2.90, post_only=True)
    assert (slid["price"], slid["order_state"], slid["post_only"]) == (2.79, "open", True)
    refused = enter(ann, "buy", 1, 2.90, post_only=True, reject_post_only=True)
    assert (refused["code"], refused["data"]["param"]) == (11054, "price")
    assert ask(ann, "private/cancel_all")["result"] == 1
    assert ask(bob, "private/cancel_all")["result"] == 1

    iceberg = enter(ann, "sell", 10, 2.75, max_show=3)
    assert iceberg["max_show"] == 3
    assert asks(bob) == [[2.75, 3]]
    assert enter(bob, "buy", 4, 2.75)["filled_amount"] == 4
    assert asks(bob) == [[2.75, 2]]
    kill = enter(bob, "buy", 6, 2.75, time_in_force="fill_or_kill")
    assert kill["order_state"] == "filled"

    assert enter(bob, "sell", 11, 3.00, reduce_only=True)["data"]["reason"] == "reduce_only"
    stop = enter(bob, "sell", 10, 2.50, type="stop_limit", trigger_price=2.70, reduce_only=True)
    assert (stop["order_state"], stop["trigger_price"]) == ("untriggered", 2.70)
    assert asks(bob) == []
    enter(ann, "buy", 1, 2.70)
    enter(bob, "sell", 1, 2.70)
    read = ask(bob, "private/get_order_state", order_id=stop["order_id"])["result"]
    assert (read["order_state"], read["triggered"]) == ("open", True)
    assert asks(bob) == [[2.5, 10]]


def test_a_refusal_by_a_limit_names_both_numbers(tmp_path: Path) -> None:
    with logged_in(tmp_path, "ann", "bob") as (ann, bob):
        control(tmp_path, Guard("H100", band=Decimal("0.20")))
        lots = enter(ann, "buy", 2_001, 2.80)["data"]
        assert (lots["reason"], lots["param"]) == ("quantity_above_clip", "amount")
        assert (lots["reached"], lots["limit"]) == (2_001, 2_000)
        enter(ann, "buy", 1, 2.80)
        enter(bob, "sell", 1, 2.80)
        price = enter(ann, "buy", 1, 3.01)["data"]
        assert (price["reason"], price["param"]) == ("price_band", "price")
        assert (price["reached"], price["limit"]) == (3.01, 3.00)
