"""Accounts and keys from the command line's side, servers that stop, and readers that are slow."""

import asyncio
import json
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clearing.venue import Venue
from engine.exchange import Outcome
from engine.rows import Batch
from engine.schema import Kind
from gateway.app import Connection
from gateway.hub import Hub
from gateway.operator import OperatorError, new_key, open_account
from gateway.recovery import BusyError, Lock
from gateway.session import Sent
from gateway.view import View
from tests.serving import at_rest, end, first_rows, serving

FRONT = "H100_USD-31AUG26"


@pytest.fixture
def founded(tmp_path: Path) -> Path:
    """A folder whose exchange was founded, at rest."""
    at_rest(tmp_path)
    return tmp_path


def test_accounts_and_keys_of_a_folder_at_rest(founded: Path) -> None:
    first = open_account(founded, "ann", type="member", cash=Decimal("12.50"))
    second = open_account(founded, "ann", type="hedger", origin="house")
    assert (first.account, first.name, first.owner) == (1, "ann", 1)
    assert (second.account, second.name, second.owner) == (2, "ann-2", 1)
    key = new_key(founded, "ann-2", ["read"])
    assert (key.account, key.rest) == ("ann-2", "")

    view = View()
    Venue.open(founded / "journal", watch=view.fold).close()
    assert view.accounts[1].cash == 12_500_000
    assert [account.initial_percent for account in view.directory.accounts] == [100] * 3


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"owner": ""}, "owner"),
        ({"owner": "x" * 65}, "owner"),
        ({"type": "whale"}, "whale"),
        ({"origin": "mars"}, "mars"),
        ({"cash": "-1"}, "cash -1"),
        ({"cash": "NaN"}, "cash"),
        ({"cash": "1e30"}, "cash"),
        ({"cash": "0.0000001"}, "cash"),
        ({"cash": "much"}, "much"),
    ],
)
def test_accounts_that_cannot_be(founded: Path, change: dict[str, Any], named: str) -> None:
    with pytest.raises(OperatorError, match=named):
        open_account(founded, **{"owner": "ann", **change})


def test_keys_that_cannot_be(founded: Path) -> None:
    for account in ("nobody", "0", "1", "house", "-1"):
        with pytest.raises(OperatorError, match=account):
            new_key(founded, account)
    open_account(founded, "ann")
    with pytest.raises(OperatorError, match="withdraw"):
        new_key(founded, "ann", ["read", "withdraw"])
    with pytest.raises(OperatorError, match="scopes"):
        new_key(founded, "ann", [])


def test_an_exchange_that_lists_nothing_has_no_accounts(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="nothing"):
        open_account(tmp_path, "ann")


def test_mistakes_reach_the_operator_of_a_running_server(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert open_account(tmp_path, "ann").account == 1
        assert open_account(tmp_path, "ann").name == "ann-2"
        with pytest.raises(OperatorError, match="nobody"):
            new_key(tmp_path, "nobody")
        with pytest.raises(BusyError):
            Lock(tmp_path)
        with pytest.raises(AssertionError, match="the server said"), serving(tmp_path):
            pass
        assert end(served) == 0
    assert open_account(tmp_path, "bob").account == 3


def test_a_stopped_server_says_nothing_more_and_ends_well(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with serving(tmp_path) as served:
            served.child.send_signal(number)
            rest, _ = served.child.communicate(timeout=60)
            assert (rest, served.child.returncode) == ("", 0)


def test_a_damaged_journal_is_not_served(founded: Path) -> None:
    open_account(founded, "ann")
    (segment,) = (founded / "journal").iterdir()
    content = bytearray(segment.read_bytes())
    content[300] ^= 1
    segment.write_bytes(content)
    with pytest.raises(AssertionError, match="the server said"), serving(founded):
        pass


class Reader:
    """The far end of a socket: reads only while it is open."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.read: list[Any] = []

    async def take(self, text: str) -> None:
        await self.open.wait()
        self.read.append(json.loads(text))


def test_a_slow_reader_loses_messages_not_replies_and_begins_anew() -> None:
    asyncio.run(_slow_reader())


async def _slow_reader() -> None:
    venue, view = Venue.open(None), View()
    hub, slow, quick = Hub(view), Reader(), Reader()
    fold(view, hub, venue.submit(*first_rows()))
    batch = Batch(3)
    batch.money(Kind.OPEN_OWNER, other=1, text="ann")
    batch.money(Kind.OPEN_ACCOUNT, account=1, other=1, text="ann")
    batch.money(Kind.DEPOSIT, account=1, value=10**12)
    fold(view, hub, venue.submit(batch, 0))
    quick.open.set()
    connections = [Connection(reader.take, hub, 10_000) for reader in (slow, quick)]
    tasks = [asyncio.create_task(connection.write()) for connection in connections]
    for connection in connections:
        hub.subscribe(connection, [f"book.{FRONT}.raw"], 0)
    for number in range(200):
        row = Batch(1)
        row.enter(1, 0, 0, 1, 400 + 2 * (number % 7))
        fold(view, hub, venue.submit(row, 0))
        connections[0].reply(Sent(json.dumps({"id": number}).encode(), ok=True))
        await asyncio.sleep(0)
    assert connections[0].waiting < 20_000
    slow.open.set()
    for _ in range(20):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()

    assert len(quick.read) == 200
    replies = [message["id"] for message in slow.read if "id" in message]
    assert replies == list(range(200))
    messages = [message["params"]["data"] for message in slow.read if "params" in message]
    assert len(messages) < 100
    assert messages[-1]["type"] == "snapshot"
    assert messages[-1]["change_id"] == quick.read[-1]["params"]["data"]["change_id"]
    assert sum(lots for _, _, lots in messages[-1]["bids"]) == 200


def fold(view: View, hub: Hub, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        hub.publish(view.fold(outcome))
