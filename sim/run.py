"""A simulated run: a plan, the world that plays it, and what it leaves behind."""

import pathlib
import time
from collections.abc import Callable, Iterator, Sequence

from clearing.calendar import times
from clearing.directory import Product
from clearing.index.fixing import Fixing
from clearing.venue import Venue
from clearing.verify import figures
from engine.exchange import Outcome
from engine.instruments import as_number
from engine.journal import Durability
from engine.schema import Side
from sim.founding import found, participants
from sim.plan import Plan
from sim.report import DayLine, Summary, Tally, cpu_level, day_line, lock_hash
from sim.spot import spot_market
from sim.world import Crowd, World

JOURNAL = "journal"  # The folder of a run's, or of an exchange's, journal.


Watch = Callable[[Sequence[Outcome]], object]


def look_away(_outcomes: Sequence[Outcome]) -> None:
    """Pass over outcomes."""


class Run:
    """One world on its way through a plan.

    founding: the outcomes of the first rows. fixings: of all products and days so far.
    tally: of all outcomes so far. spot: where its observations come from.
    """

    def __init__(
        self, plan: Plan, folder: pathlib.Path | None = None, watch: Watch = look_away
    ) -> None:
        """Found the exchange; its journal is written under `folder`, or nowhere.

        watch: is shown all outcomes, in order.
        """
        self._watch = watch
        directory = folder and folder / JOURNAL
        self.plan = plan
        self.venue = Venue.open(directory, durability=Durability.NONE)
        self.fixings: list[Fixing] = []
        self.tally = Tally()
        scenario = plan.scenario
        rows, founded = found(scenario, plan.days[0])
        self.spot = spot_market(scenario, plan.panel, plan.days[0], plan.days[-1])
        crowd = Crowd(participants(scenario), self.spot, scenario.seed, founded)
        self.world = World(self.venue, crowd)
        self.founding = self.world.submit(rows, founded)
        self.tally.fold(self.founding)
        watch(self.founding)

    def days(self) -> Iterator[DayLine]:
        """Play one trade date after another, to the close; yield what each came to."""
        for date in self.plan.days:
            close = times(date)[-1][0]
            for outcomes in self.world.advance(close):
                self.tally.fold(outcomes)
                self._watch(outcomes)
            house = self.venue.house
            self.fixings += [house.fixings.audits[product.number] for product in self.products]
            yield day_line(house, as_number(date))

    @property
    def products(self) -> list[Product]:
        """What is traded."""
        return self.venue.house.directory.products

    def summary(self) -> Summary:
        """Return what the run came to."""
        found = figures(self.venue)
        fills = self.tally.fills(Side.BUY)
        return Summary(
            state_hash=found.state_hash,
            event_hash=found.event_hash,
            ledger_hash=found.ledger_hash,
            ledger_sum_micro=found.ledger_sum_micro,
            position_sum=found.position_sum,
            commands=self.tally.commands,
            events=self.tally.events,
            trades=len(fills),
            volume=int(fills["quantity"].sum()),
            days=len(self.plan.days),
            margin_calls=len(self.venue.house.calls.calls),
            liquidations=self.venue.house.defaults.liquidations.begun,
            seed=self.plan.scenario.seed,
            lock_hash=lock_hash(),
            cpu_level=cpu_level(),
            cpu_s=round(time.process_time(), 2),
        )

    def close(self) -> None:
        """Keep the journal, and let others open it."""
        self.venue.close()
