"""What a machine is worth: the rent that its hours will bring, discounted month by month.

The rent of a month is the forward curve's price of it; beyond the curve's end prices go on
falling, or rising, as over its last year. Floats of an illustration: no offer, no forecast.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import NamedTuple

from clearing.calendar import month_after

HOURS = 730  # Of a month, as in a lot.
PUBLISHED = {2: 0.85, 3: 0.84}  # Resale, part of the price new, by year: an analysis of late 2025.
OLD = 1.5  # By what a refurbished machine's chance of failure is multiplied.
STEPS = (-0.2, 0.0, 0.2)  # Of a sensitivity table.

_MONTHS = 12


@dataclasses.dataclass(frozen=True, slots=True)
class Machine:
    """One GPU as somebody would buy it, its part of the server included."""

    price_usd: float
    life_months: int = 60  # From now on; then it is worth nothing.
    opex_usd: float = 0.40  # An hour, sold or not: power, space, staff.
    utilisation: float = 0.70  # Part of the hours that is sold.
    failure: float = 0.05  # Chance a year that it is lost.

    def __post_init__(self) -> None:
        for name in ("price_usd", "life_months"):
            if not (value := getattr(self, name)) > 0 or not math.isfinite(value):
                raise ValueError(f"{name} must be above 0, not {value}")
        if not (self.opex_usd >= 0 and math.isfinite(self.opex_usd)):
            raise ValueError(f"opex_usd must be 0 or more, not {self.opex_usd}")
        for name in ("utilisation", "failure"):
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, not {value}")


class Valuation(NamedTuple):
    """What a machine brings, USD now."""

    worth_usd: float  # All rent to come, less what it costs to run.
    profit_usd: float  # That less its price.
    pays_back_months: int  # When discounted rent has paid the price; 0: never.
    residuals: list[float]  # After 1, 2, ... years: worth then as part of the price now.


class Comparison(NamedTuple):
    """A new machine and, where its price was given, a refurbished one, on one curve."""

    new: Machine
    new_value: Valuation
    refurbished: Machine | None
    refurbished_value: Valuation | None
    table: list["Sensitivity"]  # Of the new one's profit.


class Sensitivity(NamedTuple):
    """One line of a table: a quantity moved, the others as they are."""

    moved: str
    profits_usd: list[float]  # In the order of STEPS.


def extended(curve: Mapping[int, float], months: int) -> list[float]:
    """Return USD per GPU-hour of so many months from a curve's first on.

    curve: by month (yyyymm), not empty. Raises ValueError where a month in it is missing.
    """
    first = min(curve)
    prices = list[float]()
    while (month := month_after(first, len(prices))) <= max(curve):
        if month not in curve:
            raise ValueError(f"the curve has no price of {month // 100}-{month % 100:02d}")
        prices.append(curve[month])
    back = min(_MONTHS, len(prices) - 1)
    change = (prices[-1] / prices[-1 - back]) ** (1 / back) if back else 1.0
    last = len(prices)
    prices += [prices[-1] * change**ahead for ahead in range(1, months - last + 1)]
    return prices[:months]


def value(machine: Machine, curve: Mapping[int, float], discount: float) -> Valuation:
    """Return what a machine is worth on a curve. discount: a year's rate, 0.1 for ten percent.

    Raises ValueError for a discount of -100% or less.
    """
    flows = _flows(machine, curve)
    present = _discounted(flows, discount)
    worth = sum(present)
    years = range(_MONTHS, machine.life_months, _MONTHS)
    residuals = [_residual(machine, flows[start:], start, discount) for start in years]
    return Valuation(worth, worth - machine.price_usd, _payback(machine, present), residuals)


def compared(
    new: Machine,
    refurbished_usd: float | None,
    age_months: int,
    curve: Mapping[int, float],
    discount: float,
) -> Comparison:
    """Return a new machine beside one that is `age_months` old, fails OLD as often, and costs less.

    Raises ValueError where the old one's life is over.
    """
    old, old_value = None, None
    if refurbished_usd is not None:
        if not 0 < age_months < new.life_months:
            raise ValueError(f"age must be from 1 to {new.life_months - 1} months: {age_months}")
        old = dataclasses.replace(
            new,
            price_usd=refurbished_usd,
            life_months=new.life_months - age_months,
            failure=min(1.0, OLD * new.failure),
        )
        old_value = value(old, curve, discount)
    table = sensitivities(new, curve, discount)
    return Comparison(new, value(new, curve, discount), old, old_value, table)


def sensitivities(
    machine: Machine, curve: Mapping[int, float], discount: float
) -> list[Sensitivity]:
    """Return the profit as rent, utilisation, running cost, price and discount move by STEPS."""
    table = []
    for moved in ("rent", "utilisation", "opex_usd", "price_usd", "discount"):
        profits = []
        for step in STEPS:
            factor = 1 + step
            rents = {month: rent * factor for month, rent in curve.items()}
            changed = machine
            if moved in ("utilisation", "opex_usd", "price_usd"):
                wanted = min(getattr(machine, moved) * factor, _ceiling(moved))
                changed = dataclasses.replace(machine, **{moved: wanted})
            found = value(
                changed,
                rents if moved == "rent" else curve,
                discount * factor if moved == "discount" else discount,
            )
            profits.append(found.profit_usd)
        table.append(Sensitivity(moved, profits))
    return table


def _ceiling(moved: str) -> float:
    return 1.0 if moved == "utilisation" else math.inf


def _flows(machine: Machine, curve: Mapping[int, float]) -> list[float]:
    """Return what each month brings, if the machine lives, times the chance that it does."""
    lives = (1 - machine.failure) ** (1 / _MONTHS)
    rents = extended(curve, machine.life_months)
    earned = (HOURS * (machine.utilisation * rent - machine.opex_usd) for rent in rents)
    # Who runs at a loss switches off: a month never costs more than it brings.
    return [max(0.0, month) * lives**number for number, month in enumerate(earned)]


def _discounted(flows: list[float], discount: float) -> list[float]:
    if not discount > -1:
        raise ValueError(f"discount must be above -1, not {discount}")
    rate = (1 + discount) ** (1 / _MONTHS)
    return [flow / rate ** (number + 1) for number, flow in enumerate(flows)]


def _residual(machine: Machine, flows: list[float], start: int, discount: float) -> float:
    """Return the worth, `start` months on, of a machine that lives then, per dollar paid."""
    lives = (1 - machine.failure) ** (start / _MONTHS)
    return sum(_discounted(flows, discount)) / lives / machine.price_usd if lives else 0.0


def _payback(machine: Machine, present: list[float]) -> int:
    paid = 0.0
    for number, flow in enumerate(present, start=1):
        paid += flow
        if paid >= machine.price_usd:
            return number
    return 0
