"""What each contract is marked at, and the rate of a lot: fixings in, MARK, SETTLE, RATE out.

All that it keeps comes from rows, and what it asks for is decided in integers.
"""

import dataclasses

from clearing.directory import Instrument
from clearing.margin.scan import averaging_rate, spot_rate
from clearing.market_settlement import MANUAL, THIRD, Market, Outright, market_settlements
from clearing.publication import Published, objection
from clearing.reports import UNFIXED, Settlement, Skipped
from clearing.settlement import averaging_mark, deferred_mark, final_price, index_price
from clearing.terms import ProductTerms
from clearing.window import Day, months_between
from engine.jit import Row
from engine.rows import Batch
from engine.schema import NIL, NIL_PRICE, Kind


@dataclasses.dataclass(slots=True)
class Contract:
    """One future, until it is settled."""

    terms: Instrument
    rate: int = 0  # Maintenance of a lot as it stands, micro-dollars.
    expected: int = 0  # N: how many fixings its month will have.
    known: int = 0  # Of these, when the rate was set.
    basis: int = 0  # Market settlement minus index, both of the last settlement.
    mark: int = NIL_PRICE
    market: int = NIL_PRICE


@dataclasses.dataclass(slots=True)
class Series:
    """One product's fixings."""

    terms: ProductTerms
    date: int = 0  # Of the last fixing, or of the last try.
    value: int = 0  # Micro-dollars; 0: there was none that day.
    tier: int = 0
    version: int = 0
    used: int = 0  # Trade date of the last settlement that was made of a fixing.
    stopped: int = 0  # Trade date since which no settlement could be made; 0: they are made.
    months: dict[int, list[int]] = dataclasses.field(default_factory=dict)  # By yyyymm.


