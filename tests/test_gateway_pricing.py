"""Prices that two operators set: a day's index before it is used, a month that cannot settle."""

import datetime
import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from clearing.calendar import eve, next_business_day, times
from clearing.publication import Published, objection
from clearing.venue import Venue
from engine.disk import Disk
from engine.instruments import VALUE, units
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Kind, Phase, Side
from gateway.controls import Acted, Control, prepared
from gateway.operator import OperatorError, control
from gateway.pricing import Fix, Settle
from gateway.public import ticker_fields
from gateway.signed import Requests
from gateway.view import View
from tests.shell import Shell, refused
from tests.trading_days import FIRST_DAY, TERMS, assert_books_agree, finish, fix, founding, trade

LAST_DAY = datetime.date(2026, 7, 31)
JULY = "H100_USD-31JUL26"
FLAT = [2_810_000, 1_400_000]


def opened(folder: Path) -> tuple[Venue, View]:
    """Open an exchange's folder, as it was left."""
    view = View()
    return Venue.open(folder / "journal", watch=view.fold, disk=Disk()), view


@pytest.fixture
def fixed(tmp_path: Path) -> Path:
    """A folder at rest on its first day, after the fixing: H100 at 2.81."""
    venue = Venue.open(tmp_path / "journal", disk=Disk())
    venue.submit(founding(), eve(FIRST_DAY))
    fix(venue, FIRST_DAY, FLAT)
    venue.close()
    return tmp_path


@pytest.fixture
def ended(tmp_path: Path) -> Path:
    """A folder at rest on the evening of July's last day: 3 lots of it trade, nothing is fixed."""
    venue = Venue.open(tmp_path / "journal", disk=Disk())
    venue.submit(founding(first_day=LAST_DAY), eve(LAST_DAY))
    venue.tick(times(LAST_DAY)[3][0])
    trade(venue, 1, 2, 0, 3, units("2.80"), venue.exchange.time)
    finish(venue, LAST_DAY)
    venue.close()
    return tmp_path


def twice(folder: Path, asked: Control) -> Acted:
    """Let two operators ask for the same; return what the second was told."""
    first = msgspec.structs.replace(asked, operator="eve", reason="feed broken")
    assert control(folder, first).waits
    second = msgspec.structs.replace(asked, operator="max", reason="checked")
    return control(folder, second)


def index(value: str, date: datetime.date = FIRST_DAY, model: str = "H100") -> Fix:
    return Fix(model, date, Decimal(value), operator="eve", reason="feed broken")


def test_an_operators_fixing_is_the_next_version_and_is_settled_at(fixed: Path) -> None:
    assert twice(fixed, index("2.90")) == Acted("fix", ["H100"])
    assert twice(fixed, index("2.95")) == Acted("fix", ["H100"])
    venue, view = opened(fixed)
    one = venue.house.fixings.fixed[-1]
    assert (one.value_micro, one.tier, one.version, one.inputs) == (2_950_000, 4, 3, 0)
    assert len(one.inputs_hash) == 32
    assert view.indexes[0] == (20260706, 2_950_000, 3, 0)
    finish(venue, FIRST_DAY)
    july = venue.house.marking.settlements[0]
    assert (july.price, july.tier) == (units("2.95"), 4)
    assert venue.house.marking.series[0].months == {202607: [2_950_000]}
    venue.close()
    with pytest.raises(OperatorError, match="a settlement has used the fixing of 20260706"):
        control(fixed, index("2.81"))
    _, again = opened(fixed)
    assert again.indexes[0].used == 20260706


def test_the_house_itself_refuses_a_fixing_that_comes_too_late(fixed: Path) -> None:
    venue, view = opened(fixed)
    finish(venue, FIRST_DAY)
    batch = Batch()
    batch.money(Kind.INDEX, product=0, value=3_000_000, source=20260706, code=4, revision=2)
    for outcome in venue.submit(batch, venue.exchange.time):
        view.fold(outcome)
    assert venue.house.marking.series[0].months == {202607: [2_810_000]}
    assert "has used" in venue.house.marking.skipped[-1].why
    assert len(venue.house.fixings.fixed) == 2
    venue.close()


def test_a_day_without_a_value_may_get_any(tmp_path: Path) -> None:
    venue = Venue.open(tmp_path / "journal", disk=Disk())
    venue.submit(founding(), eve(FIRST_DAY))
    finish(venue, FIRST_DAY)
    assert [each.stopped for each in venue.house.marking.series] == [20260706] * 2
    venue.close()
    assert twice(tmp_path, index("2.81")).changed == ["H100"]
    venue, view = opened(tmp_path)
    july = venue.house.marking.contracts[0]
    assert (july.expected, venue.house.marking.series[0].months[202607]) == (20, [2_810_000])
    assert view.indexes.stopped == {0: 20260706, 1: 20260706}
    unfixed = ticker_fields(view, view.instrument("A100_USD-31JUL26"))
    assert (unfixed["settlement_stopped"], unfixed["index_price"]) == ("2026-07-06", None)
    date = next_business_day(FIRST_DAY)
    for outcome in venue.tick(times(date)[-1][0]):
        view.fold(outcome)
    # H100 goes on: its fixing is carried. A100 has none that could be.
    assert [each.stopped for each in venue.house.marking.series] == [0, 20260706]
    assert view.indexes.stopped == {1: 20260706}
    assert ticker_fields(view, view.instrument(JULY))["settlement_stopped"] is None
    venue.close()


