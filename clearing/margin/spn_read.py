"""Risk parameters out of a `.spn` file 4.00, one portfolio of contracts in memory at a time.

A real file has 57 MB; what was read of it is dropped as it is read. Whatever is missing, cut off
or of another version is a ValueError that says what and where; nothing is repaired or guessed.
"""

from collections.abc import Callable, Container, Iterator
from decimal import Decimal
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError, iterparse

from clearing.margin.coherence import check
from clearing.margin.decimals import nearest
from clearing.margin.parameters import (
    DELTA_ONE,
    Contract,
    JointScan,
    Parameters,
    Product,
    Spread,
)
from clearing.margin.spn_elements import (
    PORTFOLIOS,
    Link,
    Portfolio,
    between_products,
    portfolio,
    product,
)

VERSION = "4.00"


class _Everything(Container[str]):
    def __contains__(self, _name: object) -> bool:
        return True


EVERYTHING = _Everything()


def read(file: BinaryIO, wanted: Container[str] = EVERYTHING) -> Parameters:
    """Return the parameters in a `.spn` file, keeping of its contracts those that are wanted.

    ValueError says what is wrong, and where; of contracts that are not kept, only a risk array
    that is missing or too short. Contracts that are wanted and not there are the caller's to miss.
    """
    reading = _Reading(wanted)
    try:
        for event, element in iterparse(file, events=("start", "end")):
            if event == "start":
                reading.begin(element)
            else:
                reading.end(element)
    except ParseError as error:
        line, column = error.position
        raise ValueError(
            f"line {line}, column {column} is no longer XML ({error.msg.split(':')[0]}): "
            "it is cut off, or was never a .spn file"
        ) from None
    return reading.parameters()


class _Reading:
    """What was read so far. Portfolios may stand before the products that they belong to."""

    def __init__(self, wanted: Container[str]) -> None:
        self._wanted = wanted
        self._open: list[Element] = []  # From the root to where the file is read.
        self._version = ""
        self._date = ""
        self._clearing_org = ""
        self._products: dict[str, Product] = {}
        self._links: dict[str, Link] = {}
        self._numbers: set[str] = set()
        self._portfolios: list[Portfolio] = []  # With contracts that are kept.
        self._spreads: tuple[Spread, ...] = ()
        self._joint: tuple[JointScan, ...] = ()
        self._take: dict[str, Callable[[Element], None]] = {
            "fileFormat": self._take_version,
            "date": self._take_date,
            "ec": self._take_clearing_org,
            "ccDef": self._take_product,
            "interSpreads": self._take_spreads,
            **dict.fromkeys(PORTFOLIOS, self._take_portfolio),
        }

    def begin(self, element: Element) -> None:
        """Refuse another kind of file at its first element, and another version before figures."""
        if not self._open and element.tag != "spanFile":
            raise ValueError(f"it begins with <{element.tag[:40]}>, not with <spanFile>")
        if element.tag == "pointInTime" and not self._version:
            raise ValueError("it states no fileFormat before its first pointInTime")
        self._open.append(element)

    def end(self, element: Element) -> None:
        """Take in an element that is whole, and drop it."""
        self._open.pop()
        take = self._take.get(element.tag)
        if take is not None:
            take(element)
            self._open[-1].remove(element)

    def parameters(self) -> Parameters:
        """Return what was read, each contract with its product; ValueError where these disagree."""
        if not self._version:
            raise ValueError("it states no fileFormat")
        contracts = {one.name: one for one in self._contracts()}
        made = Parameters(
            *(self._date, self._clearing_org, self._products, contracts),
            *(self._spreads, self._joint),
        )
        check(made)
        return made

    def _contracts(self) -> Iterator[Contract]:
        for pf in self._portfolios:
            link = self._links.get(pf.number, Link(pf.code, Decimal(1)))
            for one in pf.contracts:
                delta = nearest(pf.deltas[one.name] * link.scale * DELTA_ONE)
                yield one._replace(product=link.product, delta=delta)

    def _take_version(self, element: Element) -> None:
        self._version = (element.text or "").strip()
        if self._version != VERSION:
            raise ValueError(f"it is of format {self._version[:40]!r}; only {VERSION} is read")

    def _take_date(self, element: Element) -> None:
        self._date = self._date or (element.text or "").strip()

    def _take_clearing_org(self, element: Element) -> None:
        self._clearing_org = self._clearing_org or (element.text or "").strip()

    def _take_product(self, element: Element) -> None:
        made, links = product(element)
        if made.name in self._products:
            raise ValueError(f"product {made.name} stands there twice")
        self._products[made.name] = made
        self._links |= links

    def _take_portfolio(self, element: Element) -> None:
        found = portfolio(element, self._wanted)
        if found.number in self._numbers:
            raise ValueError(f"portfolio {found.number} stands there twice")
        self._numbers.add(found.number)
        if found.contracts:
            self._portfolios.append(found)

    def _take_spreads(self, element: Element) -> None:
        self._spreads, self._joint = between_products(element)
