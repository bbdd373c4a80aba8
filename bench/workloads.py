"""Seeded order flows: rows that open a market and fill its book, then the rows that are timed.

A flow names orders by the ids that the engine gives, so it is made by playing it
against the kernel, a few rows at a time, and kept as a file for the next run.
"""

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bench.kept import kept
from engine.jit import Table
from engine.kernel import step
from engine.layout import EVENT
from engine.rows import Batch
from engine.schema import NIL, Did, Form, Kind, Phase, Side, Tif, Type
from engine.state import Sizes, State, new_state
from engine.views import views

RANKS = 4_096  # Prices 0 to 4,095, tick 1.
ACCOUNTS = 64
ORDERS = 1 << 15  # Slots; more than ever rest.
TURN = 32  # Rows made before their events are read.
RECENT = 512
DAY = 20260102
PROTECTION = 50
EVENTS = 1 << 17  # More than a batch and the room that the kernel asks for.
SECOND = 1_000_000_000
# Every guard is on, so wide that none refuses what the C book, which has none, would take.
GUARDS: dict[str, Any] = {
    "value": RANKS,  # The band.
    "value_2": RANKS,  # Daily limits.
    "denominator": RANKS,  # Velocity, within two seconds.
    "batch": 2 * SECOND,
    "numerator": 10_000,  # The circuit breaker: as much as the settlement, of an hour.
    "value_3": 60 * SECOND,
    "source": 120 * SECOND,
}


# Terms of every book.
TERMS: dict[str, Any] = {
    "low": 0,
    "high": RANKS - 1,
    "tick": 1,
    "value": 1_000,
    "clip": 10_000,
    "position_max": 10**9,
    "month": DAY // 100,
    "expiry": DAY,
}


class Shape(NamedTuple):
    """What a flow looks like. `resting` is of the busiest book, `depth` the mean distance."""

    instruments: int
    resting: int
    depth: float  # Prices from the best to a new order.
    cancels: float  # Share of messages; adds are what is left.


# 5% replaces, 2% fill-and-kill, 1% market, and 2% that are limit orders that cross.
SHAPES = {
    "A": Shape(instruments=1, resting=9_700, depth=55.0, cancels=0.41),
    "B": Shape(instruments=1, resting=180, depth=3.5, cancels=0.44),
    "C": Shape(instruments=100, resting=1_000, depth=40.0, cancels=0.41),
}
REPLACES, KILLS, MARKETS, MARKETABLE = 0.05, 0.02, 0.01, 0.02


class Flow(NamedTuple):
    """Stamped COMMAND rows, shape (n,) each."""

    opening: Table
    messages: Table
    instruments: int


def flow(name: str, messages: int, seed: int = 1) -> Flow:
    """Return workload A, B or C, from the file of an earlier run where there is one."""
    shape = SHAPES[name]
    maker = Maker(shape, market(shape.instruments), seed)
    return kept_flow(name, messages, maker)


def kept_flow(name: str, messages: int, maker: "Maker", *sources: str) -> Flow:
    """Return a maker's flow, from the file of an earlier run where there is one.

    sources: the files that the maker's class stands in, beside this one.
    """
    recipe, files = (maker.shape, maker.seed), (__file__, *sources)
    made = kept(f"{name}-{messages}", recipe, files, lambda: [*maker.make(messages)[:2]])
    return Flow(made[0], made[1], maker.shape.instruments)


def sizes(instruments: int) -> Sizes:
    """Return room for a workload, and little more."""
    return Sizes(
        orders=ORDERS,
        levels=4 * RANKS * instruments,
        instruments=instruments,
        products=1,
        accounts=ACCOUNTS + 1,
        positions=ACCOUNTS * instruments,
    )


