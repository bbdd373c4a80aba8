"""Options in a simulated market: quoted around a model's value, traded, and paid out at the end."""

import numpy as np
import pytest

from clearing.events import ahead, strikes
from engine.check import check
from engine.instruments import TICK, VALUE, units
from engine.schema import Did, Form, Kind, Phase, Side
from sim.agents.option_maker import OptionMaker, black, chance_above, life
from sim.run import Run
from sim.scenario import load
from tests.small_world import agents, outcomes, plan

OPTIONS = agents(
    """
[[agents]]
kind = "maker"
count = 1
cash = "2000000"
type = "member"
months = 1
wakes_a_day = 60

[[agents]]
kind = "option_maker"
count = 1
cash = "2000000"
type = "member"
months = 1
strikes = 2
wakes_a_day = 60

[[agents]]
kind = "noise"
count = 2
cash = "300000"
months = 1
options = 0.8
wakes_a_day = 60
"""
).replace('mode = "index"', 'mode = "index"\noptions = 1\nevents = 2')


@pytest.fixture(scope="module")
def played() -> tuple[Run, list[np.void], set[int]]:
    """Three days, September's last among them; every event, and the kinds of rows."""
    run = Run(plan(["2.80", "2.80", "2.83", "2.79"], OPTIONS))
    events, kinds = list[np.void](), set[int]()
    for outcome in [*run.founding, *outcomes(run)]:
        events.extend(outcome.events)
        kinds |= set(outcome.frame.commands["kind"].tolist())
    return run, events, kinds


def test_options_are_quoted_traded_and_paid_out(
    played: tuple[Run, list[np.void], set[int]],
) -> None:
    run, events, kinds = played
    house, state = run.venue.house, run.venue.exchange.state
    paid = {one.number for one in house.directory.instruments if one.is_paid}
    assert Kind.QUOTE in kinds
    fills = [e for e in events if e["kind"] == Did.FILLED and int(e["instrument"]) in paid]
    assert len(fills) > 10
    check(state)
    assert house.ledger.total() == 0
    ended = {int(e["instrument"]) for e in events if e["kind"] == Did.SETTLED} & paid
    assert ended
    forms = {house.directory.instruments[int(e["instrument"])].form for e in fills}
    assert Form.EVENT in forms
    assert forms & {Form.CALL, Form.PUT}
    assert all(state.instruments[number]["phase"] == Phase.EXPIRED for number in ended)
    for desk in run.world.crowd.desks.values():
        desk.view.look(run.venue.exchange.time)
        assert desk.view.cash == state.accounts[desk.view.account]["equity"]


def test_quotes_stand_around_the_models_value(
    played: tuple[Run, list[np.void], set[int]],
) -> None:
    run, events, _ = played
    listed = run.venue.house.directory.instruments
    asks = [
        (listed[int(e["instrument"])], int(e["price"]))
        for e in events
        if e["kind"] == Did.ENTERED
        and e["side"] == Side.SELL
        and listed[int(e["instrument"])].is_paid
    ]
    assert asks
    assert all(price % TICK == 0 and 0 < price <= one.high for one, price in asks)
    assert {one.value for one, _ in asks} == {VALUE, 5_000}


@pytest.mark.parametrize(
    ("forward", "strike", "deviation", "is_call", "worth"),
    [
        (100, 100, 0.2, True, 7.9656),  # 100 (2 N(0.1) - 1)
        (100, 100, 0.2, False, 7.9656),
        (110, 100, 0.2, True, 14.2920),
        (110, 100, 0.2, False, 4.2920),
        (110, 100, 0.0, True, 10.0),
        (90, 100, 0.0, True, 0.0),
        (0, 100, 0.2, False, 100.0),
    ],
)
def test_what_an_option_is_worth(
    forward: float, strike: float, deviation: float, is_call: bool, worth: float
) -> None:
    assert black(forward, strike, deviation, is_call=is_call) == pytest.approx(worth, abs=1e-3)


def test_the_chance_of_an_event() -> None:
    assert chance_above(280, 280, 0.0) == 1
    assert chance_above(279, 280, 0.0) == 0
    assert chance_above(280, 280, 0.1) == pytest.approx(0.4801, abs=1e-4)  # N(-0.05)


def test_event_contracts_are_listed_around_the_index_for_the_fifth_day() -> None:
    assert ahead(20260930) == 20261007
    assert strikes(units("2.81"), 3) == [units("2.75"), units("2.80"), units("2.85")]
    assert strikes(units("2.79"), 2) == [units("2.75"), units("2.80")]
    assert strikes(units("0.01"), 3) == [units("0.05"), units("0.10"), units("0.15")]


def test_the_averaging_shortens_what_moves_the_value() -> None:
    assert [life(days) for days in (-1, 0, 30, 40)] == [0, 0, 10, 20]
    assert life(15) == pytest.approx(1.25)


def test_the_shipped_scenario_reads() -> None:
    kinds = [type(agent) for agent in load("options").agents]
    assert OptionMaker in kinds
