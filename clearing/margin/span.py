"""The SPAN requirement of one portfolio, with every figure on the way: the readable model.

requirement of a product = max(scan + intra + spot - inter, short option minimum)
requirement              = sum of these - net option value, not below 0

Source: CME Group, Standard Portfolio Analysis of Risk. `batch.py` computes the same for many.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clearing.margin.inter import Book, Credit, offsets
from clearing.margin.intra import Formed, Spot, form, net_deltas, spot_charges
from clearing.margin.parameters import Kind, Parameters, Product, Tier
from clearing.margin.rounding import initial
from clearing.margin.scenarios import Position, Scan, scan

QUANTITY_MAX = 10**9  # Lots of one contract.


class ProductMargin(NamedTuple):
    """One product's requirement, and what it is made of. Amounts in micro-dollars."""

    product: str
    positions: tuple[Position, ...]
    scan: Scan
    formed: tuple[Formed, ...]
    spots: tuple[Spot, ...]
    credits: tuple[Credit, ...]
    minimum: int  # The short option minimum.
    option_value: int  # What bought options are worth, less sold ones.
    credited_value: int  # What of it counts.

    @property
    def intra(self) -> int:
        """What spreads within the product are charged."""
        return sum(each.amount for each in self.formed)

    @property
    def spot(self) -> int:
        """What deltas near their end are charged."""
        return sum(each.amount for each in self.spots)

    @property
    def inter(self) -> int:
        """What spreads with other products are credited."""
        return sum(each.amount for each in self.credits)

    @property
    def risk(self) -> int:
        """Scan and charges less credits, before the minimum."""
        return self.scan.amount + self.intra + self.spot - self.inter

    @property
    def requirement(self) -> int:
        """The product's requirement, before option value."""
        return max(self.risk, self.minimum)


class Margin(NamedTuple):
    """A portfolio's requirement. Amounts in micro-dollars."""

    currency: str
    products: tuple[ProductMargin, ...]
    percent: int  # Initial as a percentage of maintenance.

    @property
    def net_option_value(self) -> int:
        """What bought options are worth, less sold ones."""
        return sum(each.option_value for each in self.products)

    @property
    def maintenance(self) -> int:
        """What the positions need to be kept."""
        needed = sum(each.requirement - each.credited_value for each in self.products)
        return max(needed, 0)

    @property
    def initial(self) -> int:
        """What they need to be opened, and what a call goes to."""
        return initial(self.maintenance, self.percent)


def margin(parameters: Parameters, lots: Mapping[str, int], percent: int = 110) -> Margin:
    """Return the requirement of lots by contract name, initial at `percent` of maintenance.

    ValueError names contracts that the parameters do not hold, and quantities beyond 10^9 lots.
    """
    by_product = _positions(parameters, lots)
    held = {name: Book(scan(each), net_deltas(each)) for name, each in by_product.items()}
    given = tuple(offsets(parameters, held))
    products = tuple(
        _product_margin(
            parameters.products[name],
            positions,
            held[name],
            tuple(each for each in given if each.product == name),
        )
        for name, positions in by_product.items()
    )
    currencies = {parameters.products[each.product].currency for each in products} or {"USD"}
    if len(currencies) > 1:
        raise ValueError(f"amounts in {' and '.join(sorted(currencies))} cannot be added up")
    return Margin(currencies.pop(), products, percent)


def _product_margin(
    product: Product, positions: Sequence[Position], book: Book, given: tuple[Credit, ...]
) -> ProductMargin:
    left = dict(book.deltas)
    formed = tuple(form(product, left))
    value = sum(each.quantity * each.contract.premium for each in positions)
    made = ProductMargin(
        *(product.name, tuple(positions), book.scan, formed),
        *(tuple(spot_charges(product, book.deltas, left)), given),
        *(short_option_minimum(product, positions), value, value),
    )
    if product.caps_option_value:
        return made._replace(credited_value=min(value, made.requirement))
    return made


def short_option_minimum(product: Product, positions: Sequence[Position]) -> int:
    """Return the least that options sold need: GROSS of calls and puts, or the greater (MAX)."""
    needed = {Kind.CALL: 0, Kind.PUT: 0}
    for contract, quantity in positions:
        if contract.kind.is_option and quantity < 0:
            needed[contract.kind] += -quantity * minimum_rate(product.som_tiers, contract.period)
    return max(needed.values()) if product.som_takes_greater else sum(needed.values())


def minimum_rate(tiers: Sequence[Tier], period: str) -> int:
    """Return what a lot sold of an option needs at least: the rate of its period's first tier."""
    return next((tier.rate for tier in tiers if tier.holds(period)), 0)


def _positions(parameters: Parameters, lots: Mapping[str, int]) -> dict[str, list[Position]]:
    """Return positions by product, in the order of the parameters' contracts."""
    unknown = [name for name in lots if name not in parameters.contracts]
    if unknown:
        raise ValueError(f"unknown contract {', '.join(map(repr, unknown[:5]))}")
    found: dict[str, list[Position]] = {}
    for contract in parameters.contracts.values():
        quantity = lots.get(contract.name, 0)
        if abs(quantity) > QUANTITY_MAX:
            raise ValueError(f"{quantity} lots of {contract.name} are more than {QUANTITY_MAX:,}")
        if quantity:
            found.setdefault(contract.product, []).append(Position(contract, quantity))
    return found
