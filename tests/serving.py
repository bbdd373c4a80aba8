"""A served exchange for tests: two products, in a child of its own.

Run as a module it serves one folder: `python -m tests.serving DIR [SPEED]`.
"""

import contextlib
import datetime
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from websockets.sync.client import ClientConnection, connect

from clearing import calendar
from clearing.calendar import last_trading_day
from clearing.directory import Directory
from clearing.genesis import genesis
from clearing.options import Underlying, add_options
from clearing.terms import ProductTerms
from clearing.venue import Venue
from engine.disk import Disk
from engine.instruments import as_number, units
from engine.rows import Batch
from engine.schema import Form, Kind, Phase
from gateway.operator import KeyMade, new_key, open_account

FIRST_DAY = datetime.date(2026, 8, 4)
FIRST_MONTHS = (202608, 202609)
EVENT = "H100_USD-30SEP26-E-2d8"
START = calendar.moment(FIRST_DAY, 9 * 3_600)  # Chicago, 09:00: the market is open.
READY_S = 120  # A first start compiles the kernels.


class Served(NamedTuple):
    """A running server."""

    child: subprocess.Popen[str]
    rest: str
    recovered: int

    @property
    def ws(self) -> str:
        """Where its WebSockets are."""
        return self.rest.replace("http", "ws", 1) + "/ws/api/v2"


def first_rows() -> tuple[Batch, int]:
    """Return the rows that found the exchange of the tests, and when."""
    products = [
        ProductTerms(model="H100", rates=(Decimal(250),), spreads="calendars"),
        ProductTerms(model="B200", rates=(Decimal(500),)),
    ]
    batch = genesis(products, FIRST_DAY, START)
    _add_paid(batch)
    return batch, START


def at_rest(directory: Path, *owners: str) -> None:
    """Found the exchange of the tests in a folder, with a rich account of each owner."""
    venue = Venue.open(directory / "journal", disk=Disk())
    venue.submit(*first_rows())
    venue.close()
    for owner in owners:
        open_account(directory, owner, cash=Decimal(1_000_000))


def _add_paid(batch: Batch) -> None:
    """List options at 0.20 and 0.30 on B200's front month, and an event of H100; and open them."""
    number, (front, far) = len(batch.rows[batch.rows["kind"] == Kind.LIST]), FIRST_MONTHS
    rate = 500_000_000
    future = Underlying(1, front, as_number(last_trading_day(front)), units("0.20"), rate)
    terms = ProductTerms(model="B200", rates=(Decimal(500),))
    number += add_options(batch, number, terms, future)
    batch.listing(
        number,
        0,
        EVENT,
        low=0,
        high=200,
        tick=2,
        value=5_000,
        clip=1_000,
        position_max=7_500,
        protection=20,
        month=far,
        expiry=as_number(last_trading_day(far)),
        form=Form.EVENT,
        strike=units("2.80"),
    )
    for product in (0, 1):
        batch.money(Kind.PHASE, product=product, code=Phase.OPEN, value=as_number(FIRST_DAY))


def founding(known: Directory) -> tuple[Batch, int]:
    """Return what an exchange of the tests lacks: all, or nothing."""
    return (Batch(), START) if known.products else first_rows()


def login(socket: ClientConnection, key: KeyMade) -> None:
    """Log a WebSocket in."""
    params = {"client_id": key.client_id, "client_secret": key.client_secret}
    answer = ask(socket, "public/auth", grant_type="client_credentials", **params)
    assert answer["result"]["token_type"] == "bearer"


def ask(socket: ClientConnection, method: str, **params: Any) -> Any:
    """Return the answer to a request."""
    socket.send(json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}))
    return json.loads(socket.recv(10))


def start(directory: Path, *options: str) -> Served:
    """Return a server of a folder that has said it is ready."""
    command = [sys.executable, "-m", "tests.serving", str(directory), *options]
    root = Path(__file__).parent.parent
    child = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True, env=os.environ)
    assert child.stdout is not None
    words = child.stdout.readline().split()
    assert words[:1] == ["ready"], f"the server said {words!r}"
    return Served(child, words[1], int(words[2].removeprefix("recovered=")))


def end(served: Served) -> int:
    """Return a server's exit status after SIGTERM."""
    served.child.send_signal(signal.SIGTERM)
    return served.child.wait(10)


@contextlib.contextmanager
def serving(directory: Path, *options: str) -> Iterator[Served]:
    """Serve a folder while the block runs."""
    served = start(directory, *options)
    try:
        yield served
    finally:
        if served.child.poll() is None:
            served.child.kill()
        served.child.wait()


if __name__ == "__main__":
    from gateway.server import serve

    pace = sys.argv[2] if len(sys.argv) > 2 else "real"
    sys.exit(serve(Path(sys.argv[1]), port=0, speed=pace, founding=founding))


@contextlib.contextmanager
def logged_in(directory: Path, *names: str) -> Iterator[list[ClientConnection]]:
    """Serve an exchange, and yield a socket for a new account of each name, with its key."""
    with serving(directory) as served, contextlib.ExitStack() as closing:
        found = []
        for name in names:
            open_account(directory, name, cash="1000000")
            found.append(closing.enter_context(connect(served.ws)))
            login(found[-1], new_key(directory, name))
        yield found
