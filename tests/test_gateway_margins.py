"""What if: what an order would need is what the exchange then holds it against, to the cent."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearing.ledger import Book, Entry, line_code
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Did, Kind, Side
from gateway.figures import figures
from gateway.margins import order_of, tried
from tests.test_gateway_session import FRONT, NOW, Rig

ANN = 1
CALENDAR = "H100_USD-FS-31AUG26_30SEP26"
NEXT = "H100_USD-30SEP26"
CREDIT = 70_000_000
CASH = 3_000_000_000
MOVED = line_code(Entry.ALLOCATION, Book.VARIATION)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def marked(rig: Rig) -> None:
    """Mark futures at 2.80 and what is paid for at 0.10; leave ann 3,000 USD."""
    batch = Batch()
    for terms in rig.view.directory.instruments:
        if not terms.is_spread:
            mark = 20 if terms.is_paid else 560
            batch.money(Kind.MARK, instrument=terms.number, value=mark, value_2=mark)
    batch.money(Kind.WITHDRAW, account=ANN, value=10**12 - CASH)
    rig.submit(batch)


def drawn(rig: Rig, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Return an order that may be entered: instrument, side, price, lots. Some close a lot."""
    listed = rig.view.directory.instruments
    held = {number: each.net for number, each in rig.view.accounts[ANN].holdings.items()}
    number, side = int(rng.integers(len(listed))), int(rng.integers(2))
    lots, rises = int(rng.integers(1, 8)), int(rng.integers(4) == 0)
    if any(held.values()) and rng.integers(3) == 0:
        number = int(rng.choice([each for each, net in held.items() if net]))
        side, lots, rises = Side.SELL if held[number] > 0 else Side.BUY, 1, 0
    terms = listed[number]
    middle = 0 if terms.is_spread else 20 if terms.is_paid else 560
    away = int(rng.integers(1, 8)) * terms.tick * (1 if side == Side.SELL else -1)
    return number, side, max(middle + away * (1 - 2 * rises), terms.low), lots


@pytest.mark.parametrize("seed", range(6))
def test_it_is_what_the_exchange_then_says(rig: Rig, seed: int) -> None:
    marked(rig)
    rng = np.random.default_rng(seed)
    told, closing = {Did.ENTERED: 0, Did.REJECTED: 0}, 0
    for number in range(90):
        if number == 45:
            told_by_house = Batch()
            if seed % 2:  # It becomes poor: from now on it may only reduce what is at stake.
                for account, value in ((ANN, CASH), (2, -CASH)):
                    told_by_house.money(Kind.CHARGE, account=account, value=value, code=MOVED)
            else:
                told_by_house.money(Kind.CREDIT, account=ANN, product=0, value=CREDIT)
            rig.submit(told_by_house)
        instrument, side, price, lots = drawn(rig, rng)
        would = tried(rig.view, ANN, order_of(ANN, instrument, side, price, lots))
        assert sum(part.amount for part in would.was) == would.before.initial
        assert sum(part.amount for part in would.parts) == would.after.initial
        batch = Batch()
        batch.enter(ANN, instrument, side, lots, price, smp_id=1)
        (first, *more) = rig.submit(batch)[0].events
        if first["reason"] not in (Reason.NONE, Reason.MARGIN_SHORT):
            continue
        told[Did(int(first["kind"]))] += 1
        is_short = would.after.equity < would.after.initial
        closing += is_short and first["kind"] == Did.ENTERED
        assert would.is_accepted == (first["kind"] == Did.ENTERED)
        if first["kind"] == Did.REJECTED:
            assert first["price"] == would.after.initial
            assert first["quantity"] == would.after.equity
        elif {int(each["kind"]) for each in more} == {Did.RESTED}:
            percent = rig.view.directory.accounts[ANN].initial_percent
            assert figures(rig.view.accounts[ANN], rig.view.markets, percent) == would.after
        after = Batch()
        if rng.integers(3) == 0:  # Somebody else takes what rests.
            after.enter(2, instrument, 1 - side, lots, price, smp_id=2)
        elif first["kind"] == Did.REJECTED:
            after.cancel_all(ANN)
        if len(after):
            rig.submit(after)
    assert min(told.values()) > 5
    assert not seed % 2 or closing > 2


def asked(rig: Rig, method: str, **params: Any) -> Any:
    answer = rig.ask(rig.session(ANN), f"private/{method}", **params)
    return answer.get("result", answer.get("error"))


