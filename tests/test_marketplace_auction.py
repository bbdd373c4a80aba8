"""Auctions of the spot marketplace: the engine's scenes in its three stages, and its own door."""

import re
from collections.abc import Sequence

import numpy as np
import pytest

from engine.instruments import LADDER_MAX, TICK
from engine.schema import Side
from sim.marketplace.auction import Answer, Auction, Execution, Indicative
from sim.marketplace.door import Change, Enter, Stage, Wish, Withdraw
from sim.marketplace.goods import Configuration
from sim.marketplace.refusals import Refusal
from tests.tidy import ROOT

EAST, NORTH = Configuration(0, 0, "on-demand"), Configuration(0, 1, "on-demand")
ALICE, BOB, CAROL = 1, 2, 3
_ORDER = re.compile(r"(?:\w+: )?(alice|bob|carol) +(buy|sell) +(\d+) @ (\d+)")
_TRADE = re.compile(r"traded (\d+) @ (\d+) (\w+) (\w+)")
_PARTIES = {"alice": ALICE, "bob": BOB, "carol": CAROL}


def opened(*wishes: Wish) -> Auction:
    """Return an auction of two configurations that has begun, with orders in it."""
    auction = Auction([EAST, NORTH], 3, 100)
    auction.begin(0)
    assert [answer.refusal for answer in auction.send(wishes, 0)] == [Refusal.NONE] * len(wishes)
    return auction


def buy(party: int, blocks: int, ticks: int, book: int = 0) -> Enter:
    return Enter(party, book, Side.BUY, blocks, ticks * TICK)


def sell(party: int, blocks: int, ticks: int, book: int = 0) -> Enter:
    return Enter(party, book, Side.SELL, blocks, ticks * TICK)


def refusal(auction: Auction, wish: Wish) -> Refusal:
    return auction.send([wish], 0)[0].refusal


def told(scene: str) -> tuple[list[Enter], list[Execution]]:
    """Return what the first auction of a scene has for orders, and what trades in it."""
    text = (ROOT / "tests/scenes" / scene).read_text(encoding="utf-8")
    before, opening, _ = re.split(r"(@phase H1 open.*)", text, maxsplit=1)
    orders = [
        Enter(_PARTIES[who], 0, Side[side.upper()], int(lots), int(price) * TICK)
        for who, side, lots, price in _ORDER.findall(before)
        if f"{who} cancel late" not in before or int(lots) != 1 or int(price) != 46
    ]
    trades = [
        Execution(0, _PARTIES[buyer], _PARTIES[seller], int(lots), int(price) * TICK)
        for lots, price, buyer, seller in _TRADE.findall(opening)
    ]
    return orders, trades


@pytest.mark.parametrize("scene", ["indicative_price.scene", "opening_auction.scene"])
def test_what_trades_is_what_the_engines_scene_says(scene: str) -> None:
    orders, trades = told(scene)
    assert len(orders) >= 7
    assert len(trades) >= 4
    auction = opened(*orders)
    auction.bind(1)
    blocks = sum(trade.blocks for trade in trades)
    assert auction.indicative[0] == Indicative(trades[0].price, blocks)
    assert auction.end(2) == trades


def test_all_crossing_trades_at_one_price_and_the_rest_is_cancelled() -> None:
    auction = opened(buy(ALICE, 5, 300), sell(BOB, 3, 290), buy(CAROL, 2, 280), sell(BOB, 1, 310))
    auction.bind(1)
    assert auction.indicative == [Indicative(300 * TICK, 3), Indicative()]
    assert auction.end(2) == [Execution(0, ALICE, BOB, 3, 300 * TICK)]
    assert auction.resting == {}
    # The next auction begins with empty books.
    auction.begin(3)
    auction.bind(4)
    assert auction.indicative == [Indicative(), Indicative()]
    assert auction.end(5) == []


def test_configurations_are_auctioned_apart() -> None:
    auction = opened(buy(ALICE, 1, 300), sell(BOB, 1, 290, book=1), buy(CAROL, 1, 295, book=1))
    auction.bind(1)
    assert auction.end(2) == [Execution(1, CAROL, BOB, 1, 295 * TICK)]


def test_free_orders_change_and_go_and_the_indicative_price_follows() -> None:
    auction = opened(buy(ALICE, 5, 300), sell(BOB, 3, 290))
    assert auction.indicative[0] == Indicative(300 * TICK, 3)
    assert refusal(auction, Change(ALICE, 1, 2, 295 * TICK)) == ""
    assert auction.indicative[0] == Indicative(290 * TICK, 2)
    assert refusal(auction, Withdraw(BOB, 2)) == ""
    assert auction.indicative[0] == Indicative()
    assert list(auction.resting) == [1]


def test_binding_bids_may_only_be_raised() -> None:
    auction = opened(buy(ALICE, 5, 300), sell(BOB, 3, 310))
    auction.bind(1)
    for wish in (
        *(Withdraw(ALICE, 1), Withdraw(BOB, 2), buy(CAROL, 1, 320), sell(CAROL, 1, 300)),
        Change(BOB, 2, 3, 300 * TICK),
    ):
        assert refusal(auction, wish) == Refusal.ORDERS_BIND
    for blocks, ticks in ((5, 299), (5, 300), (4, 310), (6, 310)):
        assert refusal(auction, Change(ALICE, 1, blocks, ticks * TICK)) == Refusal.BID_NOT_RAISED
    assert auction.indicative[0] == Indicative()
    assert auction.send([Change(ALICE, 1, 5, 312 * TICK)], 1) == [Answer(1)]
    assert auction.indicative[0] == Indicative(312 * TICK, 3)
    assert auction.send([Change(ALICE, 1, 5, 314 * TICK)], 1) == [Answer(1)]
    assert auction.end(2) == [Execution(0, ALICE, BOB, 3, 314 * TICK)]


