"""A fund rolls from one month into the next at settlement, and pays the offset and the fees."""

import datetime

import numpy as np
import pytest

from clearing.tas import books
from engine.check import check
from engine.instruments import TICK
from engine.jit import Table
from engine.layout import EVENT
from engine.schema import NOT_HELD, Did, Phase, Side
from gateway.view import View
from sim.agents.fund import Fund, days_left
from sim.run import Run
from sim.scenario import load
from tests.exact_ledger import ExactLedger
from tests.pit import Pit
from tests.small_world import agents, outcomes, plan, scenario
from tests.test_gateway_view import compare

FUND = """
[[agents]]
kind = "fund"
count = 1
cash = "100000"
target = 24
lots = 8
roll_from = 2
roll_to = 1
wakes_a_day = 120
"""
ROLL = agents(
    FUND
    + """
[[agents]]
kind = "maker"
count = 2
cash = "2000000"
type = "member"
at_settlement = 10
wakes_a_day = 120

[[agents]]
kind = "noise"
count = 2
cash = "300000"
wakes_a_day = 60
"""
).replace('mode = "index"', 'mode = "market"\ntas = 2')


class Played:
    """Days over the end of September, and what was folded from their events alone."""

    def __init__(self) -> None:
        self.run, self.view = Run(plan(["2.80", "2.80", "2.74", "2.77", "2.75"], ROLL)), View()
        found, self.house = [np.zeros(0, EVENT)], self.run.venue.house
        everything = [*self.run.founding, *outcomes(self.run)]
        directory = self.house.directory
        members = {one.number for one in directory.accounts if not one.type}
        months = {each.number: month for month, each in books(directory).items()}
        self.ledger = ExactLedger(members, months=months)
        for outcome in everything:
            self.view.fold(outcome)
            self.ledger.fold(outcome)
            found.append(outcome.events)
        self.events: Table = np.concatenate(found)
        self.fund = directory.account_of["fund-1"].number


@pytest.fixture(scope="module")
def played() -> Played:
    return Played()


def test_the_fund_ends_in_the_next_month_and_traded_at_settlement_alone(played: Played) -> None:
    holdings = played.view.accounts[played.fund].holdings
    assert {number: one.net for number, one in holdings.items() if one.net} == {1: 24}
    fills = [fill for fill in played.view.accounts[played.fund].fills if fill.is_held]
    assert all(fill.is_priced for fill in fills)
    assert sum(fill.lots for fill in fills) == 12 + 12 + 24
    own = played.events[played.events["kind"] == Did.FILLED]
    own = own[(own["account"] == played.fund) & (own["flags"] & NOT_HELD != 0)]
    signs = np.where(own["side"] == Side.BUY, 1, -1)
    assert (own["price"] * signs <= TICK).all()


def test_everything_agrees(played: Played) -> None:
    state = played.run.venue.exchange.state
    compare(played.view, state)
    check(state)
    worth = played.house.calls.equity()
    assert [int(each) for each in worth[1:]] == [
        int(played.ledger.worth(account) * 10**6)
        for account in range(1, played.house.positions.accounts)
    ]
    assert played.house.ledger.total() == 0
    first, *_ = sorted(books(played.house.directory))
    ended = books(played.house.directory)[first]
    assert state.instruments["phase"][ended.number] == Phase.EXPIRED
    assert (played.events["kind"] == Did.PRICED).sum() > 10


@pytest.mark.parametrize(
    ("left", "wanted"), [(20, (60, 0)), (10, (60, 0)), (9, (48, 12)), (6, (12, 48)), (5, (0, 60))]
)
def test_a_fund_rolls_a_fifth_a_day(left: int, wanted: tuple[int, int]) -> None:
    fund = load("roll").agents[0]
    assert isinstance(fund, Fund)
    assert Fund(count=1, cash=fund.cash).wanted(left) == wanted


def test_days_are_counted_down_to_the_next_month() -> None:
    found = [days_left(datetime.date(2026, 9, day)) for day in (1, 18, 24, 30)]
    assert found == [21, 9, 5, 1]


def test_a_fund_sends_nothing_while_its_books_are_closed_or_not_listed() -> None:
    assert not len(Pit(FUND).wake())


def test_a_roll_that_ends_before_it_begins_is_no_scenario() -> None:
    with pytest.raises(ValueError, match="roll_to 3 is more than roll_from 2"):
        scenario(ROLL.replace("roll_to = 1", "roll_to = 3"))
