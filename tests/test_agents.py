"""Participants, one at a time: what each sends, having seen a book that the test has made."""

import pytest

from engine.instruments import TICK, UNIT_MICRO
from engine.layout import MONEY
from engine.rows import Batch
from engine.schema import Did, Kind, Phase, Side, Standing, Tif
from gateway.events import Event
from sim.agents.base import is_called, meet_call
from sim.agents.fair import months_between
from sim.clock import HOUR, MINUTE
from tests.pit import ARBITRAGEUR, INDEX, LONG, MAKER, NOISE, SHORT, SPREADER, Pit, sent


@pytest.mark.parametrize("text", [MAKER, NOISE, LONG, SHORT, ARBITRAGEUR, SPREADER])
def test_nobody_sends_anything_while_the_market_is_closed(text: str) -> None:
    pit = Pit(text, opened=False)
    assert pit.view.phase(0) == Phase.CLOSE
    assert all(not len(pit.wake(seed)) for seed in range(20))


@pytest.mark.parametrize("text", [MAKER, NOISE, LONG, SHORT, ARBITRAGEUR, SPREADER])
def test_no_command_of_anybody_is_malformed(text: str) -> None:
    pit = Pit(text)
    pit.street(Side.BUY, 9, INDEX - 4)
    pit.street(Side.SELL, 9, INDEX + 4)
    for seed in range(60):
        rows = pit.wake(seed)
        if len(rows):
            assert Did.REJECTED not in [did for did, _ in pit.send(rows)]


def test_a_maker_quotes_both_sides_of_the_index() -> None:
    pit = Pit(MAKER)
    pit.send(pit.wake())
    bid, ask = sorted(order.price for order in pit.orders())
    assert bid < INDEX < ask <= bid + 4 * TICK
    assert {order.leaves for order in pit.orders()} == {20}


def test_a_maker_leaves_a_quote_alone_that_still_fits() -> None:
    pit = Pit(MAKER)
    pit.send(pit.wake())
    assert not len(pit.wake())


def test_a_maker_leans_against_what_it_holds() -> None:
    pit = Pit(MAKER)
    pit.send(pit.wake())
    before = sorted(order.price for order in pit.orders())
    pit.street(Side.SELL, 20, before[0], Tif.FAK)
    pit.send(pit.wake())
    after = sorted(order.price for order in pit.orders())
    assert pit.view.net[0] == 20
    assert after[0] < before[0]
    assert after[1] < before[1]


def test_a_maker_that_is_full_quotes_one_side_only() -> None:
    pit = Pit(MAKER)
    for _ in range(2):
        pit.send(pit.wake())
        bid = min(order.price for order in pit.orders())
        pit.street(Side.SELL, 20, bid, Tif.FAK)
    pit.send(pit.wake())
    assert pit.view.net[0] == 40
    assert {order.side for order in pit.orders()} == {Side.SELL}


def test_a_maker_does_not_take() -> None:
    pit = Pit(MAKER)
    pit.street(Side.SELL, 9, INDEX - 10)
    assert {did for did, _ in pit.send(pit.wake())} == {Did.ENTERED, Did.RESTED}


def test_a_maker_that_a_band_keeps_out_goes_as_far_as_it_may_and_takes_the_market_along() -> None:
    pit = Pit(MAKER)
    pit.send(pit.wake())
    pit.street(Side.BUY, 1, max(order.price for order in pit.orders()), Tif.FAK)
    fallen = Batch()
    fallen.money(Kind.INDEX, product=0, value=(INDEX - 200) * UNIT_MICRO, source=20260702)
    pit.send(fallen)
    asks = []
    for _ in range(8):
        pit.send(pit.wake())
        asks += [order.price for order in pit.orders() if order.side == Side.SELL]
    band = 20 * TICK
    assert asks[0] - band in asks
    assert asks[0] - 2 * band in asks
    assert asks == sorted(asks, reverse=True)


CALENDAR, FAR = 36, 1  # The first two months' calendar, and the second of them.
BETWEEN = TICK  # What the curve of the small scenario puts between the two.


def test_a_spreader_quotes_the_difference_of_the_months() -> None:
    pit = Pit(SPREADER)
    pit.send(pit.wake())
    orders = sorted(pit.orders(), key=lambda order: order.price)
    assert [order.instrument for order in orders] == [CALENDAR, CALENDAR]
    assert [order.price for order in orders] == [BETWEEN - TICK, BETWEEN + TICK]
    assert not len(pit.wake())


