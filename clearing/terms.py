"""What a product's terms are, as they stand in its PRODUCT row, in a scenario and in the docs.

Amounts come in as decimal text or whole numbers of USD and leave as micro-dollars or price
units: nothing behind this module computes with decimals. It reads no file and knows no state.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeVar

import msgspec

from clearing.checks import amount, between
from clearing.margin_terms import MarginTerms
from engine.instruments import CLIP, TICK, micro, units
from engine.schema import AccountType

INITIAL_PERCENT = {  # Initial margin as a percentage of maintenance.
    AccountType.MEMBER: 100,
    AccountType.HEDGER: 100,
    AccountType.SPECULATOR: 110,
}

Mode = Literal["index", "market"]
Market = Literal["on-demand", "spot", "reserved"]
Estimator = Literal["median", "winsorised"]
Spreads = Literal["none", "calendars", "all"]

MS = 1_000_000  # Nanoseconds.

_T = TypeVar("_T")
_RATE_MAX = 1_000_000  # USD a lot.
_MODEL = re.compile(r"[A-Z][A-Z0-9]{1,11}")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


class IndexTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a product's daily index is made from observations of the spot market."""

    markets: tuple[Market, ...] = ("on-demand",)  # The population.
    excluded: tuple[str, ...] = ("aws", "azure", "gcp")  # Providers that do not count.
    estimator: Estimator = "winsorised"
    adjusted: bool = True  # For providers' and configurations' lasting distances.
    cap_percent: int = 25  # The most of the weight that one provider may hold.
    carry_days: int = 3  # Business days that a fixing is carried over a gap.
    absences: int = 5  # Of the last ten fixings; who missed more does not count for a while.

    def __post_init__(self) -> None:
        between("cap_percent", self.cap_percent, 1, 100)
        between("carry_days", self.carry_days, 0, 30)
        between("absences", self.absences, 1, 9)
        if not self.markets:
            raise ValueError("markets is empty")


class FeeTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """USD a lot and side: of a trade, of a cash settlement, and of a block."""

    member: Decimal = Decimal("3.65")
    other: Decimal = Decimal("5.50")
    member_settlement: Decimal = Decimal("0.90")
    other_settlement: Decimal = Decimal("1.35")
    member_block: Decimal = Decimal("6.00")
    other_block: Decimal = Decimal("7.30")

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            amount(name, getattr(self, name), 1_000)


class GuardTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What keeps a product's prices in bounds: engine/README.md, "Guards". 0: off.

    Prices in price units, times in milliseconds.
    """

    band: int = 0
    daily: int = 0
    velocity: int = 0
    velocity_ms: int = 2_000
    breaker: int = 0  # 1/10,000 of the market settlement.
    breaker_ms: int = 60_000  # Of each of the 60 buckets of its look-back.
    halt_ms: int = 120_000
    late_halt_ms: int = 5_000  # In the last five minutes before the close.

    def __post_init__(self) -> None:
        for name in ("band", "daily", "velocity"):
            between(name, getattr(self, name), 0, 1_000_000)
        between("breaker", self.breaker, 0, 10_000)
        for name in ("velocity_ms", "breaker_ms", "halt_ms", "late_halt_ms"):
            between(name, getattr(self, name), 1, 86_400_000)

    @property
    def are_on(self) -> bool:
        """Whether any guard is set."""
        return any((self.band, self.daily, self.velocity, self.breaker))


# The rulebook's defaults: $0.20, 20 ticks in two seconds, a tenth of the settlement.
GUARDS = GuardTerms(band=20 * TICK, velocity=20 * TICK, breaker=1_000)


class ProductTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One product: the futures on one GPU model."""

    model: str
    rates: tuple[Decimal, ...]  # Maintenance, USD a lot, by months ahead; the last holds beyond.
    mode: Mode = "index"
    curve: tuple[tuple[int, Decimal], ...] = ()  # Months ahead, USD per GPU-hour above the index.
    charge: Decimal = Decimal(50)  # USD a lot that a long and a short of two months are charged.
    position_max: int = 7_500  # Lots, an owner in one contract.
    spot_max: int = 7_500  # Likewise near its last trading day, where less.
    accountable_month: int = 15_000  # Lots of futures: an owner with more in one month is reported,
    accountable_all: int = 22_500  # or in all months together.
    clip: int = CLIP
    protection: int = 10 * TICK  # Default protection points, price units.
    block: int = 5  # The least lots of a block.
    spreads: Spreads = "none"  # Listed over its months; all: also between products.
    options: int = 0  # How many of the nearest months have calls and puts.
    events: int = 0  # How many event contracts each day lists on the fixing five days ahead.
    tas: int = 0  # How many of them have a book for trades at settlement.
    margin: MarginTerms = MarginTerms()
    guards: GuardTerms = GuardTerms()
    fees: FeeTerms = FeeTerms()
    index: IndexTerms = IndexTerms()

    def __post_init__(self) -> None:
        if not _MODEL.fullmatch(self.model):
            raise ValueError(f"model {self.model!r} is not 2 to 12 capitals and digits")
        if not self.rates:
            raise ValueError("rates is empty")
        for rate in self.rates:
            amount("rates", rate, _RATE_MAX)
        amount("charge", self.charge, _RATE_MAX)
        between("position_max", self.position_max, 1, 1_000_000)
        between("spot_max", self.spot_max, 1, 1_000_000)
        between("accountable_month", self.accountable_month, 1, 10_000_000)
        between("accountable_all", self.accountable_all, 1, 10_000_000)
        between("options", self.options, 0, 12)
        between("events", self.events, 0, 5)
        between("tas", self.tas, 0, 12)
        between("clip", self.clip, 1, CLIP)
        between("protection", self.protection, 0, 2_000)
        between("block", self.block, 1, CLIP)
        for each in self.margin.calendars:
            if each.charge > self.charge:
                raise ValueError(f"calendars: {each.charge} is more than the charge {self.charge}")
        self._check_curve()

    def _check_curve(self) -> None:
        months = [ahead for ahead, _ in self.curve]
        if months != sorted(set(months)) or (months and months[0] < 0):
            raise ValueError(f"curve: months ahead {months} do not rise from 0 or later")
        for _, difference in self.curve:
            if not difference.is_finite() or abs(difference) > 100:
                raise ValueError(f"curve: difference {difference} is not between -100 and 100")
            if units(difference) % TICK:
                raise ValueError(f"curve: difference {difference} is not a multiple of 0.01")

    def rate_micro(self, months_ahead: int) -> int:
        """Return the maintenance margin of one lot, before any fixing of its month is known."""
        rate = self.rates[min(max(months_ahead, 0), len(self.rates) - 1)]
        return micro(rate) + micro(self.margin.jump)

    def charge_micro(self) -> int:
        """Return what the pre-trade check charges a long and a short lot of different months."""
        rates = [self.rate_micro(ahead) for ahead in range(len(self.rates))]
        return micro(self.charge) + self.margin.spot_cover(rates[0], max(rates))

    def fee_micro(self, account_type: int) -> int:
        """Return the fee of one lot and side."""
        is_member = account_type == AccountType.MEMBER
        return micro(self.fees.member if is_member else self.fees.other)

    def settlement_fee_micro(self, account_type: int) -> int:
        """Return the fee of one lot that is settled in cash."""
        is_member = account_type == AccountType.MEMBER
        return micro(self.fees.member_settlement if is_member else self.fees.other_settlement)

    def block_fee_micro(self, account_type: int) -> int:
        """Return the fee of one lot and side of a block."""
        is_member = account_type == AccountType.MEMBER
        return micro(self.fees.member_block if is_member else self.fees.other_block)

    def lot_fees_micro(self) -> tuple[int, int, int, int, int, int]:
        """Return what a lot costs: of a trade for members and others, settled, in a block."""
        member, other = AccountType.MEMBER, AccountType.HEDGER
        trade = self.fee_micro(member), self.fee_micro(other)
        settled = self.settlement_fee_micro(member), self.settlement_fee_micro(other)
        return *trade, *settled, self.block_fee_micro(member), self.block_fee_micro(other)

    def difference(self, months_ahead: int) -> int:
        """Return how far a month stands above the index at first, in price units, on the tick.

        Linear between the months that the curve names, rounded down; flat outside of them.
        """
        points = [(ahead, units(difference)) for ahead, difference in self.curve]
        if not points:
            return 0
        below = [point for point in points if point[0] <= months_ahead]
        above = [point for point in points if point[0] > months_ahead]
        if not below or not above:
            return (below[-1:] or above[:1])[0][1]
        (left, low), (right, high) = below[-1], above[0]
        exact = low * (right - left) + (high - low) * (months_ahead - left)
        return exact // ((right - left) * TICK) * TICK


def decode_terms(text: str) -> ProductTerms:
    """Return the terms that a PRODUCT row's text holds. Raises ValueError, naming the field."""
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"terms are not JSON: {error}") from None
    return read(document, ProductTerms)


def encode_terms(terms: ProductTerms) -> str:
    """Return terms as the text of a PRODUCT row."""
    return msgspec.json.encode(terms).decode()


def read(document: object, kind: type[_T]) -> _T:
    """Return a decoded JSON or TOML document as a Struct.

    Raises ValueError that names the field and the value that is wrong.
    """
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise ValueError(_named(str(error), document)) from None


def _named(message: str, document: object) -> str:
    """Return msgspec's message with the path's value behind it."""
    complaint, _, path = message.partition(" - at `$")
    path = path.rstrip("`")
    found = _at(document, path)
    where = path.lstrip(".") or "the document"
    return f"{where}: {complaint}" + ("" if isinstance(found, dict | list) else f" ({found!r})")


def _at(document: object, path: str) -> object:
    found: Any = document
    for name, place in _STEP.findall(path):
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, Sequence) and place.isdigit() and int(place) < len(found):
            found = found[int(place)]
        else:
            return {}
    return found
