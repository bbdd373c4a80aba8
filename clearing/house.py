"""The clearing house: folds frames, and answers with rows. The kernel never calls it.

It is a function of the frames that it was given: no clock, no chance, no file, no float that
decides money. Its own rows pass through the journal before it believes them.
"""

from collections.abc import Callable

import numpy as np

from clearing.accountability import accountable
from clearing.booking import FIRST_MONEY, book
from clearing.calls import Calls
from clearing.day_end import close, fees
from clearing.default.defaults import Defaults
from clearing.directory import Directory
from clearing.fixings import Fixings
from clearing.index.fixing import window_before
from clearing.ledger import Ledger
from clearing.listing import Listing
from clearing.margin.grants import Grants
from clearing.margin.own import Own
from clearing.margin.pricing import Pricing
from clearing.marking import Marking, Series
from clearing.positions import Positions
from clearing.premiums import Premiums
from clearing.quotes import Quotes
from clearing.reports import Accountable, Activity, Skipped, Variation
from clearing.reviews import Reviews
from clearing.tas import prices
from clearing.tasks import Task
from clearing.window import Day
from engine.exchange import Outcome
from engine.frame import Frame
from engine.jit import Row
from engine.layout import MONEY
from engine.rows import Batch, join, text_at
from engine.schema import Cycle, Kind, Origin

_FIRST_OF_HOUSE = Kind.MARK  # Rows from here on are not participants' own.
_OF_ACCOUNTS = (  # What these change is accounts' alone, or nothing yet.
    *(Kind.CREDIT, Kind.CHARGE, Kind.SUSPEND, Kind.LIQUIDATE, Kind.ASSIGN),
    *(Kind.OBSERVE, Kind.TIME, Kind.DEFAULT, Kind.BID),
)


