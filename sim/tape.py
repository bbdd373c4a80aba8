"""What the market shows everybody, folded from outcomes, and when each part of it held.

Latency is a question of when one looks: a participant whose feed takes 3 ms sees
the tape as it stood 3 ms ago, so one tape serves all. Nothing here reads State.
"""

from bisect import bisect_right
from collections import defaultdict
from typing import Generic, NamedTuple, TypeVar

from clearing.calendar import trade_date
from clearing.default.sales import Sales
from clearing.directory import Directory, Instrument
from clearing.fixings import Fixings
from engine.exchange import Outcome
from engine.frame import Frame
from engine.instruments import as_number
from engine.jit import Table
from engine.layout import MONEY, OBSERVE
from engine.schema import NIL_PRICE, Did, Form, Kind, Phase, Side
from gateway.book import Books
from gateway.events import Event, chosen, is_print, select

T = TypeVar("T")

_KEPT = 512  # Entries of one history before the old ones go.
_REACH = 120 * 1_000_000_000  # Nobody looks farther back than two minutes.


_NOTHING = [(NIL_PRICE, 0)]
_FOLDED = chosen(
    [
        *(Did.ENTERED, Did.RESTED, Did.FILLED, Did.CANCELED, Did.REPLACED, Did.PHASED),
        *(Did.REJECTED, Did.DEPOSITED, Did.TAKEN, Did.CHARGED, Did.SUSPENDED),
        *(Did.MARKED, Did.SETTLED, Did.BUSTED, Did.ADJUSTED, Did.PRICED, Did.IMPLIED),
    ]
)


class History(Generic[T]):
    """The values that something had, with the times from which they held."""

    __slots__ = ("_times", "_values")

    def __init__(self, first: T) -> None:
        self._times = [-(2**63)]
        self._values = [first]

    def add(self, time: int, value: T) -> None:
        """Let `value` hold from `time` on. Times never go back."""
        if time == self._times[-1]:
            self._values[-1] = value
            return
        if len(self._times) >= _KEPT:
            self._forget(time - _REACH)
        self._times.append(time)
        self._values.append(value)

    def at(self, time: int) -> T:
        """Return the value that held at `time`."""
        if time >= self._times[-1]:
            return self._values[-1]
        return self._values[max(0, bisect_right(self._times, time) - 1)]

    def _forget(self, time: int) -> None:
        keep = max(0, bisect_right(self._times, time) - 1)
        del self._times[:keep], self._values[:keep]


class Quote(NamedTuple):
    """The top of a book and its last trade; prices are NIL_PRICE where there is none."""

    bid: int = NIL_PRICE
    bid_lots: int = 0
    ask: int = NIL_PRICE
    ask_lots: int = 0
    last: int = NIL_PRICE
    implied_bid: int = NIL_PRICE
    implied_ask: int = NIL_PRICE

    @property
    def best_bid(self) -> int:
        """The highest price that a sale gets at once: of the book, or implied."""
        return max(self.bid, self.implied_bid)

    @property
    def best_ask(self) -> int:
        """The lowest price that a purchase pays at once: of the book, or implied."""
        offered = [price for price in (self.ask, self.implied_ask) if price != NIL_PRICE]
        return min(offered, default=NIL_PRICE)


class Settled(NamedTuple):
    """A contract's mark and market settlement, in price units; NIL_PRICE before the first."""

    mark: int = NIL_PRICE
    settlement: int = NIL_PRICE


class Print(NamedTuple):
    """An index value in micro-dollars per GPU-hour, and its trade date; 0 before the first."""

    value: int = 0
    date: int = 0


