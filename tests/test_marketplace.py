"""The spot marketplace as a source of the index: its machines, its trades, and a known truth."""

import datetime
import math
import pathlib
from typing import NamedTuple

import numpy as np
import pytest

from clearing.calendar import times
from clearing.index.adjustment import Coefficient
from clearing.index.cells import FIELDS
from clearing.index.fixing import Fixing, gather, window_before
from clearing.index.population import Refusal, Tier
from clearing.index.series import new_memory, next_fixing, remembered
from clearing.terms import IndexTerms
from engine.instruments import as_number
from engine.schema import Cycle, Kind
from sim.clock import HOUR, NEVER
from sim.live import live
from sim.marketplace.machines import Delivery, deliver, draw_fleet, measured, premium
from sim.marketplace.market import Marketplace, Played
from sim.marketplace.refusals import Refusal as Refused
from sim.marketplace.schedule import closing, schedule
from sim.marketplace.terms import SpotTerms
from sim.marketplace.trades import observations
from sim.plan import Span, planned, planned_on
from sim.run import Run
from sim.scenario import load, parse, show_toml
from sim.spot import MarketSpot
from sim.spot_days import SpotDays
from tests.small_world import SMALL
from tests.tidy import ROOT, table

FIRST, LAST = datetime.date(2026, 9, 1), datetime.date(2026, 9, 30)
MARKET = SpotTerms(source="marketplace")
REGIONS = {"us-east": 0.0, "eu-north": -0.06, "ap-south": 0.08}


class Truth(NamedTuple):
    """A month of one model: what was played, the level that nobody knew, and the index of it."""

    market: Marketplace
    played: list[Played]
    levels: list[float]
    fixings: list[Fixing]

    def effects(self, field: str) -> dict[int, Coefficient]:
        """Return the last adjustment's coefficients of a field, by level."""
        found = self.fixings[-1].adjustment.coefficients
        return {one.level: one for one in found if FIELDS[one.field] == field}


def month(terms: SpotTerms, seed: int, last: datetime.date = LAST) -> Truth:
    """Play the marketplace over some trade dates, and fix its index with the exchange's code."""
    market = Marketplace(["H100"], terms, seed)
    method, memory = IndexTerms(estimator="median"), new_memory(0)
    played, levels, fixings = list[Played](), list[float](), list[Fixing]()
    moments = list(schedule(["H100"], (FIRST, last), terms.rounds, seed))
    for date in sorted({moment.date for moment in moments}):
        today = [market.play(moment) for moment in moments if moment.date == date]
        rows = observations([trade for one in today for trade in one.trades], 2, market.models)
        due = next(time for time, due in times(date) if due.cycle == Cycle.FIXING)
        day = gather(rows, 0, market.names, method, window_before(due))
        fixings.append(next_fixing(memory, day, method, as_number(date)))
        memory = remembered(memory, fixings[-1], day, method.absences)
        played += today
        levels.append(today[0].moment.levels[0])
    return Truth(market, played, levels, fixings)


@pytest.fixture(scope="module", params=[3, 4, 5])
def plain(request: pytest.FixtureRequest) -> Truth:
    """A month in which performance is measured and not paid for, so that the truth is the level."""
    return month(SpotTerms(source="marketplace", premium_percent=0), request.param)


@pytest.fixture(scope="module")
def paid() -> Truth:
    """A month in which it is paid for in full, by houses with many machines."""
    return month(SpotTerms(source="marketplace", premium_percent=100, machines=300), 6)


def test_the_fixing_recovers_the_hidden_level(plain: Truth) -> None:
    logs = np.log([one.value_micro / 1e6 for one in plain.fixings]) - np.log(plain.levels)
    # The level is anchored on one day, by the median of some 200 trades at twelve auction prices.
    assert abs(logs.mean()) < 0.015
    # From there on it is followed: half a percent is a tick and a half.
    assert logs.std() < 0.005
    assert all(one.tier == Tier.TRADE and one.inputs > 100 for one in plain.fixings)
    assert {reason for one in plain.fixings for reason in one.refused} <= {Refusal.OTHER_TERM}


def test_what_regions_add_is_recovered_within_its_error(plain: Truth) -> None:
    found = plain.effects("region")
    assert [found[1].effect, found[1].error] == [0, -1]
    for number, true in ((2, -0.06), (3, 0.08)):
        # Trades of one auction share its price, so errors of single trades are told too small.
        assert abs(found[number].effect / 1e6 - true) < 4 * found[number].error / 1e6 < 0.01


