"""What one participant sees: the tape as of its feed's delay, and its own affairs.

A view is folded from outcomes alone; State, house and other accounts' events are
out of its reach. Agents read it and never write to it.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from clearing.default.sales import Sale
from clearing.directory import Instrument
from engine.reasons import Reason
from engine.schema import NIL_PRICE, NOT_HELD, Did, Phase, Side, Standing
from gateway.events import Event
from sim.tape import Print, Quote, Settled, Tape


class Order(NamedTuple):
    """An own order that lives."""

    order_id: int
    instrument: int
    side: int
    price: int
    leaves: int
    time: int  # When it entered.


class View:
    """The market and one account, as far as they are known at the account's desk."""

    def __init__(self, tape: Tape) -> None:
        self.account = 0  # 0: not open yet.
        self.horizon = 0  # All that was published up to here has arrived.
        self.orders: dict[int, Order] = {}
        self.net: dict[int, int] = defaultdict(int)  # Lots by instrument, short below 0.
        self.cash = 0  # Micro-dollars, as of the last mark.
        self.deposited = 0  # Micro-dollars, all deposits so far.
        self.standing = int(Standing.GOOD)
        self.called = 0  # Micro-dollars that the house wants.
        self.called_at = 0
        self.paid = 0  # Micro-dollars deposited since the call.
        self.short_at = 0  # When one was last refused for want of margin.
        self._bands: dict[tuple[int, int], int] = {}  # By contract and side, of the last refusal.
        self._tape = tape
        self._cost: dict[int, int] = defaultdict(int)  # Price units x lots.
        self._pending: deque[Event] = deque()

    def post(self, event: Event) -> None:
        """Put an event on its way to this desk."""
        self._pending.append(event)

    def look(self, horizon: int) -> None:
        """Learn what was published up to `horizon`; what was known is never forgotten."""
        self.horizon = max(self.horizon, horizon)
        while self._pending and self._pending[0].time <= self.horizon:
            self._learn(self._pending.popleft())

    def products(self, models: Sequence[str]) -> list[int]:
        """Return the numbers of the products of these models; of all where none is named."""
        known = self._tape.directory.products
        return [one.number for one in known if not models or one.name in models]

    def instruments(self, product: int, months: int) -> list[Instrument]:
        """Return those of a product's nearest `months` live futures that are open."""
        found = []
        for future in self._tape.futures.get(product, ()):
            phase = self.phase(future.number)
            if phase != Phase.EXPIRED:
                months -= 1
                found += [future] * (phase == Phase.OPEN)
            if months == 0:
                break
        return found

    def calendars(self, product: int, months: int) -> list[Instrument]:
        """Return the open calendars of a product's nearest `months` live futures."""
        near = {one.number for one in self.instruments(product, months)}
        return [
            one
            for one in self._tape.calendars.get(product, ())
            if self.is_open(one.number) and all(leg.number in near for leg in self.legs(one))
        ]

    def books_at_settlement(self, product: int, months: int) -> list[Instrument]:
        """Return those of a product's first `months` live TAS books that are open."""
        listed = self._tape.books_at_settlement.get(product, ())
        live = [one for one in listed if self.phase(one.number) != Phase.EXPIRED]
        return [one for one in live[:months] if self.is_open(one.number)]

    def options(self, future: Instrument) -> list[Instrument]:
        """Return the open options on a future, as they were listed: by strike, a call and a put."""
        listed = self._tape.options.get((future.product, future.month), ())
        return [one for one in listed if self.is_open(one.number)]

    def events(self, product: int) -> list[Instrument]:
        """Return a product's open event contracts, nearest fixing first."""
        return [one for one in self._tape.events.get(product, ()) if self.is_open(one.number)]

    def sales(self) -> list[Sale]:
        """Return the auctions of others' portfolios that are known here and not bid in yet."""
        return [
            sale
            for number, sale in self._tape.sales.open.items()
            if sale.time <= self.horizon
            and sale.account != self.account
            and self.account not in self._tape.sales.bidders[number]
        ]

    def rate(self, product: int) -> int:
        """Return the maintenance margin of a lot of a product's nearest month, micro-dollars."""
        return self._tape.directory.products[product].terms.rate_micro(0)

    def legs(self, instrument: Instrument) -> list[Instrument]:
        """Return a spread's legs, an outright as its own and only one."""
        directory = self._tape.directory
        legs = directory.legs.get(instrument.number)
        if legs is None:
            return [instrument]
        return [directory.instruments[leg.instrument] for leg in legs]

    def basis(self, product: int, ahead: int) -> int:
        """Return how far the terms put a month above the index at first, in price units."""
        return self._tape.basis(product, ahead)

    def is_open(self, instrument: int) -> bool:
        """Whether the contract trades continuously."""
        return self.phase(instrument) == Phase.OPEN

    def phase(self, instrument: int) -> int:
        """Return the Phase that a contract is in."""
        return self._tape.phases[instrument].at(self.horizon)

    def quote(self, instrument: int) -> Quote:
        """Return the top of the book and the last trade."""
        return self._tape.quotes[instrument].at(self.horizon)

    def settled(self, instrument: int) -> Settled:
        """Return the last mark and market settlement."""
        return self._tape.settled[instrument].at(self.horizon)

    def index(self, product: int) -> Print:
        """Return the index value published last."""
        return self._tape.indexes[product].at(self.horizon)

    def working(self, instrument: int) -> list[Order]:
        """Return the own orders in a contract, oldest first."""
        return [order for order in self.orders.values() if order.instrument == instrument]

    def banded(self, instrument: int, side: int, price: int) -> int:
        """Return a price, or the nearest to it that the last refusal for the band left."""
        bound = self._bands.get((instrument, side), price)
        return min(price, bound) if side == Side.BUY else max(price, bound)

    def equity(self) -> int:
        """Return cash, what futures have made since their marks, and what options are worth.

        In micro-dollars.
        """
        return self.cash + sum(
            self._gain(instrument, self._worth(instrument)) for instrument in self._cost
        )

    def _worth(self, instrument: int) -> int:
        """Return the last trade, or the mark, or NIL_PRICE."""
        last = self.quote(instrument).last
        return last if last != NIL_PRICE else self.settled(instrument).mark

    def _gain(self, instrument: int, price: int) -> int:
        if price == NIL_PRICE:
            return 0
        value = self._tape.directory.instruments[instrument].value
        return (self.net[instrument] * price - self._cost[instrument]) * value

    def _learn(self, event: Event) -> None:
        _LESSONS[event.kind](self, event)

    def _enter(self, event: Event) -> None:
        self._keep(event, event.time)

    def _change(self, event: Event) -> None:
        known = self.orders.get(event.order_id)
        self._keep(event, known.time if known else event.time)

    def _lose(self, event: Event) -> None:
        self.orders.pop(event.order_id, None)

    def _refuse(self, event: Event) -> None:
        if event.reason == Reason.MARGIN_SHORT:
            self.short_at = event.time
        elif event.reason == Reason.PRICE_BAND:
            known = self.orders.get(event.order_id)
            self._bands[event.instrument, known.side if known else event.side] = event.price

    def _stand(self, event: Event) -> None:
        self.standing, self.called = event.quantity, event.leaves
        self.called_at, self.paid = event.time, 0

    def _deposit(self, event: Event) -> None:
        self.cash = event.leaves
        self.deposited += event.quantity
        self.paid += event.quantity

    def _take(self, event: Event) -> None:
        self.cash = event.leaves

    def _keep(self, event: Event, entered: int) -> None:
        self._bands.pop((event.instrument, event.side), None)  # It moves with the market.
        order = (event.order_id, event.instrument, event.side, event.price, event.leaves)
        self.orders[event.order_id] = Order(*order, entered)

    def _fill(self, event: Event) -> None:
        if not event.flags & NOT_HELD:
            signed = event.quantity if event.side == Side.BUY else -event.quantity
            self._hold(event.instrument, signed, event.price)
        known = self.orders.get(event.order_id)
        if event.leaves == 0:
            self.orders.pop(event.order_id, None)
        elif known:
            self.orders[event.order_id] = known._replace(leaves=event.leaves)

    def _undo(self, event: Event) -> None:
        signed = event.quantity if event.side == Side.BUY else -event.quantity
        self._hold(event.instrument, -signed, event.price)

    def _reprice(self, event: Event) -> None:
        signed = event.quantity if event.side == Side.BUY else -event.quantity
        self._hold(event.instrument, -signed, event.other)
        self._hold(event.instrument, signed, event.price)

    def _price(self, event: Event) -> None:
        self._cost[event.instrument] += event.other

    def _hold(self, instrument: int, lots: int, price: int) -> None:
        """Take in lots at a price, below 0 given away; what is paid for at the trade is paid."""
        terms = self._tape.directory.instruments[instrument]
        self.net[instrument] += lots
        self._cost[instrument] += 0 if terms.is_paid else lots * price
        self.cash -= lots * price * terms.value if terms.is_paid else 0

    def _pay(self, event: Event) -> None:
        """Take the variation of a mark, or what a final settlement pays, into cash."""
        instrument = event.instrument
        is_paid = self._tape.directory.instruments[instrument].is_paid
        if is_paid and event.kind == Did.MARKED:
            return
        if not (self.net[instrument] or self._cost[instrument]):
            return
        self.cash += self._gain(instrument, event.price)
        if event.kind == Did.SETTLED:
            self.net[instrument] = 0
        self._cost[instrument] = self.net[instrument] * event.price


_LESSONS: dict[
    int, Callable[[View, Event], None]
] = {  # What a view makes of each kind of event that is folded.
    Did.ENTERED: View._enter,
    Did.RESTED: View._change,
    Did.REPLACED: View._change,
    Did.FILLED: View._fill,
    Did.CANCELED: View._lose,
    Did.REJECTED: View._refuse,
    Did.SUSPENDED: View._stand,
    Did.DEPOSITED: View._deposit,
    Did.TAKEN: View._take,
    Did.CHARGED: View._take,
    Did.MARKED: View._pay,
    Did.SETTLED: View._pay,
    Did.BUSTED: View._undo,
    Did.ADJUSTED: View._reprice,
    Did.PRICED: View._price,
}
