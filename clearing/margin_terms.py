"""What a product's terms say of its margin, beside its rates and its charge: docs/margin.md."""

from decimal import Decimal
from typing import Literal

import msgspec

from clearing.checks import amount, between
from engine.instruments import MONTHS, micro

_AMOUNT_MAX = 1_000_000  # USD a lot.

_VOLATILITY_MIN = Decimal("0.01")

MinimumRule = Literal["gross", "max"]
VolatilityMoves = Literal["relative", "absolute"]
Range = tuple[int, int]  # Months ahead of the nearest, first to last.


class CalendarTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a long and a short lot are charged, one in each of two ranges of months."""

    near: Range
    far: Range
    charge: Decimal  # USD; never more than the product's own charge.

    def __post_init__(self) -> None:
        for name in ("near", "far"):
            first, last = getattr(self, name)
            if not 0 <= first <= last < MONTHS:
                raise ValueError(f"{name} {[first, last]} is no range of months 0 to {MONTHS - 1}")
        amount("charge", self.charge, _AMOUNT_MAX)


class CreditTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What lots of this product and lots of another, bought against sold, take off each other."""

    other: str  # The other product's model.
    lots: tuple[int, int] = (1, 1)  # Of this product, and of the other, that hedge each other.
    percent: int  # Of the price risk of each.

    def __post_init__(self) -> None:
        for lots in self.lots:
            between("lots", lots, 1, 100)
        between("percent", self.percent, 1, 100)


class MarginTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One product's SPAN parameters that its rates do not say."""

    calendars: tuple[CalendarTerms, ...] = ()  # In order of priority, before the charge of all.
    credits: tuple[CreditTerms, ...] = ()  # In order of priority, after those of earlier products.
    jump: Decimal = Decimal(0)  # USD a lot on top of each rate: what one piece of news can move.
    spot: Decimal = Decimal(0)  # USD a lot in the month whose fixings have begun, spread or not.
    minimum: Decimal = Decimal(5)  # USD an option sold: the least it needs,
    minimum_rule: MinimumRule = "gross"  # of calls and puts, or of the more of the two.
    volatility: Decimal = Decimal("0.26")  # A year; of a strike until trades imply another.
    volatility_scan: Decimal = Decimal("0.25")  # How far scenarios move it:
    volatility_moves: VolatilityMoves = "relative"  # by a share of itself, or by so much.
    extreme: int = 2  # Scan ranges that an extreme move spans,
    cover: int = 35  # and the percentage of its loss that is covered.

    def __post_init__(self) -> None:
        amount("jump", self.jump, _AMOUNT_MAX)
        amount("spot", self.spot, _AMOUNT_MAX)
        amount("minimum", self.minimum, _AMOUNT_MAX)
        amount("volatility", self.volatility, 3)
        amount("volatility_scan", self.volatility_scan, 1)
        if self.volatility < _VOLATILITY_MIN:
            raise ValueError(f"volatility {self.volatility} is less than {_VOLATILITY_MIN}")
        between("extreme", self.extreme, 1, 10)
        between("cover", self.cover, 0, 100)
        if self.extreme * self.cover > 100:
            raise ValueError(
                f"extreme {self.extreme} x cover {self.cover}% is more than a whole scan range, "
                "which the pre-trade check could not hold"
            )

    def spot_micro(self) -> int:
        """Return what a delta of the month whose fixings have begun is charged."""
        return micro(self.spot)

    def minimum_micro(self) -> int:
        """Return what a lot of an option sold needs at least."""
        return micro(self.minimum)

    def spot_cover(self, front: int, highest: int) -> int:
        """Return what the calendar charge of the pre-trade check has to hold for `spot`.

        That check nets the spot rate of one month against other months; the spot charge does
        not net. A long and a short lot can hide twice the spot rate so, and where the nearest
        month's rate is lower than others, more of its lots stand against one. Micro-dollars a
        long and a short lot, rounded up. front, highest: rates a lot, of the nearest month and
        the highest of all.
        """
        spot = self.spot_micro()
        if not spot:
            return 0
        return max(2 * spot, -(-2 * spot * highest // (spot + front)))
