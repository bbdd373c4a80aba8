"""An open market in which a test meets one participant."""

import numpy as np

from clearing.calendar import times
from clearing.venue import Venue
from engine.exchange import Outcome
from engine.rows import Batch
from engine.schema import Did, Kind, Side, Tif
from sim.agents import Agent
from sim.clock import SECOND
from sim.founding import found, participants
from sim.spot import PanelSpot
from sim.view import Order, View
from sim.world import Crowd
from tests.small_world import FIRST, agents, panel, scenario

INDEX = 560  # 2.80 USD, in price units.
MAKER = """
[[agents]]
kind = "maker"
count = 1
cash = "1000000"
months = 1
skew_per = 10
position_max = 40
"""
NOISE = """
[[agents]]
kind = "noise"
count = 1
cash = "1000000"
months = 1
orders_max = 3
position_max = 10
"""
LONG = """
[[agents]]
kind = "hedger"
exposure = "long"
count = 1
cash = "1000000"
months = 1
target = 6
chance = 1.0
"""
SHORT = LONG.replace('"long"', '"short"')
ARBITRAGEUR = """
[[agents]]
kind = "arbitrageur"
count = 1
cash = "1000000"
months = 1
position_max = 25
"""
SPREADER = """
[[agents]]
kind = "spreader"
count = 1
cash = "1000000"
months = 2
skew_per = 10
position_max = 20
"""
STREET = """
[[agents]]
kind = "noise"
count = 1
cash = "9000000"
"""


class Pit:
    """A market that is open, an agent in it, and `street`, whose orders the test sends."""

    def __init__(self, text: str, *, opened: bool = True) -> None:
        calendars = 'mode = "index"\nspreads = "calendars"'
        world = scenario(agents(text + STREET).replace('mode = "index"', calendars))
        named = participants(world)
        self.name = next(iter(named))
        self.agent: Agent = named[self.name]
        self.venue = Venue.open()
        self.crowd = Crowd(named, PanelSpot(panel(["2.80"])), 1, 0)
        self.view: View = self.crowd.desks[self.name].view
        rows, founded = found(world, FIRST)
        self._publish(self.venue.submit(rows, founded))
        self.send(PanelSpot(panel(["2.80"])).due(founded))
        if opened:
            self._publish(self.venue.tick(times(FIRST)[2][0]))

    @property
    def now(self) -> int:
        """The time of the last row."""
        return self.venue.exchange.time

    def send(self, rows: Batch, after: int = SECOND) -> list[tuple[Did, int]]:
        """Submit rows; return what they did, with the quantities."""
        found = self.venue.submit(rows, self.now + after)
        self._publish(found)
        return [(Did(kind), quantity) for kind, quantity in found[0].events[["kind", "quantity"]]]

    def street(
        self, side: Side, lots: int, price: int, tif: Tif = Tif.DAY, instrument: int = 0
    ) -> None:
        """Let somebody else send an order, for the front month unless told otherwise."""
        batch = Batch()
        batch.enter(2, instrument, side, lots, price, tif=tif)
        self.send(batch)

    def wake(self, seed: int = 1, after: int = SECOND) -> Batch:
        """Let the agent look at everything, and return its commands."""
        self.view.look(self.now)
        return self.agent.wake(self.view, self.now + after, np.random.default_rng(seed))

    def orders(self) -> list[Order]:
        """Return the agent's orders, as it knows them."""
        self.view.look(self.now)
        return list(self.view.orders.values())

    def _publish(self, outcomes: list[Outcome]) -> None:
        self.crowd.publish(outcomes)


def sent(rows: Batch) -> list[tuple[Kind, Side, int, int]]:
    """Return kind, side, quantity and price of each row."""
    fields = rows.rows[["kind", "side", "quantity", "price"]].tolist()
    return [(Kind(kind), Side(side), quantity, price) for kind, side, quantity, price in fields]
