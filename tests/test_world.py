"""The world: time, latency, what participants see, and that a seed decides everything."""

import pathlib

import msgspec
import numpy as np
import pytest

from clearing.calendar import times
from clearing.index.population import Refusal
from engine.rows import Batch
from engine.schema import NIL_PRICE, Cycle, Side
from gateway.crowd import Crowd as Takes
from sim.clock import NEVER, Clock, Link
from sim.founding import participants
from sim.run import Run
from sim.spot import PanelSpot
from sim.tape import History
from sim.view import View
from sim.world import Crowd
from tests.small_world import DAY, FIRST, outcomes, panel, plan, scenario

STEADY = ["2.80", "2.80", "2.82", "2.79"]  # A day before the first, then three.


@pytest.fixture(scope="module")
def played() -> Run:
    run = Run(plan(STEADY))
    assert [line.ledger_sum for line in run.days()] == [0, 0, 0]
    return run


def views(run: Run) -> dict[str, View]:
    """Return all views, everything published having arrived."""
    found = {name: desk.view for name, desk in run.world.crowd.desks.items()}
    for view in found.values():
        view.look(NEVER - 1)
    return found


def test_what_is_due_comes_by_time_then_in_the_order_it_was_added() -> None:
    clock, rows = Clock(), Batch(0)
    assert clock.next_due() == NEVER
    for time, who in ((5, "a"), (3, "b"), (5, "c"), (3, "d")):
        clock.add(time, who, rows)
    assert [clock.pop().who for _ in range(4)] == ["b", "d", "a", "c"]


def test_a_delay_is_the_base_and_something_above_it_up_to_a_bound() -> None:
    link = Link(base_us=100, jitter_us=50)
    delays = [link.draw(np.random.default_rng(seed)) for seed in range(2_000)]
    assert min(delays) >= 100_000
    assert max(delays) <= link.longest == 600_000
    assert 145_000 < sum(delays) / len(delays) < 155_000


@pytest.mark.parametrize("name", ["base_us", "jitter_us"])
def test_a_delay_below_zero_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be 0 to 10000000, got -1"):
        Link(**{name: -1})


def test_a_history_knows_what_held_when() -> None:
    history = History("before")
    for time, value in ((10, "a"), (20, "b"), (20, "c")):
        history.add(time, value)
    assert [history.at(time) for time in (9, 10, 19, 20, 99)] == ["before", "a", "a", "c", "c"]


def test_a_history_forgets_what_nobody_can_look_back_to() -> None:
    history = History(-1)
    for minute in range(2_000):
        history.add(minute * 60_000_000_000, minute)
    assert len(history._times) < 1_000
    assert history.at(1_998 * 60_000_000_000 + 1) == 1_998


