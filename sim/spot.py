"""The spot market of a world: where its observations come from, each at its moment.

Either a panel's posted prices, or the trades of a marketplace that plays its rounds as time passes.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from engine.jit import Table
from engine.rows import Batch
from sim.clock import NEVER
from sim.marketplace.market import Marketplace, Played
from sim.marketplace.schedule import closing, schedule
from sim.marketplace.terms import SpotTerms
from sim.marketplace.trades import new_names, observations
from sim.panel import Panel, quoted_at
from sim.plan import models
from sim.scenario import Scenario
from sim.spot_models import LEVELS, SpotModel

FIRST_ROW = 2  # Of a feed, as if it were a file whose first line is a header.


class PanelSpot:
    """A panel, handed out a date at a time; a provider's name goes with its first row."""

    def __init__(self, panel: Panel) -> None:
        self._days = list(_days(panel))
        self._next = 0

    def next_due(self) -> int:
        """Return when the next rows are due, or NEVER."""
        return self._days[self._next][0] if self._next < len(self._days) else NEVER

    def due(self, now: int) -> Batch:
        """Return the OBSERVE rows that are due up to `now`, and pass over them."""
        batch = Batch()
        while self.next_due() <= now:
            _, rows, names = self._days[self._next]
            batch.observe(rows, names)
            self._next += 1
        return batch

    def pass_over(self, now: int) -> None:
        """Drop what was due up to `now`: the journal has it already."""
        while self.next_due() <= now:
            self._next += 1


class MarketSpot:
    """A marketplace, played as time passes: its trades are the observations.

    market: as it stands after the rounds so far. played: those of trade dates.
    """

    def __init__(
        self,
        models: Sequence[str],
        terms: SpotTerms,
        seed: int,
        days: tuple[datetime.date, datetime.date],
        levels: Mapping[str, SpotModel] = LEVELS,
    ) -> None:
        """Begin before the first round. days: first and last trade date; it trades a day earlier.

        That day's rounds are due together: they are over before there is an exchange.
        """
        self.market = Marketplace(models, terms, seed)
        self.played: list[Played] = []
        self._first = days[0]
        moments = list(schedule(models, days, terms.rounds, seed, levels))
        before = max(closing(moment) for moment in moments if moment.date < days[0])
        self._moments = [(max(before, closing(moment)), moment) for moment in moments]
        self._next = 0
        self._row = FIRST_ROW
        self._known = set[int]()

    def next_due(self) -> int:
        """Return when the next round is over, or NEVER."""
        return self._moments[self._next][0] if self._next < len(self._moments) else NEVER

    def due(self, now: int) -> Batch:
        """Return the OBSERVE rows of the rounds that are over at `now`, having played them."""
        batch = Batch()
        while self.next_due() <= now:
            played = self.market.play(self._moments[self._next][1])
            if played.moment.date >= self._first:
                self.played.append(played)
            rows = observations(played.trades, self._row, self.market.models)
            self._row += len(rows)
            self._next += 1
            if len(rows):
                batch.observe(rows, new_names(rows, self.market.names, self._known))
        return batch

    def pass_over(self, now: int) -> None:
        """Play the rounds up to `now` without a word: the journal has their rows already."""
        self.due(now)


def spot_market(
    scenario: Scenario, panel: Panel, first: datetime.date, last: datetime.date
) -> PanelSpot | MarketSpot:
    """Return a scenario's spot market: the panel's posted prices, or its own marketplace.

    first, last: trade dates.
    """
    if scenario.spot.source == "posted":
        return PanelSpot(panel)
    days = first, last
    return MarketSpot(models(scenario), scenario.spot, scenario.seed, days, scenario.levels)


def _days(panel: Panel) -> Iterator[tuple[int, Table, dict[int, str]]]:
    """Yield when a date's rows are due, the rows, and the names that are new, by place in them."""
    known = set[int]()
    for date in panel.dates:
        rows = panel.rows(date)
        providers, places = np.unique(rows["provider"], return_index=True)
        pairs = zip(providers.tolist(), places.tolist(), strict=True)
        fresh = {place: panel.names[number] for number, place in pairs if number not in known}
        known.update(providers.tolist())
        yield quoted_at(date), rows, fresh
