"""The pre-trade bound covers every subset of fills, and says so before it is too late."""

import numpy as np
import pytest

from engine.hashes import list_orders
from engine.instruments import VALUE
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import AccountType, Did, Form, Kind, Phase, Side, Standing
from engine.state import State
from tests.desk import Desk

MONTHS = 4
RATES = [110_000_000, 95_000_000, 90_000_000, 60_000_000]
CHARGE = 20_000_000
MARK = 100
CALENDARS = [(0, 1), (1, 2), (0, 3)]  # Listed after the months, in this order.


class Months(Desk):
    """Four months of one product, marked at 100, and calendars; account 1 trades with account 2."""

    def __init__(self, cash: int = 10**12, percent: int = 100) -> None:
        super().__init__()
        batch = Batch()
        batch.money(Kind.PRODUCT, product=0)
        for month, rate in enumerate(RATES):
            list_month(batch, month)
            batch.money(Kind.RATE, instrument=month, value=rate)
        for number, (near, far) in enumerate(CALENDARS, MONTHS):
            list_calendar(batch, number, near, far)
        batch.money(Kind.RATE, product=0, value=CHARGE)
        for account, amount in ((1, cash), (2, 10**15)):
            code = AccountType.SPECULATOR
            value = percent if account == 1 else 100
            batch.money(Kind.OPEN_ACCOUNT, account=account, code=code, value=value)
            batch.money(Kind.DEPOSIT, account=account, value=amount)
        for month in range(MONTHS):
            batch.money(Kind.MARK, instrument=month, value=MARK, value_2=MARK)
        batch.money(Kind.PHASE, product=0, code=Phase.OPEN)
        self.do(batch)


def list_month(batch: Batch, month: int) -> None:
    list_instrument(batch, month, 1, 200, Form.FUTURE, 0)


def list_calendar(batch: Batch, number: int, near: int, far: int) -> None:
    list_instrument(batch, number, -50, 50, Form.CALENDAR, 2)
    batch.leg(near, 1)
    batch.leg(far, -1)


def list_instrument(batch: Batch, number: int, low: int, high: int, form: int, legs: int) -> None:
    batch.listing(
        number,
        0,
        f"M{number}",
        low=low,
        high=high,
        tick=1,
        value=VALUE,
        clip=1_000,
        position_max=10_000,
        protection=10,
        month=202701 + number,
        expiry=20270129,
        form=form,
        legs=legs,
    )


def parts(number: int) -> list[int]:
    """Lots of each month that one lot of an instrument buys."""
    lots = [0] * MONTHS
    if number < MONTHS:
        lots[number] = 1
    else:
        near, far = CALENDARS[number - MONTHS]
        lots[near], lots[far] = 1, -1
    return lots


def requirements(nets: np.ndarray) -> np.ndarray:
    """What holdings need: worst move of the money at stake, and the calendar charge.

    nets: lots of each month, shape (n, MONTHS).
    """
    money = np.abs(nets @ np.array(RATES))
    longs = np.maximum(nets, 0).sum(axis=1)
    needed: np.ndarray = money + CHARGE * np.minimum(longs, longs - nets.sum(axis=1))
    return needed


def working(state: State) -> list[tuple[int, int, int]]:
    """Account 1's orders as (instrument, signed lots, price)."""
    found = []
    rows = np.empty((64, 7), np.int64)
    for number in range(MONTHS + len(CALENDARS)):
        book = rows[: list_orders(state, number, rows)].tolist()
        for _, account, side, price, lots, *_ in book:
            if account == 1:
                found += [(number, lots if side == Side.BUY else -lots, price)]
    return found


def drawn_price(rng: np.random.Generator, number: int, side: int) -> int:
    """A price that rests; some lose against the mark, which makes calendars worth 0."""
    away = int(rng.integers(-10, 4) if side == Side.BUY else rng.integers(4, 14))
    return away + (MARK if number < MONTHS else 0)


@pytest.mark.parametrize("seed", range(24))
def test_no_subset_of_fills_needs_more_than_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    desk = Months(cash=int(rng.integers(1, 40)) * 100_000_000)
    for _ in range(3):  # Positions come from trades with account 2, inside the same bound.
        number, side, lots = (int(x) for x in rng.integers([0, 0, 1], [7, 2, 8]))
        price = MARK if number < MONTHS else 0
        desk.enter(2, number, 1 - side, lots, price)
        desk.enter(1, number, side, lots, price)
        batch = Batch()
        batch.cancel_all(1)
        batch.cancel_all(2)
        desk.do(batch)
    refused = 0
    for _ in range(12):
        number, side, lots = (int(x) for x in rng.integers([0, 0, 1], [7, 2, 9]))
        events = desk.enter(1, number, side, lots, drawn_price(rng, number, side))
        refused += events[0]["reason"] == Reason.MARGIN_SHORT
    nets = np.zeros(MONTHS, np.int64)
    for position in desk.state.positions[1 : int(desk.state.totals[0]["positions"])]:
        if position["account"] == 1 and position["instrument"] < MONTHS:
            nets[int(position["instrument"])] = int(position["net"])
    account, orders = desk.state.accounts[1], working(desk.state)
    locked = int(account["bounds"] + account["reserves"])
    assert orders or refused
    assert locked <= account["equity"] + account["open"]
    worst, moved = fully_filled(orders)
    subsets = np.arange(1 << len(orders))[:, None]
    filled = subsets >> np.arange(len(orders)) & 1  # A row a subset, a column an order.
    assert np.all(requirements(nets + filled @ moved) + filled @ worst <= locked)


