"""What is folded from published events is what the engine holds, after every moment of a run."""

import pytest

from engine.jit import Table
from engine.schema import Form, Phase, Side
from engine.state import State
from gateway.book_channels import BookChannel
from gateway.combos import settlement
from gateway.figures import figures
from gateway.view import View
from sim.run import Run
from tests.small_world import outcomes, plan

# A fall on the second day, over the end of September: positions are marked, called and settled.
FALL = ["2.80", "2.80", "2.60", "2.61", "2.62"]


@pytest.fixture(scope="module")
def played() -> tuple[View, State]:
    """A view that followed a run, and was compared with the engine on the way."""
    run, view = Run(plan(FALL)), View()
    state = run.venue.exchange.state
    for outcome in run.founding:
        view.fold(outcome)
    mirror = Mirror(view, 0)
    for number, outcome in enumerate(outcomes(run)):
        mirror.follow(view, view.fold(outcome))
        if outcome.frame.last == run.venue.exchange.seq and number % 400 == 0:
            compare(view, state)
            mirror.compare(view)
    compare(view, state)
    mirror.compare(view)
    assert any(market.traded for market in view.markets)
    assert view.markets[0].phase == Phase.EXPIRED
    return view, state


class Mirror:
    """A client's book, built of a channel's first message and its changes alone."""

    def __init__(self, view: View, instrument: int) -> None:
        self._instrument = instrument
        self._channel = BookChannel(view, instrument, is_raw=True)
        self._sides: dict[str, dict[object, int]] = {"bids": {}, "asks": {}}
        (first,) = self._channel.first(view)
        self._change_id = first.change_id
        self._take(first)

    def follow(self, view: View, changes: object) -> None:
        """Take in what the channel sends; the chain of change ids has no gap."""
        if self._channel.take(changes):  # type: ignore[arg-type]
            for message in self._channel.flush(view):
                assert message.prev_change_id == self._change_id
                self._change_id = message.change_id
                self._take(message)

    def compare(self, view: View) -> None:
        """A book from messages is what a newcomer is sent."""
        fresh = Mirror(view, self._instrument)
        assert fresh._sides == self._sides

    def _take(self, message: object) -> None:
        for name, side in self._sides.items():
            for action, price, lots in getattr(message, name):
                assert (action == "delete") == (lots == 0)
                assert (action == "new") == (price not in side)
                if lots:
                    side[price] = lots
                else:
                    del side[price]


def compare(view: View, state: State) -> None:
    """Books, markets, orders, positions and money are the engine's."""
    live = state.orders[state.orders["order_id"] != 0]
    compare_books(view, live)
    compare_markets(view, state)
    compare_accounts(view, state, live)


def compare_books(view: View, live: Table) -> None:
    for market in view.markets:
        number = market.terms.number
        for side in Side:
            expected: dict[int, int] = {}
            chosen = live[(live["instrument"] == number) & (live["ladder"] == side)]
            for order in chosen:
                price = int(order["price"])
                expected[price] = expected.get(price, 0) + int(order["shown"])
            ordered = sorted(expected.items(), reverse=side == Side.BUY)
            assert view.books.levels(number, side, 10_000) == ordered


def holdings(state: State) -> Table:
    """Return the positions; but of a book at settlement a row counts lots that wait for it."""
    forms = state.instruments["form"][state.positions["instrument"]]
    held: Table = state.positions[forms != Form.TAS]
    return held


def compare_markets(view: View, state: State) -> None:
    long_lots: dict[int, int] = {}
    held = holdings(state)
    for position in held[held["net"] > 0]:
        number = int(position["instrument"])
        long_lots[number] = long_lots.get(number, 0) + int(position["net"])
    for market in view.markets:
        row = state.instruments[market.terms.number]
        assert (market.phase, market.last) == (row["phase"], row["last"])
        if market.phase != Phase.EXPIRED:
            assert settlement(view.markets, market) == row["settlement"]
        if not market.terms.is_spread:
            assert (market.mark, market.rate) == (row["mark"], row["rate"])
        assert market.open_interest == long_lots.get(market.terms.number, 0)


def compare_accounts(view: View, state: State, live: Table) -> None:
    for number in range(1, int(state.totals[0]["accounts"])):
        account, row = view.accounts[number], state.accounts[number]
        assert account.cash == row["equity"]
        assert account.standing == row["standing"]
        mine = live[live["account"] == number]
        assert set(account.live) == set(mine["order_id"].tolist())
        for order in mine:
            seen = account.live[int(order["order_id"])]
            assert (seen.price, seen.leaves, seen.filled) == (
                order["price"],
                order["leaves"],
                order["filled"],
            )
        percent = view.directory.accounts[number].initial_percent
        assert percent == row["initial_percent"]
        compare_money(view, number, row, percent)
    held = holdings(state)
    for position in held[(held["net"] != 0) | (held["cost"] != 0)]:
        holding = view.accounts[int(position["account"])].holdings[int(position["instrument"])]
        assert (holding.net, holding.cost) == (position["net"], position["cost"])


def compare_money(view: View, number: int, row: Table, percent: int) -> None:
    found = figures(view.accounts[number], view.markets, percent)
    owed = max(int(row["bounds"]) - int(row["credits"]), 0)
    needed = -(-owed * percent // 100) + int(row["reserves"])
    assert found.open == row["open"]
    assert found.initial == needed
    assert found.available == row["equity"] + row["open"] - needed


def test_a_view_of_published_events_is_the_engines_state(played: tuple[View, State]) -> None:
    view, state = played
    assert view.seq == state.totals[0]["seq"]
    assert view.markets.index


def test_every_fill_is_in_the_public_trades_and_in_candles(played: tuple[View, State]) -> None:
    view, _ = played
    for market in view.markets:
        sides = sum(
            fill.lots
            for number in range(1, len(view.directory.accounts))
            for fill in view.accounts[number].fills
            if fill.instrument == market.terms.number
        )
        assert sides == 2 * sum(candle.lots for candle in market.candles)
        if market.traded <= 1_000:
            assert sides == 2 * sum(trade.lots for trade in market.trades)
