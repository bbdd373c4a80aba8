"""The marketplace as a whole: its parties, its machines, its contracts, and a round of trading.

All chance comes from one seed: a stream for each party and one for each purpose. Whoever plays
the same rounds of the same seed gets the same trades.
"""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.instruments import UNIT_MICRO, as_number
from engine.schema import Side
from sim.marketplace.auction import Auction
from sim.marketplace.contracts import Bill, CloseOut, Contract
from sim.marketplace.desk import agreed_at_once, contract_of, settle_request, wish, worth_of
from sim.marketplace.goods import Configuration
from sim.marketplace.machines import draw_fleet
from sim.marketplace.months import billed, closed_out, defaulting, delivered_hours
from sim.marketplace.parties import Party, seat
from sim.marketplace.requests import Requests
from sim.marketplace.rounds import Round, Times, play
from sim.marketplace.terms import SpotTerms
from sim.marketplace.trades import Agreed, Failure, Trade, handed_over, signed

_STREAM = 200  # Of a seed: those below are of the levels and of posted prices.


class Moment(NamedTuple):
    """When a round is, and what a GPU-hour of each model is worth then."""

    date: datetime.date
    day: int  # Since the marketplace began.
    times: Times
    closes: int  # ns, when its requests are decided.
    levels: Sequence[float]  # USD per GPU-hour, by model. Nobody is told.


class Played(NamedTuple):
    """What a round came to."""

    moment: Moment
    auctions: Round
    trades: list[Trade]
    failures: list[Failure]
    contracts: list[Contract]  # That were signed.


