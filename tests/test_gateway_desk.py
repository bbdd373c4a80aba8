"""Blocks, busts and adjustments: what followers know of them, and how the desk asks for them."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from clearing.venue import Venue
from engine.disk import Disk
from engine.instruments import units
from engine.rows import Batch
from engine.schema import Did, Kind, Phase, Role, Side
from gateway.desk import Act, Adjust, Block, Bust, Reviewed
from gateway.operator import OperatorError, review
from gateway.view import View
from tests.serving import at_rest, end, serving
from tests.test_gateway_view import compare
from tests.trading_days import SIZES, Driver, found

FRONT = "H100_USD-31AUG26"


def acts(folder: Path) -> list[Reviewed]:
    """Report two blocks of which one is far off; adjust that one, then bust it."""
    near = Block("ann", "bob", FRONT, 5, Decimal("2.80"), reason="agreed by telephone")
    far = Block("2", "ann", FRONT, 6, Decimal("3.50"))
    done = [review(folder, act) for act in (near, far)]
    last = done[-1].trade_id
    return [*done, review(folder, Adjust(last, Decimal("3.60"))), review(folder, Bust(last))]


def expected(lots: int, price: str, buyer: str, seller: str, trade_id: int) -> Reviewed:
    return Reviewed(trade_id, FRONT, buyer, seller, lots, price)


def assert_done(done: list[Reviewed]) -> None:
    assert done == [
        expected(5, "2.80", "ann", "bob", 2),
        expected(6, "3.50", "bob", "ann", 3),
        expected(6, "3.60", "bob", "ann", 3),
        expected(6, "3.60", "bob", "ann", 3),
    ]


def test_a_view_follows_blocks_and_reviewed_trades() -> None:
    venue, view, seen = Venue.open(sizes=SIZES), View(), set[int]()
    for outcome in found(venue):
        view.fold(outcome)
    driver = Driver(venue, seed=3)
    for _ in range(3):
        driver.day(orders=30)
        for outcome in driver.outcomes:
            view.fold(outcome)
            seen |= set(outcome.events["kind"].tolist())
        driver.outcomes.clear()
        compare(view, venue.exchange.state)
    assert {Did.BUSTED, Did.ADJUSTED, Did.REPLACED} <= seen
    fills = [fill for number in range(1, 5) for fill in view.accounts[number].fills]
    assert {Role.BLOCK, Role.ASSIGNED} <= {fill.role for fill in fills}


@pytest.fixture
def founded(tmp_path: Path) -> Path:
    """A folder at rest, of an exchange with a trade at 2.80, and with two accounts."""
    at_rest(tmp_path, "ann", "bob")
    view = View()
    venue = Venue.open(tmp_path / "journal", watch=view.fold, disk=Disk())
    batch, number = Batch(), view.directory.instrument_of[FRONT].number
    batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN)
    batch.enter(1, number, Side.BUY, 1, units("2.80"))
    batch.enter(2, number, Side.SELL, 1, units("2.80"))
    venue.submit(batch, venue.exchange.time)
    venue.close()
    return tmp_path


def test_the_desk_acts_on_a_folder_at_rest(founded: Path) -> None:
    assert_done(acts(founded))
    view = View()
    venue = Venue.open(founded / "journal", watch=view.fold)
    compare(view, venue.exchange.state)
    (held,) = view.accounts[1].holdings.values()
    assert held.net == 6
    venue.close()


def test_the_desk_acts_on_a_running_server(founded: Path) -> None:
    with serving(founded) as served:
        assert_done(acts(founded))
        with pytest.raises(OperatorError, match="TRADE_UNKNOWN"):
            review(founded, Bust(3))
        assert end(served) == 0


@pytest.mark.parametrize(
    ("act", "named"),
    [
        (Bust(1), "NOT_REVIEWABLE, 0.00 is not more than 0.20 away"),
        (Bust(2**62), "TRADE_UNKNOWN"),
        (Adjust(1, Decimal("2.801")), "price"),
        (Block("ann", "ann", FRONT, 5, Decimal(3)), "ORDER_NOT_YOURS"),
        (Block("ann", "bob", FRONT, 4, Decimal(3)), "QUANTITY_BELOW_BLOCK"),
        (Block("ann", "bob", FRONT, 2**41, Decimal(3)), "lots"),
        (Block("ann", "zed", FRONT, 5, Decimal(3)), "zed"),
        (Block("ann", "bob", "H1", 5, Decimal(3)), "H1"),
        (Bust(1, reason="x" * 1_001), "reason"),
    ],
)
def test_what_the_desk_may_not(founded: Path, act: Act, named: str) -> None:
    with pytest.raises(OperatorError, match=named):
        review(founded, act)


def test_an_exchange_that_is_not_there_has_no_desk(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="holds no exchange"):
        review(tmp_path, Bust(1))


def test_an_act_reads_as_it_was_written() -> None:
    for act in (
        Bust(7),
        Adjust(7, Decimal("2.81")),
        Block("a", "b", FRONT, 5, Decimal(3), reason="why"),
    ):
        assert msgspec.json.decode(msgspec.json.encode(act), type=Act) == act
