"""Days in which participants trade calendars: implied trades happen, and every figure agrees."""

import numpy as np
import pytest

from engine.check import check
from engine.jit import Table
from engine.layout import EVENT
from engine.schema import NOT_HELD, Did, Role
from gateway.view import View
from sim.run import Run
from tests.exact_ledger import ExactLedger
from tests.small_world import calendar_market, outcomes, plan
from tests.test_gateway_view import compare

CALENDARS = calendar_market("index", 120)


class Played:
    """A run over a final settlement, and what was folded from its events alone."""

    def __init__(self) -> None:
        self.run, self.view = Run(plan(["2.80", "2.80", "2.74", "2.77", "2.75"], CALENDARS)), View()
        house = self.run.venue.house
        self.ledger = ExactLedger(set())
        found = []
        for outcome in (*self.run.founding, *outcomes(self.run)):
            self.view.fold(outcome)
            self.ledger.members = {one.number for one in house.directory.accounts if not one.type}
            self.ledger.fold(outcome)
            found.append(outcome.events)
        self.events: Table = np.concatenate([np.zeros(0, EVENT), *found])


@pytest.fixture(scope="module")
def played() -> Played:
    return Played()


def test_implied_trades_happen(played: Played) -> None:
    fills = played.events[played.events["kind"] == Did.FILLED]
    implied = fills[fills["role"] == Role.IMPLIED]
    assert len(implied) > 10
    assert len(set((implied["flags"] & NOT_HELD).tolist())) == 2
    assert (played.events["kind"] == Did.IMPLIED).sum() > 100


def test_what_is_folded_is_what_the_engine_holds(played: Played) -> None:
    state = played.run.venue.exchange.state
    compare(played.view, state)
    check(state)


def test_the_house_and_an_exact_ledger_agree(played: Played) -> None:
    house = played.run.venue.house
    accounts = house.positions.accounts
    worth = house.calls.equity()
    assert house.ledger.total() == 0
    assert [int(each) for each in worth[1:]] == [
        int(played.ledger.worth(account) * 10**6) for account in range(1, accounts)
    ]
    assert not house.positions.holdings["net"].sum(axis=1).any()


def test_spreads_end_with_their_nearest_month(played: Played) -> None:
    directory, phases = played.run.venue.house.directory, played.view.markets
    ended = [one for one in directory.instruments if one.expiry == 20260930]
    assert len(ended) == 1 + 3
    assert {phases[one.number].phase for one in ended} == {8}
    assert not any(
        instrument in {one.number for one in ended}
        for account in range(1, len(directory.accounts))
        for instrument in played.view.accounts[account].holdings
    )
