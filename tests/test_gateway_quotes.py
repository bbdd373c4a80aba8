"""Mass quotes over the wire: both sides of each at once, or what was wrong with it."""

from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.serving import EVENT, ask, logged_in

FRONT, NEXT = "H100_USD-31AUG26", "H100_USD-30SEP26"
CALENDAR = "H100_USD-FS-31AUG26_30SEP26"


@pytest.fixture
def sockets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ClientConnection]]:
    with logged_in(tmp_path_factory.mktemp("quotes"), "ann", "bob") as found:
        yield found


def entry(name: str, *sides: tuple[int, float]) -> dict[str, Any]:
    """Return a mass quote's entry: the bid, then the ask."""
    named = zip(("bid", "ask"), sides, strict=False)
    made = {side: {"amount": lots, "price": price} for side, (lots, price) in named}
    return {"instrument_name": name, **made}


def quote(socket: ClientConnection, *entries: dict[str, Any]) -> Any:
    return ask(socket, "private/mass_quote", quotes=list(entries), quote_id="q1")["result"]


def book(socket: ClientConnection, name: str = FRONT) -> Any:
    found = ask(socket, "public/get_order_book", instrument_name=name)["result"]
    return found["bids"], found["asks"]


def test_a_mass_quote_replaces_the_older_one(sockets: list[ClientConnection]) -> None:
    ann, bob = sockets
    first = quote(
        ann, entry(FRONT, (5, 2.70), (5, 2.80)), entry(NEXT, (5, 2.60)), entry(NEXT, (5, 2.9))
    )
    assert (first["success_count"], first["error_count"], len(first["orders"])) == (3, 0, 4)
    assert {order["label"] for order in first["orders"]} == {"q1"}
    assert book(bob) == ([[2.7, 5]], [[2.8, 5]])
    assert book(bob, NEXT) == ([[2.9, 5]], [])

    second = quote(ann, entry(FRONT, (4, 2.70), (6, 2.80)), entry(NEXT, (5, 2.9), (1, 2.8)))
    assert (second["success_count"], second["error_count"]) == (1, 1)
    assert second["errors"] == [
        {
            "instrument_name": NEXT,
            "code": -32602,
            "message": "Invalid params",
            "reason": "quote_crossed",
        }
    ]
    kept, moved = second["orders"]
    assert kept["order_id"] == first["orders"][0]["order_id"]
    assert moved["order_id"] != first["orders"][1]["order_id"]
    assert (kept["amount"], moved["amount"]) == (4, 6)
    assert book(bob) == ([[2.7, 4]], [[2.8, 6]])
    assert book(bob, NEXT) == ([[2.9, 5]], [])

    ask(bob, "private/sell", instrument_name=FRONT, amount=2, price=2.75)
    third = quote(ann, entry(FRONT, (3, 2.75)))
    assert [(trade["amount"], trade["price"]) for trade in third["trades"]] == [(2, 2.75)]
    assert book(bob) == ([[2.75, 1]], [])


def test_protection_takes_quotes_out_until_it_is_set_again(
    sockets: list[ClientConnection],
) -> None:
    ann, bob = sockets
    protection = {"index_name": "h100_usd", "interval": 5, "quantity_limit": 3}
    (told,) = ask(ann, "private/set_mmp_config", **protection)["result"]
    assert told == {**protection, "frozen_time": 0, "is_frozen": False}
    quote(ann, entry(FRONT, (5, 2.70), (5, 2.80)), entry(NEXT, (5, 2.60)))
    ask(bob, "private/sell", instrument_name=FRONT, amount=3, price=2.70)
    assert (book(bob), book(bob, NEXT)) == (([], []), ([], []))
    refused = quote(ann, entry(FRONT, (5, 2.70)))
    assert [error["reason"] for error in refused["errors"]] == ["quotes_protected"]
    assert "result" in ask(ann, "private/set_mmp_config", **protection)
    assert quote(ann, entry(FRONT, (5, 2.70)))["success_count"] == 1


def test_a_breach_is_seen_and_reset(sockets: list[ClientConnection]) -> None:
    ann, bob = sockets
    ask(ann, "private/cancel_quotes")
    asked = {"index_name": "h100_usd", "interval": 5, "quantity_limit": 2}
    ask(ann, "private/set_mmp_config", **asked)
    quote(ann, entry(CALENDAR, (5, -0.02), (5, 0.02)), entry(FRONT, (1, 2.70)))
    ask(bob, "private/buy", instrument_name=CALENDAR, amount=1, price=0.02)
    whole = {**asked, "frozen_time": 0, "is_frozen": False}
    assert ask(ann, "private/get_mmp_config")["result"] == [whole]
    ask(bob, "private/buy", instrument_name=CALENDAR, amount=1, price=0.02)
    frozen = {**whole, "is_frozen": True}
    assert ask(ann, "private/get_mmp_config", index_name="h100_usd")["result"] == [frozen]
    assert (book(bob), book(bob, CALENDAR)) == (([], []), ([], []))
    assert ask(ann, "private/reset_mmp", index_name="h100_usd")["result"] == "ok"
    assert ask(ann, "private/get_mmp_config")["result"] == [whole]
    assert quote(ann, entry(FRONT, (1, 2.70)))["success_count"] == 1
    assert ask(ann, "private/get_mmp_config", index_name="b200_usd")["result"][0] == {
        "index_name": "b200_usd",
        "interval": 0,
        "frozen_time": 0,
        "quantity_limit": 0,
        "is_frozen": False,
    }
    ask(ann, "private/set_mmp_config", index_name="h100_usd")


def test_quotes_are_canceled_by_kind_instrument_and_label(sockets: list[ClientConnection]) -> None:
    ann, bob = sockets
    ask(ann, "private/cancel_quotes")
    option = "B200_USD-31AUG26-0d2-C"
    entries = [entry(name, (1, price)) for name, price in ((FRONT, 2.6), (NEXT, 2.6))]
    quote(ann, *entries, entry(option, (1, 0.05), (1, 0.06)), entry(EVENT, (1, 0.4), (2, 0.45)))
    kept = ask(ann, "private/buy", instrument_name=FRONT, amount=1, price=2.5)["result"]["order"]

    def canceled(**asked: str) -> Any:
        return ask(ann, "private/cancel_quotes", **asked)["result"]

    assert canceled(cancel_type="instrument", instrument_name=NEXT) == 1
    assert canceled(cancel_type="currency", currency="H100", kind="option") == 2
    assert canceled(cancel_type="quote_set_id", quote_set_id="q2") == 0
    assert canceled(cancel_type="quote_set_id", quote_set_id="q1") == 3
    assert canceled() == 0
    assert book(bob) == ([[2.5, 1]], [])
    ask(ann, "private/cancel", order_id=kept["order_id"])
    error = ask(ann, "private/cancel_quotes", cancel_type="instrument")["error"]
    assert error["data"]["param"] == "instrument_name"


def test_mass_quotes_that_cannot_be(sockets: list[ClientConnection]) -> None:
    ann, _ = sockets
    for entries, param in (
        ([], "quotes"),
        ([entry(FRONT, (1, 2.7))] * 16, "quotes"),
        ([entry(FRONT, (0, 2.7))], "amount"),
        ([entry(FRONT, (1, 2.701))], "price"),
        ([entry("H100", (1, 2.7))], "instrument_name"),
    ):
        error = ask(ann, "private/mass_quote", quotes=entries)["error"]
        assert error["data"]["param"] == param
    error = ask(ann, "private/set_mmp_config", index_name="btc_usd")["error"]
    assert error["data"]["param"] == "index_name"
