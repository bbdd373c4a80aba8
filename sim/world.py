"""The participants, wired to a venue: who looks when, and when its commands arrive.

`Crowd` is all participants behind the three calls that a live server makes; `World` is a
crowd, a spot market and a venue of its own, driven by virtual time. Same seed, same rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from clearing.venue import Venue
from engine.exchange import Outcome
from engine.rows import Batch, join
from engine.schema import Did, Kind
from gateway.events import Event
from sim.agents import Agent
from sim.agents.base import is_called, meet_call
from sim.agents.bidding import add_bids
from sim.clock import Clock
from sim.tape import Tape
from sim.view import View

_LOOK = Batch(0)  # An entry without rows: its participant looks at the market.
_SHARED = (Did.MARKED, Did.SETTLED)  # Events of a contract that concern who holds it.


class Spot(Protocol):
    """Where observations of the spot market come from, in order of time."""

    def next_due(self) -> int:
        """Return when the next rows are due, or NEVER."""

    def due(self, now: int) -> Batch:
        """Return the OBSERVE rows that are due up to `now`, and pass over them."""

    def pass_over(self, now: int) -> None:
        """Drop what was due up to `now`: the journal has it already."""


class Desk(NamedTuple):
    """One participant at its place, with a stream of chance for each purpose."""

    agent: Agent
    view: View
    chance: np.random.Generator  # What it does, and when it looks next.
    order: np.random.Generator  # How long its commands take.
    feed: np.random.Generator  # How long what it sees took.


class Crowd:
    """All participants of a scenario, and its spot market: rows out, outcomes in."""

    def __init__(self, agents: Mapping[str, Agent], spot: Spot, seed: int, start: int) -> None:
        """Seat participants, by the names of their accounts; they look first after `start`."""
        self.tape = Tape()
        self.desks: dict[str, Desk] = {}
        self._views: dict[int, View] = {}  # By account.
        self._strangers = 0  # Accounts that are nobody's here.
        self._spot = spot
        self._clock = Clock()
        streams = np.random.SeedSequence(seed).spawn(len(agents))
        for (name, agent), stream in zip(agents.items(), streams, strict=True):
            chance, order, feed = (np.random.default_rng(one) for one in stream.spawn(3))
            self.desks[name] = Desk(agent, View(self.tape), chance, order, feed)
            self._clock.add(start + agent.gap(chance), name, _LOOK)

    def next_wake(self) -> int:
        """Return when something is due: a look, an arrival, an observation; or NEVER."""
        return min(self._clock.next_due(), self._spot.next_due())

    def wake(self, now: int) -> Batch:
        """Return what arrives at the venue up to `now`; whose look was due has looked."""
        arrived = [self._spot.due(now)] if self._spot.next_due() <= now else []
        while self._clock.next_due() <= now:
            entry = self._clock.pop()
            if len(entry.rows):
                arrived.append(entry.rows)
            else:
                self._look(entry.who, now)
        return arrived[0] if len(arrived) == 1 else join(arrived)

    def publish(self, outcomes: Sequence[Outcome]) -> None:
        """Let tape and views take in what the venue made known, in order."""
        for outcome in outcomes:
            commands = outcome.frame.commands
            if (commands["kind"] == Kind.OBSERVE).any():
                self._spot.pass_over(int(commands["time"][-1]))
            events = self.tape.fold(outcome)
            self._seat()
            for event in events:
                self._post(event)

    def _seat(self) -> None:
        """Give the accounts that were opened since to the participants of their names."""
        known = len(self._views) + self._strangers
        for account in self.tape.directory.accounts[known:]:
            if account.name in self.desks:
                view = self.desks[account.name].view
                view.account, self._views[account.number] = account.number, view
            else:
                self._strangers += 1

    def _look(self, who: str, now: int) -> None:
        desk = self.desks[who]
        agent, view = desk.agent, desk.view
        self._clock.add(now + agent.gap(desk.chance), who, _LOOK)
        if not view.account:
            return
        view.look(now - agent.feed.draw(desk.feed))
        if is_called(view):
            rows = meet_call(agent, view, now)
        else:
            rows = agent.wake(view, now, desk.chance)
            add_bids(rows, agent, view, desk.chance)
        if len(rows):
            self._clock.add(now + agent.order.draw(desk.order), who, rows)

    def _post(self, event: Event) -> None:
        if event.kind in _SHARED:
            for view in self._views.values():
                view.post(event)
        elif event.account in self._views:
            self._views[event.account].post(event)


class World:
    """A venue of its own, and its crowd, in virtual time."""

    def __init__(self, venue: Venue, crowd: Crowd) -> None:
        self.venue = venue
        self.crowd = crowd

    def submit(self, rows: Batch, now: int) -> list[Outcome]:
        """Submit rows from outside, such as the founding ones; return what came of them."""
        outcomes = self.venue.submit(rows, now)
        self.crowd.publish(outcomes)
        return outcomes

    def advance(self, until: int) -> Iterator[list[Outcome]]:
        """Let time pass up to `until`, yielding the outcomes of each moment, in order.

        At one moment the calendar comes first, then the spot market, then participants. What
        was due before the exchange was founded is due with its first moment, all of it together.
        """
        while True:
            calendar, crowd = self.venue.next_due(), self.crowd.next_wake()
            now = max(min(calendar, crowd), self.venue.exchange.time)
            if now > until:
                return
            if calendar <= crowd:
                outcomes = self.venue.tick(now)
                self.crowd.publish(outcomes)
                yield outcomes
                continue
            rows = self.crowd.wake(now)
            if len(rows):
                yield self.submit(rows, now)
