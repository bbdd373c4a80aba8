"""What each account may know of itself, folded from published events.

Orders, fills, positions, cash and standing. Prices in price units, money in
micro-dollars, times in nanoseconds. Nothing here comes from the engine's state.
"""

from collections.abc import Mapping
from typing import NamedTuple

from engine.exchange import Outcome
from engine.rows import text_at
from engine.schema import NIL, NOT_HELD, Did, Flag, Role
from gateway.events import Event, block_of, chosen, select
from gateway.figures import end_credits
from gateway.holdings import CLOSED_KEPT, Account, Fill, Order, bought, hold, price, review
from gateway.markets import Markets, Trade


class Touched(NamedTuple):
    """What a frame changed: orders in the order of their last event, fills, money."""

    orders: list[Order]
    fills: list[Fill]
    accounts: set[int]


_KINDS = chosen(
    [
        *(Did.ENTERED, Did.RESTED, Did.FILLED, Did.CANCELED, Did.REPLACED, Did.TRIGGERED),
        *(Did.BUSTED, Did.ADJUSTED, Did.PRICED),
        *(Did.DEPOSITED, Did.TAKEN, Did.CHARGED, Did.MARKED, Did.SETTLED, Did.SUSPENDED),
        *(Did.PLEDGED, Did.RECALLED, Did.CREDITED),
    ]
)
_OF_ITSELF = (
    *(Did.DEPOSITED, Did.TAKEN, Did.CHARGED, Did.PLEDGED, Did.RECALLED),
    *(Did.SUSPENDED, Did.CREDITED),
)


class Accounts:
    """All accounts by number, made when an event first names them."""

    def __init__(self, markets: Markets) -> None:
        self._markets = markets
        self._accounts: dict[int, Account] = {}

    def __getitem__(self, number: int) -> Account:
        return self._accounts.setdefault(number, Account(number))

    def fold(self, outcome: Outcome, trades: Mapping[int, Trade]) -> Touched:
        """Take in what a frame did; the markets have folded it before.

        trades: those of this frame, by trade id.
        """
        orders: dict[int, Order] = {}
        fills: list[Fill] = []
        accounts: set[int] = set()
        for event in select(outcome.events, _KINDS):
            kind, number = event.kind, event.account
            if kind in (Did.MARKED, Did.SETTLED):
                accounts |= self._mark(event)
                continue
            account = self[number]
            accounts.add(number)
            if kind in _OF_ITSELF:
                _change(account, event)
            elif kind in (Did.BUSTED, Did.ADJUSTED):
                self._review(account, event)
            elif kind == Did.PRICED:
                price(account, self._markets, event)
            elif event.role in (Role.BLOCK, Role.ASSIGNED):
                trade = trades.get(event.trade_id)
                fills.append(self._fill(account, event, trade, _spread_of(account, event)))
                if event.role == Role.ASSIGNED and event.tag:
                    given = account.given_up.get((event.instrument, event.tag), 0)
                    account.given_up[event.instrument, event.tag] = given + bought(event)
            elif event.order_id:
                order = self._fold_order(account, event, outcome)
                orders[order.order_id] = order
                if kind == Did.FILLED:
                    spread = order.instrument if event.role == Role.LEG else NIL
                    trade = trades.get(event.trade_id)
                    fills.append(self._fill(account, event, trade, spread))
        return Touched(list(orders.values()), fills, accounts)

    def _review(self, account: Account, event: Event) -> None:
        """Take in what the desk did to a trade; of an adjusted one some lots lower what is held."""
        end_credits(account, self._markets, event.instrument, -bought(event))
        if event.kind == Did.ADJUSTED:
            account.credits.clear()
        review(account, self._markets[event.instrument], event)

    def _mark(self, event: Event) -> set[int]:
        """Pay variation, or what was paid for its final price, to every holder; return them."""
        holders, instrument, price = set[int](), event.instrument, event.price
        terms = self._markets[instrument].terms
        value = terms.value
        if terms.is_paid and event.kind == Did.MARKED:
            return holders
        for account in self._accounts.values():
            holding = account.holdings.get(instrument)
            if holding is None or (holding.net == 0 and holding.cost == 0):
                continue
            variation = (holding.net * price - holding.cost) * value
            account.cash += variation
            holding.paid += variation
            holding.cost = holding.net * price
            if event.kind == Did.SETTLED:
                end_credits(account, self._markets, instrument, -holding.net)
                del account.holdings[instrument]
            holders.add(account.number)
        return holders

    def _fold_order(self, account: Account, event: Event, outcome: Outcome) -> Order:
        order_id, kind = event.order_id, event.kind
        if event.role == Role.LEG:
            leg_of = account.order(order_id)
            assert leg_of is not None
            return leg_of
        if kind == Did.ENTERED:
            order = account.live[order_id] = _entered(event, outcome)
        order = account.live[order_id]
        order.updated, order.leaves = event.time, event.leaves
        if kind == Did.REPLACED:
            order.price, order.lots = event.price, order.filled + order.leaves
            order.was_replaced = True
            order.trigger = event.other or order.trigger
        elif kind == Did.TRIGGERED:
            order.is_waiting = False
        elif kind == Did.FILLED:
            order.filled += event.quantity
            order.cost += event.quantity * event.price
        elif kind == Did.CANCELED:
            order.reason = event.reason
        if order.leaves == 0:
            _close(account, order)
        return order

    def _fill(self, account: Account, event: Event, trade: Trade | None, spread: int) -> Fill:
        """Take in a fill.

        trade: as everyone sees it; None for the leg of two spread orders' trade.
        spread: of which it is a leg, or NIL.
        """
        market = self._markets[event.instrument]
        if not event.flags & NOT_HELD:
            end_credits(account, self._markets, event.instrument, bought(event))
            is_given = event.role == Role.ASSIGNED and _is_given(account, event)
            hold(account, market, bought(event), event.price, is_taken_back=is_given)
        made = trade or self._markets.described(event)
        fill = Fill(
            *(made.number, made.trade_id, event.time, event.order_id, account.number),
            *(event.instrument, event.side, event.price, event.quantity, event.role),
            *(made.mark, made.spot, made.tick_direction),
            spread,
            block_of(event),
            not event.flags & NOT_HELD,
        )
        account.fills.append(fill)
        return fill


