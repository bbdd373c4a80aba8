"""The compiled fold counts what a plain loop counts, in frames of any size."""

from collections import defaultdict

import numpy as np
import pytest

from clearing.holdings import MINUTE, MINUTES
from clearing.positions import Positions
from engine.jit import Table
from engine.layout import EVENT
from engine.schema import NIL_PRICE, NOT_HELD, AccountType, Did, Role, Side

VALUE = 3_650_000
FEES = (3_650_000, 5_500_000, 900_000, 1_350_000, 6_000_000, 7_300_000)
MEMBER, OTHER = 1, 2


def small(instruments: int = 2, accounts: int = 4) -> Positions:
    """Return tables of some instruments, and of accounts of which the first is a member's."""
    positions = Positions()
    for _ in range(instruments):
        positions.add_instrument(VALUE, FEES)
    for account in range(accounts):
        positions.add_account(AccountType.HEDGER if account else AccountType.MEMBER)
    return positions


def filled(
    buyer: int, seller: int, lots: int, price: int, instrument: int = 0, time: int = 0
) -> Table:
    """Return the two events of a trade."""
    events = np.zeros(2, EVENT)
    events["kind"], events["quantity"], events["price"] = Did.FILLED, lots, price
    events["account"], events["side"] = (buyer, seller), (Side.BUY, Side.SELL)
    events["instrument"], events["time"] = instrument, time
    events["role"] = (Role.TAKER, Role.MAKER)
    return events


def priced(kind: Did, price: int, instrument: int = 0) -> Table:
    """Return the event of a mark or of a final settlement."""
    events = np.zeros(1, EVENT)
    events["kind"], events["price"], events["instrument"] = kind, price, instrument
    return events


def test_a_trade_makes_a_long_and_a_short() -> None:
    positions = small()
    positions.fold(filled(1, 2, 5, 560))
    assert positions.holdings["net"][0, 1:3].tolist() == [5, -5]
    assert positions.holdings["cost"][0, 1:3].tolist() == [2800, -2800]
    contract = positions.contracts[0]
    assert (contract["volume"], contract["open_interest"]) == (5, 5)


def test_a_position_that_changes_hands_leaves_open_interest_as_it_is() -> None:
    positions = small()
    positions.fold(filled(1, 2, 5, 560))
    positions.fold(filled(3, 1, 5, 570))
    contract = positions.contracts[0]
    assert (contract["volume"], contract["open_interest"]) == (10, 5)


def test_the_first_mark_pays_from_the_trade_price() -> None:
    positions = small()
    positions.fold(filled(1, 2, 5, 560))
    positions.fold(priced(Did.MARKED, 566))
    assert positions.take("variation").tolist() == [0, 30 * VALUE, -30 * VALUE, 0, 0]
    assert not positions.take("variation").any()


def test_after_a_mark_new_fills_are_open_until_the_next() -> None:
    positions = small()
    positions.fold(priced(Did.MARKED, 566))
    positions.fold(filled(1, 2, 5, 560))
    assert positions.holders["open"].tolist() == [0, 30 * VALUE, -30 * VALUE, 0, 0]
    positions.fold(priced(Did.MARKED, 560))
    assert not positions.holders["open"].any()
    assert not positions.take("variation").any()


def test_fees_go_by_account_type_and_settlement_has_its_own() -> None:
    positions = small()
    positions.fold(filled(MEMBER, OTHER, 5, 560))
    assert positions.holders["fees"].tolist() == [0, 5 * FEES[0], 5 * FEES[1], 0, 0]
    positions.fold(priced(Did.SETTLED, 560))
    assert positions.holders["fees"].tolist()[1:3] == [5 * FEES[0] + 5 * FEES[2], 5 * 6_850_000]


def test_a_settled_contract_is_held_by_nobody() -> None:
    positions = small()
    positions.fold(filled(1, 2, 5, 560))
    positions.fold(priced(Did.SETTLED, 600))
    assert not positions.holdings["net"].any()
    assert not positions.holdings["cost"].any()
    assert positions.contracts[0]["open_interest"] == 0
    positions.check()
    positions.check_whole()


