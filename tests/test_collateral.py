"""Collateral: counted less a haircut, released above initial margin only, and beside the cash."""

import json
import random
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from clearing.calendar import calls_due, next_business_day, times
from clearing.collateral import ASSET_OF, ASSETS, counts_for
from clearing.ledger import HOUSE, Book, Entry
from clearing.reviews import Review
from clearing.store.database import Database
from clearing.store.rebuild import catch_up
from clearing.store.statements import day_of, statement
from clearing.venue import Venue
from engine.instruments import units
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Did, Kind
from gateway.clearing_desk import Told
from gateway.collateral import Pledge, Recall, SetHaircut
from gateway.operator import OperatorError, clear
from tests.serving import at_rest, end, serving
from tests.shell import Shell, refused
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    assert_books_agree,
    finish,
    fix,
    found,
    front,
    trade,
)

BILL = ASSET_OF["t-bill"].code
FLAT = [2_810_000, 1_400_000]
FACE = 10_000_000_000  # 10,000 USD.


def pledged(venue: Venue, account: int, face: int, asset: int = BILL) -> None:
    """Let an account pledge some of an asset, or, below 0, recall it."""
    batch, collateral = Batch(), venue.house.reviews.collateral
    value = collateral.worth(account, asset, face)
    kind = Kind.PLEDGE if face > 0 else Kind.RECALL
    batch.money(kind, account=account, code=asset, value=abs(value), value_2=abs(face))
    outcome = venue.submit(batch, venue.exchange.time)[0]
    did = {Kind.PLEDGE: Did.PLEDGED, Kind.RECALL: Did.RECALLED}[kind]
    assert outcome.events["kind"].tolist() == [did]
    assert_books_agree(venue)


def haircut(venue: Venue, points: int) -> None:
    """Set the haircut of bills."""
    batch = Batch()
    batch.money(Kind.REVIEW, code=Review.HAIRCUT, other=BILL, value=points)
    venue.submit(batch, venue.exchange.time)
    assert_books_agree(venue)


def opened(folder: Path | None = None, cash: int = 5_000_000_000) -> Venue:
    """Return a venue whose first day is open."""
    venue = Venue.open(folder / "journal" if folder else None, sizes=SIZES)
    found(venue, cash=cash)
    venue.tick(times(FIRST_DAY)[2][0])
    return venue


def test_haircuts_are_the_usual_ones() -> None:
    assert [asset.haircut for asset in ASSETS] == [50, 100, 200, 300, 400, 500, 600]
    assert counts_for(1_000_000, 50) == 995_000
    assert counts_for(199, 50) == 198


@pytest.mark.parametrize("seed", range(5))
def test_pieces_count_for_what_the_whole_does_and_leave_nothing(seed: int) -> None:
    chance, venue = random.Random(seed), opened()
    faces = [chance.randint(1_000, 10**9) for _ in range(6)]
    for face in faces:
        pledged(venue, 3, face)
    balances = venue.house.ledger.balances
    assert balances[3, Book.COLLATERAL] == counts_for(sum(faces), 50)
    chance.shuffle(faces)
    for face in faces:
        pledged(venue, 3, -face)
    assert balances[3, Book.COLLATERAL] == 0 == balances[HOUSE, Book.CUSTODY]
    assert venue.house.reviews.collateral.of(3, BILL) == (0, 0)


def test_the_house_holds_what_an_account_pledged_and_the_cash_stays() -> None:
    venue = opened()
    pledged(venue, 3, FACE)
    balances = venue.house.ledger.balances
    assert balances[3, [Book.CASH, Book.COLLATERAL]].tolist() == [5_000_000_000, 9_950_000_000]
    assert balances[HOUSE, Book.CUSTODY] == -9_950_000_000
    assert venue.house.calls.equity()[3] == 14_950_000_000


def test_what_margin_needs_is_not_given_back() -> None:
    venue = opened(cash=1_000_000_000)
    for account in (1, 3):
        pledged(venue, account, FACE)
    august = front(venue, FIRST_DAY, 1)
    trade(venue, 3, 1, august, 4, units("2.81"), venue.exchange.time)
    batch = Batch()
    batch.money(Kind.RECALL, account=3, code=BILL, value=9_950_000_000, value_2=FACE)
    outcome = venue.submit(batch, venue.exchange.time)[0]
    assert outcome.events["reason"].tolist() == [Reason.FUNDS_SHORT]
    needed = int(venue.house.calls.requirements(np.array([3]))[1][0])
    free = 10_950_000_000 - needed
    face = free * 10_000 // 9_950 - 1
    pledged(venue, 3, -face)
    assert needed <= venue.house.calls.equity()[3] < needed + 2_000_000


def test_variation_is_paid_in_cash_and_missing_cash_costs_interest() -> None:
    venue = opened(cash=2_000_000_000)
    pledged(venue, 3, FACE)
    batch = Batch()
    batch.money(Kind.REVIEW, code=Review.INTEREST, value=0, value_2=720)
    venue.submit(batch, venue.exchange.time)
    trade(venue, 3, 1, front(venue, FIRST_DAY, 1), 4, units("2.81"), venue.exchange.time)
    fix(venue, FIRST_DAY, [1_910_000, 1_400_000])
    finish(venue, FIRST_DAY)
    cash = int(venue.house.ledger.balances[3, Book.CASH])
    assert cash < 0 < venue.house.calls.equity()[3]
    finish(venue, next_business_day(FIRST_DAY))
    (cost,) = [
        row
        for row in venue.house.ledger.entries
        if row["kind"] == Entry.INTEREST and row["account"] == 3
    ]
    assert cost["amount"] == cash * 720 // 3_600_000 < 0
    assert_books_agree(venue)