def _change(account: Account, event: Event) -> None:
    """Take in what an account may do, what it is granted, or its money."""
    if event.kind == Did.SUSPENDED:
        account.standing, account.called = event.quantity, event.leaves
    elif event.kind == Did.CREDITED:
        account.credits[event.other] = event.quantity
    else:
        account.cash = event.leaves


def _is_given(account: Account, event: Event) -> bool:
    """Whether lots are assigned from who traded them, by a trade's tag or by an order's."""
    if event.tag < 0:
        return account.order(-event.tag) is not None
    return event.tag > 0 and event.side != event.tag % 2


def _spread_of(account: Account, event: Event) -> int:
    """Return the spread whose block an event is a leg of, or NIL."""
    blocks = (fill for fill in reversed(account.fills) if fill.trade_id == event.other)
    return next((fill.instrument for fill in blocks), NIL)


def _entered(event: Event, outcome: Outcome) -> Order:
    command = outcome.frame.commands[event.seq - outcome.frame.seq]
    flags, time = event.flags, event.time
    return Order(
        event.order_id,
        event.account,
        event.instrument,
        event.side,
        flags & 0xFF,
        flags >> 8 & 0xFF,
        event.price,
        event.quantity,
        event.leaves,
        time,
        time,
        text_at(outcome.frame.text, int(command["text"])),
        flags >> 16,
        event.other,
        0 if flags >> 16 & Flag.QUOTE else int(command["display"]),
        event.other != 0,
    )


def _close(account: Account, order: Order) -> None:
    order.is_live = False
    account.closed[order.order_id] = account.live.pop(order.order_id)
    if len(account.closed) > CLOSED_KEPT:
        del account.closed[next(iter(account.closed))]
