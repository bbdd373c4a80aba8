"""What clients are told of their own orders, trades, positions and money.

Together with `gateway/messages.py` and `gateway/envelope.py` the only places where
names of the wire stand. Prices and amounts are decimals, written as JSON numbers;
money is in USD.
"""

from decimal import Decimal
from typing import Any

import msgspec

from gateway.answers import Price


class OwnTrade(msgspec.Struct):
    """A trade as its owner sees it. `liquidity`: T taker, M maker; an auction's fills are M.

    `combo_id` names the spread whose leg this is.
    """

    trade_seq: int
    trade_id: str
    timestamp: int
    instrument_name: str
    direction: str
    price: Decimal
    amount: int
    contracts: int
    order_id: str
    order_type: str
    state: str
    label: str
    liquidity: str
    fee: Decimal
    fee_currency: str
    tick_direction: int
    mark_price: Price
    index_price: Price
    post_only: bool = False
    reduce_only: bool = False
    self_trade: bool = False
    api: bool = True
    combo_id: str | msgspec.UnsetType = msgspec.UNSET
    block_trade_id: str | msgspec.UnsetType = msgspec.UNSET


class Order(msgspec.Struct):
    """An order as its owner sees it."""

    order_id: str
    instrument_name: str
    direction: str
    order_type: str
    order_state: str
    time_in_force: str
    price: Decimal
    amount: int
    contracts: int
    filled_amount: int
    average_price: Decimal
    label: str
    creation_timestamp: int
    last_update_timestamp: int
    cancel_reason: str
    replaced: bool
    max_show: int
    post_only: bool
    reduce_only: bool
    trigger_price: Decimal | None
    stop_price: Decimal | None
    triggered: bool
    is_liquidation: bool = False
    api: bool = True
    web: bool = False


class Placed(msgspec.Struct):
    """An order after the request that entered or changed it, and what that request traded."""

    order: Order
    trades: list[OwnTrade]


class QuoteError(msgspec.Struct):
    """An entry of a mass quote that was refused: its older quote stands as it was."""

    instrument_name: str
    code: int
    message: str
    reason: str
    compared: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET  # As a refused order's data.


class MassQuoted(msgspec.Struct):
    """What became of a mass quote: its orders as they stand, and what it traded at once."""

    success_count: int
    error_count: int
    errors: list[QuoteError]
    orders: list[Order]
    trades: list[OwnTrade]


class Protection(msgspec.Struct):
    """What protects a market maker on a model's futures. `interval` in seconds."""

    index_name: str
    interval: int
    frozen_time: int  # Always 0: a breach holds until it is reset.
    quantity_limit: int
    is_frozen: bool = False  # After a breach.


class SealedBid(msgspec.Struct):
    """A bid that nobody else is shown. USD above the portfolio's value at the settlement."""

    auction_id: str
    price: Decimal
    timestamp: int


class Position(msgspec.Struct):
    """What an account holds of an instrument. `size` is signed: below 0 is short."""

    instrument_name: str
    kind: str
    direction: str
    size: int
    size_currency: Decimal
    average_price: Decimal
    mark_price: Price
    index_price: Price
    settlement_price: Price
    floating_profit_loss: Decimal
    realized_profit_loss: Decimal
    total_profit_loss: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    open_orders_margin: Decimal
    delta: Decimal
    leverage: int = 1


class Summary(msgspec.Struct):
    """An account's money. `balance` is cash as of the last mark; `equity` adds what is open."""

    currency: str
    balance: Decimal
    equity: Decimal
    margin_balance: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    available_funds: Decimal
    available_withdrawal_funds: Decimal
    total_pl: Decimal
    session_upl: Decimal
    session_rpl: Decimal
    standing: str
    limits: dict[str, int]
    id: int = 0
    username: str = ""
    type: str = "main"
    margin_model: str = "segregated_sm"
    portfolio_margining_enabled: bool = False


class MarginPart(msgspec.Struct):
    """One of the amounts that a margin is the sum of."""

    name: str
    amount: Decimal
    note: str


class Needed(msgspec.Struct):
    """What an account would need with an order working, and what it has. USD."""

    accepted: bool  # As far as margin goes.
    required: Decimal
    available: Decimal
    explain: list[MarginPart]


class Margins(msgspec.Struct):
    """What an order would add to the initial margin, bought or sold; below 0: it frees so much."""

    buy: Decimal
    sell: Decimal
    min_price: Decimal
    max_price: Decimal
    bought: Needed
    sold: Needed


class OrderMargin(msgspec.Struct):
    """What the initial margin would be less by without a working order."""

    order_id: str
    initial_margin: Decimal
    initial_margin_currency: str = "USD"


class Summaries(msgspec.Struct):
    """An account's money in all currencies: there is one."""

    id: int
    username: str
    type: str
    summaries: list[Summary]
