"""The cover of options and event contracts holds for every subset of fills, and is no larger."""

import itertools

import numpy as np
import pytest

from engine.hashes import list_orders
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import NIL_PRICE, Did, Form, Kind, Phase, Side
from tests.desk import Desk

USD = 1_000_000
FORMS = (Form.CALL, Form.PUT, Form.EVENT, Form.EVENT)
TOP = 100  # Of each ladder.
RATE = 30 * USD
MARKS = (20, 85, NIL_PRICE, 50)
SHORT = np.array([50, 100, 100, 100]) * USD  # What a lot sold needs: rate and mark, or in full.


class Contracts(Desk):
    """Two options and two event contracts, prices in dollars; account 1 trades with account 2."""

    def __init__(self, cash: int) -> None:
        super().__init__()
        batch = Batch()
        batch.money(Kind.PRODUCT, product=0)
        for number, form in enumerate(FORMS):
            list_contract(batch, number, form)
            batch.money(Kind.RATE, instrument=number, value=RATE)
        for account, amount in ((1, cash), (2, 10**15)):
            batch.money(Kind.OPEN_ACCOUNT, account=account)
            batch.money(Kind.DEPOSIT, account=account, value=amount)
        for number, mark in enumerate(MARKS):
            if mark != NIL_PRICE:
                batch.money(Kind.MARK, instrument=number, value=mark, value_2=mark)
        batch.money(Kind.PHASE, product=0, code=Phase.OPEN)
        self.do(batch)

    def locked(self) -> int:
        """Return what positions and orders of account 1 need of its equity."""
        account = self.state.accounts[1]
        return int(account["bounds"] + account["reserves"])

    def working(self) -> np.ndarray:
        """Return account 1's orders as columns: contract, signed lots, price."""
        rows, found = np.empty((64, 7), np.int64), []
        for number in range(len(FORMS)):
            for row in rows[: list_orders(self.state, number, rows)].tolist():
                signed = row[4] if row[2] == Side.BUY else -row[4]
                found += [(number, signed, row[3])] * (row[1] == 1)
        return np.array(found, np.int64).reshape(-1, 3).T

    def held(self) -> np.ndarray:
        """Return account 1's lots of each contract."""
        nets = np.zeros(len(FORMS), np.int64)
        for position in self.state.positions[1 : int(self.state.totals[0]["positions"])]:
            if position["account"] == 1:
                nets[position["instrument"]] = position["net"]
        return nets


def list_contract(batch: Batch, number: int, form: Form) -> None:
    batch.listing(
        number,
        0,
        f"C{number}",
        low=0,
        high=TOP,
        tick=1,
        value=USD,
        clip=1_000,
        position_max=10_000,
        protection=10,
        month=202701,
        expiry=20270129,
        form=form,
    )


def worst_of_all_subsets(desk: Contracts) -> int:
    """Return the most that any subset of fills would need and would have paid."""
    numbers, lots, prices = desk.working()
    chosen = np.array(list(itertools.product((0, 1), repeat=len(lots))), np.int64)
    filled = chosen * lots
    paid = (filled * prices).sum(axis=1) * USD
    traded = np.stack([filled[:, numbers == n].sum(axis=1) for n in range(len(FORMS))], axis=1)
    short = np.maximum(-(desk.held() + traded), 0)
    return int((short @ SHORT + paid).max())


def random_desk(rng: np.random.Generator) -> Contracts:
    """Return a desk whose account 1 holds something, and works up to eight orders."""
    desk = Contracts(cash=int(rng.integers(1, 30)) * 100 * USD)
    for _ in range(4):
        number, side, lots = (int(x) for x in rng.integers([0, 0, 1], [len(FORMS), 2, 8]))
        price = int(rng.integers(1, TOP))
        desk.enter(2, number, 1 - side, lots, price)
        desk.enter(1, number, side, lots, price)
        batch = Batch()
        batch.cancel_all(1)
        batch.cancel_all(2)
        desk.do(batch)
    for _ in range(8):
        number, side, lots = (int(x) for x in rng.integers([0, 0, 1], [len(FORMS), 2, 9]))
        # Buys below 50 and sells above rest; those of the other half need more than they bring.
        price = int(rng.integers(0, 50) if side == Side.BUY else rng.integers(50, TOP + 1))
        desk.enter(1, number, side, lots, price + (number - 1) * 5 * (1 - side))
    return desk


@pytest.mark.parametrize("seed", range(25))
def test_no_subset_of_fills_needs_more_than_is_locked(seed: int) -> None:
    desk = random_desk(np.random.default_rng(seed))
    assert worst_of_all_subsets(desk) <= desk.locked() <= desk.state.accounts[1]["equity"]


@pytest.mark.parametrize("seed", range(25))
def test_in_one_contract_no_less_would_do(seed: int) -> None:
    rng = np.random.default_rng(seed)
    desk = Contracts(cash=10**10)
    number = int(rng.integers(len(FORMS)))
    for _ in range(8):
        side, lots = int(rng.integers(2)), int(rng.integers(1, 9))
        price = int(rng.integers(0, 50) if side == Side.BUY else rng.integers(50, TOP + 1))
        desk.enter(1, number, side, lots, price)
    assert desk.locked() == worst_of_all_subsets(desk)


@pytest.mark.parametrize(("side", "needs"), [(Side.BUY, 37), (Side.SELL, 63)])
def test_an_event_contract_needs_its_price_or_the_rest_to_the_payout(side: int, needs: int) -> None:
    desk = Contracts(cash=10 * needs * USD)
    assert desk.enter(1, 2, side, 11, 37)[0]["reason"] == Reason.MARGIN_SHORT
    desk.enter(1, 2, side, 10, 37)
    assert desk.locked() == 10 * needs * USD
    desk.enter(2, 2, 1 - side, 10, 37)
    account = desk.state.accounts[1]
    assert account["equity"] - desk.locked() == 0


def test_who_bought_an_option_needs_nothing_more() -> None:
    desk = Contracts(cash=200 * USD)
    desk.enter(2, 0, Side.SELL, 10, 20)
    desk.enter(1, 0, Side.BUY, 10, 20)
    assert (desk.locked(), desk.state.accounts[1]["equity"]) == (0, 0)
    assert desk.enter(1, 0, Side.SELL, 10, 21)[0]["kind"] == Did.ENTERED
    # Sold beyond what it holds: before it is short, 11 premiums have come in.
    assert desk.enter(1, 0, Side.SELL, 8, 21)[0]["reason"] == Reason.MARGIN_SHORT
    assert desk.enter(1, 0, Side.SELL, 7, 21)[0]["kind"] == Did.ENTERED


def test_a_premium_that_was_received_for_an_unmarked_contract_cannot_leave() -> None:
    desk = Contracts(cash=100 * USD)
    batch = Batch()
    list_contract(batch, len(FORMS), Form.CALL)
    batch.money(Kind.PHASE, instrument=len(FORMS), code=Phase.OPEN)
    desk.do(batch)
    desk.enter(2, len(FORMS), Side.BUY, 1, TOP)
    desk.enter(1, len(FORMS), Side.SELL, 1, TOP)
    batch = Batch()
    batch.money(Kind.WITHDRAW, account=1, value=100 * USD + 1)
    [refused] = desk.do(batch)
    assert (refused["reason"], refused["quantity"]) == (Reason.FUNDS_SHORT, 100 * USD)
