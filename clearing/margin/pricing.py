"""What options are worth and can lose: computed after each settlement, believed as CALC rows.

Of every option whose future was marked: a VOL row (volatility, and the price that it is to be
marked at), a DELTA row and two RISK rows. Only `calculate` uses floats; the rest reads rows.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from clearing.calendar import business_days, days_between
from clearing.directory import Instrument
from clearing.margin.arrays import Scanned, composite_delta, of_option
from clearing.margin.averaging import Average, Option, average
from clearing.margin.rounding import of_model
from clearing.margin.scan import averaging_delta, spot_rate
from clearing.market_settlement import THIRD, TRADED
from clearing.marking import Contract as Future
from clearing.marking import Marking
from clearing.positions import Positions
from clearing.premiums import Month, Paid, Premiums
from clearing.settlement import volume_weighted
from clearing.window import Day
from engine.instruments import as_date
from engine.jit import Row
from engine.layout import COMMAND, RISK
from engine.rows import Batch
from engine.schema import NIL_PRICE, VERSION, Form, Kind

_MILLION = 1_000_000
_PARTS = 2  # RISK rows a contract, of eight losses each.


@dataclasses.dataclass(slots=True)
class Priced:
    """What rows say of one option."""

    volatility: int = 0  # Millionths a year; 0: no row yet.
    price: int = NIL_PRICE  # What it is to be marked at.
    delta: int = 0  # Composite, of one long lot, in ten-thousandths.
    losses: tuple[int, ...] = ()  # By scenario, of one long lot, micro-dollars.


class Pricing:
    """Options as they were priced last, and the months whose options are to be priced again."""

    def __init__(self, positions: Positions, marking: Marking, premiums: Premiums) -> None:
        self._positions = positions
        self._marking = marking
        self.premiums = premiums  # Read by who margins.
        self._months: set[Month] = set()  # To be priced.
        self._is_fresh = False  # Whether prices came by which nothing is marked yet.
        self._date = 0  # Of the last settlement,
        self._window = (0, 0)  # and where its trades count, as in Day.
        self.options: dict[int, Priced] = {}

    @property
    def is_due(self) -> bool:
        """Whether options wait for a CALC frame that prices them."""
        return bool(self._months) and any(self._options_of(self._months))

    def begin(self, day: Day) -> None:
        """Note which settlement comes: options are priced after it."""
        self._date, self._window = day.date, day.window

    def await_month_of(self, instrument: Instrument) -> None:
        """Price the options of a future's or option's month anew, if it has any."""
        month = instrument.product, instrument.month
        if self._date and instrument.form != Form.EVENT and any(self._options_of({month})):
            self._months.add(month)

    def calculate(self) -> Batch:
        """Return the rows that price what waits."""
        batch = Batch()
        for number, paid, future in self._options_of(self._months):
            self._add_rows(batch, number, paid, future)
        return batch

    def take(self, row: Row) -> None:
        """Take in a VOL, DELTA or RISK row; what it prices waits no more."""
        option = self.options.setdefault(int(row["instrument"]), Priced())
        if row["kind"] == Kind.RISK:
            self._take_losses(option, row.view(RISK))
        elif row["kind"] == Kind.DELTA:
            option.delta = int(row["value"])
        else:
            option.volatility, option.price = int(row["value"]), int(row["value_2"])
            terms = self.premiums.contracts[int(row["instrument"])].terms
            self._months.discard((terms.product, terms.month))
            self._is_fresh = True

    def marks(self) -> Batch:
        """Return MARK and RATE rows of options by their new prices; nothing when asked again."""
        batch = Batch()
        fresh, self._is_fresh = self._is_fresh, False
        for number, paid, option in self.live() if fresh else ():
            if option.price != paid.mark:
                batch.money(
                    Kind.MARK,
                    instrument=number,
                    value=option.price,
                    value_2=option.price,
                    source=self._date,
                )
            rate = max(-min(option.losses), self._minimum(paid))
            if rate != paid.rate:
                batch.money(Kind.RATE, instrument=number, value=rate)
        return batch

    def live(self) -> Iterator[tuple[int, Paid, Priced]]:
        """Yield the options that were priced and are not settled: number, terms, prices."""
        for number, paid in self.premiums.contracts.items():
            if number in self.options:
                yield number, paid, self.options[number]

    def _minimum(self, paid: Paid) -> int:
        return self._marking.series[paid.terms.product].terms.margin.minimum_micro()

    def _take_losses(self, option: Priced, row: Row) -> None:
        losses = tuple(int(row[f"loss_{place}"]) for place in range(8))
        option.losses = losses if row["part"] == 0 else option.losses[:8] + losses

    def _options_of(self, months: set[Month]) -> Iterator[tuple[int, Paid, Future]]:
        """Yield the live options of months whose futures are marked: number, option, future."""
        futures = {
            (each.terms.product, each.terms.month): each
            for each in self._marking.contracts.values()
            if each.mark != NIL_PRICE
        }
        for number, paid in self.premiums.contracts.items():
            month = paid.terms.product, paid.terms.month
            if paid.terms.form != Form.EVENT and month in months and month in futures:
                yield number, paid, futures[month]

    def _add_rows(self, batch: Batch, number: int, paid: Paid, future: Future) -> None:
        terms = self._marking.series[paid.terms.product].terms.margin
        option = Option(paid.terms.strike, paid.terms.form == Form.CALL)
        month = self._average(future)
        volatility, price, tier = self._seen(number, paid, option, month, future)
        on_top = spot_rate(terms.spot_micro(), future.known, future.expected)
        scanned = Scanned(
            *(option, month.after(1), future.mark),
            *((future.rate - on_top) / paid.terms.value, volatility, price),
            *(paid.terms.high, paid.terms.value),
        )
        batch.money(
            Kind.VOL,
            instrument=number,
            value=of_model(volatility * _MILLION),
            value_2=price,
            source=self._date,
            code=tier,
        )
        part = averaging_delta(future.known, future.expected)
        batch.money(Kind.DELTA, instrument=number, value=of_model(composite_delta(scanned) * part))
        _add_losses(batch, number, of_option(scanned, terms))

    def _seen(
        self, number: int, paid: Paid, option: Option, month: Average, future: Future
    ) -> tuple[float, int, int]:
        """Return an option's volatility, what it is to be marked at, and how good that is.

        What traded in the window implies a volatility; otherwise the last one stands, and gives
        the price.
        """
        known = self.options.get(number, Priced()).volatility
        asked = float(self._marking.series[paid.terms.product].terms.margin.volatility)
        volatility = known / _MILLION if known else asked
        turnover, lots = self._positions.turnover(number, *self._window)
        if lots:
            price = volume_weighted(turnover, lots, paid.mark, paid.terms.tick)
            return option.implied(month, future.mark, price) or volatility, price, TRADED
        steps = of_model(option.value(month, future.mark, volatility) / paid.terms.tick)
        price = min(max(steps * paid.terms.tick, paid.terms.low), paid.terms.high)
        return volatility, price, THIRD

    def _average(self, future: Future) -> Average:
        series = self._marking.series[future.terms.product]
        fixings = series.months.get(future.terms.month, [])
        days = business_days(future.terms.month)
        ahead = max(days_between(as_date(self._date), days[0]), 1)
        return average(fixings, future.expected or len(days), ahead)


def _add_losses(batch: Batch, number: int, losses: Sequence[int]) -> None:
    rows = np.zeros(_PARTS, RISK)
    rows["kind"], rows["version"], rows["instrument"] = Kind.RISK, VERSION, number
    for part, row in enumerate(rows):
        row["part"] = part
        for place in range(8):
            row[f"loss_{place}"] = losses[8 * part + place]
    batch.extend(rows.view(COMMAND))
