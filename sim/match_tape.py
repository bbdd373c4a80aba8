"""Replays a tape: asks the kernel for what its aggressors asked for, and compares the fills.

A tape holds outcomes. All rows of one time that hold a trade print are one event: each
aggressor becomes one fill-and-kill order. Whom the kernel fills is held against the tape's
execution rows, and then the book is set to what the tape says, so that a difference is
counted once and makes no other.
"""

from typing import NamedTuple

import msgspec
import numpy as np

from engine.jit import Table
from engine.schema import Did, Phase, Role
from sim.flow import Flow, Says
from sim.match_book import Book, Resting
from sim.match_event import Event, Lots, ask, expected_lots, read_event
from sim.match_rows import Commands
from sim.match_set import set_book
from sim.match_stops import enter_stops


class Match(NamedTuple):
    """A match event: where it stands in the flow, and who was filled by the venue and by us."""

    first: int
    stop: int
    expected: Lots
    filled: Lots


class Auction(msgspec.Struct, frozen=True):
    """An uncrossing, the kernel's and the venue's. Prices in ticks."""

    time_ns: int
    price: int
    quantity: int
    venue_price: int
    venue_quantity: int
    hidden_orders: int  # Orders that the tape shows for the first time as filled,
    hidden_lots: int  # and what of them was filled.


class Tape:
    """The replay of a tape on a book. `matches` and `auctions` say what came of it."""

    def __init__(self, flow: Flow, names: Table, commands: Commands, hidden_stops: bool) -> None:
        """Prepare a replay; names: int64, shape (n,), each row's order."""
        prints = flow.says == Says.TRADE
        times = np.unique(flow.time[prints])
        crossed = np.unique(flow.time[prints & (flow.side == 0)])
        self._flow, self._names, self._commands = flow, names, commands
        self._hidden_stops = hidden_stops
        self._first = np.searchsorted(flow.time, times, "left")
        self._stop = np.searchsorted(flow.time, times, "right")
        self._is_auction = [*np.isin(times, crossed).tolist(), False]
        self.matches: list[Match] = []
        self.auctions: list[Auction] = []

    def phase_before(self, number: int) -> Phase:
        """Return the phase before an event: what stands before an auction does not match."""
        return Phase.PRE_OPEN if self._is_auction[number] else Phase.OPEN

    def replay(self, book: Book) -> None:
        """Play all rows. Raises ValueError where hidden orders cannot be entered as stops."""
        places = self._commands.places
        begins = [0, *np.searchsorted(places, self._stop).tolist()]
        ends = [*np.searchsorted(places, self._first).tolist(), len(places)]
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
            for rows in self._commands.frames(begin, end):
                book.apply(rows)
            if number == len(self._first):
                return
            self._play(book, number)
            if self._is_auction[number + 1]:
                book.change_phase(Phase.PRE_OPEN)

    def _play(self, book: Book, number: int) -> None:
        first, stop = int(self._first[number]), int(self._stop[number])
        event = read_event(self._flow, self._names, first, stop)
        if self._is_auction[number]:
            before = self._uncross(book, event, int(self._flow.time[first]))
        else:
            lots, before = ask(book, event)
            self.matches.append(Match(first, stop, expected_lots(event), lots))
        set_book(book, event, before)

    def _uncross(self, book: Book, event: Event, time: int) -> dict[int, Resting]:
        """Open the book, note both auctions, and return who was filled, as they rested before."""
        hidden = [row for row in event.executions if book.find(row.name) is None]
        if self._hidden_stops and hidden:
            enter_stops(book, event, hidden)
        before = {order.name: order for order in book.resting()}
        events = book.change_phase(Phase.OPEN)
        fills = events[(events["kind"] == Did.FILLED) & (events["role"] == Role.AUCTION)]
        self.auctions.append(
            Auction(
                time_ns=time,
                price=int(fills["price"][-1]) if len(fills) else 0,
                quantity=int(fills["quantity"].sum()) // 2,
                venue_price=event.prints[0].price,
                venue_quantity=sum(row.quantity for row in event.prints),
                hidden_orders=len(hidden),
                hidden_lots=sum(row.quantity for row in hidden),
            )
        )
        names = dict.fromkeys((fills["tag"] - 1).tolist())
        return {name: before[name] for name in names if name in before}