class Marking:
    """Fixings by product and live contracts by instrument number."""

    def __init__(self) -> None:
        self.series: list[Series] = []
        self.contracts: dict[int, Contract] = {}
        self.finals: dict[tuple[int, int], int] = {}  # By product and month (yyyymm).
        self.charges: list[int] = []  # By product, micro-dollars a long and a short lot.
        self.settlements: list[Settlement] = []
        self.skipped: list[Skipped] = []

    def add(self, instrument: Instrument) -> None:
        """Take in a contract. Its basis is the scenario's curve until it is settled once."""
        terms = self.series[instrument.product].terms
        ahead = months_between(self.front_month(instrument.product), instrument.month)
        self.contracts[instrument.number] = Contract(instrument, basis=terms.difference(ahead))

    def front_month(self, product: int) -> int:
        """Return the nearest live month of a product (yyyymm), or 0."""
        months = [each.terms.month for each in self.live(product)]
        return min(months, default=0)

    def rate(self, row: Row) -> None:
        """Take in an accepted RATE row."""
        if row["instrument"] == NIL:
            self.charges[row["product"]] = int(row["value"])
        elif row["instrument"] in self.contracts:
            contract = self.contracts[int(row["instrument"])]
            contract.rate = int(row["value"])
            contract.expected = int(row["value_2"]) or contract.expected
            contract.known = int(row["value_3"])

    def fix(self, row: Row) -> None:
        """Take in an INDEX row; a second one of the same date replaces the first.

        A value of 0 is a day without a fixing: its month will have one less.
        """
        product, date, value = int(row["product"]), int(row["source"]), int(row["value"])
        series = self.series[product]
        if date == series.date:
            self._count(product, -1)
        series.date, series.value, series.tier = date, value, int(row["code"])
        series.version = int(row["revision"])
        self._count(product, 1)

    def _count(self, product: int, sign: int) -> None:
        """Count the last fixing in, or with sign -1 out again."""
        series = self.series[product]
        month = series.date // 100
        fixings = series.months.setdefault(month, [])
        if not series.value:
            for contract in self.live(product):
                contract.expected -= sign * (contract.terms.month == month)
        elif sign > 0:
            fixings.append(series.value)
        else:
            fixings.pop()

    def objection(self, row: Row, today: int) -> str:
        """Return why an operator's INDEX row may not stand; "" where it may."""
        series = self.series[int(row["product"])]
        last = Published(series.date, series.value, series.version, series.used)
        return objection(last, today, int(row["value"]))

    def mark(self, row: Row) -> None:
        """Take in a MARK or SETTLE row, and report it."""
        contract = self.contracts[int(row["instrument"])]
        series = self.series[contract.terms.product]
        contract.mark, contract.market = int(row["value"]), int(row["value_2"])
        is_final = row["kind"] == Kind.SETTLE
        self.settlements.append(
            Settlement(
                date=int(row["source"]),
                instrument=contract.terms.number,
                name=contract.terms.name,
                price=contract.mark,
                mode="final" if is_final else series.terms.mode,
                tier=int(row["code"]),
                market=contract.market,
                market_tier=int(row["revision"]),
                known=len(self._fixings(contract)),
                expected=contract.expected,
            )
        )
        if row["revision"] != MANUAL:
            series.used = int(row["source"])
        if is_final:
            self.finals[contract.terms.product, contract.terms.month] = contract.mark
            del self.contracts[contract.terms.number]
        elif series.value:
            contract.basis = contract.market - index_price(series.value)

    def settle(self, day: Day) -> Batch:
        """Return MARK rows of all live contracts, SETTLE rows of those that end, and new RATEs.

        A product without a fixing of that date is skipped, except what settles for good.
        """
        batch = Batch()
        markets = self._markets(day)
        for number, contract in self.contracts.items():
            if contract.terms.expiry <= day.date:
                self._add_final(batch, contract, day)
            elif number in markets:
                self._add_mark(batch, contract, day, markets[number])
        for product, series in enumerate(self.series):
            if series.date == day.date and series.value:
                series.stopped = 0
            else:
                series.stopped = series.stopped or day.date
                self.skipped.append(Skipped(day.date, product, UNFIXED))
            self._add_rates(batch, product, day.date)
        return batch

    def _add_mark(self, batch: Batch, contract: Contract, day: Day, market: Market) -> None:
        series = self.series[contract.terms.product]
        by_index = series.terms.mode == "index"
        batch.money(
            Kind.MARK,
            instrument=contract.terms.number,
            value=self._model(contract, day.date) if by_index else market.price,
            value_2=market.price,
            code=series.tier if by_index else market.tier,
            source=day.date,
            revision=market.tier,
        )

    def _add_final(self, batch: Batch, contract: Contract, day: Day) -> None:
        """Add the SETTLE row: the mean of the month's fixings. Without any it waits."""
        series, fixings = self.series[contract.terms.product], self._fixings(contract)
        if not fixings:
            why = f"{contract.terms.name} has no fixing and waits for an operator's price"
            self.skipped.append(Skipped(day.date, contract.terms.product, why))
            return
        final = _within(contract, final_price(fixings, contract.terms.tick))
        batch.money(
            Kind.SETTLE,
            instrument=contract.terms.number,
            value=final,
            value_2=final,
            code=series.tier,
            source=day.date,
            revision=THIRD,
        )

    def _markets(self, day: Day) -> dict[int, Market]:
        """Return the market settlements of products with a fixing of the day, by number."""
        found: dict[int, Market] = {}
        for product, series in enumerate(self.series):
            live = [each for each in self.live(product) if each.terms.expiry > day.date]
            if live and series.date == day.date and series.value:
                months = [self._outright(each, day) for each in live]
                ahead = [each.month for each in months if each.month > day.date // 100]
                lead = min(ahead, default=0)
                found |= market_settlements(months, day.calendars(product), lead)
        return {
            number: market._replace(price=_within(self.contracts[number], market.price))
            for number, market in found.items()
        }

    def _outright(self, contract: Contract, day: Day) -> Outright:
        terms, model = contract.terms, self._model(contract, day.date)
        seen = day.seen(terms.number)
        return Outright(terms.number, terms.month, terms.tick, contract.market, model, seen)

    def _model(self, contract: Contract, date: int) -> int:
        """Return what the index alone says that a contract is worth."""
        series = self.series[contract.terms.product]
        if contract.terms.month > date // 100:
            price = deferred_mark(series.value, contract.basis)
        else:
            fixings = self._fixings(contract)
            price = averaging_mark(fixings, contract.expected, series.value, contract.terms.tick)
        return _within(contract, price)

    def _add_rates(self, batch: Batch, product: int, date: int) -> None:
        """Add RATE rows where months ahead or known fixings changed what a lot needs."""
        live = [each for each in self.live(product) if each.terms.expiry > date]
        front = min((each.terms.month for each in live), default=0)
        terms = self.series[product].terms
        for contract in live:
            rate = terms.rate_micro(months_between(front, contract.terms.month))
            known = len(self._fixings(contract))
            if contract.expected:
                rate = averaging_rate(rate, known, contract.expected)
                rate += spot_rate(terms.margin.spot_micro(), known, contract.expected)
            if rate != contract.rate:
                batch.money(
                    Kind.RATE,
                    instrument=contract.terms.number,
                    value=rate,
                    value_2=contract.expected,
                    value_3=known,
                )

    def _fixings(self, contract: Contract) -> list[int]:
        return self.series[contract.terms.product].months.get(contract.terms.month, [])

    def live(self, product: int) -> list[Contract]:
        """Return a product's contracts that are not settled."""
        return [each for each in self.contracts.values() if each.terms.product == product]


def _within(contract: Contract, price: int) -> int:
    return min(max(price, contract.terms.low), contract.terms.high)
