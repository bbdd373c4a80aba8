"""What an account may ask of itself: a function a method, from the published view to its answer."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from clearing import directory
from engine.reasons import Reason
from engine.schema import NIL, NIL_PRICE, Flag, Phase, Role, Side, Standing, Tif, Type
from gateway import answers, makers, margins, messages, own_answers
from gateway.codec import (
    SIDES,
    TIF_NAMES,
    TYPE_NAMES,
    average,
    decimal,
    decimal_or_none,
    dollars,
    order_number,
)
from gateway.combos import is_of_kind, kind_of
from gateway.credits import LIMITS
from gateway.figures import Figures, figures
from gateway.holdings import Account, Fill, Holding, Order
from gateway.listings import contract_size
from gateway.public import block_name, index_of, paged, spot
from gateway.refusals import ORDER_NOT_FOUND, RefusedError
from gateway.view import View

_MS = 1_000_000


def order(view: View, made: Order) -> own_answers.Order:
    """Return an order as its owner sees it."""
    return own_answers.Order(
        order_id=str(made.order_id),
        instrument_name=view.directory.instruments[made.instrument].name,
        direction=SIDES[made.side],
        order_type=TYPE_NAMES[Type(made.type)],
        order_state=_state(made),
        time_in_force=TIF_NAMES[Tif(made.tif)],
        price=decimal(made.price),
        amount=made.lots,
        contracts=made.lots,
        filled_amount=made.filled,
        average_price=average(made.cost, made.filled),
        label=made.label,
        creation_timestamp=made.created // _MS,
        last_update_timestamp=made.updated // _MS,
        cancel_reason=_cancel_reason(made),
        replaced=made.was_replaced,
        max_show=made.display or made.lots,
        post_only=bool(made.flags & Flag.POST_ONLY),
        reduce_only=bool(made.flags & Flag.REDUCE_ONLY),
        trigger_price=decimal(made.trigger) if made.trigger else None,
        stop_price=decimal(made.trigger) if made.trigger else None,
        triggered=made.trigger != 0 and not made.is_waiting,
    )


def _name(view: View, instrument: int) -> str:
    return view.directory.instruments[instrument].name


def _state(made: Order) -> str:
    if made.is_live:
        return "untriggered" if made.is_waiting else "open"
    return "filled" if made.filled == made.lots else "cancelled"


def _cancel_reason(made: Order) -> str:
    if made.is_live or made.filled == made.lots:
        return ""
    return "user_request" if made.reason == Reason.NONE else Reason(made.reason).name.lower()


def fill(view: View, made: Fill) -> own_answers.OwnTrade:
    """Return one side of a trade as its owner sees it."""
    terms = view.directory.instruments[made.instrument]
    account = view.accounts[made.account]
    found = account.order(made.order_id)
    fees = view.directory.products[terms.product].terms
    kind = view.directory.accounts[made.account].type
    a_lot = fees.block_fee_micro(kind) if made.role == Role.BLOCK else fees.fee_micro(kind)
    fee = a_lot * (made.is_held and made.role != Role.ASSIGNED)
    return own_answers.OwnTrade(
        trade_seq=made.number,
        trade_id=str(made.trade_id),
        timestamp=made.time // _MS,
        instrument_name=terms.name,
        direction=SIDES[made.side],
        price=decimal(made.price),
        amount=made.lots,
        contracts=made.lots,
        order_id=str(made.order_id),
        order_type=TYPE_NAMES[Type(found.type)] if found else "limit",
        state=_state(found) if found else "archive",
        label=found.label if found else "",
        liquidity="T" if made.role == Role.TAKER else "M",
        fee=dollars(fee * made.lots).normalize(),
        combo_id=msgspec.UNSET if made.spread == NIL else _name(view, made.spread),
        block_trade_id=block_name(made.block_id),
        fee_currency="USD",
        tick_direction=made.tick_direction,
        mark_price=decimal_or_none(made.mark),
        index_price=spot(made.spot),
    )


def position(view: View, account: Account, terms: directory.Instrument) -> own_answers.Position:
    """Return what an account holds of an instrument, which may be nothing."""
    market = view.markets[terms.number]
    holding = account.holdings.get(terms.number, Holding())
    percent = view.directory.accounts[account.number].initial_percent
    held = abs(holding.net) * market.rate
    orders = [each for each in account.live.values() if each.instrument == terms.number]
    floating = dollars(holding.open(market))
    realized = dollars(holding.paid)
    return own_answers.Position(
        instrument_name=terms.name,
        kind=kind_of(terms),
        direction="zero" if holding.net == 0 else SIDES[Side.BUY if holding.net > 0 else Side.SELL],
        size=holding.net,
        size_currency=Decimal(holding.net * contract_size(terms)),
        average_price=average(holding.entry, holding.net),
        mark_price=decimal_or_none(market.mark),
        index_price=index_of(view, terms),
        settlement_price=decimal_or_none(market.settlement),
        floating_profit_loss=floating,
        realized_profit_loss=realized,
        total_profit_loss=floating + realized,
        initial_margin=dollars(-(-held * percent // 100)),
        maintenance_margin=dollars(held),
        open_orders_margin=dollars(sum(each.leaves for each in orders) * market.rate),
        delta=Decimal(holding.net * contract_size(terms)),
        leverage=_leverage(market.mark, terms.value, market.rate),
    )


def _leverage(mark: int, value: int, rate: int) -> int:
    return 1 if mark == NIL_PRICE or rate == 0 else max(1, mark * value // rate)


def summary(view: View, account: Account, currency: str) -> own_answers.Summary:
    """Return an account's money; in a currency that it has none of, zeros."""
    percent = view.directory.accounts[account.number].initial_percent
    found = figures(account, view.markets, percent)
    if currency.upper() != "USD":
        found = Figures(0, 0, 0, 0)
    paid = sum(holding.paid for holding in account.holdings.values())
    return own_answers.Summary(
        currency=currency,
        balance=dollars(found.cash),
        equity=dollars(found.equity),
        margin_balance=dollars(found.equity),
        initial_margin=dollars(found.initial),
        maintenance_margin=dollars(found.maintenance),
        available_funds=dollars(found.available),
        available_withdrawal_funds=dollars(max(found.withdrawable, 0)),
        total_pl=dollars(found.open + paid),
        session_upl=dollars(found.open),
        session_rpl=dollars(paid),
        standing=Standing(account.standing).name.lower(),
        limits={
            "matching_engine": LIMITS.order_rate,
            "matching_engine_burst": LIMITS.order_burst,
            "non_matching_engine": LIMITS.request_rate,
            "non_matching_engine_burst": LIMITS.request_burst,
        },
        id=account.number,
        username=view.directory.accounts[account.number].name,
    )


