"""Parts of trades, and orders for spreads, change hands: leg by leg, exactly, and each lot once."""

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from clearing.genesis import genesis
from clearing.ledger import Book, Entry
from clearing.terms import ProductTerms
from clearing.venue import Venue
from engine.disk import Disk
from engine.instruments import as_number, units
from engine.rows import Batch
from engine.schema import Kind, Phase, Side
from gateway.desk import Adjust, Bust
from gateway.opening import OperatorError
from gateway.operator import hand_over, open_account, review
from gateway.post_trade import Allocate, GiveUp, PostTrade
from tests.serving import FIRST_DAY, START
from tests.shell import Shell, refused
from tests.test_post_trade import opened

MONTHS = "H100_USD-31AUG26", "H100_USD-30SEP26", "H100_USD-30OCT26"
BUTTERFLY = "H100_USD-FB-31AUG26_30SEP26_30OCT26"
VALUE = 3_650_000  # Micro-dollars of a price unit and lot.
ANN, BOB, CID, DAN = 1, 2, 3, 4
OUTRIGHT = 1  # The trade of three lots of the front month,
SPREAD = 2  # and that of four butterflies.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder at rest: ann bought of bob three lots, then six butterflies with one order."""
    venue = Venue.open(tmp_path / "journal", disk=Disk())
    terms = ProductTerms(model="H100", rates=(Decimal(250),), spreads="all")
    venue.submit(genesis([terms], FIRST_DAY, START), START)
    venue.close()
    for owner in ("ann", "bob", "cid", "dan"):
        open_account(tmp_path, owner, cash=Decimal(1_000_000))
    venue, view = opened(tmp_path)
    batch, numbers = Batch(), [view.directory.instrument_of[name].number for name in MONTHS]
    for number, price in zip(numbers, ("2.80", "2.79", "2.77"), strict=True):
        batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN)
        mark, date = units(price), as_number(FIRST_DAY)
        batch.money(Kind.MARK, instrument=number, value=mark, value_2=mark, source=date)
    spread = view.directory.instrument_of[BUTTERFLY].number
    batch.money(Kind.PHASE, instrument=spread, code=Phase.OPEN)
    batch.enter(BOB, numbers[0], Side.SELL, 3, units("2.81"))
    batch.enter(ANN, numbers[0], Side.BUY, 3, units("2.81"))
    for lots, price in ((4, "-0.01"), (2, "0.01")):
        batch.enter(BOB, spread, Side.SELL, lots, units(price))
    batch.enter(ANN, spread, Side.BUY, 6, units("0.01"))
    venue.submit(batch, venue.exchange.time)
    venue.close()
    return tmp_path


def held(folder: Path, account: int) -> dict[str, tuple[int, int]]:
    """Return lots and what they were traded at, in price units x lots, by contract."""
    venue, view = opened(folder)
    venue.close()
    names = view.directory.instruments
    held = view.accounts[account].holdings.items()
    return {names[number].name: (one.net, one.entry) for number, one in held if one.net}


def order_of(folder: Path) -> int:
    """Return the number of ann's order for butterflies."""
    venue, view = opened(folder)
    venue.close()
    return view.accounts[ANN].fills[-1].order_id


def lifetime(folder: Path) -> list[int]:
    """Return what each account has won once all three months are settled, in micro-dollars."""
    venue, view = opened(folder)
    batch = Batch()
    for name, price in zip(MONTHS, ("2.90", "2.71", "2.60"), strict=True):
        number, final = view.directory.instrument_of[name].number, units(price)
        batch.money(Kind.SETTLE, instrument=number, value=final, source=as_number(FIRST_DAY))
    venue.submit(batch, venue.exchange.time)
    ledger = venue.house.ledger
    kinds = np.isin(ledger.entries["kind"], (Entry.VARIATION, Entry.ALLOCATION))
    won = ledger.entries[kinds & (ledger.entries["book"] == Book.CASH)]
    assert ledger.balances[0, Book.VARIATION] == ledger.total() == 0
    venue.close()
    return [int(won["amount"][won["account"] == account].sum()) for account in range(1, 5)]


def test_part_of_a_trade_goes_and_the_rest_stays_until_nothing_is_left(folder: Path) -> None:
    (one,) = hand_over(folder, GiveUp(OUTRIGHT, "ann", "cid", 1)).assigned
    assert (one.buyer, one.seller, one.lots, one.price) == ("cid", "ann", 1, "2.81")
    with pytest.raises(OperatorError, match="3 lots are not between 1 and the 2 left of trade 1"):
        hand_over(folder, GiveUp(OUTRIGHT, "ann", "dan", 3))
    (one,) = hand_over(folder, GiveUp(OUTRIGHT, "ann", "dan")).assigned
    assert (one.buyer, one.lots) == ("dan", 2)
    with pytest.raises(OperatorError, match="trade 1 of ann was given up before"):
        hand_over(folder, GiveUp(OUTRIGHT, "ann", "dan"))
    (one,) = hand_over(folder, GiveUp(OUTRIGHT, "bob", "dan", 2)).assigned
    assert (one.buyer, one.seller) == ("bob", "dan")
    assert held(folder, CID) == {MONTHS[0]: (1, units("2.81"))}


