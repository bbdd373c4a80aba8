"""Channel names: what each part means, and the channel that a name stands for."""

from gateway.book_channels import BookChannel, DepthChannel, OrdersChannel
from gateway.channels import (
    Channel,
    ChartChannel,
    Covers,
    MarketChannel,
    OwnOrdersChannel,
    OwnTradesChannel,
    PortfolioChannel,
    QuoteChannel,
    StateChannel,
    TradesChannel,
)
from gateway.charts import minutes_of
from gateway.combos import is_of_kind
from gateway.refusals import RefusedError, invalid
from gateway.view import View

INTERVALS = ("raw", "100ms", "agg2")
KINDS = ("any", "future", "option", "spot", "combo", "future_combo", "option_combo")
CHANNELS_MAX = 2_000  # Of one subscriber.
DEPTHS = ("1", "10", "20")

# Form of each channel, as the protocol's table shows it.
PUBLIC = (
    "book.{instrument}.mbo",
    "book.{instrument}.{interval}",
    "book.{instrument}.none.{depth}.{interval}",
    "chart.trades.{instrument}.{resolution}",
    "instrument.state.{kind}.{currency}",
    "quote.{instrument}",
    "ticker.{instrument}.{interval}",
    "trades.{instrument}.{interval}",
    "trades.{kind}.{currency}.{interval}",
)
PRIVATE = (
    "user.orders.{instrument}.{interval}",
    "user.orders.{kind}.{currency}.{interval}",
    "user.portfolio.{currency}",
    "user.trades.{instrument}.{interval}",
    "user.trades.{kind}.{currency}.{interval}",
)


def is_private(name: str) -> bool:
    """Whether a channel is about an account."""
    return name.startswith("user.")


def open_public(view: View, name: str) -> Channel:
    """Return the channel of a name. Raises RefusedError where it names none."""
    match name.split("."):
        case ["book", instrument, "mbo"]:
            return OrdersChannel(view, _instrument(view, instrument))
        case ["book", instrument, interval]:
            return BookChannel(view, _instrument(view, instrument), _is_raw(name, interval))
        case ["book", instrument, "none", depth, interval] if depth in DEPTHS:
            number = _instrument(view, instrument)
            return DepthChannel(number, int(depth), _is_raw(name, interval))
        case ["chart", "trades", instrument, resolution]:
            return ChartChannel(_instrument(view, instrument), minutes_of(resolution))
        case ["instrument", "state", kind, currency]:
            return StateChannel(_covering(view, name, kind, currency))
        case ["quote", instrument]:
            return QuoteChannel(_instrument(view, instrument), is_raw=True)
        case ["ticker", instrument, interval]:
            return MarketChannel(_instrument(view, instrument), _is_raw(name, interval))
        case ["trades", instrument, interval]:
            return TradesChannel(_only(view, instrument), _is_raw(name, interval))
        case ["trades", kind, currency, interval]:
            chosen = _covering(view, name, kind, currency)
            return TradesChannel(chosen, _is_raw(name, interval))
    raise _unknown(name)


def open_private(view: View, name: str, account: int) -> Channel:
    """Return an account's channel of a name. Raises RefusedError where it names none."""
    match name.split("."):
        case ["user", "portfolio", currency]:
            return PortfolioChannel(account, currency)
        case ["user", "orders", instrument, interval]:
            chosen = _only(view, instrument)
            return OwnOrdersChannel(account, chosen, _is_raw(name, interval))
        case ["user", "orders", kind, currency, interval]:
            chosen = _covering(view, name, kind, currency)
            return OwnOrdersChannel(account, chosen, _is_raw(name, interval))
        case ["user", "trades", instrument, interval]:
            chosen = _only(view, instrument)
            return OwnTradesChannel(account, chosen, _is_raw(name, interval))
        case ["user", "trades", kind, currency, interval]:
            chosen = _covering(view, name, kind, currency)
            return OwnTradesChannel(account, chosen, _is_raw(name, interval))
    raise _unknown(name)


def _instrument(view: View, name: str) -> int:
    return view.instrument(name).number


def _only(view: View, name: str) -> Covers:
    number = _instrument(view, name)
    return lambda instrument: instrument == number


def _covering(view: View, name: str, kind: str, currency: str) -> Covers:
    if kind not in KINDS:
        raise _unknown(name)
    return lambda instrument: (
        is_of_kind(view.directory.instruments[instrument], kind)
        and view.covers(currency, instrument)
    )


def _is_raw(name: str, interval: str) -> bool:
    if interval not in INTERVALS:
        raise _unknown(name)
    return interval == "raw"


def _unknown(name: str) -> RefusedError:
    return invalid("channels", name, "is no channel")