def calendar_trade(buyer: int, seller: int, lots: int, price: int, near: int) -> Table:
    """Return the events of a trade in the calendar 2 = month 0 - month 1, month 0 at `near`."""
    own = filled(buyer, seller, lots, price, instrument=2, time=MINUTE)
    own["flags"] = NOT_HELD
    legs = [
        filled(buyer, seller, lots, near, instrument=0, time=MINUTE),
        filled(seller, buyer, lots, near - price, instrument=1, time=MINUTE),
    ]
    for leg in legs:
        leg["role"] = Role.LEG
    return np.concatenate([own, *legs])


def test_a_spreads_trade_is_held_in_its_legs_and_pays_their_fees() -> None:
    positions = small(instruments=3)
    positions.fold(calendar_trade(MEMBER, OTHER, 5, 10, near=560))
    assert positions.holdings["net"][:, 1:3].tolist() == [[5, -5], [-5, 5], [0, 0]]
    assert positions.holdings["cost"][:, MEMBER].tolist() == [2_800, -2_750, 0]
    assert positions.holders["fees"].tolist()[1:3] == [10 * FEES[0], 10 * FEES[1]]
    assert positions.contracts["volume"].tolist() == [5, 5, 5]
    assert positions.contracts["open_interest"].tolist() == [5, 5, 0]


def test_a_legs_price_is_no_price_of_its_book() -> None:
    positions = small(instruments=3)
    positions.fold(calendar_trade(1, 2, 5, 10, near=560))
    turnover = [positions.turnover(number, MINUTE, 2 * MINUTE) for number in range(3)]
    assert turnover == [(0, 0), (0, 0), (50, 5)]


def test_an_implied_trade_is_a_trade_of_each_of_its_books() -> None:
    """Account 1 sells month 0; the calendar's maker 2 buys it and sells month 1 to maker 3."""
    positions = small(instruments=3)
    rows = [
        (1, 0, Side.SELL, 560, Role.TAKER, 0),
        (2, 2, Side.BUY, 10, Role.IMPLIED, NOT_HELD),
        (2, 0, Side.BUY, 560, Role.LEG, 0),
        (2, 1, Side.SELL, 550, Role.LEG, 0),
        (3, 1, Side.BUY, 550, Role.IMPLIED, 0),
    ]
    events = np.zeros(len(rows), EVENT)
    events["kind"], events["quantity"], events["time"] = Did.FILLED, 4, MINUTE
    for place, row in enumerate(rows):
        for name, value in zip(
            ("account", "instrument", "side", "price", "role", "flags"), row, strict=True
        ):
            events[place][name] = value
    positions.fold(events)
    assert positions.holdings["net"][:, 1:4].tolist() == [[-4, 4, 0], [0, -4, 4], [0, 0, 0]]
    assert positions.contracts["volume"].tolist() == [4, 4, 4]
    turnover = [positions.turnover(number, MINUTE, 2 * MINUTE) for number in range(3)]
    assert turnover == [(2_240, 4), (2_200, 4), (40, 4)]
    positions.check()
    positions.check_whole()


def test_turnover_is_kept_by_the_minute() -> None:
    positions = small()
    positions.fold(filled(1, 2, 5, 560, time=10 * MINUTE - 1))
    positions.fold(filled(1, 2, 2, 570, time=10 * MINUTE))
    positions.fold(filled(2, 1, 1, 580, time=11 * MINUTE - 1))
    positions.fold(filled(2, 1, 9, 500, time=11 * MINUTE))
    assert positions.turnover(0, 10 * MINUTE, 11 * MINUTE) == (2 * 570 + 580, 3)
    assert positions.turnover(1, 10 * MINUTE, 11 * MINUTE) == (0, 0)


def test_minutes_older_than_what_is_kept_are_forgotten() -> None:
    positions = small()
    positions.fold(filled(1, 2, 5, 560, time=3 * MINUTE))
    positions.fold(filled(1, 2, 5, 560, time=(3 + MINUTES) * MINUTE))
    assert positions.turnover(0, 3 * MINUTE, 4 * MINUTE) == (0, 0)


def test_a_side_without_its_other_stops_the_house() -> None:
    positions = small()
    positions.fold(filled(1, 2, 5, 560)[:1])
    with pytest.raises(AssertionError, match="do not add to zero"):
        positions.check()


