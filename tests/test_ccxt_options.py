"""An unmodified ccxt takes options and event contracts for options, and trades them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.door import Door, opened


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with opened(tmp_path, ann="1000000", bob="1000000") as found:
        yield found


def test_options_load_as_options_and_trade(door: Door) -> None:
    ann, bob = door.client("ann"), door.client("bob")
    markets = ann.load_markets()
    call, event = markets["B200/USD:USD-260831-0.2-C"], markets["H100/USD:USD-260930-2.8-C"]
    assert (call["id"], call["type"], call["option"]) == ("B200_USD-31AUG26-0d2-C", "option", True)
    assert (call["strike"], call["optionType"], call["contractSize"]) == (0.2, "call", 730)
    assert markets["B200/USD:USD-260831-0.3-P"]["optionType"] == "put"
    assert (event["contractSize"], event["info"]["payoff"]) == (1, "digital")
    for market, price in ((call, 0.05), (event, 0.40)):
        ann.create_order(market["symbol"], "limit", "sell", 2, price)
        taken = bob.create_order(market["symbol"], "limit", "buy", 2, price)
        assert (taken["status"], taken["average"]) == ("closed", price)
        assert bob.fetch_ticker(market["symbol"])["last"] == price
    (held,) = [one for one in bob.fetch_positions() if one["symbol"] == call["symbol"]]
    assert (held["side"], held["contracts"]) == ("long", 2)
