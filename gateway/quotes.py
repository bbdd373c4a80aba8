"""Mass quotes and market-maker protection: parameters to rows, and their events to the answer."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.jit import Table
from engine.quote_rows import add_protection, add_quote
from engine.rows import Batch
from engine.schema import Did, Reason
from gateway import messages, own_answers
from gateway.codec import lots, price_units
from gateway.orders import Caller, Work, check
from gateway.own import fill, order
from gateway.refusals import BY_REASON, INSTRUMENT_NOT_FOUND, RefusedError
from gateway.view import View

_NONE = (0, 0)
_SECOND = 1_000_000_000


def _mass_quote(view: View, caller: Caller, asked: messages.MassQuote) -> Work:
    account = view.directory.accounts[caller.key.account]
    batch = Batch(len(asked.quotes))
    for quote in asked.quotes:
        terms = view.instrument(quote.instrument_name)
        sides = [_NONE, _NONE]
        for place, side in enumerate((quote.bid, quote.ask)):
            if side is not None:
                sides[place] = lots("amount", side.amount), price_units(side.price, terms)
        add_quote(
            batch,
            account.number,
            terms.number,
            sides[0],
            sides[1],
            smp_id=account.owner,
            key=caller.key.number,
            received=caller.received,
            text=asked.quote_id,
        )
    return Work(batch, lambda events: _quoted(view, account.number, asked, events))


def _quoted(
    view: View, number: int, asked: messages.MassQuote, events: Table
) -> own_answers.MassQuoted:
    """Return what became of each entry: one row each, in order, and each row tells something."""
    account, mine = view.accounts[number], events[events["account"] == number]
    errors = []
    for quote, seq in zip(asked.quotes, np.unique(events["seq"]), strict=True):
        first = events[events["seq"] == seq][0]
        if first["kind"] == Did.REJECTED:
            reason = Reason(int(first["reason"]))
            code, message = BY_REASON[reason]
            name = quote.instrument_name
            errors.append(own_answers.QuoteError(name, code, message, reason.name.lower()))
    stands = mine[np.isin(mine["kind"], (Did.ENTERED, Did.REPLACED))]
    ids = dict.fromkeys(stands["order_id"].tolist())
    made = [one for one in map(account.order, ids) if one is not None]
    filled = mine[mine["kind"] == Did.FILLED]
    trades = set(zip(filled["trade_id"].tolist(), filled["order_id"].tolist(), strict=True))
    fills = [each for each in account.fills if (each.trade_id, each.order_id) in trades]
    return own_answers.MassQuoted(
        success_count=len(asked.quotes) - len(errors),
        error_count=len(errors),
        errors=errors,
        orders=[order(view, one) for one in made],
        trades=[fill(view, each) for each in fills if each.order_id in ids],
    )


def _protect(view: View, caller: Caller, asked: messages.Protection) -> Work:
    names = {f"{product.name.lower()}_usd": product for product in view.directory.products}
    if asked.index_name not in names:
        reason = f"is none of {', '.join(names)}"
        raise RefusedError(
            INSTRUMENT_NOT_FOUND, param="index_name", value=asked.index_name, reason=reason
        )
    most = lots("quantity_limit", asked.quantity_limit) if asked.quantity_limit else 0
    batch = Batch(1)
    add_protection(
        batch,
        caller.key.account,
        names[asked.index_name].number,
        most,
        window=asked.interval * _SECOND,
        key=caller.key.number,
    )

    def answer(events: Table) -> list[own_answers.Protection]:
        check(events, asked)
        return [own_answers.Protection(asked.index_name, asked.interval, 0, most)]

    return Work(batch, answer)


METHODS: Mapping[str, Callable[[View, Caller, Any], Work]] = {
    "private/mass_quote": _mass_quote,
    "private/set_mmp_config": _protect,
}
