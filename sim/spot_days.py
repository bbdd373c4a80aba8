"""The marketplace of a scenario by itself: its days, its index, and the truth behind both."""

import datetime
import itertools
from collections.abc import Iterator, Sequence

import msgspec

from clearing.calendar import times
from clearing.index.adjustment import Coefficient
from clearing.index.cells import FIELDS
from clearing.index.fixing import Fixing, gather, window_before
from clearing.index.series import Memory, new_memory, next_fixing, remembered
from engine.instruments import as_number
from engine.schema import Cycle
from sim.marketplace.market import Marketplace, Played
from sim.marketplace.schedule import schedule
from sim.marketplace.trades import observations
from sim.plan import Plan, models

_MICRO = 1_000_000


class SpotLine(msgspec.Struct, frozen=True):
    """What a day of one model came to. Prices in micro-dollars a GPU-hour."""

    date: str
    model: str
    level_micro: int  # What all was traded around; no participant is told.
    index_micro: int  # 0: none.
    tier: int
    inputs: int  # Observations used.
    auctioned_hours: int  # GPU-hours delivered of auctions,
    requested_hours: int  # and of requests, at once.
    contracts: int  # Signed.
    raised: int  # Books whose price moved when bids were raised.
    refused: int  # Machines.
    failed: int  # Sales of which every machine was refused.


class RegionLine(msgspec.Struct, frozen=True):
    """What a region adds to the log of a price, in millionths: true, and as the index found it."""

    model: str
    region: str
    true: int
    found: int
    error: int  # -1: the base has none.


class SpotSummary(msgspec.Struct, frozen=True):
    """What all days came to."""

    name: str
    seed: int
    days: list[SpotLine]
    regions: list[RegionLine]
    contracts: int
    due_micro: int  # Billed to buyers,
    damages_micro: int  # and owed by providers for hours that were missing.
    defaulted: list[str]
    lost_micro: int  # By those whom they owed.


class SpotDays:
    """A scenario's marketplace, played without the futures market.

    market: as it stands. played: the rounds of all trade dates so far.
    """

    def __init__(self, plan: Plan) -> None:
        """Begin before the first trade date. Raises ValueError where there is no marketplace."""
        scenario = plan.scenario
        if scenario.spot.source != "marketplace":
            raise ValueError(
                f"scenario {scenario.name} has posted prices and no marketplace: "
                'its [spot] table says nothing of source = "marketplace"'
            )
        self.plan = plan
        self.market = Marketplace(models(scenario), scenario.spot, scenario.seed)
        self.played: list[Played] = []
        self._memory = [new_memory(product) for product in range(len(scenario.product))]

    def days(self) -> Iterator[list[SpotLine]]:
        """Play one trade date after another; yield what each came to, a line a model.

        The day before the first is played too, as it is where futures are traded.
        """
        scenario, span = self.plan.scenario, (self.plan.days[0], self.plan.days[-1])
        rounds, seed = scenario.spot.rounds, scenario.seed
        moments = schedule(self.market.models, span, rounds, seed, scenario.levels)
        for date, today in itertools.groupby(moments, lambda moment: moment.date):
            played = [self.market.play(moment) for moment in today]
            if date >= span[0]:
                self.played += played
                yield [_line(each, played, self.market) for each in self._fixed(date, played)]

    def summary(self, lines: Sequence[SpotLine]) -> SpotSummary:
        """Return what the days so far came to. lines: theirs."""
        market = self.market
        return SpotSummary(
            name=self.plan.scenario.name,
            seed=self.plan.scenario.seed,
            days=list(lines),
            regions=self._regions(),
            contracts=len(market.contracts),
            due_micro=sum(one.due_micro for one in market.bills),
            damages_micro=sum(one.damages_micro for one in market.bills),
            defaulted=[market.names[number] for number in sorted(market.gone)],
            lost_micro=sum(one.lost_micro for one in market.close_outs),
        )

    def _fixed(self, date: datetime.date, played: Sequence[Played]) -> list[Fixing]:
        """Return the day's fixings by product, by the exchange's own code and terms."""
        trades = [trade for one in played for trade in one.trades]
        rows = observations(trades, 0, self.market.models)
        window = window_before(next(time for time, due in times(date) if due.cycle == Cycle.FIXING))
        for product, terms in enumerate(self.plan.scenario.product):
            memory = self._memory[product]
            day = gather(rows, product, self.market.names, terms.index, window)
            fixing = next_fixing(memory, day, terms.index, as_number(date))
            self._memory[product] = remembered(memory, fixing, day, terms.index.absences)
        return [memory.previous for memory in self._memory]

    def _regions(self) -> list[RegionLine]:
        names, base = self.market.regions, self.plan.scenario.spot.regions
        return [
            RegionLine(
                self.market.models[product],
                names[one.level - 1],
                round(_MICRO * base[names[one.level - 1]]),
                one.effect,
                one.error,
            )
            for product, memory in enumerate(self._memory)
            for one in _of_regions(memory)
        ]


def _of_regions(memory: Memory) -> list[Coefficient]:
    return [one for one in memory.adjustment.coefficients if FIELDS[one.field] == "region"]


def _line(fixing: Fixing, played: Sequence[Played], market: Marketplace) -> SpotLine:
    """Return a day's line of the model that a fixing is of."""
    product = fixing.product
    trades = [each for one in played for each in one.trades if each.configuration.model == product]
    failures = [
        each for one in played for each in one.failures if each.configuration.model == product
    ]
    moment = played[0].moment
    return SpotLine(
        date=str(moment.date),
        model=market.models[product],
        level_micro=round(_MICRO * moment.levels[product]),
        index_micro=fixing.value_micro,
        tier=int(fixing.tier),
        inputs=fixing.inputs,
        auctioned_hours=sum(each.hours for each in trades if each.origin == "auction"),
        requested_hours=sum(each.hours for each in trades if each.origin == "request"),
        contracts=sum(each.origin == "contract" for each in trades),
        raised=sum(
            book.first != book.second
            for one in played
            for book, each in zip(one.auctions.books, market.configurations, strict=True)
            if each.model == product
        ),
        refused=sum(each.refused for each in trades) + sum(each.refused for each in failures),
        failed=len(failures),
    )
