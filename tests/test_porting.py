"""Customers of a member in default go to another who takes them, or are closed out a day later."""

import json
import pathlib

import pytest
from sqlalchemy import select

from clearing.calendar import next_business_day, times
from clearing.default.steps import Step
from clearing.default.waterfall import Tranche
from clearing.store.database import Database
from clearing.store.rebuild import catch_up
from clearing.store.schema import PORTINGS
from clearing.venue import Venue
from engine.rows import Batch
from engine.schema import Did, Flag, Killed, Kind, Standing
from tests.serving import at_rest
from tests.shell import Shell, refused
from tests.small_default import DOLLAR, declare, founded, tranches
from tests.trading_days import FIRST_DAY, SIZES, assert_books_agree, finish, fix, front, trade

SECOND = next_business_day(FIRST_DAY)
THIRD = next_business_day(SECOND)
FLAT = [2_810_000, 1_400_000]
MEMBER, TAKER, CUSTOMER = 1, 5, 6  # Of firms 70, 80 and 70.


def cleared(folder: pathlib.Path | None = None) -> Venue:
    """Return a venue on its second day: the member of firm 70 is in default, its customer not."""
    venue = founded(folder=folder)
    batch = Batch()
    for owner, firm in ((MEMBER, 70), (TAKER, 80)):
        batch.money(Kind.OPEN_OWNER, other=owner, code=firm, flags=Flag.OPERATOR)
    batch.money(Kind.OPEN_OWNER, other=CUSTOMER, code=70, text="customer")
    batch.money(Kind.OPEN_ACCOUNT, account=CUSTOMER, other=CUSTOMER, code=2, text="customer")
    batch.money(Kind.DEPOSIT, account=CUSTOMER, value=9_000 * DOLLAR)
    venue.submit(batch, venue.exchange.time)
    venue.tick(times(SECOND)[3][0])
    trade(venue, CUSTOMER, TAKER, front(venue, FIRST_DAY, 1), 3, 560, venue.exchange.time)
    declare(venue, MEMBER, SECOND)
    return venue


def port(venue: Venue, account: int, to: int) -> None:
    """Let an operator say that a member takes another's customers."""
    batch = Batch()
    batch.money(Kind.DEFAULT, account=account, other=to, code=Step.PORT, flags=Flag.OPERATOR)
    venue.submit(batch, venue.exchange.time)


def firm(venue: Venue) -> int:
    return venue.house.directory.owners[CUSTOMER].firm


def end(venue: Venue) -> None:
    """Let the second day end, and the third up to its intraday cycle."""
    fix(venue, SECOND, FLAT)
    finish(venue, SECOND)
    venue.tick(times(THIRD)[4][0])


def test_a_customer_moves_with_all_that_it_has() -> None:
    venue = cleared()
    before = venue.house.ledger.balances.copy(), venue.house.positions.holdings["net"].copy()
    port(venue, MEMBER, TAKER)
    assert firm(venue) == 80
    assert (venue.house.ledger.balances == before[0]).all()
    assert (venue.house.positions.holdings["net"] == before[1]).all()
    end(venue)
    assert [case.account for case in venue.house.defaults.cases] == [MEMBER]


def test_the_kill_switch_of_its_new_firm_stops_it() -> None:
    venue = cleared()
    port(venue, MEMBER, TAKER)
    for number, stopped in ((70, {MEMBER}), (80, {TAKER, CUSTOMER})):
        batch = Batch()
        batch.money(Kind.KILL, code=Killed.FIRM, other=number, value=1)
        events = venue.submit(batch, venue.exchange.time)[0].events
        assert set(events["account"][events["kind"] == Did.KILLED].tolist()) == stopped


def test_without_a_taker_it_is_closed_out_the_next_morning_with_its_own_money() -> None:
    venue = cleared()
    end(venue)
    case = venue.house.defaults.cases[-1]
    assert (case.account, case.declared) == (CUSTOMER, 20260708)
    held = venue.house.positions.holdings["net"][:, CUSTOMER].copy()
    fix(venue, THIRD, FLAT)
    finish(venue, THIRD)
    assert case.auctions[0].torn_up == held.sum() > 0
    assert not venue.house.positions.holdings["net"][:, CUSTOMER].any()
    assert set(tranches(case)) <= {Tranche.MARGIN}
    assert venue.exchange.state.accounts[CUSTOMER]["standing"] == Standing.GOOD
    assert_books_agree(venue)


def test_who_is_called_stays_behind() -> None:
    venue = cleared()
    batch = Batch()
    batch.money(Kind.SUSPEND, account=CUSTOMER, code=Standing.SUSPENDED)
    venue.submit(batch, venue.exchange.time)
    port(venue, MEMBER, TAKER)
    assert firm(venue) == 70
    assert [one.firm for one in venue.house.defaults.porting.reports] == [0]


@pytest.mark.parametrize(
    ("account", "to"), [(TAKER, MEMBER), (MEMBER, 2), (MEMBER, MEMBER), (3, TAKER), (MEMBER, 63)]
)
def test_what_makes_no_sense_changes_nothing(account: int, to: int) -> None:
    venue = cleared()
    port(venue, account, to)
    assert firm(venue) == 70
    assert not venue.house.defaults.porting.reports


def test_a_replay_and_the_database_know_of_it(tmp_path: pathlib.Path) -> None:
    venue = cleared(tmp_path / "journal")
    port(venue, MEMBER, TAKER)
    end(venue)
    hashed = venue.house.ledger.hash()
    venue.close()
    again = Venue.open(tmp_path / "journal", sizes=SIZES)
    assert (again.house.ledger.hash(), firm(again)) == (hashed, 80)
    again.close()
    catch_up(tmp_path)
    database = Database.at("", tmp_path)
    with database.transaction() as connection:
        (told,) = connection.execute(select(PORTINGS).where(PORTINGS.c.account == CUSTOMER))
    database.close()
    assert (told.firm_before, told.firm) == (70, 80)


def test_operators_port_on_the_command_line(tmp_path: pathlib.Path, cfx: Shell) -> None:
    at_rest(tmp_path)
    opening = "accounts", "new", "--data", tmp_path
    for name, kind, number in (("acme", "member", 7), ("beta", "member", 8), ("carl", "hedger", 7)):
        terms = "--owner", name, "--type", kind, "--firm", number
        assert cfx(*opening, *terms).status == 0
    wrong = cfx(*opening, "--owner", "carl", "--firm", 9)
    assert "owner carl is with firm 7, not 9" in refused(wrong)
    asked = "admin", "port", "acme", "beta", "--data", tmp_path, "--operator", "eve"
    assert "acme is not in default" in refused(cfx(*asked))
    for operator in ("eve", "max"):
        declared = cfx("admin", "default", "acme", "--data", tmp_path, "--operator", operator)
        assert declared.status == 0
    assert json.loads(cfx(*asked).out)["ported"] == [{"owner": "carl", "firm": 8, "why": ""}]
    assert "acme clears for nobody" in refused(cfx(*asked))
