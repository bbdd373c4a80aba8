"""With a credit between products the pre-trade bound still covers every subset of fills."""

import numpy as np
import pytest

from engine.hashes import list_orders
from engine.instruments import VALUE
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Did, Form, Kind, Phase, Side
from engine.state import State
from tests.desk import Desk

RATES = [110_000_000, 60_000_000, 90_000_000, 70_000_000]
PRODUCTS = [0, 0, 1, 1]  # Of the months; then come a calendar and an inter-commodity spread.
SPREADS = [(Form.CALENDAR, ((0, 1), (1, -1))), (Form.INTER, ((0, 1), (2, -1)))]
CHARGE = 20_000_000
MARK = 100
LOTS = [*np.eye(4, dtype=np.int64).tolist(), [1, -1, 0, 0], [1, 0, -1, 0]]


class Pair(Desk):
    """Two products of two months each, marked at 100; account 1 trades with account 2."""

    def __init__(self, cash: int) -> None:
        super().__init__()
        batch = Batch()
        for product in range(2):
            batch.money(Kind.PRODUCT, product=product)
            batch.money(Kind.RATE, product=product, value=CHARGE)
        for month, product in enumerate(PRODUCTS):
            list_one(batch, month, product, Form.FUTURE, 0)
            batch.money(Kind.RATE, instrument=month, value=RATES[month])
        for number, (form, legs) in enumerate(SPREADS, 4):
            list_one(batch, number, 0, form, len(legs))
            for leg, ratio in legs:
                batch.leg(leg, ratio)
        for account, amount in ((1, cash), (2, 10**15)):
            batch.money(Kind.OPEN_ACCOUNT, account=account)
            batch.money(Kind.DEPOSIT, account=account, value=amount)
        for month in range(4):
            batch.money(Kind.MARK, instrument=month, value=MARK, value_2=MARK)
        for product in range(2):
            batch.money(Kind.PHASE, product=product, code=Phase.OPEN)
        self.do(batch)

    def assign(self, month: int, lots: int) -> None:
        """Give account 1 lots of a month at the mark; below 0: let it sell them."""
        buyer, seller = (1, 2) if lots > 0 else (2, 1)
        batch = Batch()
        batch.desk(
            Kind.ASSIGN,
            buyer=buyer,
            seller=seller,
            instrument=month,
            quantity=abs(lots),
            price=MARK,
        )
        self.do(batch)

    def grant(self, value: int) -> None:
        """Grant account 1 a credit, half of it in each product."""
        batch = Batch()
        for product in range(2):
            batch.money(Kind.CREDIT, account=1, product=product, value=value // 2)
        assert (self.do(batch)["kind"] == Did.CREDITED).all()


def list_one(batch: Batch, number: int, product: int, form: Form, legs: int) -> None:
    low, high = (-50, 50) if legs else (1, 200)
    batch.listing(
        number,
        product,
        f"M{number}",
        low=low,
        high=high,
        tick=1,
        value=VALUE,
        clip=1_000,
        position_max=10_000,
        protection=10,
        month=202701,
        expiry=20270129,
        form=form,
        legs=legs,
    )


def nets_of(state: State) -> np.ndarray:
    """Account 1's lots of each month, shape (4,)."""
    nets = np.zeros(4, np.int64)
    for position in state.positions[1 : int(state.totals[0]["positions"])]:
        if position["account"] == 1 and position["instrument"] < 4:
            nets[int(position["instrument"])] = int(position["net"])
    return nets


def money(nets: np.ndarray) -> np.ndarray:
    """What lots of each month, (n, 4), come to in each product, (n, 2)."""
    weighted = nets * np.array(RATES)
    return np.stack((weighted[:, :2].sum(axis=1), weighted[:, 2:].sum(axis=1)), axis=1)


def forgiven(nets: np.ndarray) -> np.ndarray:
    """Half of what each product needs is forgiven, as far as the two hedge each other."""
    one, two = money(nets).T
    hedged: np.ndarray = np.where(one * two < 0, np.minimum(np.abs(one), np.abs(two)), 0)
    return hedged


def requirements(nets: np.ndarray) -> np.ndarray:
    """What holdings need of all: the worst of each product, its pairs' charge, less credits."""
    needed: np.ndarray = np.abs(money(nets)).sum(axis=1) - forgiven(nets)
    for own in (nets[:, :2], nets[:, 2:]):
        longs = np.maximum(own, 0).sum(axis=1)
        needed += CHARGE * np.minimum(longs, longs - own.sum(axis=1))
    return needed


def working(state: State) -> tuple[np.ndarray, np.ndarray]:
    """Each of account 1's orders' loss against the marks, and lots of each month, (n, 4)."""
    losses, moved, rows = [], [], np.empty((64, 7), np.int64)
    for number, lots_of in enumerate(LOTS):
        for _, account, side, price, lots, *_ in rows[: list_orders(state, number, rows)].tolist():
            if account == 1:
                signed = lots if side == Side.BUY else -lots
                worth = MARK * sum(lots_of)
                losses.append(max(0, signed * (price - worth)) * VALUE)
                moved.append([signed * each for each in lots_of])
    return np.array(losses, np.int64), np.array(moved, np.int64).reshape(-1, 4)


@pytest.mark.parametrize("seed", range(24))
def test_no_subset_of_fills_needs_more_than_the_bound_less_credits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    desk = Pair(cash=int(rng.integers(4, 40)) * 100_000_000)
    sign = int(rng.choice((-1, 1)))
    for month in range(4):
        lots = int(rng.integers(-3, 9)) * sign * (1 if month < 2 else -1)
        if lots:
            desk.assign(month, lots)
    nets = nets_of(desk.state)
    desk.grant(int(forgiven(nets[None])[0]))
    refused = 0
    for _ in range(12):
        number, side, lots = (int(x) for x in rng.integers([0, 0, 1], [6, 2, 15]))
        away = int(rng.integers(-10, 4) if side == Side.BUY else rng.integers(4, 14))
        events = desk.enter(1, number, side, lots, away + MARK * sum(LOTS[number]))
        refused += events[0]["reason"] == Reason.MARGIN_SHORT
    account, (worst, moved) = desk.state.accounts[1], working(desk.state)
    assert len(worst) or refused
    locked = max(int(account["bounds"] - account["credits"]), 0) + int(account["reserves"])
    subsets = np.arange(1 << len(worst))[:, None]
    filled = subsets >> np.arange(len(worst)) & 1  # A row a subset, a column an order.
    assert np.all(requirements(nets + filled @ moved) + filled @ worst <= locked)


def test_an_order_that_turns_a_product_needs_what_the_end_of_the_credit_costs() -> None:
    desk = Pair(cash=1_000_000_000)
    desk.assign(0, 9)  # 990 USD of need.
    desk.assign(2, -11)  # Likewise.
    desk.grant(990_000_000)
    assert desk.enter(1, 0, Side.SELL, 9, MARK + 50)[0]["kind"] == Did.ENTERED
    [refused] = desk.enter(1, 0, Side.SELL, 1, MARK + 50)
    assert refused["reason"] == Reason.MARGIN_SHORT
    assert refused["price"] == 2 * 990_000_000 - 990_000_000 + RATES[0] + CHARGE