def test_of_a_spread_each_leg_goes_in_proportion_at_its_own_price(folder: Path) -> None:
    before = lifetime_of_all_bought(folder)
    made = hand_over(folder, GiveUp(SPREAD, "ann", "cid", 3)).assigned
    assert [(one.instrument, one.buyer, one.lots) for one in made] == [
        (MONTHS[0], "cid", 3),
        (MONTHS[1], "ann", 6),
        (MONTHS[2], "cid", 3),
    ]
    near, middle, far = (units(one.price) for one in made)
    assert near - 2 * middle + far == units("-0.01")
    assert "1 left of trade 2" in failed(folder, GiveUp(SPREAD, "ann", "dan", 2))
    ann, bob, cid, _ = lifetime(folder)
    butterfly = units("2.90") - 2 * units("2.71") + units("2.60")
    assert cid == 3 * (butterfly - units("-0.01")) * VALUE
    assert ann + cid == before == -bob


def lifetime_of_all_bought(folder: Path) -> int:
    """Return what three lots and six butterflies win by what they were bought for."""
    butterfly = units("2.90") - 2 * units("2.71") + units("2.60")
    spreads = 6 * butterfly - 4 * units("-0.01") - 2 * units("0.01")
    return (3 * (units("2.90") - units("2.81")) + spreads) * VALUE


def test_an_order_for_a_spread_is_shared_out_leg_by_leg(folder: Path) -> None:
    before = lifetime_of_all_bought(folder)
    done = hand_over(folder, Allocate(order_of(folder), "ann", {"cid": 1, "dan": 5})).assigned
    assert [one.lots for one in done] == [1, 5, 2, 10, 1, 5]
    assert [one.instrument for one in done[::2]] == list(MONTHS)
    assert [one.buyer for one in done] == ["cid", "dan", "ann", "ann", "cid", "dan"]
    assert any(one.cash != "0.00" for one in done)
    assert held(folder, ANN) == {MONTHS[0]: (3, 3 * units("2.81"))}
    ann, bob, cid, dan = lifetime(folder)
    assert ann == 3 * (units("2.90") - units("2.81")) * VALUE
    assert ann + cid + dan == before == -bob
    assert abs(5 * cid - dan) < 5 * len(done)  # A micro-dollar that cannot be split, each.


def test_what_is_left_of_a_position_cost_what_it_cost(folder: Path) -> None:
    before, expected = held(folder, ANN), dict[str, tuple[int, int]]()
    for one in hand_over(folder, GiveUp(SPREAD, "ann", "cid", 3)).assigned:
        lots, entry = before[one.instrument]
        gone = one.lots if one.seller == "ann" else -one.lots
        expected[one.instrument] = lots - gone, entry - gone * units(one.price)
    assert held(folder, ANN) == expected
    assert any(
        entry * before[name][0] != before[name][1] * lots
        for name, (lots, entry) in expected.items()
    )


def test_a_trade_that_is_busted_or_adjusted_leaves_the_mean_of_the_others(folder: Path) -> None:
    venue, view = opened(folder)
    batch, number = Batch(), view.directory.instrument_of[MONTHS[1]].number
    for price in ("2.79", "3.20", "2.75"):
        batch.enter(CID, number, Side.SELL, 1, units(price))
        batch.enter(DAN, number, Side.BUY, 1, units(price))
    venue.submit(batch, venue.exchange.time)
    last = venue.exchange.state.totals[0]["trades"]
    venue.close()
    assert held(folder, DAN)[MONTHS[1]] == (3, units("2.79") + units("3.20") + units("2.75"))
    review(folder, Adjust(int(last), Decimal("2.85")))
    assert held(folder, DAN)[MONTHS[1]] == (3, units("2.79") + units("3.20") + units("2.85"))
    review(folder, Bust(int(last) - 1))
    assert held(folder, DAN)[MONTHS[1]] == (2, units("2.79") + units("2.85"))


def failed(folder: Path, asked: PostTrade) -> str:
    """Return why nothing is handed over; the journal stays as it is."""
    before = sorted(path.read_bytes() for path in (folder / "journal").iterdir())
    with pytest.raises(OperatorError) as error:
        hand_over(folder, asked)
    assert before == sorted(path.read_bytes() for path in (folder / "journal").iterdir())
    return str(error.value)


def test_what_is_not_handed_over(folder: Path) -> None:
    order = order_of(folder)
    assert "-1 lots are not between 1 and the 3" in failed(folder, GiveUp(1, "ann", "cid", -1))
    assert "holds nothing of trade 0" in failed(folder, GiveUp(0, "ann", "cid"))
    assert "holds nothing of order 0" in failed(folder, Allocate(0, "ann", {"cid": 1}))
    shares = {"cid": 2, "dan": 3}
    assert "5 lots are given out of 6" in failed(folder, Allocate(order, "ann", shares))
    hand_over(folder, GiveUp(SPREAD, "ann", "cid", 1))
    why = failed(folder, Allocate(order, "ann", {"cid": 6}))
    assert why == f"order {order} of ann, or part of it, was given up before"


def test_the_shell_gives_up_part_of_a_trade(cfx: Shell, folder: Path) -> None:
    asked = "admin", "give-up", SPREAD, "ann", "cid", "--data", folder
    made = json.loads(cfx(*asked, "--lots", 1).out)
    assert [one["lots"] for one in made["assigned"]] == [1, 2, 1]
    assert "3 left of trade 2" in refused(cfx(*asked, "--lots", 4))
    for lots in (0, -1, "x"):
        assert cfx(*asked, "--lots", lots).status == 2
