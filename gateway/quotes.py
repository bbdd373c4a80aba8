"""Mass quotes and market-maker protection: parameters to rows, and their events to the answer."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np

from clearing.directory import Product
from engine.jit import Table
from engine.quote_rows import add_protection, add_quote
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Did, Flag
from gateway import messages, own_answers
from gateway.codec import lots, price_units
from gateway.combos import is_of_kind
from gateway.makers import SECOND, product_named, protection
from gateway.orders import Caller, Work, check, numbers
from gateway.own import fill, order
from gateway.protections import Protection
from gateway.refusals import BY_REASON
from gateway.view import View

_NONE = (0, 0)


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
            told = name, code, message, reason.name.lower(), numbers(view, first) or msgspec.UNSET
            errors.append(own_answers.QuoteError(*told))
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
    product = product_named(view, asked.index_name)
    most = lots("quantity_limit", asked.quantity_limit) if asked.quantity_limit else 0
    batch = _protecting(caller, product, Protection(most, asked.interval * SECOND))

    def answer(events: Table) -> list[own_answers.Protection]:
        check(view, events, asked)
        return [protection(view, caller.key.account, product)]

    return Work(batch, answer)


def _reset(view: View, caller: Caller, asked: messages.ResetProtection) -> Work:
    product = product_named(view, asked.index_name)
    held = view.protections.of(caller.key.account, product.number)

    def answer(events: Table) -> str:
        check(view, events, asked)
        return "ok"

    return Work(_protecting(caller, product, held), answer)


def _protecting(caller: Caller, product: Product, wanted: Protection) -> Batch:
    batch = Batch(1)
    account, key = caller.key.account, caller.key.number
    most, window = wanted.lots, wanted.window
    add_protection(batch, account, product.number, most, window=window, key=key)
    return batch


def _cancel_quotes(view: View, caller: Caller, asked: messages.CancelQuotes) -> Work:
    """Cancel each side by its id: a quote of nothing would be refused outside of phase open."""
    account, chosen = view.accounts[caller.key.account], _meant(view, asked)
    batch = Batch()
    for made in account.live.values():
        is_named = asked.cancel_type != "quote_set_id" or made.label == asked.quote_set_id
        if made.flags & Flag.QUOTE and made.instrument in chosen and is_named:
            ids = made.instrument, made.order_id
            batch.cancel(account.number, *ids, key=caller.key.number, received=caller.received)
    return Work(batch, lambda events: int((events["kind"] == Did.CANCELED).sum()))


def _meant(view: View, asked: messages.CancelQuotes) -> set[int]:
    """Return the instruments whose quotes are to be canceled."""
    if asked.cancel_type == "instrument":
        return {view.instrument(asked.instrument_name).number}
    currency = asked.currency if asked.cancel_type == "currency" else "any"
    return {terms.number for terms in view.selected(currency) if is_of_kind(terms, asked.kind)}


METHODS: Mapping[str, Callable[[View, Caller, Any], Work]] = {
    "private/cancel_quotes": _cancel_quotes,
    "private/mass_quote": _mass_quote,
    "private/reset_mmp": _reset,
    "private/set_mmp_config": _protect,
}