class Marketplace:
    """Everything that lasts from round to round.

    contracts, bills, close_outs: all so far. gone: parties that defaulted, and trade no more.
    """

    def __init__(self, models: Sequence[str], terms: SpotTerms, seed: int) -> None:
        self.models, self.terms = list(models), terms
        self.regions = list(terms.regions)
        self.configurations = [
            Configuration(model, region, term)
            for model in range(len(models))
            for region in range(len(self.regions))
            for term in terms.terms
        ]
        self.contracts: list[Contract] = []
        self.bills: list[Bill] = []
        self.close_outs: list[CloseOut] = []
        self.gone: set[int] = set()
        count = terms.providers + terms.buyers
        streams = np.random.SeedSequence([seed, _STREAM]).spawn(count + 4)
        self.parties = seat(terms.providers, terms.buyers, streams[4:])
        chances = [np.random.default_rng(stream) for stream in streams[:4]]
        drawing, self._asking, self._delivering, self._failing = chances
        sizes = terms.providers, len(models), len(self.regions), terms.machines
        self.fleet = draw_fleet(drawing, *sizes)
        self._auction = Auction(self.configurations, count, terms.block_hours)
        self._requests = Requests()
        self._prices = dict[Configuration, int]()  # Micro-dollars, of the last auction.
        self._month = 0  # yyyymm, of the last round.

    @property
    def names(self) -> dict[int, str]:
        """The parties' names by number."""
        return {party.number: party.name for party in self.parties}

    def play(self, moment: Moment) -> Played:
        """Play one round, the end of a month before it where a new one has begun."""
        month = as_number(moment.date) // 100
        if self._month and month != self._month:
            self._end_month(self._month, month, moment.day)
        self._month = month
        present = self._present(Side.SELL) + self._present(Side.BUY)
        auctions = play(
            self._auction,
            present,
            {party.number: self._worth(party, moment.levels) for party in present},
            {party.number: self._blocks(party.side) for party in present},
            self.terms.spread,
            moment.times,
        )
        played = Played(moment, auctions, [], [], [])
        for agreed in self._auctioned(auctions, moment.times.ends):
            self._hand_over(agreed, played)
        rate = self.terms.requests / self.terms.rounds
        for model in range(len(self.models)):
            for _ in range(int(self._asking.poisson(rate))):
                self._ask(model, played)
        return played

    def _present(self, side: Side) -> list[Party]:
        return [one for one in self.parties if one.side == side and one.number not in self.gone]

    def _worth(self, party: Party, levels: Sequence[float]) -> list[float]:
        """Return what blocks are worth to a party, by configuration; 0: it has no machines."""
        return [
            self._fair(each, levels)
            if party.side == Side.BUY or (party.number, each.model, each.region) in self.fleet.stock
            else 0.0
            for each in self.configurations
        ]

    def _fair(self, configuration: Configuration, levels: Sequence[float]) -> float:
        model, region, term = configuration
        return worth_of(levels[model], self.terms.regions[self.regions[region]], term)

    def _blocks(self, side: Side) -> list[float]:
        """Return how many blocks a party of a side wants of each configuration: both sides alike.

        The first region is as large as all others together.
        """
        each = self.terms.depth / len(self._present(side))
        others = max(1, len(self.regions) - 1)
        return [each / others if one.region else each for one in self.configurations]

    def _auctioned(self, auctions: Round, time: int) -> list[Agreed]:
        """Return what was auctioned, once for a pair of parties and a configuration."""
        blocks = dict[tuple[int, int, int], int]()
        for one in auctions.executions:
            key = one.configuration, one.buyer, one.seller
            blocks[key] = blocks.get(key, 0) + one.blocks
            self._prices[self.configurations[one.configuration]] = one.price * UNIT_MICRO
        return [
            Agreed(
                *(time, buyer, seller, self.configurations[place]),
                count * self.terms.block_hours,
                self._prices[self.configurations[place]],
                "auction",
            )
            for (place, buyer, seller), count in blocks.items()
        ]

    def _hand_over(self, agreed: Agreed, played: Played) -> None:
        day = played.moment.day
        match handed_over(agreed, self.fleet, self.terms, day, self._delivering):
            case Trade() as trade:
                played.trades.append(trade)
            case Failure() as failure:
                played.failures.append(failure)

    def _ask(self, model: int, played: Played) -> None:
        """Let a buyer ask for quotes, and add what came of it to what was played."""
        moment, terms, chance = played.moment, self.terms, self._asking
        region = int(chance.integers(len(self.regions)))
        today = as_number(moment.date)
        wanted = wish(chance, model, region, terms, today // 100)
        buyers = self._present(Side.BUY)
        sellers = [
            party
            for party in self._present(Side.SELL)
            if (party.number, model, region) in self.fleet.stock
        ]
        if not buyers or not sellers:
            return
        buyer = buyers[int(chance.integers(len(buyers)))]
        subject = wanted.subject(self.models, self.regions)
        worth = self._fair(wanted.configuration, moment.levels)
        times = moment.times.ends, moment.closes
        for deal in settle_request(
            self._requests, buyer, sellers, subject, worth, terms.spread, times
        ):
            if wanted.months:
                contract = contract_of(len(self.contracts) + 1, deal, wanted, today)
                self.contracts.append(contract)
                played.contracts.append(contract)
                played.trades.append(signed(contract, deal.time))
            else:
                self._hand_over(agreed_at_once(deal, wanted), played)

    def _end_month(self, month: int, since: int, day: int) -> None:
        """Bill a month's contracts; close out those of parties that default before `since`."""
        terms, chance = self.terms, self._delivering
        live = [one for one in self.contracts if not {one.buyer, one.provider} & self.gone]
        floor = 100 * terms.floor_percent
        delivered = {
            one.number: delivered_hours(one, self.fleet, day, floor, chance)
            for one in live
            if month in one.months
        }
        bills = billed(live, month, delivered, self._prices)
        present = [party.number for party in self.parties if party.number not in self.gone]
        gone = defaulting(present, terms.defaults_a_year, self._failing)
        left = terms.recovery_percent
        self.close_outs += closed_out(live, gone, bills, since, self._prices, left)
        self.bills += bills
        self.gone.update(gone)
