"""What clearing is told outside of its timetable: at rest, on a running server, on the shell."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from clearing.ledger import Entry
from clearing.venue import Venue
from engine.instruments import as_number, units
from engine.rows import Batch
from engine.schema import Cycle, Did, Kind, Side
from gateway.cash import Deposit, Withdraw
from gateway.clearing_desk import Correct, CycleNow, SetInterest, Told
from gateway.operator import OperatorError, clear
from gateway.view import View
from tests.serving import FIRST_DAY, START, at_rest, end, serving
from tests.shell import Shell, refused


@pytest.fixture
def founded(tmp_path: Path) -> Path:
    """A folder at rest, of an exchange with two rich accounts whose calendar has begun."""
    at_rest(tmp_path, "ann", "bob")
    venue = Venue.open(tmp_path / "journal")
    batch = Batch()
    batch.money(Kind.CYCLE, code=Cycle.INTRADAY, value=as_number(FIRST_DAY), source=START)
    venue.submit(batch, START)
    venue.close()
    return tmp_path


def deposit_of(folder: Path, account: int) -> int:
    """Return the journal row of an account's deposit."""
    venue = Venue.open(folder / "journal")
    entries = venue.house.ledger.entries
    venue.close()
    chosen = (entries["account"] == account) & (entries["kind"] == Entry.DEPOSIT)
    return int(entries[chosen]["seq"][0])


def assert_corrected(folder: Path, row: int) -> None:
    """Reverse a deposit of bob's, and assert that this is done once."""
    done = clear(folder, Correct(row, "bob", "deposit", reason="paid in twice"))
    assert [(one.account, one.amount) for one in done.paid] == [("bob", "-1000000.00")]
    assert (done.act, done.calls) == ("correct", [])
    assert f"deposit of row {row} reversed" in done.paid[0].why
    with pytest.raises(OperatorError, match="is reversed already"):
        clear(folder, Correct(row, "2", "deposit"))


def test_a_correction_of_a_folder_at_rest(founded: Path) -> None:
    assert_corrected(founded, deposit_of(founded, 2))
    view = View()
    venue = Venue.open(founded / "journal", watch=view.fold)
    assert view.accounts[2].cash == 0
    assert venue.house.ledger.total() == 0
    venue.close()


def test_a_correction_of_a_running_server(founded: Path) -> None:
    row = deposit_of(founded, 2)
    with serving(founded) as served:
        assert_corrected(founded, row)
        assert clear(founded, CycleNow()).calls == []
        with pytest.raises(OperatorError, match="credit 101"):
            clear(founded, SetInterest(Decimal(101), Decimal(0)))
        assert end(served) == 0


@pytest.mark.parametrize(
    ("told", "named"),
    [
        (Correct(1, "nobody", "fees"), "account 'nobody' does not exist"),
        (Correct(0, "ann", "fees"), "row 0 is not the number of a row"),
        (Correct(2**63, "ann", "fees"), "is not the number of a row"),
        (Correct(1, "ann", "fees"), "the ledger has no line 'fees' of account 1 from row 1"),
        (Correct(1, "ann", "alms"), "entry 'alms' is none of deposit, "),
        (Correct(1, "ann", "transfer"), "is undone by its opposite"),
        (SetInterest(Decimal("1.001"), Decimal(1)), "credit 1.001 is not a multiple of 0.01"),
        (SetInterest(Decimal(1), Decimal("NaN")), "debit NaN"),
        (SetInterest(Decimal(1), Decimal(-1)), "debit -1"),
        (CycleNow(operator="a:b"), "operator"),
    ],
)
def test_what_clearing_is_not_told(founded: Path, told: Told, named: str) -> None:
    before = sorted(path.read_bytes() for path in (founded / "journal").iterdir())
    with pytest.raises(OperatorError, match=named):
        clear(founded, told)
    assert before == sorted(path.read_bytes() for path in (founded / "journal").iterdir())


def test_the_shell_tells_clearing(cfx: Shell, founded: Path) -> None:
    row = deposit_of(founded, 1)
    told = ("--data", founded, "--operator", "eve", "--reason", "a test")
    done = json.loads(cfx("admin", "correct", row, "ann", "deposit", *told).out)
    assert done["paid"][0]["amount"] == "-1000000.00"
    assert "reversed already" in refused(cfx("admin", "correct", row, "ann", "deposit", *told))
    assert json.loads(cfx("admin", "review", *told).out)["act"] == "cycle"
    rates = ("--credit", "2.5", "--debit", "7")
    assert json.loads(cfx("admin", "interest", *rates, *told).out)["act"] == "interest"
    assert cfx("admin", "interest", "--credit", "much", "--debit", "7", *told).status == 2
    venue = Venue.open(founded / "journal")
    assert venue.house.reviews.interest.rates == (250, 700)
    venue.close()


def test_before_the_calendar_has_begun_there_is_no_cycle(tmp_path: Path) -> None:
    venue = Venue.open(tmp_path / "journal")
    venue.close()
    with pytest.raises(OperatorError, match="has not begun"):
        clear(tmp_path, CycleNow())


def test_money_goes_out_down_to_the_initial_margin_and_no_further(
    cfx: Shell, founded: Path
) -> None:
    where = ("--data", founded)
    done = json.loads(cfx("accounts", "deposit", "ann", "250.000001", *where).out)
    assert done["paid"] == [{"account": "ann", "amount": "250.000001", "why": "paid in"}]
    venue = Venue.open(founded / "journal")
    batch = Batch()
    batch.enter(1, 0, Side.BUY, 4, units("2.00"))
    (outcome, *_) = venue.submit(batch, venue.exchange.time)
    assert outcome.events["kind"].tolist() == [Did.ENTERED, Did.RESTED]
    venue.close()
    sentence = refused(cfx("accounts", "withdraw", "ann", "999150.000002", *where))
    assert "999150.000002 USD are wanted and 999150.000001 are free" in sentence
    done = json.loads(cfx("accounts", "withdraw", "ann", "999150.000001", *where).out)
    assert done["paid"] == [{"account": "ann", "amount": "-999150.000001", "why": "paid out"}]
    venue = Venue.open(founded / "journal")
    assert venue.house.ledger.worth(3)[1] == 1_100_000_000
    assert venue.house.ledger.total() == 0
    venue.close()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Deposit("zed", Decimal(1)), "account 'zed' does not exist"),
        (Deposit("ann", Decimal(0)), "amount 0 is not between"),
        (Withdraw("ann", Decimal(-1)), "amount -1 is not between"),
        (Withdraw("ann", Decimal("NaN")), "amount NaN is not between"),
        (Deposit("ann", Decimal("1e30")), "is not between"),
        (Withdraw("ann", Decimal("0.0000001")), "amount: "),
        (Withdraw("ann", Decimal(2_000_000)), "2000000.00 USD are wanted and 1000000.00 are free"),
    ],
)
def test_what_is_no_payment(founded: Path, asked: Told, why: str) -> None:
    with pytest.raises(OperatorError, match=why):
        clear(founded, asked)
