"""Options are priced after each settlement by rows of input, marked, and margined by SPAN."""

import datetime
import pathlib
import random
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from clearing.calendar import eve, index_window, next_business_day, times
from clearing.margin.averaging import Option, average
from clearing.margin.coherence import check
from clearing.margin_terms import MarginTerms
from clearing.venue import Venue
from clearing.verify import verify
from engine.exchange import Outcome
from engine.instruments import TICK, VALUE, units
from engine.journal import Durability
from engine.rows import Batch
from engine.schema import Kind, Origin, Side, Standing
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    TERMS,
    assert_books_agree,
    finish,
    fix,
    founding,
)

FLAT = [2_810_000, 1_400_000]
SECOND_DAY = next_business_day(FIRST_DAY)
EVERYONE = np.arange(1, 5)
ROOM = SIZES._replace(instruments=512)
SETTLED = -55 * 60 * 10**9  # Before the close.
WINDOW_OPENS = 29 * 60 * 10**9  # After the fixing.
AT_THE_MONEY = "H100_USD-31AUG26-2d8-C"


def optioned(
    folder: pathlib.Path | None = None, margin: MarginTerms = MarginTerms(), cash: int = 40 * 10**9
) -> Venue:
    """Return a venue with options on two months, at the end of its first day."""
    terms = [msgspec.structs.replace(TERMS[0], options=2, margin=margin), TERMS[1]]
    venue = Venue.open(folder, durability=Durability.NONE, sizes=ROOM)
    venue.submit(founding(terms=terms, cash=cash), eve(FIRST_DAY))
    pass_day(venue)
    return venue


def pass_day(venue: Venue, date: datetime.date = FIRST_DAY, index: int = FLAT[0]) -> list[Outcome]:
    """Let a day pass; return what happened after its fixing."""
    fix(venue, date, [index, FLAT[1]])
    return venue.tick(times(date)[-1][0])


def number(venue: Venue, name: str = AT_THE_MONEY) -> int:
    return venue.house.directory.instrument_of[name].number


def sell(venue: Venue, name: str, lots: int, price: str) -> None:
    """Let account 3 sell to account 1, now."""
    batch = Batch()
    batch.enter(3, number(venue, name), Side.SELL, lots, units(price))
    batch.enter(1, number(venue, name), Side.BUY, lots, units(price))
    venue.submit(batch, venue.exchange.time)
    assert_books_agree(venue)


def test_an_untraded_option_is_marked_at_its_model_value() -> None:
    venue = optioned()
    contract = venue.house.premiums.contracts[number(venue)]
    august = venue.house.marking.contracts[1]
    month = average([], 21, 20)  # 20 business days from July 6 to the first fixing of August.
    worth = Option(units("2.80"), is_call=True).value(month, august.mark, 0.26)
    assert contract.mark == int(worth / TICK + 0.5) * TICK
    state = venue.exchange.state.instruments[number(venue)]
    assert (state["mark"], state["rate"]) == (contract.mark, contract.rate)
    assert contract.mark > units("0.05")


def test_prices_are_input_and_marks_are_the_answer() -> None:
    venue = optioned()
    frames = [outcome.frame for outcome in pass_day(venue, SECOND_DAY, 2_900_000)]
    [priced] = [frame for frame in frames if (frame.commands["kind"] == Kind.VOL).any()]
    assert priced.origin == Origin.CALC
    kinds = priced.commands["kind"].tolist()
    live = len(list(venue.house.pricing.live()))
    assert [kinds.count(kind) for kind in (Kind.VOL, Kind.DELTA, Kind.RISK)] == [
        *(live, live),
        2 * live,
    ]
    [after] = [frame for frame in frames if frame.seq == priced.last + 1]
    assert after.origin == Origin.HOUSE
    assert set(after.commands["kind"].tolist()) == {Kind.MARK, Kind.RATE}


def test_what_trades_in_the_window_implies_the_volatility_that_stands_from_then_on() -> None:
    venue = optioned()
    fix(venue, SECOND_DAY, FLAT)
    batch = Batch()
    batch.money(Kind.DEPOSIT, account=1, value=1)
    venue.submit(batch, index_window(SECOND_DAY)[1] + WINDOW_OPENS)
    sell(venue, AT_THE_MONEY, 2, "0.30")
    finish(venue, SECOND_DAY)
    option = venue.house.pricing.options[number(venue)]
    assert option.price == units("0.30")
    month = average([], 21, 19)
    mark = venue.house.marking.contracts[1].mark
    worth = Option(units("2.80"), is_call=True).value(month, mark, option.volatility / 10**6)
    assert worth == pytest.approx(units("0.30"), abs=1e-3)
    third = next_business_day(SECOND_DAY)
    fix(venue, third, FLAT)
    finish(venue, third)
    assert venue.house.pricing.options[number(venue)].volatility == option.volatility
    assert units("0.26") < venue.house.premiums.contracts[number(venue)].mark < units("0.30")


