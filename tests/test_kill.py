"""Kill -9 while clients trade: every acknowledged order and fill is there, and nothing twice.

`CFX_KILL_CYCLES` says how often (default 20), shared by two exchanges side by side.
"""

import collections
import json
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from clearing.venue import Venue
from clearing.verify import verify
from engine.exchange import Outcome
from engine.schema import Did
from gateway.operator import KeyMade, new_key, open_account
from tests.serving import Served, end, start

CYCLES = int(os.environ.get("CFX_KILL_CYCLES", "20"))
EXCHANGES = 2
INSTRUMENT = "H100_USD-31AUG26"
LIVES_S = (0.05, 0.6)  # How long a server trades before it is killed.
UNANSWERED_MAX = 16


@dataclass
class Acknowledged:
    """What clients were told, for good."""

    orders: dict[str, str] = field(default_factory=dict)  # Order id: label.
    fills: dict[tuple[str, str], int] = field(default_factory=dict)  # Trade, order id: lots.

    def take(self, trades: list[dict[str, Any]]) -> None:
        """Note fills; what is told twice is told alike."""
        for trade in trades:
            lots = self.fills.setdefault((trade["trade_id"], trade["order_id"]), trade["amount"])
            assert lots == trade["amount"]


class Trader(threading.Thread):
    """One client: sends orders without waiting for their answers, until its server is gone."""

    def __init__(self, served: Served, key: KeyMade, seed: str) -> None:
        super().__init__()
        self.told = Acknowledged()
        self.trades = threading.Event()  # Set once it is logged in.
        self._served, self._key = served, key
        self._seed = f"{seed}-{key.account}"

    def run(self) -> None:
        rng = random.Random(self._seed)
        try:
            with connect(self._served.ws) as socket:
                _login(socket, self._key)
                self.trades.set()
                for number in range(1_000_000):
                    socket.send(self._order(number, rng))
                    while number >= UNANSWERED_MAX and not self._receive(socket):
                        pass
        except (ConnectionClosed, OSError):
            return

    def _order(self, number: int, rng: random.Random) -> str:
        params: dict[str, Any] = {"instrument_name": INSTRUMENT, "amount": rng.randrange(1, 9)}
        side = rng.choice(("buy", "sell"))
        price, label = f"2.{rng.randrange(78, 84)}", f"{self._seed}-{number}"
        params |= {"price": price, "label": label}
        return json.dumps({"id": number, "method": f"private/{side}", "params": params})

    def _receive(self, socket: ClientConnection) -> bool:
        """Take one message; return whether it answers an order."""
        message = json.loads(socket.recv())
        if "params" in message:
            self.told.take(message["params"]["data"])
        elif "result" in message:
            order = message["result"]["order"]
            self.told.orders[order["order_id"]] = order["label"]
            self.told.take(message["result"]["trades"])
        return "params" not in message


@pytest.mark.parametrize("seed", [2026])
def test_acknowledged_orders_and_fills_survive_kill_9(tmp_path: Path, seed: int) -> None:
    with ThreadPoolExecutor(EXCHANGES) as pool:
        folders = [tmp_path / str(number) for number in range(EXCHANGES)]
        rounds = [pool.submit(_trade_and_kill, folder, seed) for folder in folders]
        kills = sum(each.result() for each in rounds)
    assert kills >= CYCLES


