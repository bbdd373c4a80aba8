"""Orders of the house that reduce an account's positions: of who is under call, and of defaulters.

Every 30 seconds of the venue's time one order an account goes to the book, for at most a tenth of
what traded in its contract in the last hour, so that the house's own selling makes no price.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from clearing.directory import Directory
from clearing.holdings import MINUTE
from clearing.positions import Positions
from engine.rows import Batch
from engine.schema import Flag, Form, Kind, Side, Tif, Type

ROUND = 30_000_000_000  # Nanoseconds between two orders of an account.
PART = 10  # An order is at most this part of the last hour's lots, and at least one lot.
NEVER = 2**63 - 1

_MINUTES = 60


class Choice(NamedTuple):
    """A contract to trade in, and the most lots; below 0: to buy."""

    instrument: int
    lots: int


class Liquidations:
    """Whose positions the house reduces, and when it sends orders next."""

    def __init__(self, directory: Directory, positions: Positions) -> None:
        self._directory = directory
        self._positions = positions
        self._rounds: dict[int, int] = {}  # By account: how many there have been.
        self._is_due = False
        self.deadline = NEVER  # When the next round is, nanoseconds.
        self.begun = 0  # Accounts that it was ever begun for, counted each time.

    def __contains__(self, account: int) -> bool:
        return account in self._rounds

    @property
    def accounts(self) -> list[int]:
        """Whose positions are being reduced, ascending."""
        return sorted(self._rounds)

    def begin(self, account: int, now: int) -> None:
        """Let an account's positions be reduced from one round after `now` on."""
        assert account not in self._rounds
        self._rounds[account] = 0
        self.begun += 1
        self.deadline = min(self.deadline, now + ROUND)

    def end(self, account: int) -> None:
        """Send no more orders of an account, if any were sent."""
        self._rounds.pop(account, None)
        if not self._rounds:
            self.deadline, self._is_due = NEVER, False

    def pass_time(self, now: int) -> None:
        """Take in how late it is; after a deadline a round is due, and the next one waits."""
        if now >= self.deadline:
            self._is_due = True
            self.deadline = now + ROUND

    def round(self, now: int, choices: Callable[[int], list[Choice]]) -> Batch:
        """Return the orders that are due, one an account, after a cancel of its own.

        What an account has working would stand in the way: nobody knows what it leaves to reduce.
        choices: of an account, its contracts in order of preference; rounds take them in turn, so
        that a book without anybody in it holds up no other.
        """
        batch = Batch()
        if not self._is_due:
            return batch
        self._is_due = False
        for account in self.accounts:
            found = choices(account)
            if found:
                choice = found[self._rounds[account] % len(found)]
                batch.cancel_all(account, flags=Flag.OPERATOR)
                self._add(batch, account, choice, now)
                self._rounds[account] += 1
        return batch

    def _add(self, batch: Batch, account: int, choice: Choice, now: int) -> None:
        instrument, lots = choice
        clip = self._directory.instruments[instrument].clip
        lots_max = min(abs(lots), clip, max(1, self._last_hour(instrument, now) // PART))
        side = Side.SELL if lots > 0 else Side.BUY
        batch.enter(account, instrument, side, lots_max, type=Type.MARKET, tif=Tif.FAK)
        batch.rows["kind"][-1] = Kind.LIQUIDATE

    def _last_hour(self, instrument: int, now: int) -> int:
        """Return the lots that traded in the last 60 minutes, the one that has begun included."""
        closed = (now // MINUTE + 1) * MINUTE
        _, lots = self._positions.turnover(instrument, closed - _MINUTES * MINUTE, closed)
        return lots


def largest_first(needs: Iterable[tuple[int, int, int]]) -> list[Choice]:
    """Return choices of (instrument, lots, what they need), those first that need most."""
    ordered = sorted(needs, key=lambda each: (-each[2], each[0]))
    return [Choice(instrument, lots) for instrument, lots, _ in ordered]


def toward_flat(directory: Directory, net: dict[int, int]) -> list[Choice]:
    """Return how to hedge what is held: in each product's lead month, up to the net lots.

    The lead month is the nearest future held whose lots lie on the side of the net. net: lots by
    instrument number. What a hedge cannot reach, because no order may open a position, the
    auction takes over.
    """
    found = []
    for product in directory.products:
        futures = [each for each in directory.futures(product.number) if net.get(each.number)]
        assert all(each.form == Form.FUTURE for each in futures)
        total = sum(net[each.number] for each in futures)
        for future in futures:
            held = net[future.number]
            if held * total > 0:
                lots = min(abs(held), abs(total))
                found.append(Choice(future.number, lots if held > 0 else -lots))
                break
    return found