class House:
    """All that clearing knows. Attributes are to be read; `fold` and `answer` change them."""

    def __init__(self) -> None:
        self.date = 0  # The trade date, yyyymmdd.
        self.calendar_time = 0  # When the calendar's last row was due; 0: it has not begun.
        self.directory = Directory()
        self.positions = Positions()
        self.quotes = Quotes()
        self.ledger = Ledger()
        self.marking = Marking()
        self.fixings = Fixings(self.directory)
        self.premiums = Premiums(self.marking)
        self.pricing = Pricing(self.positions, self.marking, self.premiums)
        self.margin = Own(self.directory, self.positions, self.marking, self.pricing)
        self.grants = Grants(self.margin)
        self.calls = Calls(self.positions, self.ledger, self.margin)
        self.reviews = Reviews(self.ledger)
        self.variations: list[Variation] = []
        self.defaults = Defaults(
            *(self.directory, self.positions, self.ledger, self.marking, self.premiums),
            *(self.calls, self.variations, self.reviews.collateral),
        )
        self.activity: list[Activity] = []
        self.accountable: list[Accountable] = []
        self._cycles: list[tuple[int, Day]] = []  # Begun, not yet answered.
        self._listing = Listing(self.directory, self.premiums)
        self._touched = False  # Whether a frame may have met a call since calls were looked at.
        self._takers: dict[int, Callable[[Row, Frame], None]] = {
            Kind.MARK: self._mark,
            Kind.SETTLE: self._settle,
            Kind.RATE: self._rate,
            Kind.SUSPEND: lambda row, _: self.calls.suspend(row),
            Kind.CREDIT: lambda row, _: self.grants.take(row),
            Kind.CHARGE: lambda row, _: self.reviews.collateral.charge(row),
            Kind.INDEX: self._fix,
            **dict.fromkeys((Kind.VOL, Kind.DELTA, Kind.RISK), self._price),
            Kind.PHASE: self._pass,
            Kind.CYCLE: self._begin,
            Kind.REVIEW: self._review,
            Kind.TIME: self.defaults.pass_time,
            Kind.DEFAULT: self.defaults.take,
            Kind.BID: self.defaults.bid,
        }
        self._answers: dict[int, Callable[[Day], Batch]] = {
            Cycle.SETTLEMENT: self._settlement,
            Cycle.END_OF_DAY: self._end_of_day,
            Cycle.INTRADAY: self._intraday,
            Cycle.CALLS_DUE: self._calls_due,
            Task.MARGIN: self._review_margin,
            Task.CORRECT: lambda _: self.reviews.corrections.answer(),
            Task.HAIRCUT: lambda _: self.reviews.collateral.answer(),
            Task.SELL: lambda day: self.defaults.sell(day.date),
            Task.COVER: lambda day: self.defaults.cover(day.date),
        }
        self._is_taken = np.zeros(256, np.bool_)  # Kinds of rows that the house reads itself.
        self._is_taken[list(self._takers)] = True
        self._is_quiet = np.zeros(256, np.bool_)  # Kinds of rows that leave margin rates alone.
        self._is_quiet[:_FIRST_OF_HOUSE] = True
        self._is_quiet[[*_OF_ACCOUNTS]] = True

    @property
    def calculates(self) -> bool:
        """Whether a CALC frame comes next: fixings, months or options to be listed, or priced."""
        is_fixed = any(cycle == Cycle.FIXING for cycle, _ in self._cycles)
        return self._listing.is_due or self.pricing.is_due or is_fixed

    def fold(self, outcome: Outcome) -> None:
        """Take in a frame and its events."""
        frame, events = outcome.frame, outcome.events
        of_house = int(frame.commands["kind"].max()) >= _FIRST_OF_HOUSE
        if of_house:
            self._take_new(outcome)
            self.fixings.observe(frame)
        self.quotes.fold(events)
        has_money = self.positions.fold(events) >= FIRST_MONEY
        if has_money:
            paid = book(self.ledger, self.positions, events, frame.last, self.date)
            self.variations += paid
            self.reviews.collateral.fold(events)
            self.ledger.check()
        if of_house:
            self._take_rows(outcome)
            if not self._is_quiet[frame.commands["kind"]].all():
                self.margin.forget()
            if frame.origin == Origin.HOUSE:
                self._listing.look(self.date)
        self.grants.watch(events)
        called = list(self.calls.open)
        self._touched |= has_money or bool(called and np.isin(events["account"], called).any())
        if frame.origin == Origin.CALC:
            self._listing.clear()
            self._cycles = [each for each in self._cycles if each[0] != Cycle.FIXING]
        self.positions.check()

    def calculate(self) -> Batch:
        """Return the CALC rows that come next: only while `calculates` holds."""
        batches = []
        for cycle, day in self._cycles:
            if cycle == Cycle.FIXING:
                batches.append(self.fixings.calculate(day.date, day.window))
        if self._listing.is_due:
            batches.append(self._listing.rows(self.date))
        return join(batches or [self.pricing.calculate()])

    def answer(self) -> Batch:
        """Return the rows that answer the frame folded last; ask once for each, until empty."""
        announced = self.defaults.announce()
        if len(announced):
            return announced
        while self._cycles:
            cycle, day = self._cycles[0]
            batch = self._answer(cycle, day)
            if len(batch):
                return batch
        batch = self.pricing.marks()
        if not len(batch):
            batch = self.grants.answer(self.positions.accounts)
        if not len(batch) and self._touched:
            self._touched = False
            batch = self.calls.release(self.date)
        return batch if len(batch) else self.defaults.answer()

    def _answer(self, cycle: int, day: Day) -> Batch:
        """Return what a cycle asks for next, and take it off the list."""
        del self._cycles[0]
        asked = self._answers.get(cycle)
        return asked(day) if asked else Batch()

    def _settlement(self, day: Day) -> Batch:
        self.positions.check_whole()
        self.quotes.close(day.window[1])
        self.pricing.begin(day)
        self.defaults.remember()
        futures = self.marking.settle(day)
        at_settlement = prices(self.directory, futures)
        return join([at_settlement, futures, self.premiums.settle(day, futures)])

    def _end_of_day(self, day: Day) -> Batch:
        self._cycles[:0] = [(task, day) for task in (Task.SELL, Task.COVER, Task.MARGIN)]
        self.activity += close(self.positions, day.date)
        net = self.positions.holdings["net"]
        self.accountable += accountable(self.directory, net, day.date)
        interest = self.reviews.interest.accrue(day.date, self.positions.holders["fees"])
        return join([fees(self.positions, day.date), interest, self.defaults.size(day.date)])

    def _intraday(self, day: Day) -> Batch:
        self._cycles.insert(0, (Task.MARGIN, day))
        return self.defaults.fall_due(day.date)

    def _review_margin(self, day: Day) -> Batch:
        self.grants.review()
        return self.calls.review(day.date, day.due)

    def _calls_due(self, day: Day) -> Batch:
        late = self.calls.fall_due(day.date, self.calendar_time)
        return self.defaults.begin(late, self.calendar_time)

    def _take_new(self, outcome: Outcome) -> None:
        """Make room for products, instruments and accounts that a frame brought."""
        directory = self.directory
        directory.fold(outcome)
        for product in directory.products[len(self.marking.series) :]:
            self.marking.series.append(Series(product.terms))
            self.marking.charges.append(0)
        for instrument in directory.instruments[self.positions.instruments :]:
            terms = directory.products[instrument.product].terms
            is_paid = instrument.is_paid
            self.quotes.add_instrument()
            self.positions.add_instrument(instrument.value, terms.lot_fees_micro(), is_paid=is_paid)
            if is_paid:
                self.premiums.add(instrument)
                self.pricing.await_month_of(instrument)
            elif not instrument.is_spread:
                self.marking.add(instrument)
        for account in directory.accounts[self.positions.accounts :]:
            self.positions.add_account(account.type)
            self.calls.add_account(account.initial_percent)

    def _take_rows(self, outcome: Outcome) -> None:
        """Take in the accepted rows of the house, the calendar and the operator, in order."""
        frame = outcome.frame
        kinds = frame.commands["kind"]
        are_asked = self._is_taken[kinds]
        places = outcome.accepted(are_asked)
        is_whole = len(places) == np.count_nonzero(are_asked)
        assert is_whole or frame.origin == Origin.PARTICIPANT, "our own row was rejected"
        rows = frame.commands.view(MONEY)
        for place in places:
            self._takers[int(kinds[place])](rows[place], frame)

    def _mark(self, row: Row, _frame: Frame) -> None:
        self.grants.review()
        if self.premiums.is_about(row):
            self.premiums.take(row)
        else:
            self.marking.mark(row)
            self.pricing.await_month_of(self.directory.instruments[row["instrument"]])

    def _price(self, row: Row, frame: Frame) -> None:
        if frame.origin == Origin.CALC:
            self.pricing.take(row)

    def _rate(self, row: Row, _frame: Frame) -> None:
        self.grants.review()
        (self.premiums.take if self.premiums.is_about(row) else self.marking.rate)(row)

    def _settle(self, row: Row, frame: Frame) -> None:
        is_future = not self.premiums.is_about(row)
        self._mark(row, frame)
        if is_future:
            self._listing.end(int(row["instrument"]))

    def _fix(self, row: Row, frame: Frame) -> None:
        if frame.origin == Origin.PARTICIPANT and (why := self.marking.objection(row, self.date)):
            self.marking.skipped.append(Skipped(self.date, int(row["product"]), why))
            return
        self.marking.fix(row)
        self.fixings.fix(row, text_at(frame.text, int(row["text"])), self._fixing_window())

    def _fixing_window(self) -> tuple[int, int]:
        """Return the window of the fixing that is awaited, or (0, 0)."""
        awaited = [day.window for cycle, day in self._cycles if cycle == Cycle.FIXING]
        return awaited[0] if awaited else (0, 0)

    def _pass(self, row: Row, _frame: Frame) -> None:
        """Note how far the calendar has come."""
        self.date = max(self.date, int(row["value"]))
        self.calendar_time = max(self.calendar_time, int(row["source"]))

    def _review(self, row: Row, _frame: Frame) -> None:
        task = self.reviews.take(row, self.date)
        self._cycles.append((task, self._day(row, self.date, (0, 0))))

    def _begin(self, row: Row, frame: Frame) -> None:
        self._pass(row, frame)
        window = int(row["value_2"]), int(row["value_3"])
        if row["code"] == Cycle.FIXING and not any(window):
            window = window_before(int(row["time"]))
        if row["code"] == Cycle.FIXING:
            self.quotes.expect(int(row["batch"]))
        if row["code"] != Cycle.FIXING or self.directory.products:
            self._cycles.append((int(row["code"]), self._day(row, int(row["value"]), window)))

    def _day(self, row: Row, date: int, window: tuple[int, int]) -> Day:
        """Return what a cycle looks at that a row begins."""
        due = int(row["batch"])
        return Day(date, window, due, self.positions, self.quotes, self.directory)