def test_a_spreader_holds_months_and_leans_against_them() -> None:
    pit = Pit(SPREADER)
    pit.send(pit.wake())
    pit.street(Side.SELL, 10, BETWEEN - TICK, Tif.FAK, CALENDAR)
    pit.send(pit.wake())
    assert (pit.view.net[0], pit.view.net[FAR], pit.view.net[CALENDAR]) == (10, -10, 0)
    prices = sorted(order.price for order in pit.orders())
    assert prices == [BETWEEN - 2 * TICK, BETWEEN]


def test_a_spreader_takes_what_two_months_imply_too_cheaply() -> None:
    pit = Pit(SPREADER)
    pit.street(Side.SELL, 4, INDEX)
    pit.street(Side.BUY, 6, INDEX, instrument=FAR)
    pit.view.look(pit.now)
    assert pit.view.quote(CALENDAR).best_ask == 0
    pit.send(pit.wake())
    pit.orders()
    assert (pit.view.net[0], pit.view.net[FAR]) == (4, -4)


def test_noise_that_likes_calendars_trades_them() -> None:
    pit = Pit(NOISE.replace("months = 1", "months = 2\ncalendars = 1.0\ntaking = 1.0"))
    pit.street(Side.BUY, 9, -TICK, instrument=CALENDAR)
    pit.street(Side.SELL, 9, TICK, instrument=CALENDAR)
    pit.send(pit.wake())
    pit.orders()
    assert pit.view.net[0] == -pit.view.net[FAR] != 0


def test_noise_keeps_a_few_orders_at_most() -> None:
    pit = Pit(NOISE.replace("orders_max", "taking = 0.0\norders_max"))
    pit.street(Side.BUY, 9, INDEX - 4)
    pit.street(Side.SELL, 9, INDEX + 4)
    for seed in range(12):
        pit.send(pit.wake(seed))
        assert len(pit.orders()) <= 3


def test_noise_that_is_full_only_trades_the_other_way() -> None:
    pit = Pit(NOISE.replace("orders_max", "taking = 1.0\norders_max"))
    pit.street(Side.BUY, 900, INDEX - 4)
    pit.street(Side.SELL, 900, INDEX + 4)
    for seed in range(80):
        full = pit.view.net[0]
        rows = pit.wake(seed)
        if abs(full) >= 10:
            assert {side for _, side, _, _ in sent(rows)} == {Side.SELL if full > 0 else Side.BUY}
        pit.send(rows)


def test_noise_waits_for_a_two_sided_market() -> None:
    pit = Pit(NOISE)
    pit.street(Side.BUY, 9, INDEX - 4)
    assert all(not len(pit.wake(seed)) for seed in range(10))


@pytest.mark.parametrize(("text", "side"), [(LONG, Side.SELL), (SHORT, Side.BUY)])
def test_a_hedger_trades_toward_its_target_and_no_further(text: str, side: Side) -> None:
    pit = Pit(text)
    pit.street(Side.BUY, 99, INDEX - 2)
    pit.street(Side.SELL, 99, INDEX + 2)
    assert [order[1:3] for order in sent(pit.wake())] == [(side, 4)]
    pit.send(pit.wake())
    pit.send(pit.wake())
    held = 6 if side == Side.BUY else -6
    pit.view.look(pit.now)
    assert pit.view.net[0] == held
    assert not len(pit.wake())


@pytest.mark.parametrize(("text", "worth"), [(LONG, INDEX - 6), (SHORT, INDEX + 6)])
def test_a_hedger_waits_where_the_market_asks_too_much(text: str, worth: int) -> None:
    pit = Pit(text)
    pit.street(Side.BUY, 99, INDEX - 20)
    pit.street(Side.SELL, 99, INDEX + 20)
    did = pit.send(pit.wake())
    assert [kind for kind, _ in did] == [Did.ENTERED, Did.RESTED]
    assert all(abs(order.price - INDEX) >= abs(worth - INDEX) for order in pit.orders())


def test_a_hedger_that_is_refused_for_want_of_margin_pauses() -> None:
    pit = Pit(SHORT.replace("1000000", "100"))
    pit.street(Side.SELL, 99, INDEX)
    assert pit.send(pit.wake()) == [(Did.REJECTED, 100_000_000)]
    assert not len(pit.wake(after=19 * HOUR))
    assert len(pit.wake(after=21 * HOUR))


def test_an_arbitrageur_buys_what_is_offered_below_the_index_and_sells_what_is_bid_above() -> None:
    pit = Pit(ARBITRAGEUR)
    pit.street(Side.SELL, 7, INDEX - 4)
    assert sent(pit.wake()) == [(Kind.ENTER, Side.BUY, 7, INDEX - 4)]
    pit = Pit(ARBITRAGEUR)
    pit.street(Side.BUY, 30, INDEX + 4)
    assert sent(pit.wake()) == [(Kind.ENTER, Side.SELL, 10, INDEX + 4)]