def _summary(view: View, account: Account, asked: messages.Summary) -> own_answers.Summary:
    return summary(view, account, asked.currency)


def _summaries(view: View, account: Account, _asked: messages.Summary) -> own_answers.Summaries:
    name = view.directory.accounts[account.number].name
    return own_answers.Summaries(account.number, name, "main", [summary(view, account, "USD")])


def _simulated(view: View, account: Account, asked: messages.Simulated) -> own_answers.Summary:
    return summary(view, margins.simulated(view, account, asked), asked.currency)


def _selected(view: View, currency: str) -> set[int]:
    return {terms.number for terms in view.selected(currency)}


def _orders(view: View, made: Iterable[Order], chosen: set[int]) -> list[own_answers.Order]:
    return [order(view, each) for each in made if each.instrument in chosen]


def _open_orders(
    view: View, account: Account, asked: messages.ByCurrency
) -> list[own_answers.Order]:
    return _orders(view, account.live.values(), _selected(view, asked.currency))


def _open_orders_of(
    view: View, account: Account, asked: messages.ByInstrument
) -> list[own_answers.Order]:
    chosen = {view.instrument(asked.instrument_name).number}
    return _orders(view, account.live.values(), chosen)


def _chosen(view: View, asked: messages.Trades) -> set[int]:
    if asked.instrument_name:
        return {view.instrument(asked.instrument_name).number}
    return _selected(view, asked.currency)


def _history(view: View, account: Account, asked: messages.Trades) -> list[own_answers.Order]:
    closed = [
        each for each in reversed(account.closed.values()) if asked.include_unfilled or each.filled
    ]
    found = _orders(view, closed, _chosen(view, asked))
    return found[asked.offset : asked.offset + asked.count]


def _fills(view: View, account: Account, asked: messages.Trades) -> answers.TradePage:
    chosen = _chosen(view, asked)
    made = [each for each in account.fills if each.instrument in chosen]
    return answers.TradePage(*paged(view, made, asked, fill))


def _fills_of(view: View, account: Account, asked: messages.ByOrder) -> list[own_answers.OwnTrade]:
    number = order_number(asked.order_id)
    return [fill(view, each) for each in account.fills if each.order_id == number]


def own_order(account: Account, order_id: str) -> Order:
    """Return an account's order. Raises RefusedError where it has none of that id."""
    found = account.order(order_number(order_id))
    if found is None:
        reason = "this account has no such order"
        raise RefusedError(ORDER_NOT_FOUND, param="order_id", value=order_id, reason=reason)
    return found


def _order_state(view: View, account: Account, asked: messages.ByOrder) -> own_answers.Order:
    return order(view, own_order(account, asked.order_id))


def _position(view: View, account: Account, asked: messages.ByInstrument) -> own_answers.Position:
    return position(view, account, view.instrument(asked.instrument_name))


def _positions(
    view: View, account: Account, asked: messages.Positions
) -> list[own_answers.Position]:
    return [
        position(view, account, terms)
        for terms in view.selected(asked.currency)
        if is_of_kind(terms, asked.kind)
        and terms.number in account.holdings
        and view.markets[terms.number].phase != Phase.EXPIRED
    ]


ANSWERS: Mapping[str, Callable[[View, Account, Any], Any]] = {
    "private/get_account_summaries": _summaries,
    "private/get_account_summary": _summary,
    **makers.ANSWERS,
    "private/get_margins": margins.margins,
    "private/get_open_orders": _open_orders,
    "private/get_open_orders_by_currency": _open_orders,
    "private/get_open_orders_by_instrument": _open_orders_of,
    "private/get_order_history_by_currency": _history,
    "private/get_order_history_by_instrument": _history,
    "private/get_order_margin_by_ids": margins.margins_of_orders,
    "private/get_order_state": _order_state,
    "private/get_position": _position,
    "private/get_positions": _positions,
    "private/get_user_trades_by_currency": _fills,
    "private/get_user_trades_by_currency_and_time": _fills,
    "private/get_user_trades_by_instrument": _fills,
    "private/get_user_trades_by_instrument_and_time": _fills,
    "private/get_user_trades_by_order": _fills_of,
    "private/simulate_portfolio": _simulated,
}
