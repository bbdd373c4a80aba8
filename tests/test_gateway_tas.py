"""Trading at settlement as clients see it: a combo of one leg, and fills that get their price."""

import msgspec
import pytest

from clearing.calendar import next_business_day, times
from clearing.venue import Venue
from engine.exchange import Outcome
from engine.instruments import units
from engine.rows import Batch
from engine.schema import Kind, Side, Tif
from gateway import listings, messages, public
from gateway.codec import add_order
from gateway.combos import is_of_kind
from gateway.view import View
from tests.test_gateway_view import compare
from tests.test_tas import SECOND_DAY, UP, at_settlement, book, market, settled
from tests.trading_days import Driver, finish, fix, front, trade


class Seen(Venue):
    """A venue whose outcomes a view follows, and is compared with."""

    view: View

    def submit(self, batch: Batch, now: int) -> list[Outcome]:
        """Submit, and let the view take it in."""
        if not hasattr(self, "view"):
            self.view = View()
        outcomes = super().submit(batch, now)
        for outcome in outcomes:
            self.view.fold(outcome)
        return outcomes


@pytest.fixture
def seen() -> Seen:
    venue = market(kind=Seen.open)
    assert isinstance(venue, Seen)
    return venue


def prices(seen: Seen, account: int = 1) -> list[int]:
    """Return the prices of an account's fills, oldest first."""
    return [fill.price for fill in seen.view.accounts[account].fills]


def test_a_book_is_a_combo_of_one_leg(seen: Seen) -> None:
    terms = seen.view.directory.instruments[book(seen)]
    told = listings.instrument(seen.view, terms)
    assert (told.instrument_name, told.code) == ("H100_USD-31JUL26-TAS", "H1HN6-TAS")
    assert (told.kind, is_of_kind(terms, "combo")) == ("future_combo", True)
    assert [(leg.instrument_name, leg.amount) for leg in told.legs] == [("H100_USD-31JUL26", 1)]
    assert (float(told.min_price), float(told.max_price), float(told.fee_per_lot)) == (
        -0.1,
        0.1,
        5.5,
    )
    assert seen.view.instrument("H1HN6").name == "H100_USD-31JUL26"
    assert public.ticker_fields(seen.view, terms)["mark_price"] == 0


def test_an_order_that_does_not_say_how_long_it_lasts_is_for_the_day(seen: Seen) -> None:
    directory, number = seen.view.directory, book(seen)
    for name, asked in ((number, {}), (number, {"time_in_force": "good_til_cancelled"}), (0, {})):
        terms, batch = directory.instruments[name], Batch()
        order = msgspec.convert(
            {"instrument_name": terms.name, "amount": "2", "price": "0.02", **asked},
            messages.Order,
            strict=False,
        )
        add_order(batch, order, Side.BUY, directory.accounts[1], terms, 0, 0)
        seen.submit(batch, seen.exchange.time)
    live = list(seen.view.accounts[1].live.values())
    assert [(order.instrument, order.tif) for order in live] == [(number, Tif.DAY), (0, Tif.GTC)]


def test_fills_and_positions_get_the_settlement_with_its_offset(seen: Seen) -> None:
    at_settlement(seen, 4)
    mark = settled(seen, SECOND_DAY)
    assert prices(seen) == [4, mark + 4]
    month = front(seen, SECOND_DAY)
    trade(seen, 2, 1, month, 1, units("2.95"), seen.exchange.time)
    fix(seen, SECOND_DAY, UP)
    finish(seen, SECOND_DAY)
    price = settled(seen, SECOND_DAY)
    assert price != mark
    assert prices(seen) == [4, price + 4, units("2.95")]
    held = seen.view.accounts[1].holdings[month]
    assert (held.net, held.cost, held.entry) == (2, 2 * price, 2 * (price + 4))
    compare(seen.view, seen.exchange.state)
    seen.tick(times(next_business_day(SECOND_DAY))[3][0])
    at_settlement(seen, -2)
    assert prices(seen)[-2:] == [-2, price - 2]


def test_a_block_at_settlement_gets_its_price_too(seen: Seen) -> None:
    batch, month = Batch(), front(seen, SECOND_DAY)
    number = book(seen)
    batch.desk(Kind.BLOCK, buyer=1, seller=2, instrument=number, quantity=5, price=6)
    seen.submit(batch, seen.exchange.time)
    fix(seen, SECOND_DAY, UP)
    finish(seen, SECOND_DAY)
    assert prices(seen, 2) == [6, settled(seen, SECOND_DAY) + 6]
    own, leg = seen.view.accounts[2].fills
    assert (own.is_held, leg.instrument, leg.spread) == (False, month, number)


class Follower(Driver):
    """Random days with trades at settlement, each of whose moments the view agrees with."""

    def _orders(self) -> Batch:
        batch, chance = super()._orders(), self.chance
        number = book(self.venue, chance.randrange(2), self.date)
        for _ in range(2):
            offset, lots = 2 * chance.randint(-3, 3), chance.randint(1, 5)
            batch.enter(chance.randint(1, 4), number, chance.randrange(2), lots, offset)
        return batch


def test_what_is_folded_is_what_the_engine_holds_when_all_is_priced(seen: Seen) -> None:
    driver = Follower(seen)
    driver.date = SECOND_DAY
    for _ in range(3):
        driver.day(orders=15)
        compare(seen.view, seen.exchange.state)
    fills = [fill for number in range(1, 5) for fill in seen.view.accounts[number].fills]
    assert sum(fill.is_priced for fill in fills) > 20
