"""Which trade dates a run has, and the price panel under them."""

import datetime
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

from clearing.calendar import is_business_day, on_or_after
from sim.panel import Panel, read_panel
from sim.panel_generator import generate
from sim.scenario import Scenario
from sim.shock import shocked

GIVEN_NOT = datetime.date.min  # A date that the command line leaves open.

_DAY = datetime.timedelta(days=1)


class Span(NamedTuple):
    """Which part of a panel, or of a scenario, to run."""

    first: datetime.date = GIVEN_NOT
    last: datetime.date = GIVEN_NOT
    days: int = 0  # The most trade dates; 0: as many as there are.


class Plan(NamedTuple):
    """What happens when."""

    scenario: Scenario
    panel: Panel  # Of the posted prices; without dates where a marketplace makes the prices.
    days: list[datetime.date]  # Trade dates, ascending.


def planned(scenario: Scenario, span: Span) -> Plan:
    """Return the plan of a scenario on a generated panel."""
    first = scenario.start if span.first == GIVEN_NOT else span.first
    if span.last == GIVEN_NOT:
        days = [on_or_after(first)]
        while len(days) < scenario.days:
            days.append(on_or_after(days[-1] + _DAY))
    else:
        days = _business_days(first, span.last)[: span.days or None]
    return Plan(scenario, posted(scenario, days[0], days[-1]), days)


def posted(scenario: Scenario, first: datetime.date, last: datetime.date) -> Panel:
    """Return the generated panel of a scenario's trade dates and the day before them.

    Without dates where observations are the trades of a marketplace.
    """
    if scenario.spot.source == "marketplace":
        return Panel("the marketplace", tuple(models(scenario)), (), {}, (), {})
    panel = generate(models(scenario), first - _DAY, last, scenario.seed, scenario.levels)
    return shocked(panel, scenario.shock)


def planned_on(scenario: Scenario, prices: pathlib.Path, span: Span) -> Plan:
    """Return the plan of a scenario on a panel from a file: on its last gap-free stretch.

    Raises ValueError where the file cannot be a panel, or has too few days, or where the
    scenario takes its observations from elsewhere.
    """
    if scenario.spot.source == "marketplace":
        raise ValueError(
            f"scenario {scenario.name} takes its observations from its marketplace, "
            f"so it has no use for {prices}"
        )
    panel = panel_on(prices, models(scenario), span)
    days = _business_days(panel.dates[0], panel.dates[-1])
    if span.days > len(days):
        raise ValueError(f"{prices} has {len(days)} trade dates here, not {span.days}")
    return Plan(scenario, panel, days[: span.days or None])


def panel_on(prices: pathlib.Path, names: Sequence[str], span: Span) -> Panel:
    """Return the part of a panel's file that a span names; the last gap-free one if none."""
    today = datetime.datetime.now(datetime.UTC).date()
    whole = read_panel(prices, names, today)
    if (span.first, span.last) == (GIVEN_NOT, GIVEN_NOT):
        return whole.last_stretch()
    last = whole.dates[-1] if span.last == GIVEN_NOT else span.last
    return whole.cut(span.first, last)


def _business_days(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """Return the business days from one date to another. Raises ValueError where there is none."""
    count = (last - first).days + 1
    days = [first + number * _DAY for number in range(count)]
    found = [day for day in days if is_business_day(day)]
    if not found:
        raise ValueError(f"there is no business day from {first} to {last}")
    return found


def models(scenario: Scenario) -> list[str]:
    """Return the GPU models of a scenario's products, in order."""
    return [product.model for product in scenario.product]