def test_an_arbitrageur_leaves_a_fair_market_alone() -> None:
    pit = Pit(ARBITRAGEUR)
    pit.street(Side.BUY, 30, INDEX - 2)
    pit.street(Side.SELL, 30, INDEX + 2)
    assert not len(pit.wake())


def test_an_arbitrageur_goes_out_at_the_index_and_stops_at_its_limit() -> None:
    pit = Pit(ARBITRAGEUR)
    pit.street(Side.SELL, 99, INDEX - 4)
    for _ in range(3):
        pit.send(pit.wake())
    pit.view.look(pit.now)
    assert pit.view.net[0] == 25
    pit.street(Side.BUY, 99, INDEX)
    assert (Side.SELL, 10) in [order[1:3] for order in sent(pit.wake())]


CALLED = SHORT.replace("count", 'treasury = "50000"\npays_after_minutes = 60\ncount')


SUSPENDED = Event(*[0] * len(Event._fields))._replace(
    account=1, kind=Did.SUSPENDED, quantity=Standing.CALLED
)


def called(text: str, amount: int) -> Pit:
    """Return a pit whose agent holds six lots, has an order, and is called for an amount."""
    pit = Pit(text)
    pit.street(Side.BUY, 99, INDEX - 2)
    pit.street(Side.SELL, 6, INDEX + 2)
    for _ in range(2):
        pit.send(pit.wake())
    batch = Batch()
    batch.enter(1, 0, Side.BUY, 1, INDEX - 10)
    pit.send(batch)
    pit.view.post(SUSPENDED._replace(time=pit.now, leaves=amount))
    pit.view.look(pit.now)
    assert pit.view.standing == Standing.CALLED
    return pit


def answer(pit: Pit, minutes: int) -> Batch:
    """Return what the agent sends so many minutes after the call."""
    pit.view.look(pit.now)
    return meet_call(pit.agent, pit.view, pit.view.called_at + minutes * MINUTE)


def test_a_called_participant_withdraws_its_orders_waits_and_pays_whole_dollars() -> None:
    pit = called(CALLED, 1_234_500_000)
    assert [kind for kind, *_ in sent(answer(pit, 0))] == [Kind.CANCEL_ALL]
    pit.send(answer(pit, 0))
    assert not len(answer(pit, 59))
    paid = answer(pit, 60)
    assert paid.rows.view(MONEY)["value"].tolist() == [1_235_000_000]
    assert paid.rows["kind"].tolist() == [Kind.DEPOSIT]


def test_a_participant_that_has_paid_waits_for_the_house() -> None:
    pit = called(CALLED, 1_000_000_000)
    pit.send(answer(pit, 0))
    pit.send(answer(pit, 60))
    assert not len(answer(pit, 61))
    pit.view.post(SUSPENDED._replace(time=pit.now, leaves=0, quantity=Standing.GOOD))
    pit.view.look(pit.now)
    assert not is_called(pit.view)


def test_a_participant_whose_treasury_is_empty_reduces() -> None:
    pit = called(CALLED.replace("50000", "0"), 1_000_000_000)
    pit.send(answer(pit, 0))
    rows = answer(pit, 60)
    assert [order[:3] for order in sent(rows)] == [(Kind.ENTER, Side.SELL, 3)]
    assert (Did.FILLED, 3) in pit.send(rows)


def test_a_treasury_pays_no_more_than_it_has() -> None:
    pit = called(CALLED, 90_000_000_000)
    pit.send(answer(pit, 0))
    assert answer(pit, 60).rows.view(MONEY)["value"].tolist() == [50_000_000_000]


@pytest.mark.parametrize(("first", "second", "months"), [(202611, 202702, 3), (202611, 202611, 0)])
def test_months_are_counted_over_the_turn_of_a_year(first: int, second: int, months: int) -> None:
    assert months_between(first, second) == months


def test_equity_is_cash_and_what_positions_have_made_at_the_last_trade() -> None:
    pit = called(CALLED, 1_000_000_000)
    assert pit.view.quote(0).last == INDEX + 2
    assert pit.view.equity() == pit.view.cash
    pit.street(Side.SELL, 1, INDEX - 2, Tif.FAK)
    pit.view.look(pit.now)
    assert pit.view.equity() == pit.view.cash - 6 * 4 * 3_650_000
