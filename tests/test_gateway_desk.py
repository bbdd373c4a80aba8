"""Blocks, busts and adjustments: what followers know after them is what the engine holds."""

from clearing.venue import Venue
from engine.schema import Did, Role
from gateway.view import View
from tests.test_gateway_view import compare
from tests.trading_days import SIZES, Driver, found


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
    assert any(fill.role == Role.BLOCK for fill in fills)
