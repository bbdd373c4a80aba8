"""Give-ups, average prices and positions that move: exact, whole, and once."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearing.ledger import Book, Entry
from clearing.venue import Venue
from engine.instruments import as_number, units
from engine.rows import Batch
from engine.schema import NIL_PRICE, Kind, Phase, Side
from gateway.handing import hands
from gateway.opening import OperatorError
from gateway.operator import hand_over, open_account
from gateway.post_trade import (
    Allocate,
    GiveUp,
    Hand,
    Move,
    PostTrade,
    assign_rows,
    undo_rows,
)
from gateway.signed import Signed
from gateway.view import View
from tests.serving import FIRST_DAY, at_rest, end, serving
from tests.shell import Shell, refused
from tests.test_gateway_view import compare

FRONT = "H100_USD-31AUG26"
PRICES = ("2.80", "2.81", "2.81", "2.83")  # Of one lot each: ann buys them with one order.
TOTAL = sum(units(price) for price in PRICES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder at rest: ann bought four lots of bob at three prices; cid, and ann-2, did nothing.

    Then everything was settled at 2.90.
    """
    at_rest(tmp_path, "ann", "bob", "cid", "ann")
    view = View()
    venue = Venue.open(tmp_path / "journal", watch=view.fold)
    batch, number = Batch(), view.directory.instrument_of[FRONT].number
    batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN)
    for price in PRICES:
        batch.enter(2, number, Side.SELL, 1, units(price))
    batch.enter(1, number, Side.BUY, 4, units("2.90"))
    batch.money(Kind.MARK, instrument=number, value=units("2.90"), source=as_number(FIRST_DAY))
    venue.submit(batch, venue.exchange.time)
    venue.close()
    return tmp_path


def opened(folder: Path) -> tuple[Venue, View]:
    """Return the venue of a folder, and what clients see of it; they agree."""
    view = View()
    venue = Venue.open(folder / "journal", watch=view.fold)
    compare(view, venue.exchange.state)
    return venue, view


def order_of(folder: Path) -> int:
    """Return the number of ann's order."""
    venue, view = opened(folder)
    venue.close()
    return view.accounts[1].fills[0].order_id


def lifetime(folder: Path, final: int) -> list[int]:
    """Return what each account has won when everything settles at a price, in micro-dollars."""
    venue, view = opened(folder)
    number = view.directory.instrument_of[FRONT].number
    batch = Batch()
    batch.money(Kind.SETTLE, instrument=number, value=final, source=as_number(FIRST_DAY))
    venue.submit(batch, venue.exchange.time)
    ledger = venue.house.ledger
    kinds = np.isin(ledger.entries["kind"], (Entry.VARIATION, Entry.ALLOCATION))
    won = ledger.entries[kinds & (ledger.entries["book"] == Book.CASH)]
    assert ledger.balances[0, Book.VARIATION] == 0
    assert ledger.total() == 0
    venue.close()
    return [int(won["amount"][won["account"] == account].sum()) for account in range(1, 5)]


def test_a_trade_that_is_given_up_is_anothers_from_its_price_on(folder: Path) -> None:
    done = hand_over(folder, GiveUp(2, "ann", "cid", reason="cleared by cid"))
    (one,) = done.assigned
    assert (one.buyer, one.seller, one.lots, one.price) == ("cid", "ann", 1, "2.81")
    value, final = 3_650_000, units("2.71")
    ann, bob, cid, other = lifetime(folder, final)
    assert cid == (final - units("2.81")) * value
    assert ann == (3 * final - TOTAL + units("2.81")) * value
    assert (bob, other) == ((TOTAL - 4 * final) * value, 0)


def test_a_seller_gives_up_its_side_of_a_trade_which_the_buyer_gave_up_too(folder: Path) -> None:
    hand_over(folder, GiveUp(1, "ann", "cid"))
    (one,) = hand_over(folder, GiveUp(1, "bob", "ann-2")).assigned
    assert (one.buyer, one.seller, one.price) == ("bob", "ann-2", "2.80")
    with pytest.raises(OperatorError, match="trade 1 of bob was given up before"):
        hand_over(folder, GiveUp(1, "bob", "cid"))


def test_an_average_price_leaves_the_trader_nothing_and_loses_nothing(folder: Path) -> None:
    shares = {"cid": 3, "ann-2": 1}
    done = hand_over(folder, Allocate(order_of(folder), "ann", shares))
    assert [(one.lots, one.price, one.cash) for one in done.assigned] == [
        (3, "2.81", "5.475"),  # 2.8125 on average: half a unit and more, in cash.
        (1, "2.81", "1.825"),
    ]
    final = units("3.00")
    ann, bob, cid, other = lifetime(folder, final)
    value = 3_650_000
    assert (ann, bob) == (0, (TOTAL - 4 * final) * value)
    assert 4 * cid == 3 * (4 * final - TOTAL) * value
    assert cid + other == -bob


