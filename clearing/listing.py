"""What is to be listed anew: a far month for each that ended, options on months, event contracts.

The rows need business days, so they enter as input, in a CALC frame; a replay asks no calendar.
"""

from clearing.calendar import month_after
from clearing.directory import Directory
from clearing.events import Fixed, add_events
from clearing.genesis import add_far_month
from clearing.options import Underlying, add_options
from clearing.premiums import Premiums
from clearing.spreads import Curve, Month, add_spreads
from engine.rows import Batch
from engine.schema import Kind


class Listing:
    """What ended or was marked for the first time, and has no successor or no options yet."""

    def __init__(self, directory: Directory, premiums: Premiums) -> None:
        self._directory = directory
        self._premiums = premiums
        self._settled: list[int] = []  # Products of contracts that ended.
        self._unlisted: list[Underlying] = []  # Futures whose options are to be listed.
        self._unfixed: list[Fixed] = []  # Fixings whose event contracts are to be listed.

    @property
    def is_due(self) -> bool:
        """Whether anything is to be listed."""
        return bool(self._settled or self._unlisted or self._unfixed)

    def end(self, instrument: int) -> None:
        """Take in that a future was settled for good."""
        self._settled.append(self._directory.instruments[instrument].product)

    def look(self, date: int) -> None:
        """Find what the marks and fixings of a date (yyyymmdd) call for."""
        self._unlisted = self._premiums.missing()
        self._unfixed = self._premiums.unfixed(date)

    def clear(self) -> None:
        """Forget what was to be listed: it has been."""
        self._settled.clear()
        self._unlisted.clear()
        self._unfixed.clear()

    def rows(self, date: int) -> Batch:
        """Return rows of new far months, of spreads over them, of options and event contracts."""
        batch, directory = Batch(), self._directory
        curves = [
            Curve(product.number, product.terms, self._months(product.number, date))
            for product in directory.products
        ]
        number = len(directory.instruments)
        for product in self._settled:
            _, terms, months = curves[product]
            month = month_after(months[-1].month, 1)
            months.append(add_far_month(batch, number, product, terms, month, date))
            number += 1
        add_spreads(batch, number, curves, directory.instrument_of)
        number = len(directory.instruments) + int((batch.rows["kind"] == Kind.LIST).sum())
        for future in self._unlisted:
            terms = directory.products[future.product].terms
            number += add_options(batch, number, terms, future)
        for fixed in self._unfixed:
            number += add_events(batch, number, directory.products[fixed.product].terms, fixed)
        return batch

    def _months(self, product: int, date: int) -> list[Month]:
        """Return a product's futures that go on after a date."""
        return [
            Month(each.number, each.month, each.expiry)
            for each in self._directory.futures(product)
            if each.expiry > date
        ]
