"""Credits between products: for deltas that offset each other, and for scanning together.

Source: CME Group, Standard Portfolio Analysis of Risk, "Intercommodity spread credit",
"Scanning-based spreads".
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from clearing.margin.coherence import tier_of
from clearing.margin.intra import Deltas
from clearing.margin.parameters import DELTA_ONE, MILLION, JointScan, Leg, Parameters, Spread, Tier
from clearing.margin.rounding import credit
from clearing.margin.scenarios import Scan, joint


class Credit(NamedTuple):
    """What one product is credited for its part in one spread."""

    product: str
    spread: Spread | JointScan
    delta: Fraction  # Deltas that the spread used, in ten-thousandths; 0 in a joint scan.
    times: Fraction  # How many spreads formed.
    exact: Fraction  # Micro-dollars.
    amount: int


class Book(NamedTuple):
    """Of one product: its scan, and its net deltas by period before any spread."""

    scan: Scan
    deltas: Deltas

    def net_delta(self) -> Fraction:
        """Return the net delta of all periods."""
        return sum(self.deltas.values(), Fraction())


def offsets(parameters: Parameters, books: Mapping[str, Book]) -> Iterator[Credit]:
    """Yield every credit: joint scans first, then spreads by delta, each in order of number.

    A product that was scanned with others has no deltas left for spreads.
    """
    scanned: set[str] = set()
    for each in parameters.joint:
        names = [name for name in each.products if name in books and name not in scanned]
        if len(names) > 1 and each.required <= set(names):
            yield from _scanned_together(each, {name: books[name].scan for name in names})
            scanned |= set(names)
    open_books = {name: book for name, book in books.items() if name not in scanned}
    yield from _offset(parameters, open_books)


def _scanned_together(spread: JointScan, scans: Mapping[str, Scan]) -> Iterator[Credit]:
    """Share out what scanning together saves, in proportion to each product's own scan."""
    apart = sum(scan.amount for scan in scans.values())
    saved = apart - joint(list(scans.values())).amount
    for name, scan in scans.items():
        if saved:
            exact = Fraction(saved * scan.amount * spread.rate, apart * MILLION)
            yield Credit(name, spread, Fraction(), Fraction(1), exact, credit(exact))


def _offset(parameters: Parameters, books: Mapping[str, Book]) -> Iterator[Credit]:
    left: dict[tuple[str, int], Fraction] = {}
    for spread in parameters.spreads:
        for leg in spread.legs:
            if leg.product in books and (leg.product, leg.tier) not in left:
                left[leg.product, leg.tier] = _pool(parameters, leg, books[leg.product].deltas)
        pools = [left.get((leg.product, leg.tier), Fraction()) for leg in spread.legs]
        drawn = list(zip(spread.legs, pools, strict=True))
        orientations = {(pool > 0) == (leg.side == "A") for leg, pool in drawn}
        count = min(abs(pool) / leg.ratio for leg, pool in drawn)
        if count == 0 or len(orientations) > 1:
            continue
        for leg, pool in drawn:
            used = count * leg.ratio
            left[leg.product, leg.tier] = pool - used if pool > 0 else pool + used
            exact = used * _price_risk_a_delta(books[leg.product]) * spread.rate / MILLION
            yield Credit(leg.product, spread, used, count / DELTA_ONE, exact, credit(exact))


def _pool(parameters: Parameters, leg: Leg, deltas: Deltas) -> Fraction:
    tier = tier_of(leg, parameters.products[leg.product].inter_tiers) or Tier(0)
    return sum((delta for period, delta in deltas.items() if tier.holds(period)), Fraction())


def _price_risk_a_delta(book: Book) -> Fraction:
    """Return weighted price risk: micro-dollars of price risk for each of the net deltas."""
    net = abs(book.net_delta())
    return Fraction(book.scan.price_risk_twice, 2) / net if net else Fraction()
