"""What clients are told of the market.

Together with `gateway/messages.py` and `gateway/envelope.py` the only places where
names of the wire stand. Prices and amounts are decimals, written as JSON numbers;
money is in USD.
"""

from decimal import Decimal
from typing import Any

import msgspec

Price = Decimal | None


class Currency(msgspec.Struct):
    """A model that futures are listed on, or the money that they are paid in."""

    currency: str
    currency_long: str
    coin_type: str
    min_confirmations: int = 0
    withdrawal_fee: Decimal = Decimal(0)
    min_withdrawal_fee: Decimal = Decimal(0)
    fee_precision: int = 2
    withdrawal_priorities: list[str] = []
    in_cross_collateral_pool: bool = False


class Leg(msgspec.Struct):
    """One instrument of a spread, and its lots a lot of the spread; below 0: sold."""

    instrument_name: str
    amount: int


class Instrument(msgspec.Struct):
    """The terms of what is traded. `contract_size` counts GPU-hours a lot."""

    instrument_name: str
    instrument_id: int
    code: str
    base_currency: str
    counter_currency: str
    quote_currency: str
    settlement_currency: str
    price_index: str
    kind: str
    instrument_type: str
    future_type: str
    settlement_period: str
    state: str
    is_active: bool
    contract_size: int
    tick_size: Decimal
    min_trade_amount: int
    max_trade_amount: int
    min_price: Decimal
    max_price: Decimal
    max_leverage: int
    creation_timestamp: int
    expiration_timestamp: int
    maker_commission: Decimal
    taker_commission: Decimal
    block_trade_commission: Decimal
    fee_per_lot: Decimal  # USD a side, of those who are no members; the commissions are fractions.
    rfq: bool = False
    legs: list[Leg] = []  # Of a spread.
    strike: Decimal | msgspec.UnsetType = msgspec.UNSET
    option_type: str | msgspec.UnsetType = msgspec.UNSET  # call or put.
    payoff: str | msgspec.UnsetType = msgspec.UNSET  # vanilla, or digital of an event contract.


class Combo(msgspec.Struct):
    """A spread: what a lot of it buys, and of which instruments; below 0: sells."""

    id: str
    instrument_id: int
    state: str
    state_timestamp: int
    creation_timestamp: int
    legs: list[Leg]


class Lots(msgspec.Struct):
    """Lots of an instrument; below 0: sold."""

    instrument_name: str
    amount: int


class DefaultAuction(msgspec.Struct):
    """What a defaulter held of a model when bids opened; hedges may have reduced it since."""

    auction_id: str
    currency: str
    creation_timestamp: int
    portfolio: list[Lots]


class Stats(msgspec.Struct):
    """What traded in the last 24 hours of venue time."""

    volume: int
    volume_usd: Decimal
    low: Price
    high: Price
    open: Price
    vwap: Price
    price_change: Price = None


class Ticker(msgspec.Struct):
    """Where an instrument stands."""

    instrument_name: str
    timestamp: int
    state: str
    best_bid_price: Price
    best_bid_amount: int
    best_ask_price: Price
    best_ask_amount: int
    last_price: Price
    mark_price: Price
    index_price: Price
    settlement_price: Price
    min_price: Decimal
    max_price: Decimal
    open_interest: int
    stats: Stats
    estimated_delivery_price: Price = None
    indicative_price: Price = None
    indicative_amount: int = 0
    implied_bid: Price = None
    implied_bid_amount: int = 0
    implied_ask: Price = None
    implied_ask_amount: int = 0
    settlement_stopped: str | None = None  # Since when its model could not be settled.


class Book(Ticker, kw_only=True):
    """A ticker with the prices of both sides, best first."""

    change_id: int
    bids: list[tuple[Decimal, int]]
    asks: list[tuple[Decimal, int]]


class BookSummary(msgspec.Struct):
    """Where an instrument stands, in the short form that lists have."""

    instrument_name: str
    base_currency: str
    quote_currency: str
    creation_timestamp: int
    bid_price: Price
    ask_price: Price
    mid_price: Price
    last: Price
    mark_price: Price
    estimated_delivery_price: Price
    high: Price
    low: Price
    price_change: Price
    open_interest: int
    volume: int
    volume_usd: Decimal


class BookChange(msgspec.Struct):
    """A snapshot of a book, or what changed since the message whose change_id it names.

    A book of some depth is whole each time and has no type.
    """

    type: str | msgspec.UnsetType
    timestamp: int
    instrument_name: str
    change_id: int
    bids: list[tuple[str, Decimal, int]] | list[tuple[Decimal, int]]
    asks: list[tuple[str, Decimal, int]] | list[tuple[Decimal, int]]
    prev_change_id: int | msgspec.UnsetType = msgspec.UNSET
    implied_bid: Price = None
    implied_bid_amount: int = 0
    implied_ask: Price = None
    implied_ask_amount: int = 0


class OrdersChange(msgspec.Struct):
    """All orders of a book, or what changed since the message whose change_id it names.

    Each is (action, direction, order_id, price, amount shown).
    """

    type: str
    timestamp: int
    instrument_name: str
    change_id: int
    orders: list[tuple[str, str, str, Decimal, int]]
    prev_change_id: int | msgspec.UnsetType = msgspec.UNSET


class Quote(msgspec.Struct):
    """The best prices of an instrument."""

    instrument_name: str
    timestamp: int
    best_bid_price: Price
    best_bid_amount: int
    best_ask_price: Price
    best_ask_amount: int
    implied_bid: Price = None
    implied_bid_amount: int = 0
    implied_ask: Price = None
    implied_ask_amount: int = 0


class Trade(msgspec.Struct):
    """A trade as everyone sees it; `direction` is the taker's, in an auction the buyer's."""

    trade_seq: int
    trade_id: str
    timestamp: int
    instrument_name: str
    direction: str
    price: Decimal
    amount: int
    contracts: int
    tick_direction: int
    mark_price: Price
    index_price: Price
    block_trade_id: str | msgspec.UnsetType = msgspec.UNSET


class Candles(msgspec.Struct):
    """Candles, a list a field. `ticks`: when each began, ms; `cost` in USD."""

    ticks: list[int]
    open: list[Decimal]
    high: list[Decimal]
    low: list[Decimal]
    close: list[Decimal]
    volume: list[int]
    cost: list[Decimal]
    status: str


class Candle(msgspec.Struct):
    """The newest candle of a channel."""

    tick: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    cost: Decimal


class InstrumentState(msgspec.Struct):
    """A change of an instrument's phase."""

    timestamp: int
    instrument_name: str
    state: str


class Status(msgspec.Struct):
    """Whether the exchange takes requests. `locked` is the word false, true or partial."""

    locked: str = "false"
    locked_indices: list[str] = []


class Version(msgspec.Struct):
    """Which dialect is spoken."""

    version: str = "cfx-1.0"


class TradePage(msgspec.Struct):
    """Trades, and whether the stretch held more of them."""

    trades: list[Any]
    has_more: bool