def test_option_value_bought_reduces_and_sold_adds() -> None:
    venue = optioned()
    net, margin = venue.house.positions.holdings["net"], venue.house.margin
    call = venue.house.premiums.contracts[number(venue)]
    for account, future, option in ((1, -5, 0), (2, -5, 5), (3, 0, -5)):
        net[1, account], net[number(venue), account] = future, option
    naked, covered, sold, _ = margin.requirements(EVERYONE)[0].tolist()
    worth = call.mark * VALUE
    assert naked == 5 * 350_500_000
    assert margin.margin(2).net_option_value == 5 * worth
    assert covered < naked - 5 * worth
    assert sold == 5 * (call.rate + worth) == -margin.margin(3).net_option_value + 5 * call.rate


@pytest.mark.parametrize(("rule", "lots"), [("gross", 3 + 4), ("max", 4)])
def test_options_sold_need_a_minimum(rule: str, lots: int) -> None:
    margin = MarginTerms(minimum=Decimal(2_000), minimum_rule="max" if rule == "max" else "gross")
    venue = optioned(margin=margin)
    put = "H100_USD-31AUG26-2d7-P"
    net = venue.house.positions.holdings["net"]
    net[number(venue), 1], net[number(venue, put), 1] = -3, -4
    (made,) = venue.house.margin.margin(1).products
    assert made.minimum == lots * 2_000_000_000
    assert made.requirement == made.minimum > made.risk


@pytest.mark.parametrize("seed", range(3))
def test_no_option_position_needs_more_than_the_bound_or_less_than_it_may_lose(seed: int) -> None:
    chance = random.Random(seed)
    terms = MarginTerms(
        minimum=Decimal(chance.choice((0, 5, 300))),
        volatility=Decimal(chance.choice(("0.26", "0.9"))),
        volatility_scan=Decimal(chance.choice(("0.25", "0.5"))),
    )
    venue = optioned(margin=terms)
    net, margin = venue.house.positions.holdings["net"], venue.house.margin
    check(margin.parameters)
    options = [number for number, *_ in venue.house.pricing.live()]
    for _ in range(40):
        for account in EVERYONE.tolist():
            net[:, account] = 0
            for each in [0, 1, 2, *chance.sample(options, 5)]:
                net[each, account] = chance.randint(-6, 6)
        required, _ = margin.requirements(EVERYONE)
        assert (required <= margin.bounds(EVERYONE)).all()
        for account in EVERYONE.tolist():
            tree, (made,) = margin.explained(account), margin.margin(account).products
            assert sum(leaf.amount for leaf in tree.leaves()) == tree.amount
            assert tree.amount == required[account - 1]
            assert tree.amount >= max(made.scan.losses) - made.option_value - 40


def test_a_day_with_options_replays_and_computes_to_the_same(tmp_path: pathlib.Path) -> None:
    venue = optioned(tmp_path)
    venue.tick(times(SECOND_DAY)[3][0])
    sell(venue, AT_THE_MONEY, 3, "0.20")
    pass_day(venue, SECOND_DAY)
    before = venue.house.margin.requirements(EVERYONE)[0].tolist()
    venue.close()
    found = verify(tmp_path, sizes=ROOM, recompute=True)
    assert (found.ok, found.finding) == (True, "")
    again = Venue.open(tmp_path, sizes=ROOM)
    assert again.house.margin.requirements(EVERYONE)[0].tolist() == before
    assert again.house.pricing.options == venue.house.pricing.options
    again.close()


def test_another_volatility_in_a_journal_is_a_finding(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue = optioned(tmp_path)
    venue.close()
    exact = Option.value
    monkeypatch.setattr(Option, "value", lambda *given: exact(*given) + 0.5)
    found = verify(tmp_path, sizes=ROOM, recompute=True)
    assert found.ok
    assert "computed again, 1 frame(s) of input figures differ" in found.finding


def test_a_settlement_still_lifts_a_call_where_options_are_priced() -> None:
    venue = optioned(cash=5 * 10**9)
    venue.tick(times(SECOND_DAY)[3][0])
    batch = Batch()
    batch.enter(1, 2, Side.SELL, 11, units("2.80"))
    batch.enter(3, 2, Side.BUY, 11, units("2.80"))
    batch.money(Kind.RATE, instrument=2, value=500_000_000)
    venue.submit(batch, venue.exchange.time)
    fix(venue, SECOND_DAY, [2_810_000, 1_400_000])
    assert sorted(venue.house.calls.open) == [1, 3]
    while venue.house.calls.open:
        venue.tick(venue.next_due())
    assert (venue.exchange.state.accounts["standing"] == Standing.GOOD).all()
    assert venue.exchange.time == SETTLED + times(SECOND_DAY)[-1][0]
