"""A served exchange for ccxt: clients of its traders, and what its journal says."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ccxt

from clearing.venue import Venue
from engine.exchange import Outcome
from gateway.operator import new_key, open_account
from tests.serving import Served, end, serving


class Door(NamedTuple):
    """A served exchange and the keys of its traders."""

    directory: Path
    served: Served
    secrets: dict[str, dict[str, str]]

    def client(self, name: str, kind: Any = ccxt.deribit) -> Any:
        """Return ccxt's client of a trader."""
        client = kind({**self.secrets[name], "enableRateLimit": False})
        client.urls["api"] = {"rest": self.served.rest, "ws": self.served.ws}
        return client

    def venue(self, watch: Callable[[Outcome], object] = lambda _: None) -> Venue:
        """Return a venue that replayed a copy of the journal as it stands now."""
        copy = self.directory.with_name("copy")
        copy.mkdir(exist_ok=True)
        for segment in (self.directory / "journal").iterdir():
            (copy / segment.name).write_bytes(segment.read_bytes())
        venue = Venue.open(copy, watch=watch)
        venue.close()
        return venue

    def events(self) -> list[Any]:
        """Return every event of the journal so far."""
        found: list[Any] = []
        self.venue(lambda outcome: found.extend(outcome.events))
        return found

    def of_order(self, order_id: str) -> list[Any]:
        """Return the journal's events of an order."""
        return [event for event in self.events() if event["order_id"] == int(order_id)]


@contextlib.contextmanager
def opened(folder: Path, **cash: str) -> Iterator[Door]:
    """Serve an exchange with an account of each name, and this much USD."""
    directory = folder / "exchange"
    with serving(directory) as served:
        secrets = {}
        for name, amount in cash.items():
            open_account(directory, name, cash=amount)
            key = new_key(directory, name)
            secrets[name] = {"apiKey": key.client_id, "secret": key.client_secret}
            assert (key.rest, key.ws) == (served.rest, served.ws)
        yield Door(directory, served, secrets)
        assert end(served) == 0
