"""Options and event contracts: what a lot sold needs, what they pay.

They are paid for at the trade, so a mark moves no money: it only says what a sold option needs.
An option is on the future of its product and month, and ends with it, in cash. An event contract
pays its ladder's top if the last index up to its last trading day is at its strike or above.
"""

import dataclasses

import numpy as np

from clearing.directory import Instrument
from clearing.events import Fixed, ahead
from clearing.ledger import Numbers
from clearing.marking import Marking
from clearing.options import Underlying, payoff
from clearing.reports import Skipped
from clearing.settlement import index_price
from clearing.window import Day
from engine.jit import Row
from engine.layout import MONEY
from engine.rows import Batch
from engine.schema import NIL_PRICE, Form, Kind

Month = tuple[int, int]  # Product, and month (yyyymm).


@dataclasses.dataclass(slots=True)
class Paid:
    """One contract that is paid for, until it is settled."""

    terms: Instrument
    rate: int = 0  # Micro-dollars.
    mark: int = NIL_PRICE

    def need(self) -> int:
        """Return what a lot sold needs: the most it may cost; of a marked option rate and mark."""
        full = self.terms.high * self.terms.value
        if self.terms.form == Form.EVENT or self.mark == NIL_PRICE:
            return full
        return min(full, self.rate + self.mark * self.terms.value)

    def payoff(self, price: int) -> int:
        """Return what a lot is worth at the end, where the future or the index is at `price`."""
        strike, low, high = self.terms.strike, self.terms.low, self.terms.high
        if self.terms.form == Form.EVENT:
            return high if price >= strike else low
        return min(max(payoff(self.terms.form, strike, price), low), high)


class Premiums:
    """Live options and event contracts, by instrument number."""

    def __init__(self, marking: Marking) -> None:
        self._marking = marking
        self._optioned: set[Month] = set()  # Futures that have options.
        self._dated: set[Month] = set()  # Fixings that have event contracts: product, yyyymmdd.
        self.contracts: dict[int, Paid] = {}

    def add(self, instrument: Instrument) -> None:
        """Take in a contract, without a mark."""
        self.contracts[instrument.number] = Paid(instrument)
        if instrument.form == Form.EVENT:
            self._dated.add((instrument.product, instrument.expiry))
        else:
            self._optioned.add((instrument.product, instrument.month))

    def missing(self) -> list[Underlying]:
        """Return the marked futures whose options the terms ask for and nobody has listed."""
        found = []
        for product, series in enumerate(self._marking.series):
            live = self._marking.live(product) if series.terms.options else []
            nearest = sorted(live, key=lambda each: each.terms.month)[: series.terms.options]
            for each in nearest:
                month, expiry = each.terms.month, each.terms.expiry
                if (product, month) not in self._optioned and each.mark != NIL_PRICE:
                    found.append(Underlying(product, month, expiry, each.mark, each.rate))
        return found

    def unfixed(self, date: int) -> list[Fixed]:
        """Return the fixings whose event contracts the terms ask for and nobody has listed."""
        found = []
        for product, series in enumerate(self._marking.series):
            index = self._last_index(product) if series.terms.events else NIL_PRICE
            if index != NIL_PRICE and (product, ahead(date)) not in self._dated:
                found.append(Fixed(product, ahead(date), index))
        return found

    def is_about(self, row: Row) -> bool:
        """Whether a row of the MONEY family names one of these contracts."""
        return int(row["instrument"]) in self.contracts

    def take(self, row: Row) -> None:
        """Take in an accepted MARK, RATE or SETTLE row of one of these contracts."""
        number, value = int(row["instrument"]), int(row["value"])
        match row["kind"]:
            case Kind.MARK:
                self.contracts[number].mark = value
            case Kind.RATE:
                self.contracts[number].rate = value
            case Kind.SETTLE:
                del self.contracts[number]

    def settle(self, day: Day, futures: Batch) -> Batch:
        """Return SETTLE rows of all that ends.

        futures: the rows that mark and settle the futures of the same day.
        """
        batch = Batch()
        prices = self._underlying(futures)
        for number, contract in self.contracts.items():
            if contract.terms.expiry > day.date:
                continue
            month = contract.terms.product, contract.terms.month
            is_event = contract.terms.form == Form.EVENT
            price = self._last_index(month[0]) if is_event else prices.get(month, NIL_PRICE)
            if price == NIL_PRICE:
                why = f"{contract.terms.name} has nothing that it could settle at"
                self._marking.skipped.append(Skipped(day.date, contract.terms.product, why))
            else:
                value = contract.payoff(price)
                batch.money(Kind.SETTLE, instrument=number, value=value, source=day.date)
        return batch

    def _underlying(self, futures: Batch) -> dict[Month, int]:
        """Return what futures are marked or settled at today."""
        contracts = self._marking.contracts
        prices = dict[Month, int](self._marking.finals)
        for row in futures.rows.view(MONEY):
            if row["kind"] != Kind.RATE:
                terms = contracts[int(row["instrument"])].terms
                prices[terms.product, terms.month] = int(row["value"])
        return prices

    def _last_index(self, product: int) -> int:
        """Return a product's last published index in price units, or NIL_PRICE."""
        series = self._marking.series[product]
        published = [fixings for _, fixings in sorted(series.months.items()) if fixings]
        return index_price(published[-1][-1]) if published else NIL_PRICE

    def worth(self, number: int) -> int:
        """Return what a lot is worth, in price units: its mark, else its payoff at the index."""
        contract = self.contracts[number]
        if contract.mark != NIL_PRICE:
            return contract.mark
        index = self._last_index(contract.terms.product)
        return contract.terms.low if index == NIL_PRICE else contract.payoff(index)

    def needs(self, instruments: int) -> tuple[Numbers, Numbers]:
        """Return what a lot sold needs, by instrument number: of options, and of event contracts.

        An initial rate raises the one and not the other. Micro-dollars, shape (instruments,).
        """
        options, events = np.zeros((2, instruments), np.int64)
        for number, contract in self.contracts.items():
            where = events if contract.terms.form == Form.EVENT else options
            where[number] = contract.need()
        return options, events
