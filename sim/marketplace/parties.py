"""Who is on the marketplace: providers and buyers, what they think blocks are worth, and do.

Everybody has a limit in mind, which is the level times what region and term add, times a part
of their own; all shade it at first, and come nearer when they see that they would be left out.
Behaviour and parameters are illustrative.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.instruments import TICK
from engine.schema import Side
from sim.marketplace.auction import Indicative
from sim.marketplace.door import Change, Enter, Wish, Withdraw
from sim.marketplace.goods import on_tick

TERM_EFFECTS = {"on-demand": 0.0, "reserved": -0.15, "spot": -0.4}  # In logs.
PROVIDERS = (
    *("alderrack", "basaltgrid", "cinderhall", "driftwell", "emberyard", "fernhollow"),
    *("gablecloud", "heronfield", "inkstone", "junipervault", "kestrelbay", "larchway"),
)

_ACTIVE = 0.75  # Chance to take part in a book in a round.
_SHADE = 0.03  # The most that is shaded off a limit at first, in logs.
_LEAVES = 0.05  # Chance to think better of it while one may.


class Party(NamedTuple):
    """One participant, with a stream of chance of its own."""

    number: int  # From 1.
    name: str
    side: Side  # Providers sell, buyers buy.
    chance: np.random.Generator


class Thought(NamedTuple):
    """An order as its owner sees it."""

    wish: Enter
    limit: int  # The price it would go to, in units.


def seat(providers: int, buyers: int, streams: Sequence[np.random.SeedSequence]) -> list[Party]:
    """Return the parties by number, from 1: providers first. streams: one for each."""
    named = [_name(PROVIDERS, "provider", number) for number in range(providers)]
    named += [f"buyer-{number + 1}" for number in range(buyers)]
    sides = [Side.SELL] * providers + [Side.BUY] * buyers
    return [
        Party(number, name, side, np.random.default_rng(stream))
        for number, (name, side, stream) in enumerate(
            zip(named, sides, streams, strict=True), start=1
        )
    ]


def first_thoughts(
    party: Party, fair: Sequence[float], spread: float, blocks: Sequence[float]
) -> list[Thought]:
    """Return the orders that a party wishes for in a round.

    fair: what a GPU-hour is worth, USD, by configuration; 0: none of its business. spread: of
    minds, in logs. blocks: how many it wants of each configuration, on average.
    """
    count = len(fair)
    rolls = party.chance.random((count, 2)).tolist()
    minds = (spread * party.chance.standard_normal(count)).tolist()
    means = [max(0.0, mean / _ACTIVE - 1) for mean in blocks]
    wanted = (1 + party.chance.poisson(means)).tolist()
    sign = -1 if party.side == Side.BUY else 1
    thoughts = []
    for place, (worth, (active, shade), mind) in enumerate(zip(fair, rolls, minds, strict=True)):
        if worth and active < _ACTIVE:
            limit, shown = worth * math.exp(mind), worth * math.exp(mind + sign * _SHADE * shade)
            wish = Enter(party.number, place, party.side, wanted[place], on_tick(shown))
            thoughts.append(Thought(wish, on_tick(limit)))
    return thoughts


def second_thought(
    thought: Thought, order: int, seen: Indicative, chance: np.random.Generator
) -> list[Wish]:
    """Return what an owner wishes while orders are free, having seen the indicative price.

    Some go. Sellers that are left out come down to it, as far as they can; buyers wait.
    """
    if chance.random() < _LEAVES:
        return [Withdraw(thought.wish.party, order)]
    wish = thought.wish
    if wish.side == Side.SELL and seen.blocks and wish.price > seen.price:
        price = max(thought.limit, seen.price - TICK)
        if price < wish.price:
            return [Change(wish.party, order, wish.blocks, price)]
    return []


def raised(wish: Enter, limit: int, order: int, seen: Indicative) -> list[Wish]:
    """Return a bid raised over the indicative price, as far as it can, when orders bind."""
    if wish.side == Side.BUY and seen.blocks and wish.price < seen.price:
        price = min(limit, seen.price + TICK)
        if price > wish.price:
            return [Change(wish.party, order, wish.blocks, price)]
    return []


def _name(names: Sequence[str], kind: str, number: int) -> str:
    return names[number] if number < len(names) else f"{kind}-{number + 1}"
