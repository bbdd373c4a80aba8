"""The reference's whole state, what it says, and the few moves that all commands share.

Part of the reference: for readers, and the tests' oracle. It alone writes events
and hands out order ids.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from engine.jit import Table
from engine.layout import EVENT
from engine.reasons import Reason
from engine.reference_book import LADDERS, Order
from engine.reference_risk import Account, Instrument, Market, Position, net_money
from engine.schema import NIL_PRICE, SLOT_BITS, Did
from engine.state import Sizes

Row = SimpleNamespace  # A command, or an event, with the fields of its dtype.

_NOTHING = dict.fromkeys(EVENT.names or (), 0)


@dataclass(slots=True)
class Trade:
    """What was traded, between whom, and what it was worth then."""

    trade_id: int
    instrument: int
    buyer: int
    seller: int
    price: int
    quantity: int
    fair: int
    is_block: bool = False


class World:
    """Accounts, instruments, live orders; the command at hand and the events so far."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.market = Market()
        self.accounts = [Account()]  # 0 is the clearing house.
        self.owners = [0]  # The firm of each; 0 is nobody, of no firm.
        self.live: dict[int, Order] = {}
        self.accepted = 0
        self.trades = 0
        self.electing: list[Instrument] = []  # Whose stops the trades so far may elect.
        self.recent: dict[int, Trade] = {}  # Trades that may yet be undone, by id.
        self.recent_max = 1 << (sizes.trades - 1).bit_length()
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

    def partners(self, account: Account) -> list[Account]:
        """Return the other accounts of an account's owner."""
        others = [one for one in self.accounts if one is not account]
        return [one for one in others if one.owner == account.owner != 0]

    def move(self, instrument: Instrument, phase: int, date: int, reason: int) -> None:
        """Put an instrument into a phase, and say so; a halt that was to end is forgotten."""
        instrument.phase, instrument.date = phase, date
        instrument.resume, instrument.halted = 0, Reason.NONE
        place = {"account": 0, "instrument": instrument.number, "other": date}
        self.say(Did.PHASED, quantity=phase, reason=reason, **place)

    def unopened(self, order: Order) -> list[int]:
        """Return those of an order's instrument and its legs that its account never had."""
        moved = [order.instrument, *(leg.number for leg in self.instrument_of(order).legs)]
        opened = self.accounts[order.account].positions
        return [number for number in moved if number not in opened]

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
        for number in self.unopened(order):
            account.positions[number] = Position()
            self.held += 1
        account.orders[order.order_id] = order
        self.live[order.order_id] = order

    def hold(self, number: int, instrument: int, bought: int, price: int) -> None:
        """Give an account lots at a price; below 0: take them. What is paid for is paid."""
        positions = self.accounts[number].positions
        if instrument not in positions:
            positions[instrument] = Position()
            self.held += 1
        terms = self.market.instruments[instrument]
        if not terms.is_spread() and self.lowers(self.accounts[number], terms, bought):
            self.accounts[number].credits.clear()
        positions[instrument].net += bought
        if terms.is_paid_for:
            self.accounts[number].equity -= bought * price * terms.value
        else:
            positions[instrument].cost += bought * price

    def lowers(self, account: Account, traded: Instrument, bought: int) -> bool:
        """Whether lots bought, sold below 0, lower a position or what its product adds up to."""
        held = [account.positions[traded.number].net]
        if not traded.is_paid_for:
            held.append(net_money(traded.product, account, self.market))
        return any(one * bought < 0 for one in held)

    def remember(
        self,
        instrument: Instrument,
        buyer: int,
        seller: int,
        price: int,
        quantity: int,
        trade_id: int = 0,
    ) -> None:
        """Keep a trade, the last one unless it has another id; the oldest is forgotten."""
        if instrument.fair == NIL_PRICE:
            instrument.fair = price
        number = trade_id or self.trades
        self.recent[number] = Trade(
            number, instrument.number, buyer, seller, price, quantity, instrument.fair
        )
        self.recent.pop(number - self.recent_max, None)

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
        """Cancel an order that stands on a ladder."""
        self.instrument_of(order).book.remove(order)
        self.drop(order, reason)

    def sweep(
        self, instrument: Instrument, reason: Reason, chosen: Callable[[Order], bool]
    ) -> None:
        """Cancel the chosen orders of a book: bids, asks, stops to buy, stops to sell."""
        for ladder in LADDERS:
            for order in list(instrument.book.by_priority(ladder)):
                if chosen(order):
                    self.remove(order, reason)