def market(instruments: int, terms: str = "") -> Batch:
    """Return the rows that list instruments, open them, and give each account money.

    terms: of the product, for the clearing house; the kernel does not read them.
    """
    batch = Batch()
    batch.money(Kind.PRODUCT, product=0, text=terms)
    batch.money(Kind.OPEN_OWNER, other=1)
    for account in range(1, ACCOUNTS + 1):
        batch.money(Kind.OPEN_ACCOUNT, account=account, other=1)
        batch.money(Kind.DEPOSIT, account=account, value=2**52)
    for number in range(instruments):
        batch.listing(number, 0, "", **TERMS, protection=PROTECTION, form=Form.FUTURE)
        batch.money(Kind.RATE, instrument=number, value=100_000)
        batch.money(Kind.MARK, instrument=number, value=RANKS // 2, value_2=RANKS // 2)
    batch.money(Kind.GUARD, product=0, other=NIL, **GUARDS)
    batch.money(Kind.PHASE, product=0, instrument=NIL, code=Phase.OPEN, value=DAY)
    return batch


def play(state: State, rows: Table, events: Table) -> int:
    """Apply rows that must fit; return the events written, in place."""
    done, count, room = step(state, views(rows), 0, events)
    assert done == len(rows), f"room for {room} events"
    return count


Writer = Callable[[Batch, int], None]


class Maker:
    """Makes a flow by playing it; knows which orders rest, as a participant would."""

    def __init__(self, shape: Shape, listing: Batch, seed: int) -> None:
        self.shape, self.listing, self.seed = shape, listing, seed
        self.state = new_state(sizes(shape.instruments))
        self.events = np.zeros(EVENTS, EVENT)
        self.rng = random.Random(seed)
        self.seq = 0
        self.parts: list[Table] = []
        self.ids: list[list[int]] = [[] for _ in range(shape.instruments)]
        self.places: dict[int, tuple[int, int, int]] = {}  # Id: instrument, place, account.
        self.recent: list[list[int]] = [[] for _ in range(shape.instruments)]
        self.middle = [RANKS // 2] * shape.instruments
        weights = [1 / (rank + 1) for rank in range(shape.instruments)]
        self.weights = np.cumsum(weights).tolist()
        self.wanted = [round(shape.resting * weight) or 1 for weight in weights]

    def make(self, messages: int) -> Flow:
        """Return the opening, which fills the books, and so many messages."""
        self._submit(self.listing)
        while len(self.places) < sum(self.wanted):
            self._turn(self._fill)
        opening, self.parts = np.concatenate(self.parts), []
        for _ in range(-(-messages // TURN)):
            self._turn(self._message)
        return Flow(opening, np.concatenate(self.parts)[:messages], self.shape.instruments)

    def _turn(self, write: Writer) -> None:
        batch = Batch(TURN)
        for _ in range(TURN):
            number = self.rng.choices(range(len(self.middle)), cum_weights=self.weights)[0]
            write(batch, number)
        self._submit(batch)

    def _fill(self, batch: Batch, number: int) -> None:
        if len(self.ids[number]) < self.wanted[number]:
            self._add(batch, number)
        else:
            emptiest = min(range(len(self.ids)), key=lambda n: len(self.ids[n]) / self.wanted[n])
            self._add(batch, emptiest)

    def _message(self, batch: Batch, number: int) -> None:
        if self.rng.random() < 0.02:
            self._drift(number, self.rng.choice((-1, 1)))
        fate = self.rng.random()
        surplus = len(self.ids[number]) / self.wanted[number] - 1
        if fate < KILLS + MARKETS + MARKETABLE:
            self._take(batch, number, fate)
        elif fate < KILLS + MARKETS + MARKETABLE + REPLACES:
            self._replace(batch, number)
        elif fate < 0.10 + self.shape.cancels + 2 * surplus:
            self._cancel(batch, number)
        else:
            self._add(batch, number)

    def _drift(self, number: int, change: int) -> None:
        self.middle[number] = min(max(self.middle[number] + change, RANKS // 4), 3 * RANKS // 4)

    def _add(self, batch: Batch, number: int) -> None:
        side = self.rng.randrange(2)
        batch.enter(
            self.rng.randint(1, ACCOUNTS),
            number,
            side,
            1 + int(self.rng.expovariate(0.2)),
            self._passive(number, side),
            tag=self.seq + len(batch),
        )

    def _take(self, batch: Batch, number: int, fate: float) -> None:
        side = self.rng.randrange(2)
        kind = Type.MARKET if fate < MARKETS else Type.LIMIT
        tif = Tif.FAK if fate < MARKETS + KILLS else Tif.DAY
        best = self._best(number, 1 - side)
        batch.enter(
            self.rng.randint(1, ACCOUNTS),
            number,
            side,
            1 + int(self.rng.expovariate(0.07)),
            min(max(best + (2 if side == Side.BUY else -2), 0), RANKS - 1),
            type=kind,
            tif=tif,
            protection=PROTECTION if kind == Type.MARKET else 0,
            tag=self.seq + len(batch),
        )

    def _replace(self, batch: Batch, number: int) -> None:
        order_id = self._pick(number)
        if order_id == 0:
            return self._add(batch, number)
        account = self.places[order_id][2]
        slot = self.state.orders[order_id & 0xFFFFFF]
        if self.rng.random() < 0.3 and slot["leaves"] > 1:
            quantity, price = int(slot["leaves"]) - 1, int(slot["price"])
        else:
            quantity = 1 + int(self.rng.expovariate(0.2))
            price = self._passive(number, int(slot["side"]))
        batch.replace(account, number, order_id, quantity, price)
        return None

    def _cancel(self, batch: Batch, number: int) -> None:
        order_id = self._pick(number)
        if order_id == 0:
            return self._add(batch, number)
        batch.cancel(self.places[order_id][2], number, order_id)
        self._forget(order_id)
        return None

    def _pick(self, number: int) -> int:
        """Return an order that rested when this turn began, or 0."""
        recent, ids = self.recent[number], self.ids[number]
        if recent and self.rng.random() < 0.7:
            chosen = recent[self.rng.randrange(max(0, len(recent) - RECENT), len(recent))]
            if chosen in self.places:
                return chosen
        return self.rng.choice(ids) if ids else 0

    def _best(self, number: int, side: int) -> int:
        rank = int(self.state.sides[number, side]["best"])
        if rank == 0:
            return self.middle[number]
        return rank - 1 if side == Side.BUY else RANKS - rank

    def _passive(self, number: int, side: int) -> int:
        away = 1 + int(self.rng.expovariate(1 / self.shape.depth))
        if side == Side.BUY:
            return max(0, min(self.middle[number] - away, self._best(number, 1) - 1))
        return min(RANKS - 1, max(self.middle[number] + away, self._best(number, 0) + 1))

    def _submit(self, batch: Batch) -> None:
        rows = batch.rows.copy()
        rows["text"] = 0
        rows["seq"] = np.arange(self.seq + 1, self.seq + len(rows) + 1)
        rows["time"] = rows["seq"] * 1_000
        self.seq += len(rows)
        self.parts.append(rows)
        count = play(self.state, rows, self.events)
        self._learn(self.events[:count])

    def _learn(self, events: Table) -> None:
        columns = ("kind", "order_id", "leaves", "instrument", "account")
        told = zip(*(events[name].tolist() for name in columns), strict=True)
        for kind, order_id, leaves, number, account in told:
            if kind == Did.RESTED and order_id not in self.places:
                self.places[order_id] = (number, len(self.ids[number]), account)
                self.ids[number].append(order_id)
                self.recent[number].append(order_id)
            elif kind in (Did.FILLED, Did.CANCELED) and leaves == 0:
                self._forget(order_id)

    def _forget(self, order_id: int) -> None:
        if order_id not in self.places:
            return
        number, place, _ = self.places.pop(order_id)
        last = self.ids[number].pop()
        if last != order_id:
            self.ids[number][place] = last
            self.places[last] = (number, place, self.places[last][2])