def test_another_haircut_revalues_every_pledge_and_a_call_may_follow() -> None:
    venue = opened(cash=1_000_000_000)
    for account in (1, 2, 3):
        pledged(venue, account, FACE)
    pledged(venue, 3, FACE, ASSET_OF["note-30y"].code)
    trade(venue, 2, 1, front(venue, FIRST_DAY, 1), 4, units("2.81"), venue.exchange.time)
    for points in (600, 600, 20_000):  # The last cannot be.
        haircut(venue, points)
    balances = venue.house.ledger.balances
    assert balances[2:4, Book.COLLATERAL].tolist() == [9_400_000_000, 18_800_000_000]
    assert balances[2:4, Book.CASH].tolist() == [1_000_000_000] * 2
    assert (venue.house.ledger.entries["kind"] == Entry.REVALUATION).sum() == 4
    haircut(venue, 10_000)
    assert balances[2:4, Book.COLLATERAL].tolist() == [0, 9_400_000_000]
    batch = Batch()
    batch.money(Kind.REVIEW, code=Review.CYCLE, batch=calls_due(FIRST_DAY))
    venue.submit(batch, venue.exchange.time)
    assert venue.house.calls.open.keys() == {1, 2}


def test_a_replay_holds_the_same_and_a_statement_tells_each_move(tmp_path: Path) -> None:
    venue = opened(tmp_path)
    pledged(venue, 3, FACE)
    haircut(venue, 100)
    pledged(venue, 3, -FACE // 2)
    for date in (FIRST_DAY, next_business_day(FIRST_DAY)):
        fix(venue, date, FLAT)
        finish(venue, date)
    hashed = venue.house.ledger.hash()
    venue.close()
    again = Venue.open(tmp_path / "journal", sizes=SIZES)
    assert again.house.ledger.hash() == hashed
    assert again.house.reviews.collateral.of(3, BILL) == (FACE // 2, 4_950_000_000)
    again.close()

    catch_up(tmp_path)
    database = Database.at("", tmp_path)
    with database.transaction() as connection:
        made = [statement(connection, "3", day_of(day)) for day in ("2026-07-06", "2026-07-07")]
    database.close()
    first, second = ([row[2:7] for row in one.sections[2].rows] for one in made)
    assert first == [
        ("pledged", "t-bill", "10000.00", "9950.00", "9950.00"),
        ("revalued", "t-bill", "", "-50.00", "9900.00"),
        ("recalled", "t-bill", "-5000.00", "-4950.00", "4950.00"),
    ]
    assert second == [("before", "", "", "", "4950.00")]
    assert made[1].closing_micro == 5_000_000_000


@pytest.fixture
def founded(tmp_path: Path) -> Path:
    """A folder at rest, of an exchange with two rich accounts."""
    at_rest(tmp_path, "ann", "bob")
    return tmp_path


def test_collateral_of_a_running_server(founded: Path) -> None:
    with serving(founded) as served:
        (paid,) = clear(founded, Pledge("ann", "note-3y", Decimal(1_000))).paid
        assert (paid.account, paid.amount, paid.why) == (
            *("ann", "980.00"),
            "1000.00 of note-3y pledged",
        )
        clear(founded, SetHaircut("note-3y", Decimal("2.5")))
        (paid,) = clear(founded, Recall("ann", "note-3y", Decimal(1_000))).paid
        assert (paid.amount, paid.why) == ("-975.00", "1000.00 of note-3y given back")
        assert end(served) == 0


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Pledge("zed", "t-bill", Decimal(1)), "account 'zed' does not exist"),
        (Pledge("ann", "gold", Decimal(1)), "asset 'gold' is none of t-bill, note-1y"),
        (Pledge("ann", "t-bill", Decimal(0)), "face 0 is not between"),
        (Pledge("ann", "t-bill", Decimal("NaN")), "face NaN is not between"),
        (Pledge("ann", "t-bill", Decimal("0.0000001")), "face: "),
        (Pledge("ann", "t-bill", Decimal("0.000001")), "count for nothing"),
        (Recall("ann", "t-bill", Decimal(1)), "ann has pledged 0.00 USD of t-bill"),
        (SetHaircut("t-bill", Decimal(101)), "haircut 101 is not 0 to 100 percent"),
        (SetHaircut("t-bill", Decimal("0.001")), "haircut 0.001"),
        (SetHaircut("gold", Decimal(1)), "asset 'gold'"),
    ],
)
def test_what_is_no_collateral(founded: Path, asked: Told, why: str) -> None:
    before = sorted(path.read_bytes() for path in (founded / "journal").iterdir())
    with pytest.raises(OperatorError, match=why):
        clear(founded, asked)
    assert before == sorted(path.read_bytes() for path in (founded / "journal").iterdir())


def test_the_shell_pledges_and_recalls(cfx: Shell, founded: Path) -> None:
    where = ("--data", founded)
    done = json.loads(cfx("accounts", "pledge", "ann", "t-bill", "10000", *where).out)
    assert (done["act"], done["paid"][0]["amount"]) == ("pledge", "9950.00")
    assert json.loads(cfx("admin", "haircut", "t-bill", "1", *where).out)["act"] == "haircut"
    done = json.loads(cfx("accounts", "recall", "ann", "t-bill", "2500", *where).out)
    assert done["paid"][0]["amount"] == "-2475.00"
    sentence = refused(cfx("accounts", "recall", "ann", "t-bill", "7500.01", *where))
    assert "ann has pledged 7500.00 USD of t-bill" in sentence
    assert cfx("accounts", "pledge", "ann", "t-bill", "much", *where).status == 2
