"""The reference's whole state, what it says, and the few moves that every command is made of.

Part of the reference: for readers, and the tests' oracle. It alone writes events
and hands out order ids.
"""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from engine.jit import Table
from engine.layout import EVENT
from engine.reference_book import Order, auction_price, reaches
from engine.reference_risk import Account, Instrument, Market, Position
from engine.schema import NIL_PRICE, SLOT_BITS, Did, Phase, Reason, Role, Side, Smp
from engine.state import Sizes

Row = SimpleNamespace  # A command, or an event, with the fields of its dtype.

_NOTHING = dict.fromkeys(EVENT.names or (), 0)


class World:
    """Accounts, instruments, live orders; the command at hand and the events so far."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.market = Market()
        self.accounts = [Account()]  # 0 is the clearing house.
        self.owners = 1
        self.live: dict[int, Order] = {}
        self.accepted = 0
        self.trades = 0
        self.held = 0  # Positions ever opened: each keeps its place.
        self.fresh_slot = 1
        self.freed_slots: list[int] = []
        self.command = Row()
        self.events: list[Row] = []
        self.spoken = 0  # Events of the command at hand.

    def say(self, did: Did, **fields: int) -> None:
        """Report something about the command; fields not named are as the command has them."""
        c = self.command
        event = _NOTHING | {"seq": c.seq, "time": c.time, "session": c.session}
        event |= {"account": c.account, "instrument": c.instrument, "side": -1}
        event |= {"kind": did, "n": self.spoken} | fields
        self.events.append(Row(**event))
        self.spoken += 1

    def tell(self, did: Did, order: Order, quantity: int, **fields: int) -> None:
        """Report something about an order, to its owner."""
        told = {"order_id": order.order_id, "tag": order.tag, "session": order.session}
        told |= {"account": order.account, "instrument": order.instrument, "side": order.side}
        told |= {"price": order.price, "quantity": quantity, "leaves": order.leaves}
        self.say(did, **(told | fields))

    def event_rows(self) -> Table:
        """Return the events so far as EVENT rows, and forget them."""
        rows = np.zeros(len(self.events), EVENT)
        for i, event in enumerate(self.events):
            rows[i] = tuple(int(getattr(event, name)) for name in EVENT.names or ())
        self.events = []
        return rows

    def instrument_of(self, order: Order) -> Instrument:
        """Return what an order trades."""
        return self.market.instruments[order.instrument]

    def has_order_room(self) -> bool:
        """Whether one more order fits."""
        return bool(self.freed_slots) or self.fresh_slot <= self.sizes.orders

    def next_order_id(self) -> int:
        """Return a fresh id: the count of orders so far, and the slot freed last or a fresh one."""
        if self.freed_slots:
            slot = self.freed_slots.pop()
        else:
            slot = self.fresh_slot
            self.fresh_slot += 1
        self.accepted += 1
        return self.accepted << SLOT_BITS | slot

    def accept(self, order: Order) -> None:
        """Make a new order live and working; it is in no queue yet."""
        account = self.accounts[order.account]
        if order.instrument not in account.positions:
            account.positions[order.instrument] = Position()
            self.held += 1
        account.orders[order.order_id] = order
        self.live[order.order_id] = order

    def forget(self, order: Order) -> None:
        """End the life of an order that is in no queue; its slot is free again."""
        del self.live[order.order_id]
        del self.accounts[order.account].orders[order.order_id]
        self.freed_slots.append(order.order_id & ((1 << SLOT_BITS) - 1))

    def drop(self, order: Order, reason: Reason) -> None:
        """Cancel what is left of an order that is in no queue."""
        self.tell(Did.CANCELED, order, order.leaves, leaves=0, reason=reason)
        self.forget(order)

    def remove(self, order: Order, reason: Reason) -> None:
        """Cancel an order that rests in the book."""
        self.instrument_of(order).book.remove(order)
        self.drop(order, reason)

    def sweep(
        self, instrument: Instrument, reason: Reason, chosen: Callable[[Order], bool]
    ) -> None:
        """Cancel the chosen orders of a book: bids, then asks, each by priority."""
        for side in Side:
            for order in list(instrument.book.by_priority(side)):
                if chosen(order):
                    self.remove(order, reason)

    def cross(self, taker: Order) -> None:
        """Fill an order that is in no queue: best price first, oldest order first."""
        instrument = self.instrument_of(taker)
        book, other = instrument.book, 1 - taker.side
        while taker.leaves > 0 and book.queues[Side(other)]:
            maker = book.first(other)
            if not reaches(taker.side, taker.price, maker.price):
                return
            if maker.smp_id == taker.smp_id != 0:
                self.prevent_self_match(taker, maker)
            else:
                price = instrument.last = maker.price
                self.trade((taker, Role.TAKER), (maker, Role.MAKER), price)

    def prevent_self_match(self, taker: Order, maker: Order) -> None:
        """Cancel one of two orders of the same SMP id, or both, as the incoming one asks."""
        if taker.smp_rule != Smp.CANCEL_INCOMING:
            self.remove(maker, Reason.SELF_MATCH)
        if taker.smp_rule != Smp.CANCEL_RESTING:
            self.tell(Did.CANCELED, taker, taker.leaves, leaves=0, reason=Reason.SELF_MATCH)
            taker.leaves = 0

    def trade(self, one: tuple[Order, Role], two: tuple[Order, Role], price: int) -> None:
        """Fill two orders with each other as far as both reach; filled makers are gone."""
        traded = min(one[0].leaves, two[0].leaves)
        self.trades += 1
        for order, role in (one, two):
            bought = traded if order.side == Side.BUY else -traded
            position = self.accounts[order.account].positions[order.instrument]
            position.net += bought
            position.cost += bought * price
            order.leaves -= traded
            order.filled += traded
            self.tell(Did.FILLED, order, traded, price=price, role=role, trade_id=self.trades)
        for order, role in (one, two):
            if order.leaves == 0 and role != Role.TAKER:
                self.instrument_of(order).book.remove(order)
                self.forget(order)

    def uncross(self, instrument: Instrument) -> None:
        """Trade every pair that meets at the opening price, bids against asks by priority."""
        book = instrument.book
        price, lots = auction_price(book, instrument.tick, anchor(instrument))
        instrument.indicative = (0, 0)
        while lots > 0:
            bid, ask = book.first(Side.BUY), book.first(Side.SELL)
            lots -= min(bid.leaves, ask.leaves)
            self.trade((bid, Role.AUCTION), (ask, Role.AUCTION), price)
            instrument.last = price

    def publish_indicative(self, instrument: Instrument) -> None:
        """Report the opening price as it stands, where that changed and the phase has one."""
        if instrument.phase not in (Phase.PRE_OPEN, Phase.NO_CANCEL):
            return
        seen = auction_price(instrument.book, instrument.tick, anchor(instrument))
        if seen != instrument.indicative:
            instrument.indicative = seen
            told = {"price": seen[0], "quantity": seen[1]}
            self.say(Did.INDICATIVE, account=0, instrument=instrument.number, **told)


def anchor(instrument: Instrument) -> int:
    """Return the price that decides between equal opening prices; NIL_PRICE for none."""
    return instrument.last if instrument.settlement == NIL_PRICE else instrument.settlement
