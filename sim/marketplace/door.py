"""The marketplace's door: what may be wished in which stage of an auction.

It judges and writes nothing. The engine's phases refuse most of it a second time; that binding
bids may only rise is the door's own rule.
"""

import enum
from collections.abc import Mapping
from typing import NamedTuple

from engine.instruments import CLIP
from engine.schema import Side
from sim.marketplace.goods import is_a_price
from sim.marketplace.refusals import Refusal


class Stage(enum.IntEnum):
    """Where an auction stands."""

    CLOSED = 0  # None is on.
    FREE = 1  # Orders come, change and go; an indicative price is published.
    BINDING = 2  # Orders bind; bids may be raised; a second indicative price is published.


class Enter(NamedTuple):
    """A wish to buy or sell blocks at a limit, in units."""

    party: int
    configuration: int
    side: Side
    blocks: int
    price: int


class Change(NamedTuple):
    """A wish that an order be for so many blocks at another limit."""

    party: int
    order: int
    blocks: int
    price: int


class Withdraw(NamedTuple):
    """A wish that an order be gone."""

    party: int
    order: int


Wish = Enter | Change | Withdraw


class Resting(NamedTuple):
    """An order of an auction that is on."""

    order_id: int  # The engine's; a raised bid gets another.
    wish: Enter  # As it stands now.


def judge(
    stage: Stage, wish: Wish, resting: Mapping[int, Resting], parties: int, configurations: int
) -> Refusal:
    """Return why a wish is turned down, or NONE. Parties are numbered from 1."""
    if stage == Stage.CLOSED:
        return Refusal.NO_AUCTION
    if stage == Stage.BINDING and not isinstance(wish, Change):
        return Refusal.ORDERS_BIND
    if isinstance(wish, Enter):
        return _judge_new(wish, parties, configurations)
    if wish.order not in resting or resting[wish.order].wish.party != wish.party:
        return Refusal.ORDER_UNKNOWN
    if isinstance(wish, Withdraw):
        return Refusal.NONE
    before = resting[wish.order].wish
    if stage == Stage.BINDING and before.side == Side.SELL:
        return Refusal.ORDERS_BIND
    found = _judge_terms(wish)
    if found or stage == Stage.FREE:
        return found
    is_raised = wish.price > before.price and wish.blocks == before.blocks
    return Refusal.NONE if is_raised else Refusal.BID_NOT_RAISED


def _judge_new(wish: Enter, parties: int, configurations: int) -> Refusal:
    if not 0 < wish.party <= parties:
        return Refusal.PARTY_UNKNOWN
    if not 0 <= wish.configuration < configurations:
        return Refusal.CONFIGURATION_UNKNOWN
    return _judge_terms(wish)


def _judge_terms(wish: Enter | Change) -> Refusal:
    if not 0 < wish.blocks <= CLIP:
        return Refusal.BLOCKS_INVALID
    return Refusal.NONE if is_a_price(wish.price) else Refusal.PRICE_INVALID