def _trade_and_kill(directory: Path, seed: int) -> int:
    """Return how often the server of a folder was killed; check it after each time."""
    rng = random.Random(f"{seed} {directory.name}")
    told = Acknowledged()
    served = start(directory)
    keys = [_trader(directory, name) for name in ("ann", "bob")]
    cycles, recovered = -(-CYCLES // EXCHANGES), served.recovered
    for cycle in range(cycles):
        fresh = _until_killed(served, keys, f"{seed}-{cycle}", rng.uniform(*LIVES_S))
        served = start(directory)
        assert served.recovered >= recovered + len(fresh.orders)
        recovered = served.recovered
        _check_served(served, keys, fresh)
        told.orders |= fresh.orders
        told.fills |= fresh.fills
    assert end(served) == 0
    assert told.orders
    assert told.fills
    _check_journal(directory, told)
    return cycles


def _trader(directory: Path, name: str) -> KeyMade:
    open_account(directory, name, type="member", cash="100000000")
    return new_key(directory, name)


def _until_killed(served: Served, keys: list[KeyMade], seed: str, seconds: float) -> Acknowledged:
    """Return what two clients were told until their server was killed."""
    traders = [Trader(served, key, seed) for key in keys]
    for trader in traders:
        trader.start()
    for trader in traders:
        assert trader.trades.wait(10)
    threading.Event().wait(seconds)
    served.child.kill()
    served.child.wait()
    for trader in traders:
        trader.join()
    told = Acknowledged()
    for trader in traders:
        told.orders |= trader.told.orders
        told.fills |= trader.told.fills
    return told


def _check_served(served: Served, keys: list[KeyMade], told: Acknowledged) -> None:
    """What was acknowledged is what the restarted server says."""
    found_orders: dict[str, str] = {}
    found_fills: collections.Counter[tuple[str, str]] = collections.Counter()
    for key in keys:
        with connect(served.ws) as socket:
            _login(socket, key)
            for order in _pages(socket, "private/get_order_history_by_currency"):
                found_orders[order["order_id"]] = order["label"]
            for order in _ask(socket, "private/get_open_orders", {}):
                found_orders[order["order_id"]] = order["label"]
            for trade in _trades(socket):
                found_fills[trade["trade_id"], trade["order_id"]] += trade["amount"]
    assert told.orders.items() <= found_orders.items()
    assert told.fills.items() <= found_fills.items()


def _check_journal(directory: Path, told: Acknowledged) -> None:
    """What was acknowledged stands in the journal, once, and all hashes hold."""
    verified = verify(directory)
    assert verified.ok, verified.finding
    assert (verified.ledger_sum_micro, verified.position_sum) == (0, 0)
    fills: collections.Counter[tuple[str, str]] = collections.Counter()
    entered: collections.Counter[str] = collections.Counter()

    def watch(outcome: Outcome) -> None:
        for event in outcome.events:
            if event["kind"] == Did.FILLED:
                fills[str(event["trade_id"]), str(event["order_id"])] += 1
            elif event["kind"] == Did.ENTERED:
                entered[str(event["order_id"])] += 1

    Venue.open(directory / "journal", watch=watch).close()
    assert told.orders.keys() <= entered.keys()
    assert told.fills.keys() <= fills.keys()
    assert set(entered.values()) == {1}
    assert set(fills.values()) == {1}


def _pages(socket: ClientConnection, method: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = _ask(socket, method, {"count": 1_000, "offset": len(found)})
        found += page
        if len(page) < 1_000:
            return found


def _trades(socket: ClientConnection) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"instrument_name": INSTRUMENT, "count": 1_000, "sorting": "asc"}
    found: list[dict[str, Any]] = []
    first = 0
    while True:
        page = _ask(socket, "private/get_user_trades_by_instrument", {**asked, "start_seq": first})
        found += page["trades"]
        if not page["has_more"]:
            return found
        first = found[-1]["trade_seq"] + 1


def _login(socket: ClientConnection, key: KeyMade) -> None:
    params = {"client_id": key.client_id, "client_secret": key.client_secret}
    _ask(socket, "public/auth", {"grant_type": "client_credentials", **params})
    _ask(socket, "private/subscribe", {"channels": ["user.trades.any.any.raw"]})


def _ask(socket: ClientConnection, method: str, params: dict[str, Any]) -> Any:
    socket.send(json.dumps({"id": "ask", "method": method, "params": params}))
    while True:
        message = json.loads(socket.recv())
        if message.get("id") == "ask":
            return message["result"]
