"""What anyone may ask: a function a method, from the published view to its answer."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from clearing.directory import Instrument
from engine.instruments import as_date
from engine.schema import NIL_PRICE, Phase, Side
from gateway import answers, combos, listings, messages
from gateway.auctions import offered
from gateway.charts import chart
from gateway.codec import SIDES, STATES, average, decimal, decimal_or_none, dollars
from gateway.markets import Candle, Market, Trade
from gateway.view import View

_MS = 1_000_000
_HUNDREDTH = Decimal("0.01")


def spot(micro: int) -> Decimal | None:
    """Return an index in USD per GPU-hour; None where there is none yet."""
    return None if micro == NIL_PRICE else dollars(micro).quantize(Decimal("0.01"))


def index_of(view: View, terms: Instrument) -> Decimal | None:
    """Return the last index of an instrument's product; None for a spread."""
    return None if terms.is_spread else spot(view.markets.index.get(terms.product, NIL_PRICE))


def ticker_fields(view: View, terms: Instrument) -> dict[str, Any]:
    """Return the fields of a ticker, by name."""
    market = view.markets[terms.number]
    bid, ask = best(view, terms.number, Side.BUY), best(view, terms.number, Side.SELL)
    day = market.day(view.time)
    index = index_of(view, terms)
    return {
        "instrument_name": terms.name,
        "timestamp": market.time // _MS,
        "state": STATES[Phase(market.phase)],
        "best_bid_price": bid[0],
        "best_bid_amount": bid[1],
        "best_ask_price": ask[0],
        "best_ask_amount": ask[1],
        "last_price": decimal_or_none(market.last),
        "mark_price": decimal_or_none(combos.mark(view.markets, market)),
        "index_price": index,
        "settlement_price": decimal_or_none(combos.settlement(view.markets, market)),
        "min_price": decimal(terms.low),
        "max_price": decimal(terms.high),
        "open_interest": market.open_interest,
        "stats": answers.Stats(
            day.lots,
            dollars(day.cost * terms.value),
            decimal_or_none(day.low),
            decimal_or_none(day.high),
            decimal_or_none(day.open),
            average(day.cost, day.lots) if day.lots else None,
            _change(day),
        ),
        "estimated_delivery_price": index,
        "indicative_price": decimal_or_none(market.indicative),
        "indicative_amount": market.indicative_lots,
        **implied(market),
        "settlement_stopped": _stopped(view, terms),
    }


def _stopped(view: View, terms: Instrument) -> str | None:
    """Return since which trade date a product could not be settled; None: it can."""
    since = view.indexes.stopped.get(terms.product)
    return str(as_date(since)) if since else None


def _change(day: Candle) -> Decimal | None:
    """Return by how many percent a day's last price is above its first; None where none can be."""
    if day.lots == 0 or day.open <= 0:
        return None
    return (Decimal(100 * (day.close - day.open)) / day.open).quantize(_HUNDREDTH)


def implied(market: Market) -> dict[str, Any]:
    """Return the fields of the best implied prices, by name; None and 0 where there is none."""
    (bid, bid_lots), (ask, ask_lots) = market.implied
    return {
        "implied_bid": decimal_or_none(bid),
        "implied_bid_amount": bid_lots,
        "implied_ask": decimal_or_none(ask),
        "implied_ask_amount": ask_lots,
    }


def best(view: View, number: int, side: int) -> tuple[Decimal | None, int]:
    """Return the best price of a side and its lots; None and 0 where it is empty."""
    levels = view.books.levels(number, side, 1)
    return (decimal(levels[0][0]), levels[0][1]) if levels else (None, 0)


def side_levels(view: View, number: int, side: int, depth: int) -> list[tuple[Decimal, int]]:
    """Return the best prices of a side with their lots."""
    return [(decimal(price), lots) for price, lots in view.books.levels(number, side, depth)]


def ticker(view: View, asked: messages.ByInstrument) -> answers.Ticker:
    """Answer public/ticker."""
    return answers.Ticker(**ticker_fields(view, view.instrument(asked.instrument_name)))


def order_book(view: View, asked: messages.Depth) -> answers.Book:
    """Answer public/get_order_book."""
    terms = view.instrument(asked.instrument_name)
    return answers.Book(
        **ticker_fields(view, terms),
        change_id=view.markets[terms.number].change_id,
        bids=side_levels(view, terms.number, Side.BUY, asked.depth),
        asks=side_levels(view, terms.number, Side.SELL, asked.depth),
    )


