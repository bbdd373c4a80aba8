"""What a day's risk parameters say: what a lot of each contract can lose, and what spreads cost.

Plain values, as a `.spn` file states them; nothing here computes a requirement. Money is in
micro-dollars (millionths of the product's currency), deltas in ten-thousandths of a lot.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import NamedTuple

SCENARIOS = (  # Price moves in thirds of the scan range, each with volatility up, then down.
    "price unchanged, volatility up",
    "price unchanged, volatility down",
    "price up 1/3, volatility up",
    "price up 1/3, volatility down",
    "price down 1/3, volatility up",
    "price down 1/3, volatility down",
    "price up 2/3, volatility up",
    "price up 2/3, volatility down",
    "price down 2/3, volatility up",
    "price down 2/3, volatility down",
    "price up 3/3, volatility up",
    "price up 3/3, volatility down",
    "price down 3/3, volatility up",
    "price down 3/3, volatility down",
    "price up to the extreme, part covered",
    "price down to the extreme, part covered",
)
PAIRED = (1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14, 15)  # The same price, from 0.
MILLION = 1_000_000
DELTA_ONE = 10_000  # The delta of one lot of an ordinary future.


class Kind(IntEnum):
    """What a contract is."""

    PHYSICAL = 0
    FUTURE = 1
    CALL = 2
    PUT = 3

    @property
    def is_option(self) -> bool:
        """Whether a lot sold counts for the short option minimum."""
        return self >= Kind.CALL


class Contract(NamedTuple):
    """One contract: what one long lot loses in each scenario, and what it is worth."""

    name: str  # As portfolios name it; in a file `pfId/cId`.
    product: str
    kind: Kind
    period: str  # Of its delta: digits, yyyymmdd or yyyymm.
    losses: tuple[int, ...]  # By scenario, micro-dollars; positive is a loss.
    delta: int  # Composite delta of one long lot, in ten-thousandths; not for position limits.
    price: Decimal = Decimal(0)
    value_factor: Decimal = Decimal(1)  # What a price of 1 is worth a lot.
    strike: Decimal = Decimal(0)
    premium: int = 0  # Micro-dollars that a lot counts as option value; 0 unless paid at the trade.


class Leg(NamedTuple):
    """One leg of a spread: deltas of a period, of a tier, or (tier 0) of a whole product."""

    product: str
    side: str  # A or B: legs of one letter stand on one side, those of the other against them.
    ratio: Fraction  # Deltas of one spread.
    tier: int = 0
    period: str = ""  # Empty where the leg is a tier.


class Spread(NamedTuple):
    """Deltas that offset each other. Lower numbers are formed first."""

    number: int
    legs: tuple[Leg, ...]
    rate: int  # Millionths: USD charged a spread in a product, share of price risk between them.


class JointScan(NamedTuple):
    """Products whose losses are scanned together: a spread by scanning."""

    number: int
    products: tuple[str, ...]
    required: frozenset[str]  # Of these: without a position in each the spread is not formed.
    rate: int  # Millionths of what scanning together saves.


class Tier(NamedTuple):
    """Periods from `first` to `last`, both included; empty ends are open."""

    number: int
    first: str = ""
    last: str = ""
    rate: int = 0  # Micro-dollars; of the short option minimum, a lot.

    def holds(self, period: str) -> bool:
        """Whether a period lies in the tier; ends given by the month hold all its days."""
        begins = period[: len(self.first)] >= self.first
        return begins and period[: len(self.last)] <= (self.last or period)


class SpotRate(NamedTuple):
    """What deltas of a period near its end are charged, in micro-dollars a delta."""

    period: str
    spread: int  # Of deltas that spreads within the product have used.
    outright: int  # Of those left.


class Product(NamedTuple):
    """A combined commodity: contracts that are scanned together, and what they are charged."""

    name: str
    currency: str = "USD"
    spreads: tuple[Spread, ...] = ()  # Within the product, by number.
    intra_tiers: tuple[Tier, ...] = ()  # That these name.
    inter_tiers: tuple[Tier, ...] = ()  # That spreads with other products name.
    spot: tuple[SpotRate, ...] = ()
    som_tiers: tuple[Tier, ...] = ()  # Short option minimum: each option counts in the first.
    som_takes_greater: bool = False  # MAX: calls or puts, the greater. Otherwise GROSS: both.
    caps_option_value: bool = False  # Option value offsets this product's requirement only.


class Parameters(NamedTuple):
    """One day's parameters of a clearing house."""

    date: str  # yyyymmdd.
    clearing_org: str
    products: Mapping[str, Product]
    contracts: Mapping[str, Contract]
    spreads: tuple[Spread, ...] = ()  # Between products, by number.
    joint: tuple[JointScan, ...] = ()  # Before these, by number.
