"""One round: an auction of all configurations, played through its three stages by the parties."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sim.marketplace.auction import Auction, Execution, Indicative
from sim.marketplace.parties import Party, Thought, first_thoughts, raised, second_thought


class Times(NamedTuple):
    """When the stages of a round are, ns."""

    begins: int
    binds: int
    ends: int


class Book(NamedTuple):
    """What an auction came to for one configuration."""

    orders: int
    first: Indicative  # When orders began to bind,
    second: Indicative  # and when bids had been raised: what then trades.


class Round(NamedTuple):
    """What an auction came to. books: by configuration."""

    books: list[Book]
    executions: list[Execution]


def play(
    auction: Auction,
    parties: Sequence[Party],
    fair: Mapping[int, Sequence[float]],
    wanted: Mapping[int, Sequence[float]],
    spread: float,
    times: Times,
) -> Round:
    """Play a round; what crosses has traded, and the rest is gone.

    fair, wanted: by party, see `first_thoughts`.
    """
    auction.begin(times.begins)
    thoughts = [
        thought
        for party in parties
        for thought in first_thoughts(party, fair[party.number], spread, wanted[party.number])
    ]
    answers = auction.send([thought.wish for thought in thoughts], times.begins)
    standing = {
        answer.order: thought
        for answer, thought in zip(answers, thoughts, strict=True)
        if not answer.refusal
    }
    _think_again(auction, parties, standing, times)
    auction.bind(times.binds)
    first = list(auction.indicative)
    orders = [0] * len(first)
    for order in auction.resting.values():
        orders[order.wish.configuration] += 1
    _raise(auction, standing, first, times)
    second = list(auction.indicative)
    books = [Book(*book) for book in zip(orders, first, second, strict=True)]
    return Round(books, auction.end(times.ends))


def _think_again(
    auction: Auction, parties: Sequence[Party], standing: Mapping[int, Thought], times: Times
) -> None:
    chances = {party.number: party.chance for party in parties}
    seen = list(auction.indicative)
    wishes = [
        wish
        for order, thought in standing.items()
        for wish in second_thought(
            thought, order, seen[thought.wish.configuration], chances[thought.wish.party]
        )
    ]
    auction.send(wishes, (times.begins + times.binds) // 2)


def _raise(
    auction: Auction, standing: Mapping[int, Thought], seen: Sequence[Indicative], times: Times
) -> None:
    wishes = [
        wish
        for order, (_, bid) in auction.resting.items()
        for wish in raised(bid, standing[order].limit, order, seen[bid.configuration])
    ]
    auction.send(wishes, (times.binds + times.ends) // 2)