def test_what_providers_add_is_the_quality_of_their_machines(paid: Truth) -> None:
    hosts = paid.market.fleet.hosts
    kept = hosts[hosts["performance"] > math.log(0.9)]
    found = paid.effects("provider")
    true = {n: kept["performance"][kept["provider"] == n].mean() for n in found}
    middle = np.median([one.effect / 1e6 - true[n] for n, one in found.items()])
    assert max(true.values()) - min(true.values()) > 0.03
    for number, one in found.items():
        assert abs(one.effect / 1e6 - true[number] - middle) < 0.015


def test_every_part_of_the_window_has_trades_and_every_trade_its_hours(plain: Truth) -> None:
    fixing = plain.fixings[-1]
    today = [one for one in plain.played if as_number(one.moment.date) == fixing.date]
    assert len(today) == 12
    trades = [trade for one in today for trade in one.trades if trade.origin != "contract"]
    assert fixing.gpu_hours_milli == 1_000 * sum(trade.hours for trade in trades)
    closes = closing(today[-1].moment)
    assert all(closes - HOUR <= trade.time < closes for trade in trades)
    assert {trade.origin for one in plain.played for trade in one.trades} == {
        *("auction", "request", "contract")
    }


def test_the_second_indicative_price_is_what_trades(plain: Truth) -> None:
    raised = 0
    for one in plain.played:
        for place, book in enumerate(one.auctions.books):
            done = [each for each in one.auctions.executions if each.configuration == place]
            assert sum(each.blocks for each in done) == book.second.blocks
            assert {each.price for each in done} <= {book.second.price}
            raised += book.second != book.first
    assert raised > 100


def test_premium_and_discount_follow_what_was_measured(paid: Truth) -> None:
    trades = [t for one in paid.played for t in one.trades if t.origin == "auction"]
    assert all(trade.measured >= 9_000 for trade in trades)
    extra = np.array([trade.paid_micro / trade.price_micro - 1 for trade in trades])
    beyond = np.array([trade.measured / 10_000 - 1 for trade in trades])
    assert np.allclose(extra, np.clip(beyond, -0.1, 0.1), atol=1e-6)
    assert sum(trade.refused for trade in trades) > 50


def test_hosts_differ_as_much_as_those_that_were_measured() -> None:
    chance = np.random.default_rng(1)
    spreads = []
    for _ in range(50):
        hosts = draw_fleet(chance, 1, 1, 1, 253).hosts
        found = [measured(host, 0, chance) for host in hosts]
        spreads.append(max(found) / min(found) - 1)
    assert 0.34 < np.median(spreads) < 0.50


def test_a_machine_below_the_floor_is_refused_and_the_next_is_tried() -> None:
    fleet = draw_fleet(np.random.default_rng(2), 1, 1, 1, 3)
    fleet.hosts["performance"], fleet.hosts["drift"] = [-0.5, -0.5, 0.1], 0.0
    found = [deliver(fleet, (1, 0, 0), 0, 9_000, np.random.default_rng(n)) for n in range(20)]
    assert {one.host for one in found} == {2}
    assert {len(one.refused) for one in found} == {0, 1, 2}
    # Machines wear: after a thousand days nobody takes the last one either.
    fleet.hosts["drift"] = -0.001
    found = [deliver(fleet, (1, 0, 0), 1_000, 9_000, np.random.default_rng(n)) for n in range(5)]
    assert all(one == Delivery(-1, 0, one.refused) and len(one.refused) == 3 for one in found)


def test_the_premium_is_a_share_and_bounded() -> None:
    found = [premium(found, 50, 1_000) for found in (10_000, 10_401, 9_599, 15_000, 5_000)]
    assert found == [0, 200, -201, 1_000, -1_000]


def test_months_are_billed_and_who_defaults_is_gone() -> None:
    terms = SpotTerms(
        source="marketplace", requests=60.0, reserved_percent=100, defaults_a_year=3.0, rounds=2
    )
    found = month(terms, 8, datetime.date(2026, 12, 10))
    market = found.market
    assert {one.form for one in market.contracts} == {"reserved", "forward"}
    assert len(market.bills) > 100
    assert all(0 <= one.delivered <= one.hours for one in market.bills)
    assert market.gone
    assert {one.defaulter for one in market.close_outs} <= market.gone
    assert sum(one.lost_micro for one in market.close_outs) > 0
    last = found.played[-1]
    assert not {trade.provider for trade in last.trades} & market.gone
    assert not {trade.buyer for trade in last.trades} & market.gone
    closed = {one.contract for one in market.close_outs}
    assert len(closed) == len(market.close_outs)