def test_the_dialect_tells_both_sides_and_why(rig: Rig) -> None:
    marked(rig)
    order = {"instrument_name": FRONT, "amount": 20, "price": 2.85}
    found = asked(rig, "get_margins", **order)
    needed = found["bought"]
    assert (needed["accepted"], needed["available"]) == (False, 3000)
    assert found["buy"] == needed["required"] == sum(part["amount"] for part in needed["explain"])
    refused = asked(rig, "buy", **order)["data"]
    compared = {name: refused[name] for name in ("required", "available", "account")}
    assert compared == {"required": needed["required"], "available": 3000, "account": "ann"}
    placed = asked(rig, "sell", **{**order, "amount": 4})["order"]
    other = asked(rig, "sell", **{**order, "instrument_name": NEXT, "amount": 1})["order"]
    ids = [placed["order_id"], "77", other["order_id"]]
    alone = asked(rig, "get_order_margin_by_ids", ids=ids)
    assert [each["order_id"] for each in alone] == ids[::2]
    total = asked(rig, "get_account_summary")["initial_margin"]
    assert sum(each["initial_margin"] for each in alone) == total > 0


def test_an_entry_of_a_mass_quote_is_told_the_same(rig: Rig) -> None:
    marked(rig)
    quote = {"instrument_name": FRONT, "bid": {"amount": 500, "price": 2.7}}
    (error,) = asked(rig, "mass_quote", quotes=[quote])["errors"]
    assert error["reason"] == "margin_short"
    assert error["compared"]["available"] == 3000
    assert error["compared"]["account"] == "ann"


def test_a_portfolio_is_simulated_beside_what_is_held_or_instead(rig: Rig) -> None:
    marked(rig)
    before = asked(rig, "get_account_summary")
    two = asked(rig, "simulate_portfolio", simulated_positions={FRONT: 2, NEXT: -2})
    assert two["equity"] == before["equity"]
    assert two["maintenance_margin"] > 0
    for socket, side in ((1, "buy"), (2, "sell")):
        for name, way in ((FRONT, side), (NEXT, {"buy": "sell", "sell": "buy"}[side])):
            rig.ask(
                rig.session(socket), f"private/{way}", instrument_name=name, amount=2, price=2.8
            )
    held = asked(rig, "get_account_summary")
    assert held["maintenance_margin"] == two["maintenance_margin"]
    assert asked(rig, "simulate_portfolio") == held
    nothing = asked(rig, "simulate_portfolio", add_positions=False)
    assert nothing["maintenance_margin"] == nothing["initial_margin"] == 0
    single = asked(rig, "simulate_portfolio", simulated_positions={NEXT: 2})
    only = asked(rig, "simulate_portfolio", add_positions=False, simulated_positions={FRONT: 2})
    assert single["maintenance_margin"] == only["maintenance_margin"]
    call = next(each.name for each in rig.view.directory.instruments if each.name.endswith("-C"))
    paid = asked(rig, "simulate_portfolio", simulated_positions={call: 3})
    assert paid["balance"] == held["balance"] - 219
    assert asked(rig, "get_account_summary") == held


@pytest.mark.parametrize(
    ("method", "params", "named"),
    [
        ("get_margins", {"instrument_name": "H9", "amount": 1, "price": 2}, "instrument_name"),
        ("get_margins", {"instrument_name": FRONT, "amount": 0, "price": 2}, "amount"),
        ("get_margins", {"instrument_name": FRONT, "amount": 1.5, "price": 2}, "amount"),
        ("get_margins", {"instrument_name": FRONT, "amount": 1, "price": 2.001}, "price"),
        ("get_margins", {"instrument_name": FRONT, "amount": 1, "price": 99}, "price"),
        ("get_margins", {"instrument_name": FRONT, "amount": 1}, "price"),
        ("simulate_portfolio", {"simulated_positions": {"H9": 1}}, "instrument_name"),
        ("simulate_portfolio", {"simulated_positions": {FRONT: 0.5}}, "simulated_positions"),
        ("simulate_portfolio", {"simulated_positions": {CALENDAR: 1}}, "simulated_positions"),
        ("get_order_margin_by_ids", {"ids": 7}, "ids"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    rig: Rig, method: str, params: dict[str, Any], named: str
) -> None:
    refused = rig.ask(rig.session(ANN), f"private/{method}", NOW, **params)["error"]
    assert named in json.dumps(refused)