def test_a_position_moves_to_another_account_of_its_owner_only(folder: Path) -> None:
    with pytest.raises(OperatorError, match="ann and cid have two owners, ann and cid"):
        hand_over(folder, Move("ann", "cid", FRONT, 2))
    (one,) = hand_over(folder, Move("ann", "ann-2", FRONT, 3)).assigned
    assert (one.buyer, one.seller, one.lots, one.price) == ("ann-2", "ann", 3, "2.90")
    with pytest.raises(OperatorError, match="2 lots are not between 1 and the 1 held"):
        hand_over(folder, Move("ann", "ann-2", FRONT, 2))
    value, final = 3_650_000, units("2.95")
    ann, bob, _, other = lifetime(folder, final)
    assert other == 3 * (final - units("2.90")) * value
    assert ann + other == (4 * final - TOTAL) * value == -bob


def test_the_same_on_a_running_server_and_after_it(folder: Path) -> None:
    order = order_of(folder)
    with serving(folder) as served:
        hand_over(folder, GiveUp(4, "bob", "cid"))
        hand_over(folder, Allocate(order, "ann", {"3": 2, "ann-2": 2}))
        with pytest.raises(OperatorError, match="given up before"):
            hand_over(folder, Allocate(order, "ann", {"cid": 4}))
        assert end(served) == 0
    with pytest.raises(OperatorError, match="given up before"):
        hand_over(folder, GiveUp(2, "ann", "cid"))
    assert lifetime(folder, units("2.00"))[0] == 0


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (GiveUp(99, "ann", "cid"), "ann holds nothing of trade 99"),
        (GiveUp(1, "cid", "ann"), "cid holds nothing of trade 1"),
        (GiveUp(1, "ann", "ann"), "ann cannot give to itself"),
        (GiveUp(1, "ann", "zed"), "account 'zed' does not exist"),
        (Allocate(7, "ann", {"cid": 4}), "ann holds nothing of order 7"),
        (Move("ann", "ann-2", "H100_USD-30SEP26", 1), "and the 0 held"),
        (Move("ann", "ann-2", "H1", 1), "instrument 'H1' does not exist"),
        (Move("ann", "ann-2", FRONT, -1), "-1 lots"),
    ],
)
def test_what_is_not_handed_over(folder: Path, asked: PostTrade, why: str) -> None:
    before = sorted(path.read_bytes() for path in (folder / "journal").iterdir())
    with pytest.raises(OperatorError, match=why):
        hand_over(folder, asked)
    assert before == sorted(path.read_bytes() for path in (folder / "journal").iterdir())


@pytest.mark.parametrize(
    ("shares", "why"),
    [
        ({}, "no account is named"),
        ({"cid": 3}, "3 lots are given out of 4 that traded"),
        ({"cid": 5, "ann-2": -1}, "no lots"),
        ({"cid": 2, "3": 2}, "named twice"),
        ({"ann": 4}, "cannot give to itself"),
    ],
)
def test_shares_that_cannot_be(folder: Path, shares: dict[str, int], why: str) -> None:
    with pytest.raises(OperatorError, match=why):
        hand_over(folder, Allocate(order_of(folder), "ann", shares))


def test_an_act_of_which_a_row_is_refused_is_taken_back_whole(folder: Path) -> None:
    venue, view = opened(folder)
    before = venue.house.ledger.hash(), venue.house.positions.holdings["net"].copy()
    made = hands(view, Allocate(view.accounts[1].fills[0].order_id, "ann", {"cid": 1, "ann-2": 3}))
    made.append(Hand(*made[0][:4], price=NIL_PRICE))
    batch = assign_rows(made, Signed())
    events = venue.submit(batch, venue.exchange.time)[0].events
    assert venue.house.ledger.hash() != before[0]
    venue.submit(undo_rows(batch, events), venue.exchange.time)
    assert venue.house.ledger.hash() == before[0]
    assert (venue.house.positions.holdings["net"] == before[1]).all()
    venue.close()
    venue, view = opened(folder)
    assert not any(view.accounts[1].given_up.values())
    venue.close()


def test_the_shell_hands_over(cfx: Shell, folder: Path) -> None:
    order, where = order_of(folder), ("--data", folder)

    def done(*arguments: Any) -> Any:
        return json.loads(cfx("admin", *arguments, *where).out)

    assert done("give-up", 1, "bob", "cid")["act"] == "give-up"
    assert len(done("allocate", order, "ann", "cid=1", "ann-2=3")["assigned"]) == 2
    assert "given up before" in refused(cfx("admin", "give-up", 2, "ann", "cid", *where))
    open_account(folder, "cid", cash=Decimal(1))
    assert done("transfer", "ann-2", "ann", FRONT, 3)["assigned"][0]["price"] == "2.90"
    for share in ("cid", "=4", "cid=x", "cid=-1"):
        assert cfx("admin", "allocate", order, "ann", share, *where).status == 2