def test_a_raised_bid_stands_behind_those_that_were_there() -> None:
    auction = opened(buy(ALICE, 1, 300), buy(CAROL, 1, 310), sell(BOB, 1, 290))
    auction.bind(1)
    auction.send([Change(ALICE, 1, 1, 310 * TICK)], 1)
    assert [trade.buyer for trade in auction.end(2)] == [CAROL]


def test_the_door_says_what_is_wrong() -> None:
    auction = opened(buy(ALICE, 5, 300))
    for wish, expected in (
        (Enter(4, 0, Side.BUY, 1, TICK), Refusal.PARTY_UNKNOWN),
        (Enter(0, 0, Side.BUY, 1, TICK), Refusal.PARTY_UNKNOWN),
        (Enter(1, 2, Side.BUY, 1, TICK), Refusal.CONFIGURATION_UNKNOWN),
        (Enter(1, -1, Side.BUY, 1, TICK), Refusal.CONFIGURATION_UNKNOWN),
        (buy(ALICE, 0, 300), Refusal.BLOCKS_INVALID),
        (buy(ALICE, 2_001, 300), Refusal.BLOCKS_INVALID),
        (buy(ALICE, 1, 0), Refusal.PRICE_INVALID),
        (Enter(1, 0, Side.BUY, 1, TICK + 1), Refusal.PRICE_INVALID),
        (Enter(1, 0, Side.BUY, 1, LADDER_MAX + TICK), Refusal.PRICE_INVALID),
        (Withdraw(BOB, 1), Refusal.ORDER_UNKNOWN),
        (Change(ALICE, 7, 1, TICK), Refusal.ORDER_UNKNOWN),
        (Change(ALICE, 1, 0, TICK), Refusal.BLOCKS_INVALID),
        (Change(ALICE, 1, 1, -TICK), Refusal.PRICE_INVALID),
    ):
        assert refusal(auction, wish) == expected
    assert list(auction.resting) == [1]
    auction.bind(1)
    auction.end(2)
    assert refusal(auction, buy(ALICE, 5, 300)) == Refusal.NO_AUCTION


def test_two_wishes_at_once_may_not_name_one_order() -> None:
    auction = opened(buy(ALICE, 5, 300), sell(BOB, 5, 305))
    auction.bind(1)
    answers = auction.send([Change(ALICE, 1, 5, n * TICK) for n in (300, 301, 306)], 1)
    assert [answer.refusal for answer in answers] == [
        *(Refusal.BID_NOT_RAISED, Refusal.NONE, Refusal.ORDER_NAMED_TWICE)
    ]
    assert auction.resting[1].wish == buy(ALICE, 5, 301)


def test_what_the_engine_refuses_leaves_an_order_as_it_was() -> None:
    whole = [buy(ALICE, 2_000, 300) for _ in range(500)]
    auction = opened(*whole)
    assert refusal(auction, buy(ALICE, 1, 300)) == Refusal.BOOK_REFUSED
    assert refusal(auction, Withdraw(ALICE, 1)) == ""
    assert refusal(auction, buy(ALICE, 1_999, 300)) == ""
    assert refusal(auction, Change(ALICE, 502, 2_000, 300 * TICK)) == ""
    assert refusal(auction, Change(ALICE, 2, 1_999, 300 * TICK)) == ""
    assert refusal(auction, buy(ALICE, 1, 300)) == ""
    assert refusal(auction, Change(ALICE, 2, 2_000, 300 * TICK)) == Refusal.BOOK_REFUSED
    assert auction.resting[2].wish.blocks == 1_999


def by_hand(orders: Sequence[Enter]) -> int:
    """Return how many blocks can trade at the best single price."""
    prices = {order.price for order in orders}
    return max(
        min(
            sum(o.blocks for o in orders if o.side == Side.BUY and o.price >= price),
            sum(o.blocks for o in orders if o.side == Side.SELL and o.price <= price),
        )
        for price in prices
    )


def test_as_much_trades_as_can_at_one_price() -> None:
    chance = np.random.default_rng(5)
    for _ in range(40):
        orders = [
            Enter(int(party), 0, Side(int(side)), int(blocks), int(ticks) * TICK)
            for party, side, blocks, ticks in zip(
                chance.integers(1, 4, 12),
                chance.integers(0, 2, 12),
                chance.integers(1, 20, 12),
                chance.integers(280, 300, 12),
                strict=True,
            )
        ]
        auction = opened(*orders)
        auction.bind(1)
        expected = auction.indicative[0]
        trades = auction.end(2)
        assert sum(trade.blocks for trade in trades) == by_hand(orders) == expected.blocks
        assert {trade.price for trade in trades} <= {expected.price}


def test_stages_follow_each_other() -> None:
    auction = Auction([EAST], 1, 100)
    assert auction.stage == Stage.CLOSED
    with pytest.raises(AssertionError):
        auction.bind(0)
    auction.begin(0)
    with pytest.raises(AssertionError):
        auction.end(0)
