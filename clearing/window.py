"""What a settlement looks at: a day, and what its window saw of each book."""

from typing import NamedTuple

from clearing.directory import Directory
from clearing.market_settlement import Calendar, Seen
from clearing.positions import Positions
from clearing.quotes import Quotes
from engine.schema import Form


class Day(NamedTuple):
    """One trade date and the window of one of its cycles."""

    date: int  # yyyymmdd
    window: tuple[int, int]  # ns: from, inclusive, to, exclusive.
    due: int  # When margin calls of this cycle are due, ns.
    positions: Positions  # Knows what traded in it,
    quotes: Quotes  # and what was bid and asked as it ended.
    directory: Directory

    def seen(self, instrument: int) -> Seen:
        """Return what the window saw of a book."""
        traded = self.positions.turnover(instrument, *self.window)
        return Seen(*traded, *self.quotes.of(instrument))

    def calendars(self, product: int) -> list[Calendar]:
        """Return a product's calendars that go on after the day, with what was seen of them."""
        found = []
        for spread in self.directory.listed(product):
            if spread.form == Form.CALENDAR and spread.expiry > self.date:
                near, far = (leg.instrument for leg in self.directory.legs[spread.number])
                apart = months_between(self._month(near), self._month(far))
                found.append(Calendar(near, far, apart, self.seen(spread.number)))
        return found

    def _month(self, instrument: int) -> int:
        return self.directory.instruments[instrument].month


def months_between(first: int, last: int) -> int:
    """Return how many months yyyymm `last` is after `first`; 0 without a first."""
    if not first:
        return 0
    return (last // 100 - first // 100) * 12 + last % 100 - first % 100