REFUSED: list[tuple[Control, str]] = [
    (index("2.81"), "2.81 is not more than 0.10% from what stands, 2.81"),
    (index("2.90", model="H9"), "model 'H9'"),
    (index("2.90", next_business_day(FIRST_DAY)), "2026-07-07 is not today's trade date"),
    (index("2.905"), "2.905 is not a multiple of 0.01"),
    (index("0"), "value 0 is not"),
    (index("-1"), "value -1 is not"),
    (index("NaN"), "NaN"),
    (Fix("H100", FIRST_DAY, Decimal("2.9"), operator="eve"), "needs a reason"),
    (Settle(JULY, Decimal("2.9"), reason="test"), "settles by itself on 2026-07-31"),
    (Settle("H9", Decimal("2.9"), reason="test"), "instrument 'H9'"),
]


def test_what_operators_may_not(fixed: Path) -> None:
    venue, view = opened(fixed)
    for asked, named in REFUSED:
        with pytest.raises(OperatorError, match=named):
            prepared(view, Requests(fixed), asked)
    assert not (fixed / "requests.json").exists()
    venue.close()


def test_before_the_days_fixing_there_is_nothing_to_restate() -> None:
    assert "has not been made yet" in objection(Published(20260706, 2_810_000, 1), 20260707, 1)


@pytest.mark.parametrize(
    ("value", "may"), [(2_000_000, False), (2_002_000, False), (2_002_001, True)]
)
def test_only_more_than_a_tenth_of_a_percent_is_restated(value: int, *, may: bool) -> None:
    assert (objection(Published(20260706, 2_000_000, 1), 20260706, value) == "") == may


def test_a_month_without_a_fixing_stays_closed_until_two_operators_settle_it(ended: Path) -> None:
    venue, view = opened(ended)
    assert "waits for an operator's price" in venue.house.marking.skipped[0].why
    monday = next_business_day(LAST_DAY)
    for passed in venue.tick(times(monday)[3][0]):
        view.fold(passed)
    phases = venue.exchange.state.instruments["phase"]
    assert (phases[0], phases[1]) == (Phase.CLOSE, Phase.OPEN)
    batch = Batch()
    batch.enter(1, 0, Side.BUY, 1, units("2.80"))
    outcome, *_ = venue.submit(batch, venue.exchange.time)
    assert outcome.events["reason"].tolist() == [Reason.PHASE_FORBIDS]
    for price in ("2.865", "-1", "1000000"):
        with pytest.raises(OperatorError, match="is not on the ladder"):
            prepared(view, Requests(ended), Settle(JULY, Decimal(price), reason="test"))
    venue.close()
    assert twice(ended, Settle(JULY, Decimal("2.86"))) == Acted("settle", [JULY])
    venue, view = opened(ended)
    final = venue.house.marking.settlements[-1]
    assert (final.name, final.price, final.mode, final.tier) == (JULY, units("2.86"), "final", 4)
    paid = {each.account: each.amount_micro for each in venue.house.variations}
    assert paid == {1: 3 * 12 * VALUE, 2: -3 * 12 * VALUE}
    assert_books_agree(venue)
    assert view.markets[0].phase == Phase.EXPIRED
    assert venue.house.directory.instruments[-1].name == "H100_USD-31JUL29"
    assert venue.house.marking.series[0].used == 0
    venue.close()
    with pytest.raises(OperatorError, match="is settled"):
        control(ended, Settle(JULY, Decimal("2.86"), reason="test"))


def test_options_follow_the_operators_price(tmp_path: Path) -> None:
    unlucky = msgspec.structs.replace(
        TERMS[0], options=2, index=msgspec.structs.replace(TERMS[0].index, carry_days=0)
    )
    venue, date = Venue.open(tmp_path / "journal", disk=Disk()), LAST_DAY
    venue.submit(founding(first_day=LAST_DAY, terms=[unlucky]), eve(LAST_DAY))
    fix(venue, LAST_DAY, FLAT[:1])
    while date.month < 9:
        finish(venue, date)
        date = next_business_day(date)
    august = venue.house.directory.instrument_of["H100_USD-31AUG26"]
    call = venue.house.directory.instrument_of["H100_USD-31AUG26-2d6-C"]
    assert {august.number, call.number} <= venue.house.marking.contracts.keys() | (
        venue.house.premiums.contracts.keys()
    )
    venue.close()
    twice(tmp_path, Settle(august.name, Decimal("2.83")))
    venue, view = opened(tmp_path)
    for outcome in venue.tick(times(date)[-1][0]):
        view.fold(outcome)
    assert not [
        n for n, each in venue.house.premiums.contracts.items() if each.terms.month == 202608
    ]
    assert view.markets[call.number].mark == units("0.23")
    venue.close()


def test_the_command_line_sets_prices(fixed: Path, cfx: Shell) -> None:
    act = ("admin", "fix", "--data", fixed, "H100", "2026-07-06", "2.90", "--reason", "feed")
    assert json.loads(cfx(*act, "--operator", "eve").out)["waits"]
    assert json.loads(cfx(*act, "--operator", "max").out)["changed"] == ["H100"]
    assert cfx("admin", "fix", "--data", fixed, "H100", "6 July", "2.90").status == 2
    refusal = refused(cfx("admin", "settle", "--data", fixed, JULY, "2.9", "--reason", "test"))
    assert "settles by itself" in refusal
