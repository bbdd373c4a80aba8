"""Money of accounts: in, out, and between accounts of one owner; never below initial margin."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from clearing.ledger import Book
from clearing.store.database import Database
from clearing.store.rebuild import catch_up
from clearing.store.statements import day_of, statement
from clearing.venue import Venue
from engine.instruments import as_number, units
from engine.rows import Batch
from engine.schema import Cycle, Kind, Phase, Side
from gateway.cash import Deposit, Pay, Withdraw
from gateway.clearing_desk import Told
from gateway.collateral import Pledge
from gateway.opening import OperatorError
from gateway.operator import clear
from gateway.view import View
from tests.serving import FIRST_DAY, START, at_rest, end, serving
from tests.shell import Shell, refused
from tests.test_gateway_view import compare

FRONT = "H100_USD-31AUG26"
LOTS = 3_600  # Of bob: at 250 USD a lot and 110% he needs 990,000 of his 1,000,000.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder at rest: bob sold to ann; cid did nothing, and nor did ann-2."""
    at_rest(tmp_path, "ann", "bob", "cid", "ann")
    view = View()
    venue = Venue.open(tmp_path / "journal", watch=view.fold)
    batch, number = Batch(), view.directory.instrument_of[FRONT].number
    batch.money(Kind.CYCLE, code=Cycle.INTRADAY, value=as_number(FIRST_DAY), source=START)
    batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN)
    for _ in range(8):
        batch.enter(2, number, Side.SELL, LOTS // 8, units("2.80"))
        batch.enter(1, number, Side.BUY, LOTS // 8, units("2.80"))
    venue.submit(batch, START)
    venue.close()
    return tmp_path


def cash(folder: Path) -> list[int]:
    """Return what each account owns, in USD, once the journal is replayed and all agree on it."""
    view = View()
    venue = Venue.open(folder / "journal", watch=view.fold)
    compare(view, venue.exchange.state)
    balances = venue.house.ledger.balances[1:5, Book.CASH] // 1_000_000
    assert venue.house.ledger.total() == 0
    venue.close()
    owned: list[int] = balances.tolist()
    return owned


def test_money_comes_in_goes_out_and_moves_between_accounts_of_an_owner(folder: Path) -> None:
    (paid,) = clear(folder, Deposit("cid", Decimal("500.25"))).paid
    assert (paid.account, paid.amount, paid.why) == ("cid", "500.25", "paid in")
    (paid,) = clear(folder, Withdraw("cid", Decimal("1000000.25"))).paid
    assert (paid.amount, paid.why) == ("-1000000.25", "paid out")
    given, taken = clear(folder, Pay("ann-2", "ann", Decimal(400_000))).paid
    assert (taken.account, taken.amount, taken.why) == ("ann", "400000.00", "from ann-2")
    assert (given.account, given.amount, given.why) == ("ann-2", "-400000.00", "to ann")
    assert cash(folder) == [1_400_000, 1_000_000, 500, 600_000]


def test_what_initial_margin_needs_stays(folder: Path) -> None:
    with pytest.raises(OperatorError, match=r"10000\.01 USD are wanted and 10000\.00 are free"):
        clear(folder, Withdraw("bob", Decimal("10000.01")))
    clear(folder, Withdraw("bob", Decimal(10_000)))
    with pytest.raises(OperatorError, match=r"0\.01 USD are wanted and 0\.00 are free"):
        clear(folder, Withdraw("bob", Decimal("0.01")))


def test_a_security_is_not_paid_out_as_cash(folder: Path) -> None:
    clear(folder, Pledge("cid", "t-bill", Decimal(500_000)))
    with pytest.raises(OperatorError, match=r"and 1000000\.00 are free, in cash, of cid"):
        clear(folder, Withdraw("cid", Decimal("1000000.01")))
    clear(folder, Withdraw("cid", Decimal(1_000_000)))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Pay("ann", "zed", Decimal(1)), "account 'zed' does not exist"),
        (Pay("ann", "ann-2", Decimal(0)), "amount 0 is not between 0 and"),
        (Pay("ann", "ann-2", Decimal(2_000_000)), "1000000.00 are free, in cash, of ann"),
        (Pay("ann", "ann", Decimal(5)), "ann cannot pay itself"),
        (Pay("ann", "cid", Decimal(5)), "ann and cid have two owners, ann and cid"),
    ],
)
def test_what_is_no_payment_leaves_the_journal_as_it_is(
    folder: Path, asked: Told, why: str
) -> None:
    before = sorted(path.read_bytes() for path in (folder / "journal").iterdir())
    with pytest.raises(OperatorError, match=why):
        clear(folder, asked)
    assert before == sorted(path.read_bytes() for path in (folder / "journal").iterdir())


def test_a_statement_has_a_line_of_each_payment(folder: Path) -> None:
    clear(folder, Deposit("ann-2", Decimal(500)))
    clear(folder, Pay("ann-2", "ann", Decimal(300)))
    clear(folder, Withdraw("ann-2", Decimal(200)))
    catch_up(folder)
    with Database.at("", folder).transaction() as connection:
        made = statement(connection, "ann-2", day_of(FIRST_DAY.isoformat()))
    (paid,) = (section.rows for section in made.sections if section.title == "Money")
    assert [(row[2], row[3]) for row in paid] == [
        ("deposit", "1000000.00"),
        ("deposit", "500.00"),
        ("transfer", "-300.00"),
        ("withdrawal", "-200.00"),
    ]
    assert made.closing_micro == 1_000_000_000_000


def test_a_running_server_pays_and_refuses_as_a_folder_at_rest_does(
    cfx: Shell, folder: Path
) -> None:
    with serving(folder) as served:
        told = cfx("accounts", "deposit", "--data", folder, "cid", "250.50")
        assert json.loads(told.out)["paid"][0]["amount"] == "250.50"
        told = cfx("accounts", "withdraw", "--data", folder, "bob", "20000")
        assert "20000.00 USD are wanted and 10000.00 are free" in refused(told)
        told = cfx("accounts", "transfer", "--data", folder, "ann", "ann-2", "7")
        assert {one["account"] for one in json.loads(told.out)["paid"]} == {"ann", "ann-2"}
        assert end(served) == 0
    assert cash(folder) == [999_993, 1_000_000, 1_000_250, 1_000_007]
    assert cfx("accounts", "withdraw", "--data", folder, "cid", "much").status == 2