def rows_of(seed: int, days: int) -> list[bytes]:
    """Return the observations of each round of some September days."""
    last = FIRST + datetime.timedelta(days=days - 1)
    spot = MarketSpot(["H100", "A100"], MARKET, seed, (FIRST, last))
    found = []
    while spot.next_due() < NEVER:
        found.append(spot.due(spot.next_due()).rows.tobytes())
    return found


def test_the_same_seed_gives_the_same_trades_and_a_longer_run_begins_alike() -> None:
    one = rows_of(3, 2)
    assert len(one) == 1 + 2 * 12  # The day before the first is one.
    assert one == rows_of(3, 2) == rows_of(3, 3)[: len(one)]
    assert one != rows_of(4, 2)


def test_what_is_passed_over_was_played() -> None:
    one, other = (MarketSpot(["H100"], MARKET, 3, (FIRST, FIRST)) for _ in range(2))
    for _ in range(5):
        now = one.next_due()
        one.due(now)
    other.pass_over(now)
    assert one.next_due() == other.next_due()
    assert one.due(NEVER - 1).rows.tobytes() == other.due(NEVER - 1).rows.tobytes()


def test_a_run_is_fixed_on_the_trades_of_its_marketplace() -> None:
    scenario = load("spot", days=3)
    runs = [Run(planned(scenario, Span())) for _ in range(2)]
    for run in runs:
        assert [line.ledger_sum for line in run.days()] == [0] * 3
    first, second = (run.summary() for run in runs)
    assert (first.event_hash, first.state_hash) == (second.event_hash, second.state_hash)
    fixings = runs[0].fixings
    assert [one.tier for one in fixings] == [Tier.TRADE] * 3
    assert all(one.inputs > 100 and one.providers == 8 for one in fixings)
    assert set(runs[0].venue.house.fixings.names.values()) >= {"alderrack", "heronfield"}
    # The marketplace by itself says the same of itself.
    alone = [line for today in SpotDays(planned(scenario, Span())).days() for line in today]
    assert [(line.index_micro, line.inputs) for line in alone] == [
        (one.value_micro, one.inputs) for one in fixings
    ]


def spot(keys: str) -> str:
    return SMALL + "\n[spot]\n" + keys


def test_the_table_has_defaults_and_they_are_shown() -> None:
    assert parse(SMALL, "small").spot == SpotTerms()
    found = parse(spot('source = "marketplace"'), "small")
    assert found.spot == MARKET
    shown = show_toml(found)
    assert "[spot.regions]\nus-east = 0.0\n" in shown
    assert parse(shown, "shown") == found


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('source = "auction"', r"spot.source: Invalid enum value 'auction'"),
        ("provider = 3", "unknown field `provider`"),
        ("providers = 0", r"spot.providers: .*>= 1 \(0\)"),
        ("rounds = 61", r"spot.rounds: .*<= 60 \(61\)"),
        ("spread = 0.0", "spot.spread"),
        ("spread = nan", "spot.spread"),
        ("terms = []", "spot.terms"),
        ('terms = ["spot", "spot"]', "one stands twice"),
        ('terms = ["lease"]', "spot.terms"),
        ("regions = {}", "regions: 0 is not between 1 and 16"),
        ("regions = {East = 0.0}", "regions: 'East' is not 2 to 24 of a-z"),
        ("regions = {us-east = 0.6}", "regions: us-east 0.6 is not between"),
        ("regions = {us-east = nan}", "regions: us-east nan is not between"),
        ("floor_percent = 101", "spot.floor_percent"),
    ],
)
def test_what_is_wrong_in_the_table_is_named(keys: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse(spot(keys), "small")


def test_a_model_without_levels_is_named() -> None:
    with pytest.raises(ValueError, match="no levels to trade T4X at: it is none of"):
        MarketSpot(["T4X"], MARKET, 3, (FIRST, FIRST))


def test_the_readme_lists_every_refusal_and_every_key() -> None:
    text = (ROOT / "sim/marketplace/README.md").read_text(encoding="utf-8")
    stated = [row[1] for row in table(text, "at", "refusal")]
    assert stated == [refusal.value for refusal in Refused if refusal]
    keys = [key for row in table(text, "key", "what", "default") for key in row[0].split(", ")]
    assert [key.strip("`") for key in keys] == list(SpotTerms.__struct_fields__)


def test_a_marketplace_takes_no_prices_from_a_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="takes its observations from its marketplace"):
        planned_on(load("spot"), tmp_path / "prices.csv", Span())


def test_a_served_scenario_has_its_marketplace() -> None:
    _, crowd = live("spot")
    rows = crowd.wake(crowd.next_wake()).rows
    assert set(rows["kind"].tolist()) == {Kind.OBSERVE}
    assert len(rows) > 100