def random_events(count: int, instruments: int, accounts: int) -> Table:
    """Return trades, with marks between them."""
    chance, parts = np.random.default_rng(3), []
    for _ in range(count):
        instrument = int(chance.integers(instruments))
        price, lots = int(chance.integers(500, 600)), int(chance.integers(1, 9))
        if chance.random() < 0.05:
            parts.append(priced(Did.MARKED, price, instrument))
            continue
        buyer, seller = (int(each) for each in chance.integers(1, accounts, 2))
        parts.append(filled(buyer, seller, lots, price, instrument))
    return np.concatenate(parts)


@pytest.mark.parametrize("size", [1, 7, 1024])
def test_the_fold_equals_a_plain_loop_in_frames_of_any_size(size: int) -> None:
    positions = small(instruments=200, accounts=99)
    events = random_events(3_000, 200, 100)
    for first in range(0, len(events), size):
        positions.fold(events[first : first + size])
    net, paid, unpaid = plain(events)
    for (account, instrument), lots in net.items():
        assert positions.holdings["net"][instrument, account] == lots
    variation, held_open = positions.take("variation"), positions.holders["open"]
    for account in range(100):
        assert variation[account] == paid[account] * VALUE
        assert held_open[account] == unpaid[account] * VALUE
    positions.check()
    positions.check_whole()


def plain(events: Table) -> tuple[dict[tuple[int, int], int], dict[int, int], dict[int, int]]:
    """Return net by account and instrument, and variation paid and unpaid, in units x lots."""
    net: dict[tuple[int, int], int] = defaultdict(int)
    cost: dict[tuple[int, int], int] = defaultdict(int)
    paid: dict[int, int] = defaultdict(int)
    marks: dict[int, int] = {}
    for event in events:
        instrument, price = int(event["instrument"]), int(event["price"])
        if event["kind"] == Did.FILLED:
            sign = 1 if event["side"] == Side.BUY else -1
            key = int(event["account"]), instrument
            net[key] += sign * int(event["quantity"])
            cost[key] += sign * int(event["quantity"]) * price
            continue
        marks[instrument] = price
        for key in [key for key in net if key[1] == instrument]:
            paid[key[0]] += net[key] * price - cost[key]
            cost[key] = net[key] * price
    unpaid: dict[int, int] = defaultdict(int)
    for (account, instrument), lots in net.items():
        mark = marks.get(instrument, NIL_PRICE)
        if mark != NIL_PRICE:
            unpaid[account] += lots * mark - cost[account, instrument]
    return net, paid, unpaid


def reviewed(kind: Did, buyer: int, seller: int, lots: int, price: int, before: int = 0) -> Table:
    """Return the two events of a trade that was undone, or given another price."""
    events = filled(buyer, seller, lots, price)
    events["kind"], events["role"], events["other"] = kind, Role.NONE, before
    return events


def test_a_busted_trade_leaves_what_would_be_without_it() -> None:
    positions, without = small(), small()
    for each in (positions, without):
        each.fold(filled(1, 2, 5, 560))
        each.fold(priced(Did.MARKED, 566))
    positions.fold(filled(3, 1, 4, 600))
    positions.fold(priced(Did.MARKED, 566))
    positions.fold(reviewed(Did.BUSTED, 3, 1, 4, 600))
    assert positions.holders["open"].tolist() == [0, -136 * VALUE, 0, 136 * VALUE, 0]
    for each in (positions, without):
        each.fold(priced(Did.MARKED, 570))
        each.check_whole()
    assert positions.take("variation").tolist() == without.take("variation").tolist()
    for name in ("net", "cost"):
        assert (positions.holdings[name] == without.holdings[name]).all()
    assert positions.contracts["open_interest"][0] == 5
    assert positions.contracts["volume"][0] == 5
    for name in ("fees", "trades", "lots"):
        assert (positions.holders[name] == without.holders[name]).all()


def test_an_adjusted_trade_costs_what_it_would_have_at_its_new_price() -> None:
    positions, direct = small(), small()
    positions.fold(filled(1, 2, 5, 600))
    positions.fold(priced(Did.MARKED, 566))
    positions.fold(reviewed(Did.ADJUSTED, 1, 2, 5, 560, before=600))
    direct.fold(filled(1, 2, 5, 560))
    for each in (positions, direct):
        each.fold(priced(Did.MARKED, 570))
    assert positions.take("variation").tolist() == direct.take("variation").tolist()
    assert (positions.holdings == direct.holdings).all()
