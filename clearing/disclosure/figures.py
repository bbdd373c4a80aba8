"""The figures that a clearing house discloses, from one replay of its journal.

After CPMI-IOSCO, "Public quantitative disclosure standards for central counterparties" (2015).
Records alone: `sim` prints them. Amounts are micro-dollars, where a name ends so.
"""

from collections import defaultdict

import msgspec
import numpy as np

from clearing.disclosure.cover import stress_losses
from clearing.disclosure.coverage import EXPECTED, christoffersen, is_accepted, kupiec
from clearing.disclosure.record import Record
from clearing.house import House


class Requirement(msgspec.Struct, frozen=True):
    """What accounts of one origin need, and what they have."""

    origin: str  # house or customer.
    accounts: int
    maintenance_micro: int
    initial_micro: int
    equity_micro: int


class Coverage(msgspec.Struct, frozen=True):
    """How often a day's loss exceeded the margin of the evening before."""

    observations: int  # Accounts times days on which they held something.
    breaches: int
    achieved: float  # 1 - breaches / observations; 1 without observations.
    expected: float
    kupiec: float
    is_kupiec_accepted: bool
    christoffersen: float
    is_christoffersen_accepted: bool
    uncovered_max_micro: int
    uncovered_mean_micro: int


class Calls(msgspec.Struct, frozen=True):
    """Margin calls since the beginning."""

    count: int
    unmet: int
    largest_micro: int
    largest_account: str  # Empty where there was none.
    largest_day_micro: int  # Of all calls of one date.


class Variation(msgspec.Struct, frozen=True):
    """What losers paid winners at a day's marks and final settlements."""

    mean_day_micro: int  # Over the days on which some was paid.
    largest_day_micro: int
    largest_date: int  # yyyymmdd; 0: none.


class Stressed(msgspec.Struct, frozen=True):
    """Losses beyond margin in one stress scenario."""

    scenario: str
    members: list[str]  # The two that lose most.
    losses_micro: list[int]
    two_micro: int
    all_micro: int


class Resources(msgspec.Struct, frozen=True):
    """What stands behind the margin, and whether it covers the two members that lose most."""

    guaranty_fund_micro: int  # What members have paid in.
    capital_micro: int  # What the exchange still puts up of its own.
    assessments_micro: int  # What members may be asked for beyond it: not prefunded.
    cover_two_micro: int  # The greatest over all scenarios.
    cover_two_scenario: str
    is_covered: bool  # By fund and capital.


class Concentration(msgspec.Struct, frozen=True):
    """How much of a product's open interest few accounts hold, of longs and shorts the greater."""

    product: str
    open_interest: int  # Lots.
    largest: float
    five_largest: float


class Disclosure(msgspec.Struct, frozen=True):
    """All of it, as `cfx disclose --json` prints it."""

    first: int  # yyyymmdd; 0: no day has ended yet.
    last: int
    days: int
    resources: Resources
    requirements: list[Requirement]
    coverage: Coverage
    calls: Calls
    variation: Variation
    stress: list[Stressed]
    concentration: list[Concentration]
    simulated: Coverage | None = None  # Had historical simulation been asked for, if compared.


def disclosure(house: House, record: Record, simulated: Record | None = None) -> Disclosure:
    """Return the figures of a house, and of the days that a record watched.

    simulated: judged by historical simulation.
    ValueError names a contract that cannot be revalued under stress.
    """
    stress = [
        Stressed(one.scenario.name, list(one.members), list(one.losses), one.two, one.total)
        for one in stress_losses(house)
    ]
    return Disclosure(
        first=record.days[0].date if record.days else 0,
        last=record.days[-1].date if record.days else 0,
        days=len(record.days),
        resources=_resources(house, stress),
        requirements=[_requirement(house, origin) for origin in ("house", "customer")],
        coverage=_coverage(record),
        calls=_calls(house),
        variation=_variation(house),
        stress=stress,
        concentration=_concentrations(house),
        simulated=_coverage(simulated) if simulated else None,
    )


def _resources(house: House, stress: list[Stressed]) -> Resources:
    worst = max(stress, key=lambda one: one.two_micro)
    fund, capital = house.defaults.fund, house.defaults.fund.capital_left()
    paid_in = sum(fund.of(each.number) for each in house.directory.accounts[1:])
    is_covered = worst.two_micro <= paid_in + capital
    asked = paid_in * fund.terms.assessments
    return Resources(paid_in, capital, asked, worst.two_micro, worst.scenario, is_covered)


def _requirement(house: House, origin: str) -> Requirement:
    found = [each.number for each in house.directory.accounts[1:] if each.origin == origin]
    accounts = np.array(found, np.int64)
    maintenance, initial = house.calls.requirements(accounts)
    equity = int(house.calls.equity()[accounts].sum())
    return Requirement(origin, len(found), int(maintenance.sum()), int(initial.sum()), equity)


def _coverage(record: Record) -> Coverage:
    observations, breaches = record.observations, len(record.breaches)
    uncovered = [each.uncovered for each in record.breaches]
    ratio = kupiec(observations, breaches) if observations else 0.0
    together = christoffersen(record.hits.values())
    return Coverage(
        observations=observations,
        breaches=breaches,
        achieved=1 - breaches / observations if observations else 1.0,
        expected=1 - EXPECTED,
        kupiec=ratio,
        is_kupiec_accepted=is_accepted(ratio),
        christoffersen=together,
        is_christoffersen_accepted=is_accepted(together),
        uncovered_max_micro=max(uncovered, default=0),
        uncovered_mean_micro=sum(uncovered) // len(uncovered) if uncovered else 0,
    )


def _calls(house: House) -> Calls:
    made = house.calls.calls
    by_day: defaultdict[int, int] = defaultdict(int)
    for each in made:
        by_day[each.date] += each.amount_micro
    largest = max(made, key=lambda each: each.amount_micro, default=None)
    return Calls(
        count=len(made),
        unmet=len(house.calls.unmet),
        largest_micro=largest.amount_micro if largest else 0,
        largest_account=house.directory.accounts[largest.account].name if largest else "",
        largest_day_micro=max(by_day.values(), default=0),
    )


def _variation(house: House) -> Variation:
    by_day: defaultdict[int, int] = defaultdict(int)
    for each in house.variations:
        by_day[each.date] += max(each.amount_micro, 0)
    if not by_day:
        return Variation(0, 0, 0)
    largest = max(by_day, key=lambda date: by_day[date])
    return Variation(sum(by_day.values()) // len(by_day), by_day[largest], largest)


def _concentrations(house: House) -> list[Concentration]:
    instruments = house.directory.instruments
    of_product = np.array([each.product for each in instruments], np.int64)
    found = []
    for product in house.directory.products:
        net = house.positions.holdings["net"][of_product == product.number]
        sides = [np.sort(np.maximum(sign * net, 0).sum(axis=0))[::-1] for sign in (1, -1)]
        lots = int(sides[0].sum())
        largest, five = (
            max(float(side[:count].sum()) / lots for side in sides) if lots else 0.0
            for count in (1, 5)
        )
        found.append(Concentration(product.name, lots, largest, five))
    return found
