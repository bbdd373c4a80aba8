"""What clients ask: the parameters of methods; `gateway/methods.py` says which are whose.

Together with `gateway/answers.py` and `gateway/envelope.py` the only places where
names of the wire stand. A parameter that a struct does not name is refused; the
envelope is read loosely, since JSON-RPC lets clients add members of their own.
"""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from engine.quote_rows import QUOTES_MAX

Text = Annotated[str, msgspec.Meta(max_length=64)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=10**14)]
Kind = Literal["any", "future", "option", "spot", "future_combo", "option_combo", "combo"]


class Params(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """No parameters."""


class ByCurrency(Params, frozen=True):
    """All instruments of a model (H100), or of all (USD, any). ccxt repeats it as `code`."""

    currency: Text = "any"
    kind: Kind = "any"
    code: Text = ""
    type: Text = "all"


class Instruments(Params, frozen=True):
    """Which instruments to list."""

    currency: Text = "any"
    kind: Kind = "any"
    expired: bool = False
    include_spots: bool = False


class ByInstrument(Params, frozen=True):
    """One instrument, by its name or its exchange-style code."""

    instrument_name: Text
    type: Text = "all"


class Depth(Params, frozen=True):
    """A book, and how many of its prices a side."""

    instrument_name: Text
    depth: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 20


class Trades(Params, frozen=True):
    """A stretch of trades or orders: of one instrument, or of a currency."""

    instrument_name: Text = ""
    currency: Text = "any"
    kind: Kind = "any"
    code: Text = ""
    count: Count = 10
    start_timestamp: Milliseconds = 0
    end_timestamp: Milliseconds = 10**14
    start_seq: int = 0
    end_seq: int = 2**62
    include_old: bool = True
    include_unfilled: bool = True
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    sorting: Literal["asc", "desc", "default"] = "default"


class TradesOf(Trades, frozen=True, kw_only=True):
    """A stretch of trades or orders of one instrument."""

    instrument_name: Text


class Chart(Params, frozen=True):
    """Candles of an instrument; resolution in minutes, or 1D."""

    instrument_name: Text
    start_timestamp: Milliseconds
    end_timestamp: Milliseconds
    resolution: Text = "1"


class Order(Params, frozen=True):
    """A new order. `amount` and `max_show` count lots; prices are in USD per GPU-hour.

    A post-only order slides to the best price that does not trade, unless it asks to be rejected.
    """

    instrument_name: Text
    amount: Decimal
    type: Literal["limit", "market", "market_limit", "stop_limit", "stop_market"] = "limit"
    price: Decimal | None = None
    label: Text = ""
    time_in_force: (
        Literal["good_til_cancelled", "good_til_day", "fill_or_kill", "immediate_or_cancel"] | None
    ) = None
    max_show: Decimal | None = None
    post_only: bool = False
    reject_post_only: bool = False
    reduce_only: bool = False
    trigger: Literal["last_price"] = "last_price"
    trigger_price: Decimal | None = None


class Edit(Params, frozen=True):
    """A change of an order; `amount` is its new total, what is filled included."""

    order_id: Text
    amount: Decimal
    price: Decimal | None = None


class QuoteSide(Params, frozen=True):
    """Lots and price of one side of a quote."""

    amount: Decimal
    price: Decimal


class Quote(Params, frozen=True):
    """What is quoted in an instrument from now on; a side that is not named is not quoted."""

    instrument_name: Text
    bid: QuoteSide | None = None
    ask: QuoteSide | None = None


class MassQuote(Params, frozen=True):
    """Quotes in place of the older ones, each for itself. The id is their orders' label."""

    quotes: Annotated[list[Quote], msgspec.Meta(min_length=1, max_length=QUOTES_MAX)]
    quote_id: Text = ""


class Protection(Params, frozen=True):
    """How many lots quotes on a model's futures may fill in `interval` seconds; 0: any."""

    index_name: Text
    interval: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 1
    quantity_limit: Decimal = Decimal(0)


class ProtectionOf(Params, frozen=True):
    """Whose protection is meant: of a model's futures, or of all that were set."""

    index_name: Text = ""


class ResetProtection(Params, frozen=True):
    """A model whose quotes are to be taken again."""

    index_name: Text


class CancelQuotes(Params, frozen=True):
    """Which quotes to cancel: all, of a model and kind, of an instrument, or of a label."""

    cancel_type: Literal["all", "currency", "instrument", "quote_set_id"] = "all"
    currency: Text = "any"
    kind: Kind = "any"
    instrument_name: Text = ""
    quote_set_id: Text = ""


class Combos(Params, frozen=True):
    """Spreads of a model, or of all (USD, any)."""

    currency: Text = "any"
    state: Literal["any", "active", "inactive"] = "any"


class ByCombo(Params, frozen=True):
    """One spread, by its name."""

    combo_id: Text


class DefaultAuctions(Params, frozen=True):
    """Auctions of what defaulters held of a model, or of all (USD, any)."""

    currency: Text = "any"


class DefaultBid(Params, frozen=True):
    """A bid for a portfolio: USD above its value at the settlement; below 0: to be paid."""

    auction_id: Text
    price: Decimal


class ByOrder(Params, frozen=True):
    """One order."""

    order_id: Text
    sorting: Literal["asc", "desc", "default"] = "default"


class ByOrders(Params, frozen=True):
    """Some orders."""

    ids: Annotated[list[Text], msgspec.Meta(max_length=1_000)]


class Margins(Params, frozen=True):
    """An order that might be entered: what it would need is asked for both sides."""

    instrument_name: Text
    amount: Decimal
    price: Decimal


class Simulated(Params, frozen=True):
    """Lots by instrument, below 0 sold: beside what is held, or instead of it."""

    currency: Text = "USD"
    add_positions: bool = True
    simulated_positions: Annotated[dict[Text, Decimal], msgspec.Meta(max_length=1_000)] = {}


class Auth(Params, frozen=True):
    """A login with a key's secret, or with a signature made by it."""

    grant_type: Literal["client_credentials", "client_signature"]
    client_id: Text
    client_secret: Annotated[str, msgspec.Meta(max_length=128)] = ""
    timestamp: Milliseconds = 0
    signature: Annotated[str, msgspec.Meta(max_length=128)] = ""
    nonce: Text = ""
    data: Text = ""
    scope: Annotated[str, msgspec.Meta(max_length=256)] = ""
    state: Text = ""


class Channels(Params, frozen=True):
    """Channels to subscribe to, or to leave."""

    channels: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=96)]], msgspec.Meta(max_length=1_000)
    ]
    label: Text = ""


class Summary(Params, frozen=True):
    """An account in a currency."""

    currency: Text = "USD"
    extended: bool = False


class Positions(Params, frozen=True):
    """Which positions to list."""

    currency: Text = "any"
    kind: Kind = "any"


class Hello(Params, frozen=True):
    """What a client says of itself."""

    client_name: Text
    client_version: Text = ""
