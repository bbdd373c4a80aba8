"""What protects each market maker's quotes, folded from accepted PROTECT rows and breaches."""

from typing import NamedTuple

from engine.exchange import Outcome
from engine.layout import MONEY
from engine.schema import Did, Kind


class Protection(NamedTuple):
    """How many lots an account's quotes in a product may fill in a window; 0: any."""

    lots: int = 0
    window: int = 0  # Nanoseconds.
    is_breached: bool = False  # Its quotes are out, and new ones refused, until it is reset.


class Protections:
    """What was set last, by account and product."""

    def __init__(self) -> None:
        self._set: dict[tuple[int, int], Protection] = {}

    def of(self, account: int, product: int) -> Protection:
        """Return what protects an account's quotes in a product."""
        return self._set.get((account, product), Protection())

    def fold(self, outcome: Outcome) -> None:
        """Take in what a frame set, and which protections it breached, in order."""
        commands, events = outcome.frame.commands, outcome.events
        rows = commands[outcome.accepted(commands["kind"] == Kind.PROTECT)]
        breaches = events[events["kind"] == Did.PROTECTED]
        for row in sorted([*rows, *breaches], key=lambda one: int(one["seq"])):
            if row.dtype == breaches.dtype:
                key = int(row["account"]), int(row["leaves"])
                self._set[key] = self.of(*key)._replace(is_breached=True)
            else:
                money = row.view(MONEY)
                key = int(row["account"]), int(money["product"])
                self._set[key] = Protection(int(money["value"]), int(money["batch"]))
