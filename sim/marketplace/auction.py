"""Auctions of GPU-hours on an exchange of their own: the engine's book and its one uncrossing.

Three stages: orders come and go under an indicative price; they bind, and bids may only be
raised; all that crosses trades at one price, and the rest is cancelled. No money stands behind
this exchange: its contracts have no mark and no margin, and what was bought is paid bilaterally.
"""

from collections.abc import Sequence
from typing import NamedTuple

from engine.exchange import Exchange
from engine.instruments import CLIP, LADDER_MAX, TICK, UNIT_MICRO
from engine.jit import Table
from engine.rows import Batch
from engine.schema import Did, Flag, Form, Kind, Phase, Side
from engine.state import Sizes
from sim.marketplace.door import Enter, Resting, Stage, Wish, Withdraw, judge
from sim.marketplace.goods import Configuration
from sim.marketplace.refusals import Refusal

_HELD_MAX = 1_000_000  # Blocks of one configuration that a party may ever come to hold.
_LEVELS = 1 << 14  # Of a configuration's ladders.
_ON_ITS_WAY = 0  # Instead of an order id, until the engine names it.
_NEVER = 99_991_231  # Trade date of the last trading day of what does not expire.


class Indicative(NamedTuple):
    """An auction's price as it stands, in units, and the blocks that would trade at it."""

    price: int = 0
    blocks: int = 0  # 0: nothing crosses.


class Execution(NamedTuple):
    """Blocks that changed hands when an auction ended."""

    configuration: int
    buyer: int
    seller: int
    blocks: int
    price: int  # In units.


class Answer(NamedTuple):
    """What came of a wish."""

    order: int  # Its number, which a raised bid keeps; 0: none.
    refusal: Refusal = Refusal.NONE