def fully_filled(orders: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Each order's loss against the marks, shape (n,), and lots of each month, (n, MONTHS)."""
    losses, moved = [], []
    for number, lots, price in orders:
        lost = lots * (price - (MARK if number < MONTHS else 0))
        losses.append(max(0, lost) * VALUE)
        moved.append([lots * ratio for ratio in parts(number)])
    return np.array(losses, np.int64), np.array(moved, np.int64).reshape(-1, MONTHS)


def test_a_refusal_names_what_was_required_and_what_was_there() -> None:
    desk = Months(cash=200_000_000, percent=110)
    [event] = desk.enter(1, 0, Side.BUY, 2, MARK)
    assert event["reason"] == Reason.MARGIN_SHORT
    assert (event["price"], event["quantity"]) == (242_000_000, 200_000_000)
    assert desk.enter(1, 0, Side.BUY, 1, MARK)[0]["kind"] == Did.ENTERED


def test_a_limit_beyond_the_mark_reserves_its_loss() -> None:
    desk = Months(cash=110_000_000 + 9 * VALUE)
    [event] = desk.enter(1, 0, Side.BUY, 1, MARK + 10)
    assert event["reason"] == Reason.MARGIN_SHORT
    desk.enter(1, 0, Side.BUY, 1, MARK + 9)
    assert desk.state.accounts[1]["reserves"] == 9 * VALUE


def test_a_marked_down_account_may_only_reduce() -> None:
    desk = Months(cash=1_150_000_000)
    desk.enter(2, 0, Side.SELL, 10, MARK)
    desk.enter(1, 0, Side.BUY, 10, MARK)
    batch = Batch()
    batch.money(Kind.MARK, instrument=0, value=MARK - 20, value_2=MARK - 20)
    desk.do(batch)
    assert desk.enter(1, 0, Side.BUY, 1, 50)[0]["reason"] == Reason.MARGIN_SHORT
    assert desk.enter(1, 0, Side.SELL, 10, 150)[0]["kind"] == Did.ENTERED


def test_an_account_under_call_may_only_reduce_whatever_its_cash() -> None:
    desk = Months()
    desk.enter(2, 0, Side.SELL, 5, MARK)
    desk.enter(1, 0, Side.BUY, 5, MARK)
    batch = Batch()
    batch.money(Kind.SUSPEND, account=1, code=Standing.CALLED, value=1)
    desk.do(batch)
    assert desk.enter(1, 0, Side.BUY, 1, 50)[0]["reason"] == Reason.MARGIN_SHORT
    assert desk.enter(1, 0, Side.SELL, 5, 150)[0]["kind"] == Did.ENTERED


def test_all_money_out_then_an_order_is_refused_in_one_frame() -> None:
    desk = Months(cash=500_000_000)
    batch = Batch()
    batch.money(Kind.WITHDRAW, account=1, value=500_000_000)
    batch.enter(1, 0, Side.BUY, 1, MARK)
    taken, refused = desk.do(batch)
    assert taken["kind"] == Did.TAKEN
    assert refused["reason"] == Reason.MARGIN_SHORT


def test_gains_that_are_not_paid_yet_cannot_be_withdrawn() -> None:
    desk = Months(cash=1_000_000_000)
    desk.enter(2, 0, Side.SELL, 1, MARK - 50)
    desk.enter(1, 0, Side.BUY, 1, MARK - 50)
    assert desk.state.accounts[1]["open"] == 50 * VALUE
    batch = Batch()
    batch.money(Kind.WITHDRAW, account=1, value=1_000_000_000 - RATES[0] + 1)
    [refused] = desk.do(batch)
    assert refused["reason"] == Reason.FUNDS_SHORT
    assert (refused["price"], refused["quantity"]) == (890_000_001, 890_000_000)


def test_a_rate_that_rises_is_felt_by_positions_and_orders() -> None:
    desk = Months()
    desk.enter(1, 1, Side.BUY, 3, 90)
    before = int(desk.state.accounts[1]["bounds"])
    batch = Batch()
    batch.money(Kind.RATE, instrument=1, value=RATES[1] + 7)
    desk.do(batch)
    assert desk.state.accounts[1]["bounds"] == before + 3 * 7
