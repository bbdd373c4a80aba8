"""Days in mode `market` with calendars: each mark is what an independent look at the books says."""

import pathlib

import pytest

from clearing.calendar import MINUTE, moment
from clearing.market_settlement import (
    FOURTH,
    QUOTED,
    THIRD,
    TRADED,
    Calendar,
    Outright,
    Seen,
    market_settlements,
)
from clearing.venue import replayed
from clearing.window import months_between
from engine.exchange import Outcome
from engine.instruments import TICK, as_number
from engine.schema import NIL_PRICE, Did, Form, Role, Side
from gateway.view import View
from sim.run import Run
from tests.small_world import calendar_market, outcomes, plan

MARKET = calendar_market("market", 1_200)


class Played:
    """A run, and what the public saw of every book as each day's window ended."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.view = folder, View()
        self.run = Run(plan(["2.80", "2.80", "2.74"], MARKET), folder)
        self.seen: dict[int, dict[int, Seen]] = {}  # By date and instrument.
        self._trades: list[tuple[int, int, int, int]] = []  # Instrument, time, price, lots.
        ends = {moment(day, 15 * 3600): as_number(day) for day in self.run.plan.days}
        for outcome in (*self.run.founding, *outcomes(self.run)):
            passed = [end for end in ends if end <= outcome.frame.commands["time"][0]]
            for end in passed:
                self.seen[ends.pop(end)] = self._look(end)
            self._fold(outcome)
        self.run.close()

    def _fold(self, outcome: Outcome) -> None:
        self.view.fold(outcome)
        fills = outcome.events[outcome.events["kind"] == Did.FILLED]
        for fill in fills:
            is_auction = fill["role"] == Role.AUCTION and fill["side"] == Side.BUY
            if is_auction or fill["role"] in (Role.TAKER, Role.IMPLIED):
                number, time, price, lots = fill[["instrument", "time", "price", "quantity"]]
                self._trades.append((int(number), int(time), int(price), int(lots)))

    def _look(self, end: int) -> dict[int, Seen]:
        """Return what each book had shown by the window's end."""
        found = {}
        for each in self.view.directory.instruments:
            mine = [trade[1:] for trade in self._trades if trade[0] == each.number]
            window = [(price, lots) for time, price, lots in mine if end - MINUTE <= time < end]
            turnover, lots = sum(p * n for p, n in window), sum(n for _, n in window)
            last = mine[-1][1] if mine else NIL_PRICE
            bid, ask = (self._best(each.number, side) for side in Side)
            found[each.number] = Seen(turnover, lots, bid, ask, last)
        self._trades.clear()
        return found

    def _best(self, number: int, side: Side) -> int:
        prices = [price for price, _ in self.view.books.levels(number, side, 1)]
        implied, lots = self.view.markets[number].implied[side]
        prices += [implied] if lots else []
        return (max if side == Side.BUY else min)(prices, default=NIL_PRICE)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return Played(tmp_path_factory.mktemp("market"))


def calendars(played: Played, date: int) -> list[Calendar]:
    """Return the calendars that went on after a date, with what was seen of them."""
    directory, found = played.view.directory, []
    for number, seen in played.seen[date].items():
        spread = directory.instruments[number]
        if spread.form == Form.CALENDAR and spread.expiry > date:
            near, far = (directory.instruments[leg.instrument] for leg in directory.legs[number])
            apart = months_between(near.month, far.month)
            found.append(Calendar(near.number, far.number, apart, seen))
    return found


def test_every_mark_is_what_the_books_say(played: Played) -> None:
    instruments, tiers = played.view.directory.instruments, set()
    prior: dict[int, int] = {}
    for date, seen in played.seen.items():
        settlements = played.run.venue.house.marking.settlements
        marked = [each for each in settlements if each.date == date and each.mode == "market"]
        months = [
            Outright(
                each.instrument,
                instruments[each.instrument].month,
                TICK,
                prior.get(each.instrument, NIL_PRICE),
                each.market,  # In place of the model, which the books do not know.
                seen[each.instrument],
            )
            for each in marked
        ]
        lead = min(each.month for each in months if each.month > date // 100)
        found = market_settlements(months, calendars(played, date), lead)
        assert found == {each.instrument: (each.market, each.market_tier) for each in marked}
        assert all((each.price, each.tier) == found[each.instrument] for each in marked)
        prior |= {each.instrument: each.market for each in marked}
        tiers |= {each.market_tier for each in marked}
    assert tiers == {TRADED, QUOTED, THIRD, FOURTH}


def test_a_replay_settles_likewise(played: Played) -> None:
    again = replayed(played.folder, lambda _: None).house
    assert again.marking.settlements == played.run.venue.house.marking.settlements
    assert again.ledger.hash() == played.run.venue.house.ledger.hash()