class Tape:
    """The public side of the exchange, as histories by instrument and by product."""

    def __init__(self) -> None:
        self.directory = Directory()
        self.quotes: dict[int, History[Quote]] = defaultdict(lambda: History(Quote()))
        self.phases: dict[int, History[int]] = defaultdict(lambda: History(int(Phase.CLOSE)))
        self.settled: dict[int, History[Settled]] = defaultdict(lambda: History(Settled()))
        self.indexes: dict[int, History[Print]] = defaultdict(lambda: History(Print()))
        self.futures: dict[int, list[Instrument]] = {}  # By product, nearest first.
        self.calendars: dict[int, list[Instrument]] = {}  # Likewise.
        self.books_at_settlement: dict[int, list[Instrument]] = {}  # Likewise.
        self.options: dict[tuple[int, int], list[Instrument]] = {}  # By product and month.
        self.events: dict[int, list[Instrument]] = {}  # By product, nearest first.
        self.sales = Sales()
        self._bases: dict[tuple[int, int], int] = {}
        self._fixings = Fixings(self.directory)
        self._printed = False  # Whether an index was published.
        self._books = Books()
        self._last: dict[int, int] = {}
        self._implied: dict[tuple[int, int], int] = {}  # Price by instrument and side.

    def basis(self, product: int, ahead: int) -> int:
        """Return how far the terms put a month above the index at first, in price units."""
        if (product, ahead) not in self._bases:
            terms = self.directory.products[product].terms
            self._bases[product, ahead] = terms.difference(ahead)
        return self._bases[product, ahead]

    def fold(self, outcome: Outcome) -> list[Event]:
        """Take in one outcome; return its events that a view may want."""
        self._fold_listing(outcome)
        self._fold_spot(outcome.frame)
        self.sales.fold(outcome)
        events = select(outcome.events, _FOLDED)
        implied = set()
        for event in events:
            self._fold_event(event)
            if event.kind == Did.IMPLIED:
                implied.add(event.instrument)
        if events:
            for instrument in self._books.fold(outcome.events).keys() | implied:
                self.quotes[instrument].add(events[-1].time, self._quote(instrument))
        return events

    def _fold_listing(self, outcome: Outcome) -> None:
        known = len(self.directory.instruments)
        self.directory.fold(outcome)
        fresh = self.directory.instruments[known:]
        for one in fresh:
            self._books.add(one.number, one.low, one.high, one.tick)
        for product in {one.product for one in fresh}:
            self.futures[product] = self.directory.futures(product)
            listed = self.directory.listed(product)
            self.calendars[product] = [one for one in listed if one.form == Form.CALENDAR]
            self.books_at_settlement[product] = [one for one in listed if one.form == Form.TAS]
            self.events[product] = [one for one in listed if one.form == Form.EVENT]
        for one in fresh:
            if one.form in (Form.CALL, Form.PUT):
                self.options.setdefault((one.product, one.month), []).append(one)

    def _fold_spot(self, frame: Frame) -> None:
        commands = frame.commands
        printed = commands[commands["kind"] == Kind.INDEX]
        if len(printed):
            self._printed = True
            self._fold_index(printed)
        elif not self._printed:
            self._estimate(frame)

    def _estimate(self, frame: Frame) -> None:
        """Before the first index: let what the method makes of the observations stand for it."""
        observed = frame.commands[frame.commands["kind"] == Kind.OBSERVE].view(OBSERVE)
        if not len(observed):
            return
        self._fixings.observe(frame)
        window = int(observed["traded"].min()), int(observed["traded"].max()) + 1
        now = int(observed["time"][0])
        rows = self._fixings.calculate(as_number(trade_date(now)), window).rows
        rows["time"] = now
        self._fold_index(rows)

    def _fold_index(self, rows: Table) -> None:
        for row in rows.view(MONEY):
            if row["value"] > 0:
                value = Print(int(row["value"]), int(row["source"]))
                self.indexes[int(row["product"])].add(int(row["time"]), value)

    def _fold_event(self, event: Event) -> None:
        if is_print(event):
            self._last[event.instrument] = event.price
        elif event.kind == Did.IMPLIED:
            price = event.price if event.quantity else NIL_PRICE
            self._implied[event.instrument, event.side] = price
        elif event.kind == Did.PHASED:
            self.phases[event.instrument].add(event.time, event.quantity)
        elif event.kind == Did.MARKED:
            settled = Settled(event.price, event.other)
            self.settled[event.instrument].add(event.time, settled)

    def _quote(self, instrument: int) -> Quote:
        bid = self._books.levels(instrument, Side.BUY, 1) or _NOTHING
        ask = self._books.levels(instrument, Side.SELL, 1) or _NOTHING
        implied = (self._implied.get((instrument, side), NIL_PRICE) for side in Side)
        return Quote(*bid[0], *ask[0], self._last.get(instrument, NIL_PRICE), *implied)
