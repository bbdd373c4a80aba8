"""What a clearing house discloses: tests of coverage, stress losses by member, and the page."""

import json
import pathlib

import numpy as np
import pytest

from clearing.calendar import next_business_day, times
from clearing.disclosure.cover import member_of, stress_losses, stressed
from clearing.disclosure.coverage import CRITICAL, christoffersen, is_accepted, kupiec
from clearing.disclosure.figures import Disclosure, disclosure
from clearing.disclosure.record import Record
from clearing.house import House
from clearing.margin.fhs import Moves
from clearing.margin.fhs_house import requirements
from clearing.margin.fhs_stress import stresses
from engine.instruments import units
from sim.margin_house import by_house
from sim.run import Run
from tests import small_world
from tests.shell import Shell, refused
from tests.trading_days import FIRST_DAY, fix, founded, front, trade

# Over the end of a month. From 2.81 the index falls by more than a rate of 230 USD a lot covers.
PRICES = ["2.80", "2.81", "2.81", "2.82", "2.30"]


class Played:
    """A run, the house at its end, and what was recorded of its days."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        run = Run(small_world.plan(PRICES), folder)
        self.house = run.venue.house
        self.record = Record(self.house)
        for outcome in small_world.outcomes(run):
            self.record.watch(outcome)
        run.close()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return Played(tmp_path_factory.mktemp("disclosure") / "run")


def test_kupiec_accepts_the_published_counts() -> None:
    for observations, first, last in ((250, 1, 6), (500, 2, 9), (1_000, 5, 16)):
        accepted = [count for count in range(40) if is_accepted(kupiec(observations, count))]
        assert accepted == list(range(first, last + 1))
    assert kupiec(30, 7) == pytest.approx(32.34, abs=0.005)
    assert kupiec(100, 1) == pytest.approx(0)


def test_christoffersen_sees_breaches_that_follow_each_other() -> None:
    scattered = [place % 20 == 0 for place in range(400)]
    together = [place < 20 for place in range(400)]
    assert is_accepted(christoffersen([scattered]))
    assert christoffersen([together]) > 10 * CRITICAL
    # By hand: of 8 pairs 3 breach; 1 of 5 after none, 2 of 3 after a breach.
    days = [False, False, True, True, True, False, False, False, False]
    none, after = (1, 5), (2, 3)
    expected = 2 * (
        sum(
            hits * np.log(hits / of) + (of - hits) * np.log(1 - hits / of)
            for hits, of in (none, after)
        )
        - (3 * np.log(3 / 8) + 5 * np.log(5 / 8))
    )
    assert christoffersen([days]) == pytest.approx(expected)
    assert christoffersen([days[:5], days[5:]]) != christoffersen([days])
    assert christoffersen([[True], []]) == 0


def test_breaches_that_cannot_be_are_refused() -> None:
    for observations, breaches in ((0, 0), (5, 6), (5, -1)):
        with pytest.raises(ValueError, match=f"{breaches} breaches of {observations}"):
            kupiec(observations, breaches)


def shown(played: Played) -> Disclosure:
    return disclosure(played.house, played.record)


def test_a_fall_beyond_the_rate_is_a_breach_of_every_long(played: Played) -> None:
    made = shown(played).coverage
    assert made.observations == sum(map(len, played.record.hits.values())) > 10
    assert made.breaches == len(played.record.breaches) > 0
    assert made.achieved == 1 - made.breaches / made.observations
    last = played.record.days[-1].date
    assert {each.date for each in played.record.breaches} == {last}
    assert made.uncovered_max_micro == max(each.uncovered for each in played.record.breaches)
    assert not made.is_kupiec_accepted


def test_a_breach_is_a_loss_beyond_the_maintenance_of_the_evening_before() -> None:
    """Account 3 buys 10 lots, rate 350.50; the index falls by 438 USD a lot, and recovers."""
    venue, date = founded(), FIRST_DAY
    trade(venue, 3, 1, front(venue, date, 1), 10, units("2.80"), venue.exchange.time)
    record = Record(venue.house)
    for price in (2_800_000, 2_200_000, 2_800_000):
        fix(venue, date, [price, 1_400_000])
        for outcome in venue.tick(times(date)[-1][0]):
            record.watch(outcome)
        date = next_business_day(date)
    assert record.hits == {1: [False, True], 3: [True, False]}
    assert [each.account for each in record.breaches] == [3, 1]
    assert {each.uncovered for each in record.breaches} == {10 * (438_000_000 - 350_500_000)}
    assert [day.maintenance for day in record.days] == [2 * 10 * 350_500_000] * 3


def test_historical_simulation_is_judged_by_the_same_days() -> None:
    """The index stands still for 21 days and then falls: stress alone is what was margined."""
    venue, date = founded(), FIRST_DAY
    trade(venue, 3, 1, front(venue, date, 2), 10, units("2.80"), venue.exchange.time)
    record, simulated = Record(venue.house), Record(venue.house, requirements)
    for number in range(23):
        fix(venue, date, [2_810_000 if number < 22 else 1_900_000, 1_400_000])
        for outcome in venue.tick(times(date)[-1][0]):
            record.watch(outcome)
            simulated.watch(outcome)
        date = next_business_day(date)
    assert (len(record.days), len(simulated.days)) == (23, 3)
    accounts = venue.house.directory.account_of
    asks = by_house(venue.house, "account-3", None, None, None)
    now = asks.measures["fhs"](asks.held).maintenance
    needed = requirements(venue.house)
    assert needed is not None
    assert needed[accounts["account-3"].number] == now > 0
    assert simulated.hits == {1: [False, False], 3: [False, True]}
    (breach,) = simulated.breaches
    made = disclosure(venue.house, record, simulated)
    assert made.simulated is not None
    assert (made.simulated.observations, made.simulated.breaches) == (4, 1)
    assert made.simulated.uncovered_max_micro == breach.uncovered
    assert made.coverage.observations == 44


def test_variation_is_what_was_paid(played: Played) -> None:
    made = shown(played).variation
    paid = [one for one in played.house.variations if one.amount_micro > 0]
    dates = {one.date for one in paid}
    sums = [sum(one.amount_micro for one in paid if one.date == date) for date in dates]
    assert (made.largest_day_micro, made.mean_day_micro) == (max(sums), sum(sums) // len(sums))


def test_requirements_by_origin_add_up_to_the_houses(played: Played) -> None:
    made = shown(played).requirements
    assert [each.origin for each in made] == ["house", "customer"]
    accounts = np.arange(played.house.positions.accounts)
    held, opened = played.house.calls.requirements(accounts)
    assert sum(each.maintenance_micro for each in made) == held.sum()
    assert sum(each.initial_micro for each in made) == opened.sum()
    assert sum(each.accounts for each in made) == len(accounts) - 1


def test_stress_losses_are_what_accounts_lose_beyond_their_margin(played: Played) -> None:
    house = played.house
    models = ["H100"]
    moves = Moves((), stresses(models), {"H100": np.zeros(0)})
    lost = stressed(house, moves)
    margin = house.calls.requirements(np.arange(len(lost)))[0]
    expected: dict[str, int] = {}
    for account in range(1, len(lost)):
        has = max(min(int(margin[account]), int(house.calls.equity()[account])), 0)
        name = member_of(house.directory, account)
        expected[name] = expected.get(name, 0) + max(int(lost[account, 1]) - has, 0)
    two = sorted(expected.values(), reverse=True)[:2]
    found = stress_losses(house)[1]
    assert found.scenario.name == "a level break: every price +40%"
    assert (sum(two), sum(expected.values())) == (found.two, found.total)
    assert found.total > 0
    held = shown(played).resources
    assert held.cover_two_micro == max(each.two for each in stress_losses(house))
    assert not held.is_covered


def test_shares_of_open_interest(played: Played) -> None:
    (made,) = shown(played).concentration
    net = played.house.positions.holdings["net"]
    longs = sorted(np.maximum(net, 0).sum(axis=0).tolist())
    shorts = sorted(np.maximum(-net, 0).sum(axis=0).tolist())
    assert made.open_interest == sum(longs) == sum(shorts)
    assert made.largest == max(longs[-1], shorts[-1]) / made.open_interest
    assert made.five_largest == max(sum(longs[-5:]), sum(shorts[-5:])) / made.open_interest


def test_a_house_of_no_day_discloses_nothing() -> None:
    house = House()
    made = disclosure(house, Record(house))
    assert (made.days, made.coverage.observations, made.concentration) == (0, 0, [])
    assert made.resources.is_covered


def test_the_command_prints_the_same_of_a_folder(cfx: Shell, played: Played) -> None:
    ended = cfx("disclose", played.folder, "--json")
    assert ended.status == 0
    made = json.loads(ended.out)
    assert list(made) == list(Disclosure.__struct_fields__)
    assert made["coverage"]["breaches"] == len(played.record.breaches)
    assert made["days"] == len(played.record.days)
    assert made["simulated"] is None
    compared = cfx("disclose", played.folder, "--compare").out
    assert "historical simulation been asked for" in compared
    page = cfx("disclose", played.folder).out
    assert page.startswith("Disclosure, 2026-09-28 to 2026-10-01, 4 days; USD\n")
    assert "not covered" in page
    assert f"{made['coverage']['achieved']:.2%}" in page


def test_a_folder_that_cannot_be_read_is_one_sentence(cfx: Shell, tmp_path: pathlib.Path) -> None:
    assert "holds no journal" in refused(cfx("disclose", tmp_path))
    assert "nowhere" in refused(cfx("disclose", tmp_path / "nowhere"))
    assert cfx("disclose").status == 2