class Auction:
    """The books of all configurations; they are auctioned together.

    resting: the orders of the auction that is on, by number. indicative: by configuration.
    """

    def __init__(
        self, configurations: Sequence[Configuration], parties: int, block_hours: int
    ) -> None:
        """List the configurations, and let in parties 1 to `parties`."""
        self.stage = Stage.CLOSED
        self.resting: dict[int, Resting] = {}
        self.indicative = [Indicative()] * len(configurations)
        self._parties = parties
        self._orders = 0
        count = len(configurations)
        self._exchange = Exchange(
            sizes=Sizes(
                orders=1 << 14,
                levels=(count + 1) * _LEVELS,
                instruments=count,
                accounts=parties + 1,
                positions=1 << (2 * (parties + 1) * count).bit_length(),
            )
        )
        self._exchange.submit(_founding(configurations, parties, block_hours), 0)

    def begin(self, now: int) -> None:
        """Open an auction: orders may come and go."""
        assert self.stage == Stage.CLOSED
        self.indicative = [Indicative()] * len(self.indicative)
        self._turn(Phase.PRE_OPEN, now)
        self.stage = Stage.FREE

    def bind(self, now: int) -> None:
        """Let orders bind."""
        assert self.stage == Stage.FREE
        self._turn(Phase.NO_CANCEL, now)
        self.stage = Stage.BINDING

    def end(self, now: int) -> list[Execution]:
        """Return what trades, a configuration after the other, by priority; cancel the rest."""
        assert self.stage == Stage.BINDING
        batch = Batch()
        for phase in (Phase.OPEN, Phase.CLOSE):
            batch.money(Kind.PHASE, product=0, code=phase)
        events = self._exchange.submit(batch, now).events
        self.resting.clear()
        self.stage = Stage.CLOSED
        return _executions(events)

    def send(self, wishes: Sequence[Wish], now: int) -> list[Answer]:
        """Return what came of each wish. All are judged by how things stood before the first."""
        batch, answers, named = Batch(), list[Answer](), set[int]()
        before = dict(self.resting)
        for wish in wishes:
            order = 0 if isinstance(wish, Enter) else wish.order
            refusal = judge(self.stage, wish, before, self._parties, len(self.indicative))
            if not refusal and order in named:
                refusal = Refusal.ORDER_NAMED_TWICE
            if not refusal:
                order = self._write(batch, wish)
                named.add(order)
            answers.append(Answer(order, refusal))
        refused = self._fold(self._exchange.submit(batch, now).events) if len(batch) else set()
        for order in refused:  # It stands as it stood before, or not at all.
            self.resting.pop(order, None)
            if order in before:
                self.resting[order] = before[order]
        return [
            Answer(answer.order if answer.order in before else 0, Refusal.BOOK_REFUSED)
            if answer.order in refused
            else answer
            for answer in answers
        ]

    def _write(self, batch: Batch, wish: Wish) -> int:
        """Add the rows of a wish that was let in; return its order's number, which is its tag."""
        if isinstance(wish, Enter):
            self._orders += 1
            self.resting[self._orders] = Resting(_ON_ITS_WAY, wish)
            _enter(batch, wish, self._orders)
            return self._orders
        order_id, standing = self.resting[wish.order]
        place = standing.configuration
        if isinstance(wish, Withdraw):
            batch.cancel(wish.party, place, order_id, tag=wish.order)
            return wish.order
        wanted = standing._replace(blocks=wish.blocks, price=wish.price)
        self.resting[wish.order] = Resting(order_id, wanted)
        if self.stage == Stage.FREE:
            batch.replace(wish.party, place, order_id, wish.blocks, wish.price, tag=wish.order)
        else:  # The engine changes nothing that binds, but the marketplace itself may cancel.
            batch.cancel(wish.party, place, order_id, tag=wish.order, flags=Flag.OPERATOR)
            self.resting[wish.order] = Resting(_ON_ITS_WAY, wanted)
            _enter(batch, wanted, wish.order)
        return wish.order

    def _fold(self, events: Table) -> set[int]:
        """Take in what the engine said; return the orders that it refused."""
        refused = set[int]()
        columns = ("kind", "tag", "order_id", "instrument", "price", "quantity")
        for kind, tag, order_id, instrument, price, quantity in zip(
            *(events[name].tolist() for name in columns), strict=True
        ):
            if kind == Did.INDICATIVE:
                self.indicative[instrument] = Indicative(price, quantity)
            elif kind == Did.ENTERED:
                self.resting[tag] = self.resting[tag]._replace(order_id=order_id)
            elif kind == Did.CANCELED and self.resting[tag].order_id == order_id:
                del self.resting[tag]
            elif kind == Did.REJECTED:
                refused.add(tag)
        return refused

    def _turn(self, phase: Phase, now: int) -> None:
        batch = Batch()
        batch.money(Kind.PHASE, product=0, code=phase)
        self._fold(self._exchange.submit(batch, now).events)


def _founding(configurations: Sequence[Configuration], parties: int, block_hours: int) -> Batch:
    batch = Batch(2 * parties + len(configurations) + 1)
    batch.money(Kind.PRODUCT, product=0, text="spot")
    for party in range(1, parties + 1):
        batch.money(Kind.OPEN_OWNER, other=party, text=f"party {party}")
        batch.money(Kind.OPEN_ACCOUNT, account=party, other=party, text=f"party {party}")
    for place in range(len(configurations)):
        batch.listing(
            place,
            0,
            f"book {place}",
            low=0,
            high=LADDER_MAX,
            tick=TICK,
            value=UNIT_MICRO * block_hours,
            clip=CLIP,
            position_max=_HELD_MAX,
            protection=0,
            month=_NEVER // 100,
            expiry=_NEVER,
            form=Form.FUTURE,
        )
    return batch


def _enter(batch: Batch, wish: Enter, order: int) -> None:
    batch.enter(wish.party, wish.configuration, wish.side, wish.blocks, price=wish.price, tag=order)


def _executions(events: Table) -> list[Execution]:
    """Return the trades among events: each has two FILLED rows, one of each side."""
    filled = events[events["kind"] == Did.FILLED]
    buys, sells = filled[filled["side"] == Side.BUY], filled[filled["side"] == Side.SELL]
    assert (buys["trade_id"] == sells["trade_id"]).all()
    columns = (
        *(buys[name].tolist() for name in ("instrument", "account")),
        sells["account"].tolist(),
        *(buys[name].tolist() for name in ("quantity", "price")),
    )
    return [Execution(*row) for row in zip(*columns, strict=True)]