def test_the_same_seed_writes_the_same_journal(tmp_path: pathlib.Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    hashes = []
    for folder in folders:
        run = Run(plan(STEADY[:2]), folder)
        hashes.append([line.volume for line in run.days()] + [run.summary().event_hash])
        run.close()
    assert hashes[0] == hashes[1]
    one, two = (sorted((folder / "journal").glob("*")) for folder in folders)
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_another_seed_trades_otherwise() -> None:
    chains = set()
    for seed in (5, 6):
        once = plan(STEADY[:2])
        run = Run(once._replace(scenario=msgspec.structs.replace(once.scenario, seed=seed)))
        list(run.days())
        chains.add(run.summary().event_hash)
    assert len(chains) == 2


def test_what_views_say_of_their_accounts_is_what_the_house_says(played: Run) -> None:
    house = played.venue.house
    net = house.positions.holdings["net"]
    for view in views(played).values():
        assert view.cash == house.ledger.cash(view.account + 1)[view.account]
        mine = net[:, view.account]
        held = {int(number): int(mine[number]) for number in np.flatnonzero(mine)}
        assert {number: lots for number, lots in view.net.items() if lots} == held


def test_what_views_say_of_their_orders_is_what_the_engine_holds() -> None:
    run = Run(plan(STEADY))
    fixing = next(time for time, due in times(FIRST) if due.cycle == Cycle.FIXING)
    for _ in run.world.advance(fixing):
        pass
    slots = run.venue.exchange.state.orders
    live = slots[slots["order_id"] > 0]
    assert len(live) > 4
    for view in views(run).values():
        mine = live[live["account"] == view.account]
        held = {int(order["order_id"]): int(order["leaves"]) for order in mine}
        assert {one.order_id: one.leaves for one in view.orders.values()} == held
        assert {one.order_id: one.price for one in view.orders.values()} == {
            int(order["order_id"]): int(order["price"]) for order in mine
        }
    tape = run.world.crowd.tape
    for number in {int(order["instrument"]) for order in live}:
        prices = live[live["instrument"] == number]
        bids = prices[prices["side"] == Side.BUY]["price"]
        quote = tape.quotes[number].at(NEVER)
        assert quote.bid == (bids.max() if len(bids) else NIL_PRICE)


def test_a_view_knows_nothing_that_is_still_on_its_way() -> None:
    run = Run(plan(STEADY[:2]))
    view = run.world.crowd.desks["maker-1"].view
    for _ in run.world.advance(times(FIRST)[3][0]):
        pass
    before = view.horizon
    assert all(order.time <= before for order in view.orders.values())
    late = max(history._times[-1] for history in run.world.crowd.tape.quotes.values())
    view.horizon = late - 1
    assert view.quote(0) == run.world.crowd.tape.quotes[0].at(late - 1)


def test_a_command_arrives_no_sooner_than_its_link_allows() -> None:
    run = Run(plan(STEADY[:2]))
    desk = run.world.crowd.desks["maker-1"]
    account = desk.view.account
    looks = []
    for outcome in outcomes(run):
        sent = outcome.frame.commands
        if (sent["account"] == account).any():
            looks.append(int(sent["time"][0]) - desk.view.horizon)
    floor = (desk.agent.order.base_us + desk.agent.feed.base_us) * 1_000
    assert len(looks) > 1
    assert min(looks) >= floor


def test_before_the_first_index_the_tape_shows_what_the_method_makes_of_the_observations() -> None:
    run = Run(plan(STEADY[:2]))
    founded = run.venue.exchange.time
    for _ in run.world.advance(founded + 60_000_000_000):
        pass
    assert run.world.crowd.tape.indexes[0].at(NEVER).value == 2_800_000
    assert not run.venue.house.fixings.fixed


def test_a_crowd_that_starts_again_learns_all_from_what_was_published() -> None:
    first = Run(plan(STEADY))
    published = list(outcomes(first))
    once = first.plan
    spot = PanelSpot(panel(STEADY))
    again: Takes = Crowd(participants(once.scenario), spot, 1, 0)
    again.publish(first.founding)
    again.publish(published)
    assert isinstance(again, Crowd)
    for name, desk in again.desks.items():
        view, other = desk.view, first.world.crowd.desks[name].view
        for one in (view, other):
            one.look(NEVER - 1)
        assert (view.account, view.cash, view.net) == (other.account, other.cash, other.net)
        assert view.orders == other.orders
    assert spot.next_due() > first.venue.exchange.time, "what was observed is observed again"


def test_participants_without_an_account_do_nothing() -> None:
    crowd = Crowd(participants(scenario()), PanelSpot(panel(["2.80"])), 1, 0)
    for now in range(0, 10**13, 10**11):
        rows = crowd.wake(now)
        assert not len(rows)


def test_every_observation_of_the_panel_reaches_the_venue_once(played: Run) -> None:
    found = sum(int((one.audit["row"] > 0).sum()) for one in played.fixings)
    observed = {(one.date, row) for one in played.fixings for row in one.audit["row"].tolist()}
    assert found == len(observed) == 4 * len(STEADY)


def test_a_weekend_before_the_founding_is_observed_whole() -> None:
    """Two dates of the panel are due before there is an exchange: both stand in the first audit."""
    saturday = FIRST - 2 * DAY
    run = Run(plan(STEADY[:2])._replace(panel=panel(STEADY, saturday), days=[FIRST]))
    assert [line.ledger_sum for line in run.days()] == [0]
    (fixing,) = run.fixings
    assert (fixing.inputs, fixing.refused) == (4, {Refusal.STALE: 8})