def _summary(view: View, terms: Instrument) -> answers.BookSummary:
    fields = ticker_fields(view, terms)
    bid, ask = fields["best_bid_price"], fields["best_ask_price"]
    stats = fields["stats"]
    return answers.BookSummary(
        instrument_name=terms.name,
        base_currency=view.directory.products[terms.product].name,
        quote_currency="USD",
        creation_timestamp=view.time // _MS,
        bid_price=bid,
        ask_price=ask,
        mid_price=None if bid is None or ask is None else (bid + ask) / 2,
        last=fields["last_price"],
        mark_price=fields["mark_price"],
        estimated_delivery_price=fields["index_price"],
        high=stats.high,
        low=stats.low,
        price_change=stats.price_change,
        open_interest=fields["open_interest"],
        volume=stats.volume,
        volume_usd=stats.volume_usd,
    )


def trade(view: View, made: Trade) -> answers.Trade:
    """Return a trade as everyone sees it."""
    return answers.Trade(
        trade_seq=made.number,
        trade_id=str(made.trade_id),
        timestamp=made.time // _MS,
        instrument_name=view.directory.instruments[made.instrument].name,
        direction=SIDES[made.side],
        price=decimal(made.price),
        amount=made.lots,
        contracts=made.lots,
        tick_direction=made.tick_direction,
        mark_price=decimal_or_none(made.mark),
        index_price=spot(made.spot),
        block_trade_id=block_name(made.block_id),
    )


def block_name(block_id: int) -> str | msgspec.UnsetType:
    """Return what a block is called; nothing where a trade is of none."""
    return f"BLOCK-{block_id}" if block_id else msgspec.UNSET


def _summary_one(view: View, asked: messages.ByInstrument) -> list[answers.BookSummary]:
    return [_summary(view, view.instrument(asked.instrument_name))]


def _summaries(view: View, asked: messages.ByCurrency) -> list[answers.BookSummary]:
    return [
        _summary(view, terms)
        for terms in view.selected(asked.currency)
        if combos.is_of_kind(terms, asked.kind)
        and view.markets[terms.number].phase != Phase.EXPIRED
    ]


def _trades(view: View, asked: messages.Trades) -> answers.TradePage:
    made = view.markets[view.instrument(asked.instrument_name).number].trades
    return answers.TradePage(*paged(view, made, asked, trade))


def _trades_by_currency(view: View, asked: messages.Trades) -> answers.TradePage:
    selected = [view.markets[terms.number] for terms in view.selected(asked.currency)]
    made = sorted((each for market in selected for each in market.trades), key=_by_trade)
    return answers.TradePage(*paged(view, made, asked, trade))


def _by_trade(made: Trade) -> int:
    return made.trade_id


def paged(
    view: View, made: Any, asked: messages.Trades, answer: Callable[[View, Any], Any]
) -> tuple[list[Any], bool]:
    """Return the part of a list of trades, oldest first, that a request asks for.

    Newest first, unless it asks for the time from a start on or for ascending order.
    """
    ascending = asked.sorting == "asc" or (asked.sorting == "default" and asked.start_timestamp)
    since, until = asked.start_timestamp * _MS, (asked.end_timestamp + 1) * _MS
    found = [
        each
        for each in made
        if since <= each.time < until and asked.start_seq <= each.number <= asked.end_seq
    ]
    ordered = found if ascending else found[::-1]
    return [answer(view, each) for each in ordered[: asked.count]], len(found) > asked.count


def _time(view: View, _asked: messages.Params) -> int:
    return view.time // _MS


def _status(_view: View, _asked: messages.Params) -> answers.Status:
    return answers.Status()


def _version(_view: View, _asked: messages.Params) -> answers.Version:
    return answers.Version()


ANSWERS: Mapping[str, Callable[[View, Any], Any]] = {
    **listings.ANSWERS,
    "public/get_book_summary_by_currency": _summaries,
    "public/get_book_summary_by_instrument": _summary_one,
    "public/get_default_auctions": offered,
    "public/get_last_trades_by_currency": _trades_by_currency,
    "public/get_last_trades_by_instrument": _trades,
    "public/get_last_trades_by_instrument_and_time": _trades,
    "public/get_order_book": order_book,
    "public/get_time": _time,
    "public/get_tradingview_chart_data": chart,
    "public/hello": _version,
    "public/status": _status,
    "public/test": _version,
    "public/ticker": ticker,
}
