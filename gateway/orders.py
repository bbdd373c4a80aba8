"""Order entry: each method's parameters to rows, and the events of these rows to its answer."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from engine.jit import Row, Table
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Did, Side
from gateway import messages, own_answers
from gateway.codec import add_edit, add_order, decimal, dollars
from gateway.keys import Key
from gateway.own import fill, order, own_order
from gateway.refusals import BY_REASON, RefusedError
from gateway.view import View

PARAM_OF = {
    Reason.QUANTITY_NOT_POSITIVE: "amount",
    Reason.QUANTITY_ABOVE_CLIP: "amount",
    Reason.PRICE_OFF_TICK: "price",
    Reason.PRICE_OFF_LADDER: "price",
    Reason.POST_ONLY: "price",
    Reason.TRIGGER_INVALID: "trigger_price",
    Reason.DISPLAY_INVALID: "max_show",
    Reason.REDUCE_ONLY: "amount",
    Reason.POSITION_LIMIT: "amount",
    Reason.MARGIN_SHORT: "amount",
    Reason.NO_OPPOSITE: "type",
    Reason.PHASE_FORBIDS: "instrument_name",
    Reason.INSTRUMENT_UNKNOWN: "instrument_name",
    Reason.ORDER_UNKNOWN: "order_id",
    Reason.ORDER_NOT_YOURS: "order_id",
}
GUARDS = (Reason.DAILY_LIMIT, Reason.PRICE_BAND, Reason.CIRCUIT_BREAKER)
PARAM_OF |= dict.fromkeys(GUARDS, "price")
CANCELS = frozenset(
    {
        "private/cancel",
        "private/cancel_all",
        "private/cancel_all_by_currency",
        "private/cancel_all_by_instrument",
        "private/cancel_quotes",
    }
)


class Caller(NamedTuple):
    """Who asks, and when the gateway read it (ns of the wall clock)."""

    key: Key
    received: int


class Work(NamedTuple):
    """Rows to submit, and what turns their events into the answer once they are published.

    answer: raises RefusedError where the exchange refused. An empty batch changes nothing.
    """

    batch: Batch
    answer: Callable[[Table], Any]


def _buy(view: View, caller: Caller, asked: messages.Order) -> Work:
    return _enter(view, caller, asked, Side.BUY)


def _sell(view: View, caller: Caller, asked: messages.Order) -> Work:
    return _enter(view, caller, asked, Side.SELL)


def _enter(view: View, caller: Caller, asked: messages.Order, side: int) -> Work:
    account = view.directory.accounts[caller.key.account]
    terms = view.instrument(asked.instrument_name)
    batch = Batch(1)
    number, received = caller.key.number, caller.received
    add_order(batch, asked, side, account, terms, number, received)
    return Work(batch, lambda events: _placed(view, account.number, asked, events))


def _edit(view: View, caller: Caller, asked: messages.Edit) -> Work:
    account = view.accounts[caller.key.account]
    made = own_order(account, asked.order_id)
    terms = view.directory.instruments[made.instrument]
    batch, received = Batch(1), caller.received
    number, key = account.number, caller.key.number
    add_edit(batch, asked, number, terms, made.order_id, made.price, key, received)
    return Work(batch, lambda events: _placed(view, number, asked, events))


def _placed(view: View, number: int, asked: Any, events: Table) -> own_answers.Placed:
    """Return the order that the first event names, with what this request traded."""
    check(view, events, asked)
    account, order_id = view.accounts[number], int(events[0]["order_id"])
    made = account.order(order_id)
    assert made is not None
    count = int(((events["kind"] == Did.FILLED) & (events["order_id"] == order_id)).sum())
    newest = (each for each in reversed(account.fills) if each.order_id == order_id)
    fills = [fill(view, each) for each in itertools.islice(newest, count)]
    return own_answers.Placed(order(view, made), fills[::-1])


def _cancel(view: View, caller: Caller, asked: messages.ByOrder) -> Work:
    account = view.accounts[caller.key.account]
    made = own_order(account, asked.order_id)
    batch, key = Batch(1), caller.key.number
    received = caller.received
    batch.cancel(account.number, made.instrument, made.order_id, key=key, received=received)

    def answer(events: Table) -> own_answers.Order:
        check(view, events, asked)
        return order(view, made)

    return Work(batch, answer)


def _cancel_all(view: View, caller: Caller, asked: messages.Params) -> Work:
    batch = Batch(1)
    batch.cancel_all(caller.key.account)
    return Work(batch, lambda events: _canceled(view, events, asked))


def _cancel_all_of(view: View, caller: Caller, asked: messages.ByInstrument) -> Work:
    batch = Batch(1)
    batch.cancel_all(caller.key.account, view.instrument(asked.instrument_name).number)
    return Work(batch, lambda events: _canceled(view, events, asked))


def _cancel_all_in(view: View, caller: Caller, asked: messages.ByCurrency) -> Work:
    account = view.accounts[caller.key.account]
    working = {made.instrument for made in account.live.values()}
    batch = Batch()
    for terms in view.selected(asked.currency):
        if terms.number in working:
            batch.cancel_all(account.number, terms.number)
    return Work(batch, lambda events: _canceled(view, events, asked))


def _canceled(view: View, events: Table, asked: Any) -> int:
    """Return how many orders were canceled."""
    check(view, events, asked)
    return int((events["kind"] == Did.CANCELED).sum())


def check(view: View, events: Table, asked: Any) -> None:
    """Raise RefusedError where the first event is a refusal, naming the field and the value."""
    if len(events) == 0 or events[0]["kind"] != Did.REJECTED:
        return
    reason = Reason(int(events[0]["reason"]))
    found = {"reason": reason.name.lower(), **numbers(view, events[0])}
    param = PARAM_OF.get(reason, "")
    if param:
        found |= {"param": param, "value": str(getattr(asked, param, ""))}
    raise RefusedError(BY_REASON[reason], **found)


def numbers(view: View, refused: Row) -> dict[str, Any]:
    """Return the two numbers that the exchange compared, in the reason's unit, and of whom."""
    required, available = int(refused["price"]), int(refused["quantity"])
    if refused["reason"] in (Reason.MARGIN_SHORT, Reason.FUNDS_SHORT):
        name = view.directory.accounts[int(refused["account"])].name
        return {"required": dollars(required), "available": dollars(available), "account": name}
    if refused["reason"] in GUARDS:
        return {"reached": decimal(available), "limit": decimal(required)}
    if refused["reason"] in (Reason.POSITION_LIMIT, Reason.QUANTITY_ABOVE_CLIP):
        return {"reached": required, "limit": available}
    return {}


METHODS: Mapping[str, Callable[[View, Caller, Any], Work]] = {
    "private/buy": _buy,
    "private/cancel": _cancel,
    "private/cancel_all": _cancel_all,
    "private/cancel_all_by_currency": _cancel_all_in,
    "private/cancel_all_by_instrument": _cancel_all_of,
    "private/edit": _edit,
    "private/sell": _sell,
}
